// The checks of the status page on the admin port.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { check } from './report.js';
import { freePort, startProgram } from './servers.js';
import { offHost, watch } from './watch.js';

// checkStatusPage looks at the page after some orders, in light and in dark, wide and narrow.
export async function checkStatusPage({ browser, path, artifacts }) {
  const admin = `http://localhost:${await freePort()}`;
  const program = await startProgram(path, `--admin-listen=${new URL(admin).host}`, '--budget=100/day');
  const named = (name, run) => check(`status page: ${name}`, run);
  try {
    await named('it shows what /status.json says', async () => {
      for (const query of ['query Dear { orders(ids: [1001, 1002, 809]) { id } }', '{ order(id: 302) { id } }', '{ order(id: 302) { id } }']) {
        await fetch(`${program.url}/graphql`, {
          method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ query }),
        });
      }
      const page = await (await browser.newContext()).newPage();
      await page.goto(admin);
      const status = await (await fetch(`${admin}/status.json`)).json();
      assert.equal(status.day.calls, 4);
      assert.equal(await page.locator('.big').first().innerText(), String(status.day.points));
      assert.deepEqual(await page.locator('td:text-is("Dear") ~ td').allInnerTexts(), [String(status.day.points), '3', '1']);
      assert.equal(await page.locator('code:text-is("SHOP_NOT_AUTHORIZED")').count() > 0, true);
      assert.equal(await page.locator('.failures code').last().innerText(), status.failures.at(-1).requestId);
      await page.context().close();
    });
    for (const colorScheme of ['light', 'dark']) {
      for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
        await named(`${colorScheme}, ${viewport.width} wide: nothing beyond the edge, its style, a quiet console`, async () => {
          const context = await browser.newContext({ viewport, colorScheme });
          const seen = await watch(context);
          const page = await context.newPage();
          await page.goto(admin);
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), viewport.width);
          const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
          assert.equal(background, colorScheme === 'light' ? 'rgb(246, 247, 249)' : 'rgb(22, 24, 29)');
          await page.screenshot({ path: join(artifacts, `status-${colorScheme}-${viewport.width}.png`), fullPage: true });
          assert.deepEqual({ ...seen, requests: offHost(seen, admin) }, { requests: [], messages: [], failures: [], violations: [] });
          await context.close();
        });
      }
    }
    await named('it loads itself again', async () => {
      const page = await (await browser.newContext()).newPage();
      await page.goto(`${admin}/?refresh=1`);
      await page.waitForEvent('framenavigated', { timeout: 5_000 });
      await page.context().close();
    });
  } finally {
    await program.stop();
  }
}
