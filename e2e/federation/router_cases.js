// What a client gets through a router, and what that costs.
import assert from 'node:assert/strict';
import { newTenant, post } from './graphql.js';
import { check } from './report.js';

const watched = 'query ($ids: [ID!]!) { watched(ids: $ids) { id note status } }';
const claimed = 'query ($keys: [OrderKey!]!) { claimed(keys: $keys) { webSite id claim status } }';
const idsFrom = (first, count) => Array.from({ length: count }, (_, i) => String(first + i));

const wireSites = { CN_1688: '1688', ALIBABA: 'alibaba' };
const representations = (lookup) => Object.values(lookup.variables).find(Array.isArray);
const sorted = (calls) => calls.map((call) => `${call.web_site} ${call.order_id}`).sort();

// client asks a router, and tells which lookups reached ordergraph and which calls the sandbox.
const client = ({ url, subgraph, sandbox }) => async (query, variables, tenant = newTenant()) => {
  subgraph.take();
  const answer = await post(url, { query, variables }, { authorization: tenant.authorization });
  const lookups = subgraph.take().filter((request) => request.query.includes('_entities'));
  return { ...answer, lookups, calls: await sandbox.calls(tenant.token) };
};

export async function checkRouter({ name, errorPath, url, subgraph, sandbox, secret }) {
  const ask = client({ url, subgraph, sandbox });

  await check(`${name}: 40 orders of a subgraph that knows their ids alone are one lookup, and one call each`, async () => {
    const ids = idsFrom(100000, 40);
    const { data, errors, lookups, calls } = await ask(watched, { ids });
    assert.equal(errors, undefined);
    assert.deepEqual(data.watched.map((order) => [order.id, order.note]), ids.map((id) => [id, `note on ${id}`]));
    assert.ok(data.watched.every((order) => order.status));
    assert.equal(lookups.length, 1);
    assert.equal(representations(lookups[0]).length, 40);
    assert.ok(representations(lookups[0]).every((each) => each.webSite === 'CN_1688'));
    assert.deepEqual(calls.map((call) => call.order_id).sort(), ids);
  });

  await check(`${name}: orders of both sites with the same numbers stay apart, in one lookup, and cost one call each`, async () => {
    const keys = idsFrom(200000, 12).flatMap((id) => [{ webSite: 'CN_1688', id }, { webSite: 'ALIBABA', id }]);
    const { data, errors, lookups, calls } = await ask(claimed, { keys });
    assert.equal(errors, undefined);
    assert.deepEqual(data.claimed.map(({ webSite, id, claim }) => ({ webSite, id, claim })),
      keys.map((key) => ({ ...key, claim: `claim on ${key.webSite} ${key.id}` })));
    assert.ok(data.claimed.every((order) => order.status));
    assert.equal(lookups.length, 1);
    assert.ok(representations(lookups[0]).every((each) => each.webSite && each.id));
    assert.deepEqual(sorted(calls), keys.map(({ webSite, id }) => `${wireSites[webSite]} ${id}`).sort());
  });

  await check(`${name}: an order of Alibaba.com is that order in every subgraph`, async () => {
    const query = `query ($key: OrderKey!, $id: ID!) {
      claimed(keys: [$key]) { webSite id statusRaw total { currencyCode } }
      order(id: $id, webSite: ALIBABA) { webSite id note claim total { currencyCode } }
    }`;
    const { data, errors, calls } = await ask(query, { key: { webSite: 'ALIBABA', id: '81' }, id: '81' });
    assert.equal(errors, undefined);
    assert.deepEqual([data.claimed[0].webSite, data.claimed[0].total.currencyCode], ['ALIBABA', null]);
    assert.deepEqual([data.order.webSite, data.order.note, data.order.claim], ['ALIBABA', 'note on 81', 'claim on ALIBABA 81']);
    assert.deepEqual([...new Set(sorted(calls))], ['alibaba 81']);
  });

  await check(`${name}: an order that is named several times costs one call`, async () => {
    const { data, lookups, calls } = await ask(watched, { ids: ['31', '32', '31', '31', '32'] });
    assert.deepEqual(data.watched.map((order) => order.id), ['31', '32', '31', '31', '32']);
    assert.equal(lookups.length, 1);
    assert.deepEqual(calls.map((call) => call.order_id).sort(), ['31', '32']);
  });

  await check(`${name}: a missing order keeps the others`, async () => {
    const { data, lookups } = await ask('query ($ids: [ID!]!) { watched(ids: $ids) { id note statusRaw } }', { ids: ['1', '800', '2'] });
    assert.deepEqual(data.watched.map(({ id, note }) => [id, note]), [['1', 'note on 1'], ['800', 'note on 800'], ['2', 'note on 2']]);
    assert.deepEqual(data.watched.map((order) => order.statusRaw === null), [false, true, false]);
    assert.equal(lookups.length, 1);
  });

  await check(`${name}: a missing order whose field must not be null nulls itself alone`, async () => {
    const { data } = await ask(watched, { ids: ['1', '800', '2'] });
    assert.deepEqual(data.watched.map((order) => order?.id ?? null), ['1', null, '2']);
  });

  await check(`${name}: an order that fails keeps the others, and its error has its index and code`, async () => {
    const { data, errors, lookups } = await ask('query ($ids: [ID!]!) { watched(ids: $ids) { id statusRaw } }', { ids: ['1', '2', '103', '3'] });
    assert.deepEqual(data.watched.map((order) => order.id), ['1', '2', '103', '3']);
    assert.deepEqual(data.watched.map((order) => order.statusRaw === null), [false, false, true, false]);
    assert.deepEqual(lookups[0].answer.errors.map((error) => error.path), [['_entities', 2]]);
    assert.deepEqual(errors.map((error) => [error.path, error.extensions.code]), [[errorPath, 'ACCOUNT_NOT_FOUND']]);
  });

  await check(`${name}: Authorization passes through, and tells tenants apart`, async () => {
    const [one, other] = [newTenant(), newTenant()];
    subgraph.take();
    const answers = await Promise.all([one, other, one].map((tenant) =>
      post(url, { query: watched, variables: { ids: ['51', '52'] } }, { authorization: tenant.authorization })));
    assert.ok(answers.every(({ errors }) => errors === undefined));
    for (const tenant of [one, other]) {
      assert.deepEqual((await sandbox.calls(tenant.token)).map((call) => call.order_id).sort(), ['51', '52']);
    }
    const requests = subgraph.take();
    assert.ok(requests.length >= 2);
    assert.ok(requests.every(({ headers }) => headers['x-router-secret'] === secret));
  });

  await check(`${name}: without Authorization no order is read`, async () => {
    const { data, errors } = await post(url, { query: '{ watched(ids: ["61"]) { id statusRaw } }' });
    assert.deepEqual(data.watched, [{ id: '61', statusRaw: null }]);
    assert.deepEqual(errors.map((error) => error.extensions.code), ['UNAUTHENTICATED']);
    assert.deepEqual(await sandbox.calls(''), []);
  });

  await check(`${name}: a long id keeps every digit through three subgraphs`, async () => {
    const id = '58218860983545941';
    const { data, errors, calls } = await ask('query ($id: ID!) { order(id: $id) { id note claim lineItems { id product { id title } } } }', { id });
    assert.equal(errors, undefined);
    assert.deepEqual([data.order.id, data.order.note, data.order.claim], [id, `note on ${id}`, `claim on CN_1688 ${id}`]);
    assert.ok(data.order.lineItems.length > 0);
    for (const { product } of data.order.lineItems) {
      assert.equal(product.title, `product ${product.id}`);
    }
    assert.deepEqual(calls.map((call) => call.order_id), [id]);
  });

  await check(`${name}: from one subgraph to another`, async () => {
    const { data, errors, calls } = await ask('{ watched(ids: ["71", "9223372036854775807"]) { id claim } }');
    assert.equal(errors, undefined);
    assert.deepEqual(data.watched.map((order) => order.claim), ['claim on CN_1688 71', 'claim on CN_1688 9223372036854775807']);
    assert.deepEqual(calls, []);
  });
}
