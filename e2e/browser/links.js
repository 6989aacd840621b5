// The checks of links that open a query, and of those that Share makes.
import assert from 'node:assert/strict';
import { GraphiQL, storing } from './graphiql.js';

const secret = 'token-in-no-link';
const two = 'query First($id: ID!) { order(id: $id) { id } }\n\nquery Second($id: ID!) { order(id: $id) { status } }';
const hostile = '<img src=x onerror=alert(1)> query Hostile { order(id: "1") { id } } #"><script>alert(2)</script>';

export async function checkLinks({ graphiql, page, context, named, picture, url }) {
  const opened = [];
  const open = async (parameters) => {
    const visitor = new GraphiQL(await context.newPage());
    opened.push(visitor.page);
    visitor.page.setDefaultTimeout(10_000);
    visitor.operations = [];
    visitor.page.on('request', (request) => {
      if (request.url().endsWith('/graphql') && !request.postData().includes('IntrospectionQuery')) {
        visitor.operations.push(request);
      }
    });
    await visitor.open(`${url}/graphiql/?${new URLSearchParams(parameters)}`);
    return visitor;
  };

  await named('a link opens a tab of its own, and does not run it', async () => {
    const titles = await graphiql.tabTitles();
    const visitor = await open({ query: two, variables: '{"id": "7002"}', operationName: 'Second' });
    await visitor.tab('Second').waitFor();
    assert.deepEqual(await visitor.tabTitles(), [...titles, 'Second']);
    assert.equal(await visitor.activeTab(), 'Second');
    assert.equal(await visitor.text('operation.graphql'), two);
    assert.equal(await visitor.text('variables.json'), '{"id": "7002"}');
    assert.equal(visitor.page.url(), `${url}/graphiql/`);
    assert.deepEqual(visitor.operations, []);
  });
  await named('the operation that it names is the one to run, and a reload opens no second tab', async () => {
    const visitor = new GraphiQL(opened[0]);
    const sent = visitor.page.waitForRequest((request) => request.url().endsWith('/graphql'));
    await visitor.page.locator('.graphiql-query-editor .view-line').last().click();
    await visitor.page.keyboard.press('ControlOrMeta+Enter');
    assert.equal((await sent).postDataJSON().operationName, 'Second');
    await visitor.waitForText('response.json', /"status"/);
    await visitor.page.waitForTimeout(storing);
    const titles = await visitor.tabTitles();
    await visitor.reload();
    assert.deepEqual(await visitor.tabTitles(), titles);
  });
  await named('a hostile link is text', async () => {
    const visitor = await open({ query: hostile, variables: hostile, operationName: hostile });
    await visitor.waitForText('operation.graphql', /onerror/);
    assert.equal(await visitor.text('operation.graphql'), hostile);
    assert.equal(await visitor.page.locator('img[src="x"], script:not([src])').count(), 0);
    assert.deepEqual(visitor.operations, []);
  });
  await named('share copies a link to the query, without headers and token', async () => {
    await graphiql.chooseTab('OneOrder');
    await page.getByLabel('Token', { exact: true }).fill(secret);
    await graphiql.replaceHeaders(`{"X-Request-Id": "${secret}"}`);
    await page.getByRole('button', { name: /^Share/ }).click();
    await page.getByText('Link copied').waitFor();
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    assert.deepEqual([...link.searchParams.keys()], ['query', 'variables']);
    assert.doesNotMatch(link.href, new RegExp(secret));
    assert.equal(link.searchParams.get('query'), await graphiql.text('operation.graphql'));
    const visitor = await open(link.searchParams);
    assert.equal(await visitor.activeTab(), 'OneOrder');
    assert.equal((await visitor.run()).body.data.order.id, '58218860983545941');
    await page.getByLabel('Token', { exact: true }).fill('');
    await graphiql.replaceHeaders('{}');
  });
  await named('where the clipboard is closed, share shows the link', async () => {
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error('closed'));
    });
    await page.getByRole('button', { name: /^Share/ }).click();
    const shown = page.getByRole('textbox', { name: 'Link to this query' });
    await shown.waitFor();
    await page.evaluate(() => delete navigator.clipboard.writeText);
    assert.match(await shown.inputValue(), /^http.*\?query=query/);
    await picture('share');
    await page.keyboard.press('Tab');
    await shown.waitFor({ state: 'detached' });
  });
  await Promise.all(opened.map((visited) => visited.close()));
}
