// The checks of the page that shows the sandbox's orders, in one appearance.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { checkBar } from './bar.js';
import { GraphiQL, storing } from './graphiql.js';
import { checkLinks } from './links.js';
import { check } from './report.js';
import { checkSearch, checkTestIDs } from './search.js';
import { checkToken } from './token.js';
import { offHost, watch } from './watch.js';

const documented = '58218860983545941';
const says = {
  OneOrder: /in Variables/,
  SeveralOrders: /in Variables/,
  CacheAndCost: /second run is a hit/,
  Errors: /904/,
};
const tabs = ['OneOrder', 'SeveralOrders', 'CacheAndCost', 'Errors'];

export async function checkSandbox({ browser, url, appearance, artifacts }) {
  const context = await browser.newContext({ colorScheme: appearance, viewport: { width: 1366, height: 820 } });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const seen = await watch(context);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const graphiql = new GraphiQL(page);
  const named = (name, run) => check(`${appearance}: ${name}`, run);
  const picture = (name) => page.screenshot({ path: join(artifacts, `${appearance}-${name}.png`) });

  await named('the root leads to the page', async () => {
    await graphiql.open(url);
    assert.equal(page.url(), `${url}/graphiql/`);
  });
  for (const run of [firstVisit, defaultTabs, checkBar, checkToken, checkLinks, headers, documentation, checkSearch, checkTestIDs, explorer, completion, validation, prettify,
    history, appearanceSetting, tabsSurviveReload, headersSurviveOnRequest, narrowWindow]) {
    await run({ graphiql, page, context, named, picture, appearance, url, seen });
  }
  await onPhone({ browser, url, appearance, named, artifacts });
  await quiet({ named, seen, url });
  await context.close();
  await named('the policy refuses another host, and that is noticed', () => policyIsEnforced(browser, url));
}

async function firstVisit({ graphiql, page, named, picture, appearance }) {
  await named('the sandbox note is visible', async () => {
    await page.getByRole('note').getByText('Sandbox data').waitFor();
    assert.ok(await page.getByRole('note').isVisible());
  });
  await named('the default tabs are there', async () => {
    assert.deepEqual(await graphiql.tabTitles(), tabs);
    assert.equal(await graphiql.activeTab(), tabs[0]);
  });
  await named('the first tab has its variables, which are shown', async () => {
    assert.deepEqual(JSON.parse(await graphiql.text('variables.json')), { id: documented });
    assert.ok(await page.locator('.graphiql-editor-tool').getByText(documented).isVisible());
    assert.equal(await graphiql.text('request-headers.json'), '');
  });
  await named('each default tab says what it shows, and is tidy', async () => {
    for (const title of tabs) {
      await graphiql.chooseTab(title);
      await page.locator('.instructions').getByText(says[title]).waitFor();
      const query = await graphiql.text('operation.graphql');
      await page.getByRole('button', { name: /^Prettify query/ }).click();
      await page.waitForTimeout(50);
      assert.equal(await graphiql.text('operation.graphql'), query.trim());
    }
    await graphiql.chooseTab(tabs[0]);
  });
  await named('the background is that of the appearance', async () => {
    const light = await lightness(page, '.graphiql-container');
    assert.ok(appearance === 'dark' ? light < 0.3 : light > 0.9, `lightness ${light}`);
  });
  await graphiql.colored();
  await picture('1-first-visit');
}

// lightness returns how light an element's background is, from 0 to 1.
async function lightness(page, selector) {
  const color = await page.locator(selector).evaluate((element) => getComputedStyle(element).backgroundColor);
  const [red, green, blue] = color.match(/[\d.]+/g).map(Number);
  return (red + green + blue) / 3 / 255;
}

