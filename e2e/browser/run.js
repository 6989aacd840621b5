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

// withBrowser runs checks in a browser of their own, as those of one browser share its clipboard.
async function withBrowser(run) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
  const started = [];
  const start = async (...flags) => {
    started.push(await startProgram(path, ...flags));
    return started.at(-1).url;
  };
  try {
    await run(browser, start);
  } finally {
    await browser.close();
    await Promise.all(started.map((program) => program.stop()));
  }
}

const checkAppearance = (appearance) =>
  withBrowser(async (browser, start) => checkSandbox({ browser, url: await start(), appearance, artifacts }));

const checkTokens = () =>
  withBrowser(async (browser, start) => {
    const upstream = await startUpstream();
    const toUpstream = `--upstream-url=${upstream.url}`;
    const clientToken = 'client-token-of-this-test';
    try {
      await checkOwnUpstream({ browser, url: await start(toUpstream), upstream, artifacts });
      const url = await start(toUpstream, '--upstream-token=upstream-token', `--client-tokens=${clientToken}`);
      await checkClientTokens({ browser, url, clientToken, artifacts });
    } finally {
      upstream.stop();
    }
  });

const checkStatus = () => withBrowser((browser) => checkStatusPage({ browser, path, artifacts }));

await Promise.all([checkAppearance('light').then(checkStatus), checkAppearance('dark').then(checkTokens)]);
close();
