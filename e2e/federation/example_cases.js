// Does what the README says to do: its commands, at free ports.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { post } from './graphql.js';
import { check } from './report.js';
import { freePort, ordergraph, run, temporaryFolder } from './programs.js';

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

  await check('example: the commands of the README, as they stand there but for the ports', async () => {
    const text = readFileSync(readme, 'utf8');
    const [, block] = /```sh\n(go build .*?)```/s.exec(text) ?? [];
    assert.ok(block, 'the README has no such commands');
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'e2e/federation'), { recursive: true });
    for (const name of ['example', 'node_modules']) {
      symlinkSync(join(import.meta.dirname, name), join(folder, 'e2e/federation', name));
    }
    symlinkSync(path, join(folder, 'program'));
    const [api, crm, gateway] = await Promise.all([freePort(), freePort(), freePort()]);
    const script = block
      .replace('go build -o ordergraph .', 'ln -s program ordergraph') // the suite has built it
      .replace('npm ci', 'true') // and installed this
      .replace('node example/compose.js', `ORDERGRAPH_URL=http://localhost:${api}/graphql $&`)
      .replaceAll('localhost:4000', `localhost:${gateway}`);
    const environment = {
      PATH: process.env.PATH, HOME: process.env.HOME, ORDERGRAPH_LISTEN: `localhost:${api}`, ORDERGRAPH_ADMIN_LISTEN: 'off', PORT: `${gateway}`, CRM_PORT: `${crm}`,
      CRM_URL: `http://localhost:${crm}/`,
    };
    const shell = spawn('bash', ['-c', `set -e\n${script}\necho\ncurl -s localhost:${gateway} -H 'Content-Type: application/json' -d '{"query":"{nothing}"}'`], {
      cwd: folder, env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let mistakes = '';
    shell.stdout.on('data', (piece) => (output += piece));
    shell.stderr.on('data', (piece) => (mistakes += piece));
    const code = await new Promise((ended) => shell.on('exit', ended));
    try {
      process.kill(-shell.pid, 'SIGKILL'); // what it left in the background
    } catch (error) {
      assert.equal(error.code, 'ESRCH');
    }
    assert.equal(code, 0, mistakes);
    const [answer, refusal] = output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    assert.deepEqual(answer.data, JSON.parse(readFileSync(join(example, 'answer.json'), 'utf8')).data);
    assert.equal(refusal.errors[0].extensions.stacktrace, undefined);
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