async function defaultTabs({ graphiql, named, picture }) {
  const isUpstream = (upstream, expected) => assert.deepEqual(upstream, { stale: 0, ...expected });
  await named('one order with its parts, Chinese names', async () => {
    const { body, status } = await graphiql.run();
    assert.equal(status, 200);
    assert.equal(body.errors, undefined);
    assert.equal(body.data.order.id, documented);
    assert.equal(body.data.order.buyer.contact.name, '乔的石');
    assert.match(await graphiql.shown(), /阿里巴巴网络科技有限公司/);
    isUpstream(body.extensions.upstream, { calls: 1, points: 1, hits: 0 });
    await picture('2-one-order');
  });
  await named('several orders', async () => {
    await graphiql.chooseTab('SeveralOrders');
    const { body } = await graphiql.run();
    assert.equal(body.errors, undefined);
    assert.deepEqual(body.data.orders.map(({ id }) => id), JSON.parse(await graphiql.text('variables.json')).ids);
    assert.deepEqual(body.data.orders.map(({ cancellation }) => cancellation !== null), [false, false, true]);
    await picture('3-several-orders');
  });
  await named('cache and cost', async () => {
    await graphiql.chooseTab('CacheAndCost');
    isUpstream((await graphiql.run()).body.extensions.upstream, { calls: 1, points: 1, hits: 0 });
    const { body } = await graphiql.run();
    isUpstream(body.extensions.upstream, { calls: 0, points: 0, hits: 1 });
    const query = await graphiql.text('operation.graphql');
    await graphiql.replaceQuery(query.replace('    status\n', '    status\n    domesticShipping { city }\n'));
    const more = await graphiql.run();
    assert.equal(more.body.errors, undefined);
    isUpstream(more.body.extensions.upstream, { calls: 1, points: 1, hits: 0 });
    await picture('4-cache-and-cost');
  });
  await named('errors have codes and paths', async () => {
    await graphiql.chooseTab('Errors');
    const { body, status } = await graphiql.run();
    assert.equal(status, 200);
    assert.deepEqual(body.data.orders.map((order) => order?.id ?? null), [documented, null, '904', null]);
    const codes = Object.fromEntries(body.errors.map(({ path, extensions }) => [path[1], extensions.code]));
    assert.deepEqual(codes, { 1: 'ACCOUNT_NOT_FOUND', 2: 'UPSTREAM_BAD_DATA', 3: 'BAD_USER_INPUT' });
    await picture('5-errors');
  });
}

async function headers({ graphiql, page, named }) {
  await named('a header of the editor is sent', async () => {
    await graphiql.chooseTab('OneOrder');
    await graphiql.replaceHeaders('{"Authorization": "Bearer my-token"}');
    assert.equal((await graphiql.run()).request.headers().authorization, 'Bearer my-token');
  });
  await named('headers are not kept in the browser unless asked', async () => {
    await page.waitForTimeout(storing);
    assert.doesNotMatch(await stored(page), /Bearer/);
    assert.match(await stored(page), /OneOrder/);
  });
}

const stored = (page) => page.evaluate(() => JSON.stringify(localStorage));

async function documentation({ graphiql, page, named, picture }) {
  await named('the documentation of a type, field by field and by search', async () => {
    await graphiql.button('Show Documentation Explorer').click();
    const docs = page.locator('.graphiql-doc-explorer');
    await docs.getByRole('link', { name: 'Query', exact: true }).click();
    await docs.getByRole('link', { name: 'Order', exact: true }).first().click();
    await docs.getByRole('link', { name: 'domesticShipping', exact: true }).waitFor();
    await picture('7-documentation');
    await docs.getByRole('combobox').fill('trackingNumber');
    await page.getByRole('option', { name: /trackingNumber/ }).first().click();
    await docs.getByText('trackingNumber').first().waitFor();
  });
}

async function explorer({ graphiql, page, named, picture }) {
  await named('the explorer writes into the query', async () => {
    await graphiql.chooseTab('CacheAndCost');
    await graphiql.button('Show GraphiQL Explorer').click();
    const before = await graphiql.text('operation.graphql');
    assert.doesNotMatch(before, /businessType/);
    await page.locator('[data-field-name="businessType"][data-field-type="OrderBusinessType"]').first().click();
    await graphiql.waitForText('operation.graphql', /businessType/);
    await picture('8-explorer');
    await graphiql.button('Hide GraphiQL Explorer').click();
  });
}

