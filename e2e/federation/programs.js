// Starts the program under test, finds its sandbox, and stands between a router and a subgraph.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const project = join(import.meta.dirname, '../..');
const started = [];
process.on('exit', stopAll);

// stopAll ends everything that was started here.
export function stopAll() {
  for (const stop of started.splice(0).reverse()) {
    stop();
  }
}

// temporaryFolder is removed at the end.
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'ordergraph-'));
  started.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// binary returns the program's path: that in ORDERGRAPH_BINARY, else a build of the project.
export function binary() {
  const given = process.env.ORDERGRAPH_BINARY;
  if (given) {
    delete process.env.ORDERGRAPH_BINARY; // the program would take it for a misspelt setting
    return given;
  }
  const path = join(temporaryFolder(), 'ordergraph');
  execFileSync('go', ['build', '-o', path, '.'], { cwd: project, stdio: 'inherit' });
  return path;
}

// run starts a program and waits until its output names the address that it listens at.
export async function run(command, args, { cwd, env } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(() => child.kill());
  let output = '';
  const address = new Promise((resolve, reject) => {
    const read = (text) => {
      output += text;
      const found = /https?:\/\/(?:127\.0\.0\.1|localhost):\d+/.exec(output);
      if (found) {
        resolve(found[0]);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`${command} ended with ${code}:\n${output}`)));
  });
  return { pid: child.pid, url: await address };
}

// ordergraph starts the program at a free port.
export function ordergraph(path, ...flags) {
  return run(path, ['--listen=127.0.0.1:0', '--admin-listen=off', ...flags]);
}

// startSandbox starts a program for its embedded sandbox, which listens at a port of its own that only
// the system tells.
export async function startSandbox(path) {
  const host = await ordergraph(path);
  for (const port of listeningPorts(host.pid)) {
    const base = `http://127.0.0.1:${port}`;
    const answer = await fetch(`${base}/_sandbox/calls`);
    await answer.body.cancel();
    if (answer.ok) {
      return {
        url: `${base}/vv/external/1688get-order-info`,
        calls: async (token) => (await (await fetch(`${base}/_sandbox/calls`)).json()).calls.filter((call) => call.token === token),
      };
    }
  }
  throw new Error('the program has no sandbox');
}

function listeningPorts(pid) {
  const folder = `/proc/${pid}/fd`;
  const sockets = new Set(readdirSync(folder).map((name) => readlinkSync(join(folder, name))));
  const listening = '0A';
  return readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === listening && sockets.has(`socket:[${columns[9]}]`))
    .map((columns) => Number.parseInt(columns[1].split(':')[1], 16));
}

// serve listens at a free port with a handler of node:http.
export async function serve(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  started.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

// record passes requests on to target, and keeps the GraphQL request of each with its headers and answer.
export async function record(target) {
  const requests = [];
  const url = await serve(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks).toString();
    const { host, connection, 'content-length': length, 'transfer-encoding': encoding, ...headers } = request.headers;
    const answer = await fetch(target, { method: 'POST', headers, body });
    const text = await answer.text();
    requests.push({ headers: request.headers, ...JSON.parse(body), answer: JSON.parse(text) });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') });
    response.end(text);
  });
  return { url, take: () => requests.splice(0) };
}

// freePort returns a port of localhost that nobody listens at.
export async function freePort() {
  const socket = createSocket().listen(0, 'localhost');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
