// The checks of the one token for all tabs.
import assert from 'node:assert/strict';
import { storing } from './graphiql.js';

const exactly = { exact: true };
const secret = 'token-of-this-test';

export async function checkToken({ graphiql, page, context, named, url }) {
  const field = page.getByLabel('Token', exactly);
  const keep = page.getByLabel('Keep it');
  const sent = async () => (await graphiql.run()).request.headers().authorization;
  const stored = (storage) => page.evaluate((name) => JSON.stringify(globalThis[name]), storage);

  await named('without a token none is sent, with one all tabs send it', async () => {
    await graphiql.chooseTab('OneOrder');
    assert.equal(await sent(), undefined);
    await field.fill(` ${secret} `);
    assert.equal(await sent(), secret);
    await graphiql.chooseTab('SeveralOrders');
    assert.equal(await sent(), secret);
    await graphiql.button('New tab').click();
    await graphiql.replaceQuery('query WithToken { order(id: "7001") { id } }');
    assert.equal(await sent(), secret);
  });
  await named('it is hidden, and kept for the session only', async () => {
    assert.equal(await field.getAttribute('type'), 'password');
    assert.doesNotMatch(await stored('localStorage'), new RegExp(secret));
    assert.doesNotMatch(page.url(), new RegExp(secret));
    await page.waitForTimeout(storing);
    await graphiql.reload();
    assert.equal(await sent(), secret);
    const other = await context.newPage();
    await other.goto(`${url}/graphiql/`);
    assert.equal(await other.getByLabel('Token', exactly).inputValue(), '');
    await other.close();
  });
  await named('it is kept for longer while its user wants it', async () => {
    await keep.check();
    assert.match(await stored('localStorage'), new RegExp(secret));
    assert.doesNotMatch(await stored('sessionStorage'), new RegExp(secret));
    await keep.uncheck();
    assert.doesNotMatch(await stored('localStorage'), new RegExp(secret));
    assert.match(await stored('sessionStorage'), new RegExp(secret));
  });
  await named('one that no header can have is not sent', async () => {
    await field.fill('密钥');
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    await page.locator('.graphiql-execute-button').click();
    await graphiql.waitForText('response.json', /characters that a header cannot have/);
    await field.fill('');
    assert.equal(await sent(), undefined);
    assert.doesNotMatch((await stored('sessionStorage')) + (await stored('localStorage')), new RegExp(secret));
  });
}
