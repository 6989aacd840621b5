// Does what the README says to do: its commands, at free ports.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { post } from './graphql.js';
import { check } from './report.js';
import { ordergraph, run, temporaryFolder } from './programs.js';

const example = join(import.meta.dirname, 'example');
const readme = join(import.meta.dirname, 'README.md');

export async function checkExample({ path, sdl }) {
  await check('example: a federated query through its gateway, with a router secret', async () => {
    const folder = temporaryFolder();
    const secret = 'secret-of-the-example';
    const program = await ordergraph(path, `--router-secret=${secret}`);
    const crm = await run('node', [join(example, 'crm.js')], { env: { CRM_PORT: '0' } });
    writeFileSync(join(folder, 'ordergraph.graphql'), sdl);
    execFileSync('node', [join(example, 'compose.js'), 'ordergraph.graphql'], {
      cwd: folder, env: { ...process.env, ORDERGRAPH_URL: `${program.url}/graphql`, CRM_URL: crm.url },
    });
    const gateway = await run('node', [join(example, 'gateway.js')], { cwd: folder, env: { PORT: '0', ORDERGRAPH_ROUTER_SECRET: secret } });
    const query = readFileSync(join(example, 'query.graphql'), 'utf8');
    const { data, errors } = await post(gateway.url, { query }, { authorization: 'anything' });
    assert.equal(errors, undefined);
    assert.deepEqual(data, JSON.parse(readFileSync(join(example, 'answer.json'), 'utf8')).data);
  });

  // What the README quotes of the example must run as it stands there.
  await check('example: the code and the query that the README shows are those of the files', () => {
    const text = existsSync(readme) ? readFileSync(readme, 'utf8') : '';
    const files = readdirSync(example).map((name) => readFileSync(join(example, name), 'utf8'));
    for (const [, block] of text.matchAll(/```(?:js|graphql)\n(.*?)```/gs)) {
      assert.ok(!/ApolloGateway|ordersToCall/.test(block) || files.includes(block), block);
    }
    const query = readFileSync(join(example, 'query.graphql'), 'utf8').replaceAll(/\s+/g, ' ').trim();
    for (const [, shown] of text.matchAll(/"query": *"(\{ ordersToCall[^"]*)"/g)) {
      assert.equal(shown, query);
    }
  });
}
