// graphql-codegen: the client preset under the strictest TypeScript, with nothing but the manifest's
// operations allowed to run.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile } from './compile.js';
import { assertDocumented } from './expected.js';
import { check } from './report.js';
import { documented, unknownAccount } from './upstream.js';

const require = createRequire(import.meta.url);

const configuration = (schema) => ({
  schema,
  documents: 'src/program.ts',
  // TypedDocumentString needs no GraphQL parser in the application.
  config: {
    documentMode: 'string',
    strictScalars: true,
    useTypeImports: true,
    enumsAsTypes: true,
    scalars: { ID: 'string', DateTime: 'string', Decimal: 'string', URL: 'string' },
  },
  generates: {
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false, persistedDocuments: { hashAlgorithm: 'sha256' } },
    },
  },
  importExtension: '.js',
});

const strict = ['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--noPropertyAccessFromIndexSignature',
  '--noImplicitOverride', '--module', 'nodenext', '--target', 'es2022', '--verbatimModuleSyntax', '--lib', 'es2022,dom'];

// schema is a file or the address of a server, which is introspected.
async function generate(schema, folder) {
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  for (const name of ['program.ts', 'wrong.ts']) {
    copyFileSync(join(import.meta.dirname, 'codegen', name), join(folder, 'src', name));
  }
  writeFileSync(join(folder, 'codegen.json'), JSON.stringify(configuration(schema)));
  const { bin } = require('@graphql-codegen/cli/package.json');
  const cli = join(dirname(require.resolve('@graphql-codegen/cli/package.json')), bin['graphql-codegen']);
  await compile(cli, { cwd: folder }, '--config', 'codegen.json');
}

const typescript = (folder, file, ...flags) =>
  compile(require.resolve('typescript/bin/tsc'), { cwd: folder }, ...strict, ...flags, `src/${file}`);

export async function codegen({ upstream, start, schema, work }) {
  const folder = join(work, 'codegen');
  const manifest = join(folder, 'src/gql/persisted-documents.json');
  await check('codegen: the client preset takes the served schema', () => generate(schema, folder));
  await check('codegen: the client preset takes introspection, and writes the same', async () => {
    const introspected = join(work, 'codegen-introspected');
    await generate(`${(await start()).url}/graphql`, introspected);
    for (const name of ['graphql.ts', 'persisted-documents.json']) {
      assert.equal(readFileSync(join(introspected, 'src/gql', name), 'utf8'), readFileSync(join(folder, 'src/gql', name), 'utf8'));
    }
  });
  await check('codegen: strict TypeScript compiles the program', () => typescript(folder, 'program.ts', '--outDir', 'built'));
  await check('codegen: an amount is not a number', () =>
    assert.rejects(typescript(folder, 'wrong.ts', '--noEmit'), /Type 'string \| undefined' is not assignable to type 'number \| undefined'/));
  await check('codegen: the manifest has sha256 keys', () => {
    const keys = Object.keys(JSON.parse(readFileSync(manifest, 'utf8')));
    assert.equal(keys.length, 1);
    assert.match(keys[0], /^sha256:[0-9a-f]{64}$/);
  });
  const { execute, orderQuery, totalOf } = await import(pathToFileURL(join(folder, 'built/program.js')).href);
  const program = await start(`--trusted-documents=${manifest}`, '--trusted-documents-only');
  const url = `${program.url}/graphql`;

  await check('codegen: a trusted document runs by its id', async () => {
    const before = upstream.calls.length;
    const { data } = await execute(url, orderQuery, { id: documented });
    assertDocumented(data.order);
    assert.equal(await totalOf(url, documented), '6.15');
    assert.deepEqual(upstream.calls.slice(before), [{ id: documented, authorization: 'codegen' }]);
  });
  await check('codegen: nothing else runs', async () => {
    const before = upstream.calls.length;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'codegen' },
      body: JSON.stringify({ query: `{ order(id: "${documented}") { total { amount } } }` }),
    });
    const { data, errors } = await response.json();
    assert.equal(data, undefined);
    assert.equal(errors[0].extensions.code, 'UNTRUSTED_DOCUMENT');
    assert.equal(upstream.calls.length, before);
  });
  await check('codegen: the error code reaches the application', async () => {
    const { errors } = await execute(url, orderQuery, { id: unknownAccount });
    assert.equal(errors[0].extensions.code, 'ACCOUNT_NOT_FOUND');
    assert.deepEqual(errors[0].path, ['order']);
  });
}
