// Trusted documents: Apollo Client with the manifest that Apollo's tool writes, and urql with the ids that
// graphql-codegen writes. Each server runs nothing but its manifest.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { generatePersistedQueryIdsFromManifest } from '@apollo/persisted-query-lists';
import { Client, fetchExchange, stringifyDocument } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { compile } from './compile.js';
import { orderQuery, ordersQuery, statusQuery } from './documents.js';
import { assertDocumented } from './expected.js';
import { check } from './report.js';
import { documented } from './upstream.js';
import { watchedFetch } from './watched_fetch.js';

const require = createRequire(import.meta.url);
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const stranger = gql`query Stranger($id: ID!) { order(id: $id) { id webSite updatedAt } }`;

async function withApollo({ upstream, start, folder }) {
  const manifest = join(folder, 'persisted-query-manifest.json');
  await check('trusted, Apollo: its tool writes a manifest', async () => {
    mkdirSync(join(folder, 'src'));
    copyFileSync(join(import.meta.dirname, 'documents.js'), join(folder, 'src/documents.js'));
    writeFileSync(join(folder, 'persisted-query-manifest.config.json'), JSON.stringify({ documents: ['src/*.js'], output: manifest }));
    await compile(join(dirname(require.resolve('@apollo/generate-persisted-query-manifest/package.json')), 'cli.js'), { cwd: folder });
    const { format, version, operations } = JSON.parse(readFileSync(manifest, 'utf8'));
    assert.deepEqual([format, version], ['apollo-persisted-query-manifest', 1]);
    assert.deepEqual(operations.map(({ name }) => name), ['Order', 'Orders', 'Status']);
  });
  const { url } = await start(`--trusted-documents=${manifest}`, '--trusted-documents-only');
  const { fetch, requests } = watchedFetch();
  const client = new ApolloClient({
    link: new PersistedQueryLink(generatePersistedQueryIdsFromManifest({ loadManifest: async () => JSON.parse(readFileSync(manifest, 'utf8')) }))
      .concat(new HttpLink({ uri: `${url}/graphql`, fetch, headers: { authorization: 'trusted-apollo' } })),
    cache: new InMemoryCache(),
  });
  await check('trusted, Apollo: an operation of the manifest runs by its id', async () => {
    const before = upstream.calls.length;
    const { data } = await client.query({ query: orderQuery, variables: { id: documented } });
    assertDocumented(data.order);
    assert.equal(data.order.__typename, 'Order');
    assert.deepEqual(requests.map(({ body }) => JSON.parse(body).query), [undefined]);
    assert.deepEqual(upstream.calls.slice(before), [{ id: documented, authorization: 'trusted-apollo' }]);
  });
  await check('trusted, Apollo: its text runs as well, and no other', async () => {
    const plain = new ApolloClient({
      link: new HttpLink({ uri: `${url}/graphql`, headers: { authorization: 'trusted-apollo' } }), cache: new InMemoryCache(),
    });
    const calls = upstream.calls.length;
    await assert.rejects(plain.query({ query: stranger, variables: { id: documented } }), (error) => {
      assert.ok(CombinedGraphQLErrors.is(error));
      assert.equal(error.errors[0].extensions.code, 'UNTRUSTED_DOCUMENT');
      return true;
    });
    assert.equal(upstream.calls.length, calls);
    const { operations } = JSON.parse(readFileSync(manifest, 'utf8'));
    const response = await fetch(`${url}/graphql`, {
      method: 'POST', headers: { 'content-type': 'application/json', authorization: 'trusted-apollo' },
      body: JSON.stringify({ query: operations[0].body, variables: { id: documented } }),
    });
    assertDocumented((await response.json()).data.order);
  });
  client.stop();
}

async function withUrql({ upstream, start, folder }) {
  const manifest = join(folder, 'persisted-documents.json');
  // As graphql-codegen's persistedDocuments does with the hash algorithm sha256.
  const idOf = (text) => `sha256:${sha256(text)}`;
  const texts = [orderQuery, ordersQuery, statusQuery].map((document) => stringifyDocument(document));
  writeFileSync(manifest, JSON.stringify(Object.fromEntries(texts.map((text) => [idOf(text), text]))));
  const { url } = await start(`--trusted-documents=${manifest}`, '--trusted-documents-only');
  const { fetch, requests } = watchedFetch();
  const client = new Client({
    url: `${url}/graphql`, fetch, preferGetMethod: false,
    fetchOptions: { headers: { authorization: 'trusted-urql', 'GraphQL-Preflight': '1' } },
    exchanges: [
      persistedExchange({ enforcePersistedQueries: true, preferGetForPersistedQueries: true, generateHash: async (text) => idOf(text) }),
      fetchExchange,
    ],
  });
  await check('trusted, urql: an operation runs by the id that codegen writes, as sha256Hash', async () => {
    const before = upstream.calls.length;
    const { data, error } = await client.query(orderQuery, { id: documented }).toPromise();
    assert.equal(error, undefined);
    assertDocumented(data.order);
    assert.deepEqual(requests.map(({ method }) => method), ['GET']);
    assert.match(JSON.parse(requests[0].url.searchParams.get('extensions')).persistedQuery.sha256Hash, /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual(upstream.calls.slice(before), [{ id: documented, authorization: 'trusted-urql' }]);
  });
  await check('trusted, urql: no other operation runs', async () => {
    const before = upstream.calls.length;
    const { error } = await client.query(stranger, { id: documented }).toPromise();
    assert.equal(error.graphQLErrors[0].extensions.code, 'PERSISTED_QUERY_NOT_FOUND');
    assert.equal(upstream.calls.length, before);
  });
}

export async function trusted({ upstream, start, work }) {
  const folder = join(work, 'trusted');
  mkdirSync(folder);
  await withApollo({ upstream, start, folder });
  await withUrql({ upstream, start, folder });
}
