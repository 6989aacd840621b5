// The checks of the bar above the answer, and of its switches.
import assert from 'node:assert/strict';

// slow is answered by the sandbox after three seconds.
const slow = '600';

export async function checkBar({ graphiql, page, named, picture }) {
  const askThePresent = page.getByRole('switch', { name: 'Ask the present' });
  const hint = page.getByRole('status', { name: 'Cost of the answer' }).getByText('What an answer costs');

  await named('the bar says what an answer cost, in colour', async () => {
    await graphiql.button('New tab').click();
    await hint.waitFor();
    await graphiql.replaceQuery('query Bar { order(id: "7001") { id } }');
    const { headers } = await graphiql.run();
    const { milliseconds, fresh, 'request-id': id, ...cost } = await graphiql.facts();
    assert.deepEqual(cost, { points: '1 point', calls: '1 call', hits: '0 hits', stale: '0 stale' });
    assert.match(milliseconds, /^[1-9]\d* ms$/);
    assert.equal(fresh, `fresh ${/max-age=(\d+)/.exec(headers['cache-control'])[1]} s`);
    assert.equal(id, `id ${headers['x-request-id']}`);
    assert.equal(await graphiql.fact('points').getAttribute('class'), 'fact fact-paid');
    await graphiql.run();
    assert.equal(await graphiql.fact('points').innerText(), '0 points');
    assert.equal(await graphiql.fact('points').getAttribute('class'), 'fact fact-free');
    assert.equal(await graphiql.fact('hits').innerText(), '1 hit');
  });
  await named('each tab has the facts of its own answer', async () => {
    const facts = await graphiql.facts();
    await graphiql.button('New tab').click();
    await hint.waitFor();
    await graphiql.chooseTab('Bar');
    assert.deepEqual(await graphiql.facts(), facts);
  });
  await named('ask the present calls, though a copy is at hand', async () => {
    await askThePresent.check();
    const { request } = await graphiql.run();
    assert.equal(request.headers()['cache-control'], 'no-cache');
    assert.equal(await graphiql.fact('calls').innerText(), '1 call');
    await askThePresent.uncheck();
    assert.notEqual((await graphiql.run()).request.headers()['cache-control'], 'no-cache');
  });
  await named('a query can be stopped, and no other tab shows its answer', async () => {
    await graphiql.replaceQuery(`query Bar { order(id: "${slow}") { id } }`);
    const failed = page.waitForEvent('requestfailed');
    await page.locator('.graphiql-execute-button').click();
    await page.locator('.bar').getByText('Running…').waitFor();
    await graphiql.chooseTab('Errors');
    assert.equal((await failed).failure().errorText, 'net::ERR_ABORTED');
    await graphiql.chooseTab('Bar');
    await hint.waitFor();
    assert.equal(await graphiql.text('response.json'), '');
  });
}
