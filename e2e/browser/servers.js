// Starts the program under test, and an upstream that remembers what it was sent.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const project = join(import.meta.dirname, '../..');
const sampleOrder = join(project, 'upstream/sandbox/fixtures/01_documented_sample.json');

// binary returns the program's path: that in ORDERGRAPH_BINARY, else a build of the project.
export function binary() {
  const given = process.env.ORDERGRAPH_BINARY;
  if (given) {
    delete process.env.ORDERGRAPH_BINARY; // the program would take it for a misspelt setting
    return given;
  }
  const folder = mkdtempSync(join(tmpdir(), 'ordergraph-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'ordergraph');
  execFileSync('go', ['build', '-o', path, '.'], { cwd: project, stdio: 'inherit' });
  return path;
}

// startProgram runs the program at a free port and waits until it answers.
export async function startProgram(path, ...flags) {
  const port = await freePort();
  const program = spawn(path, [`--listen=localhost:${port}`, '--admin-listen=off', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  program.stderr.on('data', (text) => (log += text));
  const url = `http://localhost:${port}`;
  try {
    await answering(`${url}/graphiql/`, program);
  } catch (error) {
    program.kill();
    throw new Error(`${error.message}\n${log}`);
  }
  return { url, stop: () => stop(program) };
}

async function answering(url, program) {
  for (let attempt = 0; attempt < 200 && program.exitCode === null; attempt++) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) {
      return;
    }
    await pause(50);
  }
  throw new Error(`no answer from ${url}`);
}

async function stop(program) {
  if (program.exitCode === null) {
    program.kill();
    await once(program, 'exit');
  }
}

export async function freePort() {
  const socket = createSocket().listen(0, 'localhost');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

// startUpstream serves the documented order and keeps the Authorization value of each call.
export async function startUpstream() {
  const answer = readFileSync(sampleOrder);
  const authorizations = [];
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    request.resume();
    response.setHeader('Content-Type', 'application/json');
    response.end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/order`,
    authorizations,
    stop: () => server.close(),
  };
}