async function completion({ graphiql, page, named, picture }) {
  await named('fields are completed, with their documentation', async () => {
    await graphiql.button('New tab').click();
    await graphiql.replaceQuery('query Typed { order(id: "1") { stat');
    await page.keyboard.press('Control+Space');
    const suggestion = page.locator('.suggest-widget .monaco-list-row', { hasText: 'status' }).first();
    await suggestion.waitFor();
    await picture('9-completion');
    await suggestion.click();
    await graphiql.waitForText('operation.graphql', /\bstatus\b/);
  });
}

async function validation({ graphiql, page, named }) {
  await named('a wrong field is underlined before it is sent', async () => {
    await graphiql.replaceQuery('query Typed { order(id: "1") { id nonsense } }');
    await page.locator('.graphiql-query-editor .squiggly-error').first().waitFor();
    await graphiql.replaceQuery('query Typed { order(id: "1") { id } }');
    await page.locator('.graphiql-query-editor .squiggly-error').waitFor({ state: 'detached' });
  });
}

async function prettify({ graphiql, page, named }) {
  const prettify = () => page.getByRole('button', { name: /^Prettify query/ }).click();
  await named('prettify indents, and keeps comments', async () => {
    await graphiql.replaceQuery('# one\nquery Typed { order(id: "1") { id } }');
    await prettify();
    await graphiql.waitForText('operation.graphql', /^# one\nquery Typed {\n  order\(id: "1"\) {\n    id\n  }\n}$/);
    await graphiql.replaceQuery('query Typed { order(id: "1") {\nid # inner\n} }');
    const commented = await graphiql.text('operation.graphql');
    await graphiql.replaceVariables('{"a":1}');
    await prettify();
    await graphiql.waitForText('variables.json', /^{ "a": 1 }$|^{\n  "a": 1\n}$/);
    assert.equal(await graphiql.text('operation.graphql'), commented);
    await graphiql.replaceVariables('{}');
  });
}

async function history({ graphiql, page, named, picture }) {
  await named('the history brings an earlier query back', async () => {
    await graphiql.replaceQuery('query Remembered { order(id: "1") { id } }');
    // The history takes the query that the tab is known to have.
    await graphiql.tab('Remembered').waitFor();
    await graphiql.run();
    await graphiql.replaceQuery('query Later { order(id: "2") { id } }');
    await graphiql.button('Show History').click();
    await picture('10-history');
    await page.locator('.graphiql-history-item-label', { hasText: 'Remembered' }).first().click();
    await graphiql.waitForText('operation.graphql', /Remembered/);
    await graphiql.button('Hide History').click();
  });
}

async function appearanceSetting({ graphiql, page, named, picture, appearance }) {
  const other = appearance === 'dark' ? 'Light' : 'Dark';
  await named(`the settings change the appearance to ${other}`, async () => {
    await graphiql.button('Open settings dialog').click();
    await picture('11-settings');
    await page.getByRole('dialog').getByRole('button', { name: other, exact: true }).click();
    await page.keyboard.press('Escape');
    const light = await lightness(page, '.graphiql-container');
    assert.ok(other === 'Dark' ? light < 0.3 : light > 0.9, `lightness ${light}`);
    const note = await lightness(page, '.header');
    assert.ok(other === 'Dark' ? note < 0.5 : note > 0.5, `lightness ${note} of the note`);
    await graphiql.colored();
    await picture('12-other-appearance');
  });
}

async function tabsSurviveReload({ graphiql, page, named }) {
  await named('tabs, queries and variables survive a reload, headers do not', async () => {
    await graphiql.chooseTab('SeveralOrders');
    await graphiql.replaceVariables('{"ids": ["196965465451498527"]}');
    await page.waitForTimeout(storing);
    const before = await state(graphiql);
    await graphiql.reload();
    assert.deepEqual(await state(graphiql), before);
    assert.equal(before.active, 'SeveralOrders');
    assert.ok(before.titles.length > tabs.length);
    assert.equal(await graphiql.text('request-headers.json'), '');
    const { body } = await graphiql.run();
    assert.equal(body.data.orders.length, 1);
  });
}

const state = async (graphiql) => ({
  titles: await graphiql.tabTitles(),
  active: await graphiql.activeTab(),
  query: await graphiql.text('operation.graphql'),
  variables: await graphiql.text('variables.json'),
});

async function headersSurviveOnRequest({ graphiql, page, named }) {
  await named('headers survive a reload once the user wants it', async () => {
    await graphiql.replaceHeaders('{"Authorization": "kept-token"}');
    await page.waitForTimeout(storing);
    await graphiql.button('Open settings dialog').click();
    await page.getByRole('dialog').getByRole('button', { name: 'On', exact: true }).click();
    await page.keyboard.press('Escape');
    const before = await graphiql.tabTitles();
    await graphiql.reload();
    assert.equal((await graphiql.run()).request.headers().authorization, 'kept-token');
    assert.deepEqual(await graphiql.tabTitles(), before);
    assert.match(await stored(page), /kept-token/);
  });
  await named('and are forgotten once the user does not', async () => {
    await graphiql.button('Open settings dialog').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Off', exact: true }).click();
    await page.keyboard.press('Escape');
    await page.waitForTimeout(storing);
    assert.doesNotMatch(await stored(page), /kept-token/);
    await graphiql.run();
    await page.waitForTimeout(storing);
    assert.doesNotMatch(await stored(page), /kept-token/);
  });
}

// onPhone looks at the page where the panes stand one under the other.
async function onPhone({ browser, url, appearance, named, artifacts }) {
  await named('on a phone the panes stand one under the other, and a query runs', async () => {
    const context = await browser.newContext({ colorScheme: appearance, viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    const graphiql = new GraphiQL(page);
    await graphiql.open(`${url}/graphiql/`);
    const editors = await page.locator('.graphiql-editors').boundingBox();
    const response = await page.locator('.graphiql-response').boundingBox();
    assert.ok(editors.y + editors.height <= response.y && editors.width > 330 && response.width > 330, JSON.stringify({ editors, response }));
    await graphiql.run();
    assert.ok(await page.locator('[data-fact="points"]').isVisible());
    await page.screenshot({ path: join(artifacts, `${appearance}-phone.png`) });
    await graphiql.button('Show Search by REST name or Chinese term').click();
    await page.getByRole('searchbox').fill('refund');
    await page.locator('.found-path').first().waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    await page.screenshot({ path: join(artifacts, `${appearance}-phone-search.png`), fullPage: true });
    await context.close();
  });
}

async function narrowWindow({ graphiql, page, named, picture }) {
  await named('a narrow window still shows the query and the response', async () => {
    await page.setViewportSize({ width: 900, height: 640 });
    await graphiql.run();
    assert.ok(await page.locator('.graphiql-execute-button').isVisible());
    await picture('13-narrow');
  });
}

async function quiet({ named, seen, url }) {
  await named('0 messages on the console', () => assert.deepEqual(seen.messages, []));
  await named('0 violations of the policy', () => assert.deepEqual(seen.violations, []));
  await named('0 failed requests', () => assert.deepEqual(seen.failures, []));
  await named('0 requests off the host', () => {
    assert.deepEqual(offHost(seen, url), []);
    const scripts = seen.requests.map((request) => request.url()).filter((address) => address.endsWith('.js'));
    assert.ok(scripts.some((address) => address.includes('graphql.worker')), 'the workers were not watched');
  });
}

// policyIsEnforced shows that the counts of quiet would not be 0 if there was something to count.
async function policyIsEnforced(browser, url) {
  const context = await browser.newContext();
  const seen = await watch(context);
  const page = await context.newPage();
  await new GraphiQL(page).open(`${url}/graphiql/`);
  const foreign = url.replace('localhost', '127.0.0.1');
  const answer = await page.evaluate((address) => fetch(address).then(() => 'sent', () => 'refused'), foreign);
  assert.equal(answer, 'refused');
  await page.waitForTimeout(200);
  assert.ok(seen.violations.some((violation) => violation.startsWith('connect-src')), `violations: ${seen.violations}`);
  assert.ok(seen.messages.some((message) => message.includes('Content Security Policy')), `messages: ${seen.messages}`);
  await page.goto(`${foreign}/graphiql/`);
  assert.notEqual(offHost(seen, url).length, 0);
  await context.close();
}
