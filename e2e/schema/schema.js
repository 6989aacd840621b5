import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildASTSchema, parse } from 'graphql';

export const project = join(import.meta.dirname, '../..');
export const schemaFile = join(project, 'schema.graphqls');

// What a subgraph gets from federation without writing it down (graph/federation.graphqls).
const federation = `
directive @link(url: String!, import: [String]) repeatable on SCHEMA
directive @key(fields: String!, resolvable: Boolean = true) repeatable on OBJECT
directive @shareable on OBJECT | FIELD_DEFINITION
directive @tag(name: String!) repeatable on OBJECT | FIELD_DEFINITION
directive @cost(weight: Int!) on OBJECT
directive @listSize(assumedSize: Int) on FIELD_DEFINITION
scalar _Any
union _Entity = Order
type _Service { sdl: String }
extend type Query {
  _entities(representations: [_Any!]!): [_Entity]!
  _service: _Service!
}
`;

export const readSchema = () => readFileSync(schemaFile, 'utf8');

// build returns the schema with what federation adds to it.
export function build(text) {
  return buildASTSchema(parse(text + federation), { assumeValidSDL: true });
}
