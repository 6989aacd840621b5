// Runs the clients against the built program.
//
// ORDERGRAPH_BINARY is the program (else it is built). What the compilers write goes into a folder
// that is removed at the end.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, startProgram } from '../browser/servers.js';
import { apollo } from './apollo.js';
import { codegen } from './codegen.js';
import { embeddedTypes } from './readme.js';
import { relay } from './relay.js';
import { genqlient } from './genqlient.js';
import { check, summary } from './report.js';
import { trusted } from './trusted.js';
import { twins } from './twins.js';
import { startUpstream } from './upstream.js';
import { urql } from './urql.js';

// Inside of this folder, so that what is generated finds the packages.
const work = mkdtempSync(join(import.meta.dirname, 'generated-'));
const upstream = await startUpstream();
const path = binary();
const running = [];

// start runs the program; all of them are stopped at the end.
async function start(...flags) {
  const program = await startProgram(path, `--upstream-url=${upstream.url}`, ...flags);
  running.push(program);
  return program;
}

try {
  const program = await start();
  const schema = join(work, 'schema.graphql');
  await check('the schema is served', async () => {
    const response = await fetch(`${program.url}/schema.graphql`);
    if (!response.ok) {
      throw new Error(`status ${response.status}`);
    }
    writeFileSync(schema, await response.text());
  });
  const types = embeddedTypes(work);
  for (const client of [twins, apollo, urql, relay, codegen, trusted, genqlient]) {
    await check(`${client.name}: runs to its end`, () => client({ upstream, start, schema, types, work }));
  }
} finally {
  await Promise.all(running.map((program) => program.stop()));
  upstream.stop();
  rmSync(work, { recursive: true, force: true });
}
summary();
