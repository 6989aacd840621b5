import { getNamedType, isEnumType, isLeafType } from 'graphql';

// What has more places than these, as an amount of money has, is listed at the first one alone.
const mostPlaces = 4;

// entriesOf returns what can be searched in a schema: fields, arguments and enum values, at each path
// that leads to them.
export function entriesOf(schema) {
  const uses = countUses(schema);
  const listed = new Set();
  const entries = [];
  const add = (kind, definition, type, parent, above) => {
    const added = entry(kind, definition, type, parent, above);
    entries.push(added);
    return added;
  };
  const visit = (type, above) => {
    const crowded = uses.get(type) > mostPlaces;
    if (above.types?.includes(type) || (crowded && listed.has(type))) {
      return;
    }
    listed.add(type);
    const here = { ...above, types: [...(above.types ?? []), type], elsewhere: crowded ? uses.get(type) - 1 : 0 };
    if (isEnumType(type)) {
      type.getValues().forEach((value) => add('value', value, type.name, type, here));
    } else if (!isLeafType(type)) {
      Object.values(type.getFields()).forEach((field) => visitField(field, type, here));
    }
  };
  const visitField = (field, parent, above) => {
    const at = add('field', field, field.type, parent, above);
    const below = { path: at.path, keys: [...at.keys, ...at.rest.flatMap(segments)], types: above.types };
    field.args.forEach((argument) => {
      add('argument', argument, argument.type, parent, { ...below, field });
      visit(getNamedType(argument.type), below);
    });
    // What several orders have, one order has.
    if (field.name !== 'orders') {
      visit(getNamedType(field.type), below);
    }
  };
  visit(schema.getQueryType(), { path: [], keys: [] });
  return entries;
}

function countUses(schema) {
  const uses = new Map();
  for (const type of Object.values(schema.getTypeMap())) {
    for (const field of Object.values(type.getFields?.() ?? {})) {
      const named = getNamedType(field.type);
      uses.set(named, (uses.get(named) ?? 0) + 1);
    }
  }
  return uses;
}

function entry(kind, definition, type, parent, { path, keys, field, elsewhere = 0 }) {
  const description = definition.description ?? '';
  return {
    kind,
    name: definition.name,
    path: [...path, definition.name],
    elsewhere,
    type: String(type),
    description,
    definition,
    parent,
    field,
    // The upstream's keys of all that is above.
    keys,
    ...origin(description),
  };
}

// origin returns what the upstream calls a field. Descriptions have it in brackets at the end of a
// paragraph: the Chinese terms and, as code, the keys of its document.
function origin(description) {
  const chinese = [];
  const rest = [];
  for (const [, group] of description.matchAll(/\(((?:[^()]|\([^()]*\))*)\)\s*(?:\n\n|$)/g)) {
    const terms = group.replaceAll(/`([^`]*)`/g, (_, code) => {
      rest.push(code.toLowerCase());
      return '';
    });
    chinese.push(...terms.split(',').map((term) => term.trim().toLowerCase()).filter((term) => /\p{Script=Han}/u.test(term)));
  }
  return { chinese, rest };
}

export const segments = (path) => path.split('.').filter(Boolean);
