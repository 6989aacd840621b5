// Takes the queries out of the documentation and validates them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kind, extendSchema, isExecutableDefinitionNode, parse, print, validate } from 'graphql';
import { build, project, readSchema } from './schema.js';

// documentsIn returns all graphql blocks, and the queries of all curl commands with -d '{"query":…}'.
function documentsIn(markdown) {
  const blocks = [...markdown.matchAll(/^[ \t]*```graphql\n(.*?)^[ \t]*```/gms)].map(([, text]) => text);
  const commands = [...markdown.matchAll(/-d '(\{\s*"query".*?\})'/gs)].map(([, body]) => JSON.parse(body).query);
  return [...blocks, ...commands].map((text) => parse(text));
}

const isQuery = ({ definitions }) => definitions.some(isExecutableDefinitionNode);

// composed returns the schema together with the types of other services that the README shows: its
// queries to a router use both.
function composed(documents) {
  let schema = build(readSchema());
  for (const { kind, definitions } of documents) {
    const added = definitions
      .filter((definition) => definition.kind === Kind.OBJECT_TYPE_DEFINITION)
      .map((definition) => extension(schema, definition));
    schema = extendSchema(schema, { kind, definitions: added }, { assumeValidSDL: true });
  }
  return schema;
}

// extension turns the definition of a type that both services have into the fields that are new.
function extension(schema, definition) {
  const known = schema.getType(definition.name.value)?.getFields();
  return known
    ? { ...definition, kind: Kind.OBJECT_TYPE_EXTENSION, description: undefined, fields: definition.fields.filter(({ name }) => !known[name.value]) }
    : definition;
}

// validateQueries throws unless there are queries, and all of them fit the schema.
function validateQueries(markdown) {
  const documents = documentsIn(markdown);
  const queries = documents.filter(isQuery);
  assert.notEqual(queries.length, 0, 'no queries found');
  const schema = composed(documents.filter((document) => !isQuery(document)));
  for (const query of queries) {
    const errors = validate(schema, query);
    assert.deepEqual(errors.map(({ message }) => message), [], print(query));
  }
  return queries.length;
}

export function readmeQueries() {
  const files = execFileSync('git', ['ls-files', '*.md'], { cwd: project, encoding: 'utf8' }).trim().split('\n');
  const count = validateQueries(files.map((file) => readFileSync(join(project, file), 'utf8')).join('\n'));
  console.log(`     ${count} queries`);
}

export function readmeWithoutQueries() {
  assert.throws(() => validateQueries('# ordergraph\n'), /no queries found/);
}

export function readmeWithWrongQuery() {
  assert.throws(() => validateQueries('```graphql\n{ order(id: "1") { nothing } }\n```\n'), /Cannot query field "nothing"/);
  assert.throws(() => validateQueries(`curl x -d '{"query":"{order{id}}"}'\n`), /argument "id" of type "ID!" is required/);
}
