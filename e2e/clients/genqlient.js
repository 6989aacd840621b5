// genqlient: Go's client generator reads the served schema as it is.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { check } from './report.js';

// The tools that genqlient itself asks for don't compile with today's Go.
const modules = ['github.com/Khan/genqlient@v0.8.1', 'golang.org/x/tools@v0.52.0'];
const run = promisify(execFile);

const operation = `
query Order($id: ID!, $webSite: WebSite! = CN_1688) {
  order(id: $id, webSite: $webSite) { id webSite status createdAt total { amount currencyCode } lineItems { id } }
}
`;

const configuration = `
schema: schema.graphql
operations: [order.graphql]
generated: generated.go
package: orders
optional: pointer
bindings:
  DateTime: {type: time.Time}
  Decimal: {type: string}
  URL: {type: string}
`;

export async function genqlient({ schema, work }) {
  const folder = join(work, 'genqlient');
  mkdirSync(folder);
  copyFileSync(schema, join(folder, 'schema.graphql'));
  writeFileSync(join(folder, 'order.graphql'), operation);
  writeFileSync(join(folder, 'genqlient.yaml'), configuration);
  await check('genqlient: the generator takes the served schema', async () => {
    await run('go', ['mod', 'init', 'orders'], { cwd: folder });
    await run('go', ['get', ...modules], { cwd: folder });
    await run('go', ['run', 'github.com/Khan/genqlient', 'genqlient.yaml'], { cwd: folder });
    const generated = readFileSync(join(folder, 'generated.go'), 'utf8');
    assert.match(generated, /Amount +string /);
    assert.match(generated, /CreatedAt +\*time\.Time /);
  });
}
