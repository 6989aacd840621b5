// The checks of the page that shows the orders of an upstream of one's own.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { GraphiQL, isIntrospection } from './graphiql.js';
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

  await named('a note that runs cost, no tab of the sandbox', async () => {
    await graphiql.open(`${url}/graphiql`);
    assert.match(await page.getByRole('note').innerText(), /^Real orders\. A run may cost points\./);
    assert.deepEqual(await graphiql.tabTitles(), ['OneOrder', 'SeveralOrders', 'CacheAndCost']);
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
  await named('the token reaches the upstream as it is written', async () => {
    await graphiql.chooseTab('OneOrder');
    await page.getByLabel('Token', { exact: true }).fill(token);
    await graphiql.replaceVariables('{"id": "58218860983545941"}');
    const { body } = await graphiql.run();
    assert.equal(body.errors, undefined);
    assert.equal(body.data.order.buyer.contact.name, '乔的石');
    assert.deepEqual(upstream.authorizations, [token]);
    assert.equal(await graphiql.fact('points').getAttribute('class'), 'fact fact-paid');
    await page.screenshot({ path: join(artifacts, 'own-upstream-paid.png') });
  });
  await named('a quiet console, no violation, no request off the host', () => {
    assert.deepEqual({ ...seen, requests: offHost(seen, url) }, { requests: [], messages: [], failures: [], violations: [] });
  });
  await context.close();
}

// checkClientTokens has a program that wants a token of its own for everything, the schema included.
export async function checkClientTokens({ browser, url, clientToken, artifacts }) {
  const { context, seen, page, graphiql } = await visit(browser);
  const named = (name, run) => check(`client tokens: ${name}`, run);

  await named('without a token nothing is asked, and the console is quiet', async () => {
    await page.goto(`${url}/graphiql/`);
    await page.locator('.graphiql-query-editor .view-line').first().waitFor();
    await page.locator('.graphiql-spin').waitFor({ state: 'detached' });
    assert.deepEqual(seen.requests.filter((request) => request.url().endsWith('/graphql')), []);
    assert.deepEqual({ messages: seen.messages, failures: seen.failures }, { messages: [], failures: [] });
  });
  await named('a query is refused, as the bar says', async () => {
    assert.equal((await graphiql.run()).status, 401);
    assert.equal(await graphiql.fact('status').innerText(), 'HTTP 401');
    assert.equal(await graphiql.fact('points').innerText(), 'not run');
    await page.screenshot({ path: join(artifacts, 'client-tokens.png') });
  });
  await named('once the token is written the schema is there', async () => {
    const schema = page.waitForResponse(isIntrospection);
    await page.getByLabel('Token', { exact: true }).fill(clientToken);
    await page.keyboard.press('Enter');
    assert.equal((await schema).request().headers().authorization, `Bearer ${clientToken}`);
  });
  await named('with the token a query runs, and the documentation appears', async () => {
    await graphiql.replaceVariables('{"id": "58218860983545941"}');
    const { body, request } = await graphiql.run();
    assert.equal(request.headers().authorization, `Bearer ${clientToken}`);
    assert.equal(body.data.order.id, '58218860983545941');
    await graphiql.button('Show Documentation Explorer').click();
    await page.locator('.graphiql-doc-explorer').getByRole('link', { name: 'Query', exact: true }).waitFor();
  });
  await context.close();
}
