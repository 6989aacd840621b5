// urql: Graphcache with its keys, persisted queries over GET, error codes.
import assert from 'node:assert/strict';
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { persistedExchange } from '@urql/exchange-persisted';
import { orderQuery, ordersQuery, statusQuery } from './documents.js';
import { assertDocumented } from './expected.js';
import { check } from './report.js';
import { graphcacheKeys } from './stores.js';
import { documented, unknownAccount } from './upstream.js';
import { watchedFetch } from './watched_fetch.js';

// resolvers finds an order in the cache that another field brought.
const resolvers = {
  Query: { order: (_, { id, webSite = 'CN_1688' }) => ({ __typename: 'Order', id, webSite }) },
};

function newClient(url, fetch, types) {
  return new Client({
    url,
    fetch,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization: 'urql', 'GraphQL-Preflight': '1' } },
    exchanges: [
      cacheExchange({ keys: graphcacheKeys(types), resolvers }),
      persistedExchange({ preferGetForPersistedQueries: true }),
      fetchExchange,
    ],
  });
}

export async function urql({ upstream, start, types }) {
  const program = await start();
  const url = `${program.url}/graphql`;
  const { fetch, requests } = watchedFetch();
  const client = newClient(url, fetch, types);
  const variables = { id: documented };

  await check('urql: a query is sent by its hash with GET, and by its text if that is new', async () => {
    const before = upstream.calls.length;
    const { data, error } = await client.query(orderQuery, variables).toPromise();
    assert.equal(error, undefined);
    assertDocumented(data.order);
    assert.equal(requests[0].method, 'GET');
    assert.equal(requests[0].url.searchParams.get('query'), null);
    assert.match(requests[0].url.searchParams.get('extensions'), /sha256Hash/);
    assert.equal(requests.length, 2);
    assert.deepEqual(upstream.calls.slice(before), [{ id: documented, authorization: 'urql' }]);
  });
  await check('urql: another client sends the hash alone', async () => {
    const other = watchedFetch();
    const { data } = await newClient(url, other.fetch, types).query(orderQuery, variables).toPromise();
    assertDocumented(data.order);
    assert.deepEqual(other.requests.map(({ method }) => method), ['GET']);
    assert.equal(upstream.calls.filter(({ authorization }) => authorization === 'urql').length, 1);
  });
  await check('urql: the cache is keyed by webSite and id', async () => {
    const fresh = watchedFetch();
    const other = newClient(url, fresh.fetch, types);
    const orders = await other.query(ordersQuery, { ids: [documented] }).toPromise();
    assert.equal(orders.data.orders[0].id, documented);
    const seen = fresh.requests.length;
    const { data } = await other.query(statusQuery, variables).toPromise();
    assert.deepEqual([data.order.id, data.order.status], [documented, 'WAIT_BUYER_RECEIVE']);
    assert.equal(fresh.requests.length, seen);
  });
  await check('urql: the error code reaches the application', async () => {
    const before = upstream.calls.length;
    const { error } = await client.query(orderQuery, { id: unknownAccount }).toPromise();
    assert.equal(error.graphQLErrors[0].extensions.code, 'ACCOUNT_NOT_FOUND');
    assert.deepEqual(error.graphQLErrors[0].path, ['order']);
    assert.equal(upstream.calls.length, before + 1);
  });
}
