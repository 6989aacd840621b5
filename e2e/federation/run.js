// Composes the built program with other subgraphs, and queries it behind two routers.
//
// ORDERGRAPH_BINARY is the program (else it is built).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { checkDirectives } from './directive_cases.js';
import { checkExample } from './example_cases.js';
import { binary, ordergraph, record, startSandbox, stopAll } from './programs.js';
import { check, close } from './report.js';
import { checkRouter } from './router_cases.js';
import { startApollo, startHive } from './routers.js';
import { checkIntrospectionOff, checkSchemaText, checkSecret } from './secret_cases.js';
import { checkSubgraph } from './subgraph_cases.js';
import { compose, startSubgraphs } from './subgraphs.js';

const routers = [
  { name: 'Apollo Gateway', start: startApollo, errorPath: ['watched', 2] },
  // It drops the index that the subgraph's own error has.
  { name: 'Hive Gateway', start: startHive, errorPath: ['watched', 'statusRaw'] },
];
const path = binary();
const secret = 'secret-between-router-and-subgraph';
const sdl = execFileSync(path, ['schema', '--subgraph'], { encoding: 'utf8' });
const stops = [];
try {
  const sandbox = await startSandbox(path);
  const upstream = `--upstream-url=${sandbox.url}`;
  const [open, hidden, guarded] = await Promise.all([
    ordergraph(path, upstream),
    ordergraph(path, upstream, '--introspection=false'),
    ordergraph(path, upstream, '--introspection=false', `--router-secret=${secret}`),
  ]);
  const subgraphs = await startSubgraphs();
  stops.push(subgraphs.stop);

  await checkSchemaText({ url: `${open.url}/graphql`, sdl });
  await checkIntrospectionOff({ url: `${hidden.url}/graphql`, sdl });
  await checkSecret({ url: `${guarded.url}/graphql`, sdl, secret, sandbox });
  await checkSubgraph({ url: `${open.url}/graphql`, sandbox });
  await checkDirectives({ url: `${open.url}/graphql`, sdl, services: subgraphs.services, sandbox });

  for (const [mode, program, shown] of [['', open], [' with a secret', guarded, secret]]) {
    const subgraph = await record(`${program.url}/graphql`);
    const { supergraphSdl, errors, hints } = compose(sdl, subgraph.url, subgraphs.services);
    await check(`composition${mode}: no errors, and no hint about a type or field of ordergraph`, () => {
      assert.equal(errors, undefined);
      assert.deepEqual(hints.map((hint) => `${hint.definition.code}: ${hint.message}`), []);
    });
    for (const { name, start, errorPath } of routers) {
      const router = await start(supergraphSdl, shown);
      stops.push(router.stop);
      await checkRouter({ name: name + mode, errorPath, url: router.url, subgraph, sandbox, secret: shown });
    }
  }
  await checkExample({ path, sdl });
} finally {
  await Promise.allSettled(stops.map((stop) => stop()));
  stopAll();
}
close();
