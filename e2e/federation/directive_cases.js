// What tells tools and routers of personal data and of costs: that it gets through composition, and what it is good for.
import assert from 'node:assert/strict';
import { Kind, parse, print, visit } from 'graphql';
import { newTenant, post } from './graphql.js';
import { check } from './report.js';
import { startHive } from './routers.js';
import { compose } from './subgraphs.js';

const directive = (node, name) => node.directives.find((each) => each.name.value === name);
const argument = (node, name, key) => directive(node, name)?.arguments.find((each) => each.name.value === key)?.value.value;
const isTagged = (node) => argument(node, 'tag', 'name') === 'pii';

// elements returns the types and fields of a schema by their coordinates.
function elements(document) {
  const found = new Map();
  for (const type of document.definitions.filter(({ kind }) => kind === Kind.OBJECT_TYPE_DEFINITION)) {
    found.set(type.name.value, type);
    for (const field of type.fields) {
      found.set(`${type.name.value}.${field.name.value}`, field);
    }
  }
  return found;
}

// withoutTagged hides what is tagged, as a contract for clients that may see no personal data does.
function withoutTagged(document) {
  const inaccessible = { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: 'inaccessible' } };
  const hide = (node) => (isTagged(node) ? { ...node, directives: [...node.directives, inaccessible] } : undefined);
  return visit(document, {
    ObjectTypeDefinition: hide,
    FieldDefinition: hide,
    ListValue: (node) => (node.values.some(({ value }) => value === '@tag')
      ? { ...node, values: [...node.values, { kind: Kind.STRING, value: '@inaccessible' }] } : undefined),
  });
}

export async function checkDirectives({ sdl, url, services, sandbox }) {
  const own = elements(parse(sdl));
  const tagged = [...own].filter(([, node]) => isTagged(node)).map(([name]) => name);
  const { supergraphSdl } = compose(sdl, url, services);

  await check('directives: composition keeps the tags and the costs', () => {
    assert.ok(tagged.length > 80 && tagged.includes('OrderInvoiceCompany.bankAccountNumber'), tagged.join(' '));
    const composed = elements(parse(supergraphSdl));
    assert.deepEqual([...composed].filter(([, node]) => isTagged(node)).map(([name]) => name).sort(), tagged.sort());
    assert.equal(argument(composed.get('Order'), 'cost', 'weight'), '100');
    assert.equal(argument(composed.get('Query.orders'), 'listSize', 'assumedSize'), '100');
  });

  await check('directives: a contract without what is tagged composes, and has all the rest', () => {
    const { schema, errors } = compose(print(withoutTagged(parse(sdl))), url, services);
    assert.equal(errors, undefined);
    const shown = schema.toAPISchema().toGraphQLJSSchema();
    for (const name of own.keys()) {
      const [type, field] = name.split('.');
      const there = field ? shown.getType(type)?.getFields()[field] : shown.getType(type);
      assert.equal(Boolean(there), !tagged.includes(name) && !tagged.includes(type), name);
    }
  });

  const router = await startHive(supergraphSdl, undefined, { demandControl: { maxCost: 1000, includeExtensionMetadata: true } });
  const ask = async (query) => {
    const { authorization, token } = newTenant();
    const { data, errors, extensions } = await post(router.url, { query }, { authorization });
    return { data, code: errors?.[0].extensions.code, cost: extensions.cost.estimated, calls: (await sandbox.calls(token)).length };
  };
  try {
    await check('directives: a router that limits costs counts 100 for an order, next to which the rest is little', async () => {
      const { data, ...rest } = await ask('{ order(id: "91") { id total { amount } buyer { loginId } } }');
      assert.equal(data.order.id, '91');
      assert.deepEqual(rest, { code: undefined, cost: 102, calls: 1 });
      const list = Array.from({ length: 9 }, (_, i) => `o${i}: order(id: "${910000 + i}") { id }`);
      const { cost, calls } = await ask(`{ ${list.join(' ')} }`);
      assert.deepEqual([cost, calls], [900, 9]);
    });
    await check('directives: a router that limits costs refuses what is too expensive, and nothing is paid', async () => {
      const list = Array.from({ length: 11 }, (_, i) => `o${i}: order(id: "${920000 + i}") { id }`);
      for (const [query, cost] of [[`{ ${list.join(' ')} }`, 1100], ['{ orders(ids: ["93"]) { id } }', 10000]]) {
        const { data, ...rest } = await ask(query);
        assert.deepEqual(rest, { code: 'COST_ESTIMATED_TOO_EXPENSIVE', cost, calls: 0 });
      }
    });
  } finally {
    await router.stop();
  }
}
