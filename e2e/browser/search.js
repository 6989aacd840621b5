// The checks of the page's own search, and of the panel of test ids.
import assert from 'node:assert/strict';

const chosen = 24;

// random returns numbers below 1, the same ones at each run: SEED is for others.
function random(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

function pick(rows, next) {
  const left = [...rows];
  return Array.from({ length: chosen }, () => left.splice(Math.floor(next() * left.length), 1)[0]);
}

// firstTerm is what a reader of the document would search for: the description begins with the field's name, and goes on
// with units and values.
const firstTerm = (chinese) => /\p{Script=Han}[\p{L}\p{N}]*/u.exec(chinese)?.[0];

// checkSearch looks for rows of the upstream's document, chosen at random, by their Chinese terms and REST names.
export async function checkSearch({ graphiql, page, named, picture, url }) {
  const rows = (await (await fetch(`${url}/rest-fields.json`)).json()).filter(({ path }) => path.startsWith('Order.'));
  const next = random(Number(process.env.SEED ?? 1));
  const input = page.getByRole('searchbox', { name: 'A Chinese term, a REST name, a field or a word' });
  const paths = page.locator('.found-path');
  const found = async (term) => {
    await input.fill(term);
    await page.waitForFunction((typed) => document.querySelector('.panel [role=status]')?.textContent.includes('place') || typed === '', term);
    await page.waitForTimeout(60);
    return paths.allInnerTexts();
  };
  const pathOf = ({ path }) => ['order', ...path.split('.').slice(1)].join(' › ');

  await named('the search is a click away', async () => {
    await graphiql.button('Show Search by REST name or Chinese term').click();
    assert.ok(await input.isVisible());
  });
  const terms = [
    ...pick(rows.filter(({ chinese }) => firstTerm(chinese)), next).map((row) => ({ row, term: firstTerm(row.chinese) })),
    ...pick(rows, next).map((row) => ({ row, term: row.restName })),
  ];
  await named(`${terms.length} of ${terms.length} terms of the document are found`, async () => {
    const missing = [];
    for (const { row, term } of terms) {
      const places = await found(term);
      // The terms of some are those of their values.
      if (!places.some((place) => place === pathOf(row) || place.startsWith(`${pathOf(row)} › `))) {
        missing.push(`${term} (${row.path})`);
      }
    }
    assert.deepEqual(missing, []);
  });
  await named('what is typed exactly comes first', async () => {
    for (const [term, path] of [['pay_time', 'order › paidAt'], ['付款时间', 'order › paidAt'], ['result.base_info.pay_time', 'order › paidAt'], ['paidAt', 'order › paidAt']]) {
      assert.equal((await found(term))[0], path, term);
    }
  });
  await named('nothing is found of what is not there', async () => {
    await input.fill('qqzzxx');
    await page.getByText('0 places').waitFor();
    assert.deepEqual(await paths.allInnerTexts(), []);
  });
  await named('a field that is found is shown in the documentation', async () => {
    await found('pay_time');
    await picture('search');
    await paths.first().click();
    await page.locator('.graphiql-doc-explorer-title').getByText('paidAt').waitFor();
  });
  await named('and opens a query, which runs', async () => {
    await graphiql.button('Show Search by REST name or Chinese term').click();
    await found('pay_time');
    await page.getByRole('button', { name: 'Open a query with it' }).first().click();
    await graphiql.waitForText('operation.graphql', /paidAt/);
    const { body } = await graphiql.run();
    assert.equal(body.errors, undefined);
    assert.ok('paidAt' in body.data.order);
  });
}

// checkTestIDs clicks an id of the sandbox.
export async function checkTestIDs({ graphiql, page, named, picture }) {
  await named('a test id opens a query for it', async () => {
    await graphiql.button('Show Test ids of the sandbox').click();
    await page.locator('.found-path').getByText('103', { exact: true }).click();
    await picture('test-ids');
    const { body } = await graphiql.run();
    assert.equal(body.errors[0].extensions.code, 'ACCOUNT_NOT_FOUND');
  });
  await named('a query is priced, and not run', async () => {
    await graphiql.chooseTab('SeveralOrders');
    const price = page.getByRole('switch', { name: 'Price only' });
    await price.check();
    const { body } = await graphiql.run();
    assert.equal(body.extensions.upstream.calls, 0);
    const { points } = body.extensions.upstream.dryRun;
    await page.locator('[data-fact="price"]').getByText(`would cost ${points} point`).waitFor();
    await picture('price');
    await price.uncheck();
  });
}
