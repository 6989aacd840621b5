// Uses GraphiQL in a real browser, in light and in dark, against the built program.
//
// ORDERGRAPH_BINARY is the program (else it is built), CHROMIUM the browser.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { checkClientTokens, checkOwnUpstream } from './own_upstream.js';
import { close } from './report.js';
import { checkSandbox } from './sandbox.js';
import { binary, startProgram, startUpstream } from './servers.js';
import { checkStatusPage } from './status.js';

const artifacts = join(import.meta.dirname, '../artifacts/browser');
mkdirSync(artifacts, { recursive: true });

const path = binary();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
    '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
});
const upstream = await startUpstream();
const started = [];
try {
  // One program for each appearance: a cache that the other filled would change what is shown.
  for (const appearance of ['light', 'dark']) {
    const sandbox = await startProgram(path);
    started.push(sandbox);
    await checkSandbox({ browser, url: sandbox.url, appearance, artifacts });
  }
  const own = await startProgram(path, `--upstream-url=${upstream.url}`);
  started.push(own);
  await checkOwnUpstream({ browser, url: own.url, upstream, artifacts });
  const clientToken = 'client-token-of-this-test';
  const service = await startProgram(path, `--upstream-url=${upstream.url}`, '--upstream-token=upstream-token',
    `--client-tokens=${clientToken}`);
  started.push(service);
  await checkClientTokens({ browser, url: service.url, clientToken, artifacts });
  await checkStatusPage({ browser, path, artifacts });
} finally {
  await browser.close();
  await Promise.all(started.map((program) => program.stop()));
  upstream.stop();
}
close();
