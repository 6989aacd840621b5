import { getNamedType, isLeafType, parse, print } from 'graphql';
import { anOrder } from '../tabs.js';

// queryOf returns a query that selects a field of an order, undefined for what is none.
export function queryOf({ kind, path, definition }) {
  if (kind !== 'field' || path[0] !== 'order') {
    return undefined;
  }
  const below = isLeafType(getNamedType(definition.type)) ? '' : leavesOf(getNamedType(definition.type));
  const selection = path.slice(1).reduceRight((inner, name) => `{ ${name} ${inner} }`, below);
  return {
    query: print(parse(`query Field($id: ID!) { order(id: $id) ${selection || '{ id }'} }`)),
    variables: JSON.stringify({ id: anOrder }, null, 2),
  };
}

// leavesOf selects what needs no selection of its own; where there is none, what there is.
function leavesOf(type) {
  const fields = Object.values(type.getFields()).filter((field) => field.args.length === 0);
  const leaves = fields.filter((field) => isLeafType(getNamedType(field.type)));
  return `{ ${(leaves.length > 0 ? leaves : [{ name: '__typename' }]).map(({ name }) => name).join(' ')} }`;
}
