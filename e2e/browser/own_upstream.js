// The checks of the page that shows the orders of an upstream of one's own.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { GraphiQL } from './graphiql.js';
import { check } from './report.js';
import { offHost, watch } from './watch.js';

const token = '1798c6aadec33d1bc2f5b707f1049aef';

async function visit(browser) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 820 } });
  await context.grantPermissions(['clipboard-write']);
  const seen = await watch(context);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  return { context, seen, page, graphiql: new GraphiQL(page) };
}

// checkOwnUpstream has the caller's token sent upstream.
export async function checkOwnUpstream({ browser, url, upstream, artifacts }) {
  const { context, seen, page, graphiql } = await visit(browser);
  const named = (name, run) => check(`own upstream: ${name}`, run);

  await named('no sandbox note, no tab of the sandbox', async () => {
    await graphiql.open(`${url}/graphiql`);
    assert.equal(await page.getByRole('note').count(), 0);
    assert.deepEqual(await graphiql.tabTitles(), ['OneOrder', 'SeveralOrders', 'CacheAndCost', 'Entities']);
    await graphiql.colored();
    await page.screenshot({ path: join(artifacts, 'own-upstream.png') });
  });
  await named('no default tab costs a call', async () => {
    for (const title of await graphiql.tabTitles()) {
      await graphiql.chooseTab(title);
      const { body } = await graphiql.run();
      assert.notEqual(body.errors.length, 0, title);
    }
    assert.deepEqual(upstream.authorizations, []);
  });
  await named('the Authorization header reaches the upstream unchanged', async () => {
    await graphiql.chooseTab('OneOrder');
    await graphiql.replaceHeaders(`{"Authorization": "${token}"}`);
    await graphiql.replaceVariables('{"id": "58218860983545941"}');
    const { body } = await graphiql.run();
    assert.equal(body.errors, undefined);
    assert.equal(body.data.order.buyer.contact.name, '乔的石');
    assert.deepEqual(upstream.authorizations, [token]);
  });
  await named('a quiet console, no violation, no request off the host', () => {
    assert.deepEqual({ ...seen, requests: offHost(seen, url) }, { requests: [], messages: [], failures: [], violations: [] });
  });
  await context.close();
}

// checkClientTokens has a program that wants a token of its own for everything, the schema included.
export async function checkClientTokens({ browser, url, clientToken, artifacts }) {
  const { context, page, graphiql } = await visit(browser);
  const named = (name, run) => check(`client tokens: ${name}`, run);

  await named('without a token a query is refused', async () => {
    await graphiql.open(`${url}/graphiql/`);
    assert.equal((await graphiql.run()).status, 401);
    await page.screenshot({ path: join(artifacts, 'client-tokens.png') });
  });
  await named('with the token it runs, and the documentation appears', async () => {
    await graphiql.replaceHeaders(`{"Authorization": "Bearer ${clientToken}"}`);
    await graphiql.replaceVariables('{"id": "58218860983545941"}');
    const { body } = await graphiql.run();
    assert.equal(body.data.order.id, '58218860983545941');
    await graphiql.button('Show Documentation Explorer').click();
    await page.locator('.graphiql-doc-explorer').getByRole('link', { name: 'Query', exact: true }).waitFor();
  });
  await context.close();
}
