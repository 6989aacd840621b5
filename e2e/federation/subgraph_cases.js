// What the subgraph answers to a router's own requests, sent without one.
import assert from 'node:assert/strict';
import { newTenant, post } from './graphql.js';
import { check } from './report.js';

const entities = 'query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename ... on Order { id webSite statusRaw } } }';
const order = (fields) => ({ __typename: 'Order', webSite: 'CN_1688', ...fields });

export async function checkSubgraph({ url, sandbox }) {
  const ask = async (representations) => {
    const { authorization, token } = newTenant();
    const answer = await post(url, { query: entities, variables: { representations } }, { authorization });
    return { ...answer, entities: answer.data?._entities, calls: await sandbox.calls(token) };
  };

  await check('subgraph: representations of both sites in one request stay apart', async () => {
    const keys = [{ id: '21' }, { webSite: 'ALIBABA', id: '22' }, { id: '23' }, { webSite: 'ALIBABA', id: '21' }];
    for (const wanted of [keys, keys.toReversed()]) {
      const { entities, errors, calls } = await ask(wanted.map(order));
      assert.equal(errors, undefined);
      const expected = wanted.map(({ webSite = 'CN_1688', id }) => [webSite, id]);
      assert.deepEqual(entities.map((entity) => [entity.webSite, entity.id]), expected);
      assert.equal(calls.length, keys.length);
    }
  });

  await check('subgraph: an order that is named several times costs one call', async () => {
    const { entities, calls } = await ask([order({ id: '31' }), order({ id: '31', more: 1 }), order({ id: '31' })]);
    assert.deepEqual(entities.map((entity) => entity.id), ['31', '31', '31']);
    assert.equal(calls.length, 1);
  });

  await check('subgraph: malformed representations fail alone, each at its index', async () => {
    const representations = [
      order({ id: '41' }), { __typename: 'OrderInvoice', id: '41' }, order({}), 'Order', order({ id: 1.5 }), order({ id: '-1' }),
      order({ webSite: 'TAOBAO', id: '41' }), { webSite: 'CN_1688', id: '41' }, order({ id: ['41'] }), order({ id: '42' }), 7, order({ webSite: 5, id: '41' }),
      { __typename: 'Order', id: '41' }, order({ webSite: null, id: '41' }), order({ webSite: '', id: '41' }),
    ];
    const good = [0, 9];
    const { entities, errors, calls } = await ask(representations);
    assert.deepEqual(entities.map((entity) => entity?.id ?? null), representations.map((each, i) => (good.includes(i) ? each.id : null)));
    assert.deepEqual(errors.map((error) => error.path.join('.')).sort(),
      representations.map((_, i) => `_entities.${i}`).filter((_, i) => !good.includes(i)).sort());
    for (const error of errors) {
      assert.equal(error.extensions.code, 'BAD_USER_INPUT');
      assert.doesNotMatch(error.message, /interface conversion|panic|map\[|float64|strconv/);
    }
    assert.deepEqual(calls.map((call) => call.order_id).sort(), ['41', '42']);
  });

  await check('subgraph: an order that fails or does not exist keeps the others', async () => {
    const { entities, errors } = await ask(['1', '800', '103', '2'].map((id) => order({ id })));
    assert.deepEqual(entities.map((entity) => entity?.id ?? null), ['1', null, null, '2']);
    assert.deepEqual(errors.map(({ path, extensions }) => [path, extensions.code]), [[['_entities', 2], 'ACCOUNT_NOT_FOUND']]);
  });

  await check('subgraph: a long id keeps every digit, as a text and as a number', async () => {
    const { authorization, token } = newTenant();
    const body = JSON.stringify({ query: entities, variables: { representations: [order({ id: 'NUMBER' })] } })
      .replace('"NUMBER"', '9223372036854775807');
    const { text } = await post(url, body, { authorization });
    assert.match(text, /"id":"9223372036854775807"/);
    assert.deepEqual((await sandbox.calls(token)).map((call) => call.order_id), ['9223372036854775807']);
  });

  await check('subgraph: _entities needs a token where the upstream does', async () => {
    const { data, errors } = await post(url, { query: entities, variables: { representations: [order({ id: '1' }), order({ id: '2' })] } });
    assert.deepEqual(data._entities, [null, null]);
    assert.deepEqual(errors.map(({ path, extensions }) => [path.join('.'), extensions.code]).sort(),
      [['_entities.0', 'UNAUTHENTICATED'], ['_entities.1', 'UNAUTHENTICATED']]);
  });
}
