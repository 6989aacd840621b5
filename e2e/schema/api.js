// The schema that clients get from a running program, as text and by introspection.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from 'graphql';
import { binary, startProgram } from '../browser/servers.js';

const printed = (schema) => printSchema(lexicographicSortSchema(schema));

// apiSchema throws unless graphql-js takes the text as it is, and introspection lists the same.
export async function apiSchema() {
  const path = binary();
  const program = await startProgram(path);
  try {
    const text = await (await fetch(`${program.url}/schema.graphql`)).text();
    assert.equal(execFileSync(path, ['schema'], { encoding: 'utf8' }), text);
    const schema = buildSchema(text);
    const response = await fetch(`${program.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: getIntrospectionQuery({ schemaDescription: true, specifiedByUrl: true, inputValueDeprecation: true, oneOf: true }) }),
    });
    const { data } = await response.json();
    assert.equal(printed(buildClientSchema(data)), printed(schema));
    for (const name of [...Object.keys(schema.getTypeMap()), ...Object.keys(schema.getQueryType().getFields())]) {
      assert.doesNotMatch(name, /^_(?!_)|.__/, name);
    }
    assert.deepEqual(schema.getDirectives().map(({ name }) => name).sort(), ['deprecated', 'include', 'oneOf', 'skip', 'specifiedBy']);
  } finally {
    await program.stop();
  }
}
