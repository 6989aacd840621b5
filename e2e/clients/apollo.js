// Apollo Client: automatic persisted queries over GET, the normalised cache, error codes.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ApolloClient, CombinedGraphQLErrors, HttpLink } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { orderQuery, ordersQuery } from './documents.js';
import { assertDocumented } from './expected.js';
import { check } from './report.js';
import { apolloCache } from './stores.js';
import { documented, unknownAccount } from './upstream.js';
import { watchedFetch } from './watched_fetch.js';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

function newClient(url, fetch, authorization, types) {
  return new ApolloClient({
    link: new PersistedQueryLink({ sha256, useGETForHashedQueries: true })
      .concat(new HttpLink({ uri: url, fetch, headers: { authorization, 'GraphQL-Preflight': '1' } })),
    cache: apolloCache(types),
  });
}

export async function apollo({ upstream, start, types }) {
  const program = await start();
  const url = `${program.url}/graphql`;
  const { fetch, requests } = watchedFetch();
  const client = newClient(url, fetch, 'apollo', types);
  const variables = { id: documented };

  await check('apollo: a query is sent by its hash with GET, and by its text once', async () => {
    const before = upstream.calls.length;
    const { data } = await client.query({ query: orderQuery, variables });
    assertDocumented(data.order);
    assert.deepEqual(requests.map(({ method }) => method), ['GET', 'POST']);
    assert.equal(requests[0].url.searchParams.get('query'), null);
    assert.match(JSON.parse(requests[1].body).query, /^query Order/);
    assert.deepEqual(upstream.calls.slice(before), [{ id: documented, authorization: 'apollo' }]);
  });
  await check('apollo: another client sends the hash alone', async () => {
    const other = watchedFetch();
    const { data } = await newClient(url, other.fetch, 'apollo', types).query({ query: orderQuery, variables });
    assertDocumented(data.order);
    assert.deepEqual(other.requests.map(({ method }) => method), ['GET']);
    assert.equal(upstream.calls.filter(({ authorization }) => authorization === 'apollo').length, 1);
  });
  await check('apollo: the cache is keyed by webSite and id', async () => {
    assert.ok(client.cache.extract()[`Order:{"webSite":"CN_1688","id":"${documented}"}`]);
    const seen = requests.length;
    const { data } = await client.query({ query: orderQuery, variables });
    assertDocumented(data.order);
    assert.equal(requests.length, seen);
    await client.query({ query: ordersQuery, variables: { ids: [documented] } });
    const keys = Object.keys(client.cache.extract()).filter((key) => key.startsWith('Order:'));
    assert.equal(keys.length, 1);
  });
  await check('apollo: the error code reaches the application', async () => {
    const before = upstream.calls.length;
    await assert.rejects(client.query({ query: orderQuery, variables: { id: unknownAccount } }), (error) => {
      assert.ok(CombinedGraphQLErrors.is(error));
      assert.equal(error.errors[0].extensions.code, 'ACCOUNT_NOT_FOUND');
      assert.equal(error.errors[0].extensions.upstreamStatus, 103);
      assert.deepEqual(error.errors[0].path, ['order']);
      return true;
    });
    assert.equal(upstream.calls.length, before + 1);
  });
  client.stop();
}
