// What only a router with the secret may ask, and what stays open with introspection off.
import assert from 'node:assert/strict';
import { newTenant, post } from './graphql.js';
import { check } from './report.js';

const service = { query: '{ _service { sdl } }' };
const introspection = { query: '{ __schema { queryType { name } } }' };
const lookup = { query: '{ _entities(representations: [{ __typename: "Order", webSite: CN_1688, id: "1" }]) { ... on Order { id } } }' };

export async function checkSchemaText({ url, sdl }) {
  await check('schema: the command, /subgraph.graphql and _service answer the same text', async () => {
    const served = await (await fetch(new URL('/subgraph.graphql', url))).text();
    const { data } = await post(url, service);
    assert.ok(sdl.includes('type Order @key'));
    assert.equal(served, sdl);
    assert.equal(data._service.sdl, sdl);
  });
}

export async function checkSecret({ url, sdl, secret, sandbox }) {
  for (const [what, shown] of [['no', undefined], ['a wrong', `${secret}x`]]) {
    await check(`secret: with ${what} secret _entities and _service are refused, and nothing is paid`, async () => {
      const { authorization, token } = newTenant();
      const headers = { authorization, ...(shown && { 'x-router-secret': shown }) };
      const entity = await post(url, lookup, headers);
      assert.ok(entity.errors?.length > 0);
      assert.ok(!entity.data?._entities?.some(Boolean));
      const schema = await post(url, service, headers);
      assert.ok(schema.errors?.length > 0);
      assert.ok(!schema.text.includes('type Order'));
      assert.deepEqual(await sandbox.calls(token), []);
    });
  }
  await check('secret: with it _entities, _service and, though it is off, introspection are answered', async () => {
    const headers = { authorization: newTenant().authorization, 'x-router-secret': secret };
    assert.deepEqual((await post(url, lookup, headers)).data, { _entities: [{ id: '1' }] });
    assert.equal((await post(url, service, headers)).data._service.sdl, sdl);
    assert.equal((await post(url, introspection, headers)).data.__schema.queryType.name, 'Query');
    assert.ok((await post(url, introspection)).errors.length > 0);
  });
}

export async function checkIntrospectionOff({ url, sdl }) {
  await check('introspection off: _service keeps answering, introspection does not', async () => {
    assert.equal((await post(url, service)).data._service.sdl, sdl);
    assert.ok((await post(url, introspection)).errors.length > 0);
  });
}
