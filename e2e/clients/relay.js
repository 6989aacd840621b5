// Relay: the compiler reads the served schema and writes a manifest; the runtime sends ids only.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import relayRuntime from 'relay-runtime';
import { compile } from './compile.js';
import { assertDocumented } from './expected.js';
import { check } from './report.js';
import { getDataID } from './stores.js';
import { documented, unknownAccount } from './upstream.js';

const { Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery, getSingularSelector } = relayRuntime;
const require = createRequire(import.meta.url);

// compileDocuments compiles one file of the folder relay, and writes the manifest operations.json.
export async function compileDocuments(schema, folder, file) {
  const source = join(folder, 'src');
  mkdirSync(source, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  copyFileSync(join(import.meta.dirname, 'relay', file), join(source, file));
  copyFileSync(schema, join(folder, 'schema.graphql'));
  writeFileSync(join(folder, 'relay.config.json'), JSON.stringify({
    src: './src',
    schema: './schema.graphql',
    language: 'javascript',
    artifactDirectory: './artifacts',
    requireCustomScalarTypes: true,
    customScalarTypes: { DateTime: 'string', Decimal: 'string', URL: 'string' },
    persistConfig: { file: './operations.json', algorithm: 'SHA256' },
  }));
  mkdirSync(join(folder, 'artifacts'));
  writeFileSync(join(folder, 'operations.json'), '{}');
  await compile(require.resolve('relay-compiler/cli.js'), { cwd: folder });
}

// newEnvironment sends ids to url; sent gets the bodies of the requests.
export function newEnvironment(url, authorization, sent = []) {
  async function send(request, variables) {
    const body = { documentId: request.id, variables };
    sent.push(body);
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify(body),
    });
    return response.json();
  }
  return new Environment({ network: Network.create(send), store: new Store(new RecordSource()), getDataID });
}

export async function relay({ upstream, start, schema, work }) {
  const folder = join(work, 'relay');
  const manifest = join(folder, 'operations.json');
  await check('relay: the compiler takes the served schema', () => compileDocuments(schema, folder, 'Order.js'));
  const { default: query } = await import(pathToFileURL(join(folder, 'artifacts/OrderQuery.graphql.js')).href);
  const { default: fragment } = await import(pathToFileURL(join(folder, 'artifacts/Order_order.graphql.js')).href);

  await check('relay: the manifest has bare hex keys', () => {
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(manifest, 'utf8'))), [query.params.id]);
    assert.match(query.params.id, /^[0-9a-f]{64}$/);
    assert.equal(query.params.text, null);
  });
  const program = await start(`--trusted-documents=${manifest}`);
  const sent = [];
  const environment = newEnvironment(`${program.url}/graphql`, 'relay', sent);

  await check('relay: an operation runs by its id, and the fragment has its data', async () => {
    const before = upstream.calls.length;
    const data = await fetchQuery(environment, query, { id: documented }).toPromise();
    assertDocumented(environment.lookup(getSingularSelector(fragment, data.order)).data);
    assert.deepEqual(sent, [{ documentId: query.params.id, variables: { id: documented } }]);
    assert.deepEqual(upstream.calls.slice(before), [{ id: documented, authorization: 'relay' }]);
  });
  await check('relay: the store answers without a request', async () => {
    const operation = createOperationDescriptor(query, { id: documented });
    assert.equal(environment.check(operation).status, 'available');
    await fetchQuery(environment, query, { id: documented }, { fetchPolicy: 'store-or-network' }).toPromise();
    assert.equal(sent.length, 1);
  });
  await check('relay: the error code reaches the application', async () => {
    const network = environment.getNetwork();
    const answer = await network.execute(query.params, { id: unknownAccount }, {}).toPromise();
    assert.equal(answer.errors[0].extensions.code, 'ACCOUNT_NOT_FOUND');
    assert.equal(upstream.calls.at(-1).id, unknownAccount);
  });
}
