// Two orders, one of each site, that share their number; their lines and shipments have that number, too.
// Each store must show both as they are.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ApolloClient, HttpLink, gql } from '@apollo/client';
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { buildSchema, isObjectType, parse } from 'graphql';
import relayRuntime from 'relay-runtime';
import { assertShown } from './readme.js';
import { compileDocuments, newEnvironment } from './relay.js';
import { check } from './report.js';
import { apolloCache, getDataID, graphcacheKeys } from './stores.js';
import { twin } from './upstream.js';

const { createOperationDescriptor, fetchQuery } = relayRuntime;
const authorization = 'twins';

const twinQuery = gql`
  query Twin($id: ID!, $webSite: WebSite!) {
    order(id: $id, webSite: $webSite) {
      id
      webSite
      status
      lineItems {
        id
        name
        status
        product {
          id
        }
      }
      domesticShipping {
        shipments {
          id
          trackingNumber
        }
      }
    }
  }
`;

const sites = ['CN_1688', 'ALIBABA'];

// assertTwin fails unless nothing of the other order is shown.
function assertTwin(order, webSite) {
  assert.deepEqual([order.id, order.webSite, order.status], [twin, webSite, webSite === 'CN_1688' ? 'SUCCESS' : 'CANCELLED']);
  assert.deepEqual(order.lineItems.map(({ id, name, status }) => [id, name, status]), [[twin, `line of ${webSite}`, 'TERMINATED']]);
  assert.deepEqual(order.lineItems.map(({ product }) => product.id), [webSite === 'CN_1688' ? '1688' : '2000']);
  assert.deepEqual(order.domesticShipping.shipments.map(({ id, trackingNumber }) => [id, trackingNumber]), [[twin, `tracking of ${webSite}`]]);
}

async function inApollo(url, types) {
  const client = new ApolloClient({
    link: new HttpLink({ uri: url, headers: { authorization } }), cache: apolloCache(types),
  });
  const query = (webSite, fetchPolicy) => client.query({ query: twinQuery, variables: { id: twin, webSite }, fetchPolicy });
  for (const webSite of sites) {
    assertTwin((await query(webSite, 'network-only')).data.order, webSite);
  }
  for (const webSite of sites) {
    assertTwin((await query(webSite, 'cache-only')).data.order, webSite);
  }
  const stored = Object.keys(client.cache.extract()).filter((key) => !/^(ROOT_QUERY|__META|Order:|Product:)/.test(key));
  assert.deepEqual(stored, []);
  client.stop();
}

async function inUrql(url, types) {
  const warnings = [];
  const client = new Client({
    url, preferGetMethod: false, fetchOptions: { headers: { authorization } },
    exchanges: [cacheExchange({ keys: graphcacheKeys(types), logger: (_, message) => warnings.push(message) }), fetchExchange],
  });
  const query = (webSite, requestPolicy) => client.query(twinQuery, { id: twin, webSite }, { requestPolicy }).toPromise();
  for (const webSite of sites) {
    assertTwin((await query(webSite, 'network-only')).data.order, webSite);
  }
  for (const webSite of sites) {
    assertTwin((await query(webSite, 'cache-only')).data.order, webSite);
  }
  assert.deepEqual(warnings, []);
}

async function inRelay(program, schema, folder) {
  mkdirSync(folder);
  await compileDocuments(schema, folder, 'Twins.js');
  const { default: query } = await import(pathToFileURL(join(folder, 'artifacts/TwinsQuery.graphql.js')).href);
  const { url } = await program(`--trusted-documents=${join(folder, 'operations.json')}`);
  const environment = newEnvironment(`${url}/graphql`, authorization);
  await fetchQuery(environment, query, { id: twin }).toPromise();
  const { data } = environment.lookup(createOperationDescriptor(query, { id: twin }).fragment);
  assertTwin(data.domestic, 'CN_1688');
  assertTwin(data.international, 'ALIBABA');
}

// keyedTypes returns the types that the subgraph's schema gives a key, with its fields.
function keyedTypes(sdl) {
  const keys = parse(sdl).definitions.flatMap(({ name, directives = [] }) => directives
    .filter((directive) => directive.name.value === 'key')
    .map((directive) => [name?.value, directive.arguments[0].value.value]));
  return Object.fromEntries(keys);
}

export async function twins({ start, schema, types, work }) {
  const folder = join(work, 'twins');
  mkdirSync(folder);
  const server = await start();
  await check('stores: the list of embedded types is complete', async () => {
    const keyed = keyedTypes(await (await fetch(`${server.url}/subgraph.graphql`)).text());
    assert.deepEqual(keyed, { Order: 'webSite id', Product: 'id', Member: 'id' });
    const objects = Object.values(buildSchema(readFileSync(schema, 'utf8')).getTypeMap()).filter(isObjectType).map(({ name }) => name);
    const embedded = objects.filter((name) => name !== 'Query' && !name.startsWith('__') && !(name in keyed));
    assert.deepEqual(types.toSorted(), embedded.toSorted());
  });
  await check('stores: the README shows them as they are tested', assertShown);
  const url = `${server.url}/graphql`;
  await check('stores, Apollo: orders of two sites with equal line ids stay apart', () => inApollo(url, types));
  await check('stores, urql: orders of two sites with equal line ids stay apart', () => inUrql(url, types));
  await check('stores, Relay: orders of two sites with equal line ids stay apart', () => inRelay(start, schema, join(folder, 'relay')));
}
