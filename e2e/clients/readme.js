// What the README says about stores: its command makes the list of embedded types, and its code is that of
// stores.js.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = import.meta.dirname;
const readme = readFileSync(join(folder, 'README.md'), 'utf8');
const flat = (text) => text.replaceAll(/\s+/g, ' ').trim();

// embeddedTypes runs the README's command where schema.graphql is.
export function embeddedTypes(cwd) {
  const [, command] = /^(sed .*> embedded-types\.json)$/m.exec(readme) ?? [];
  assert.ok(command, 'the README has no command for embedded-types.json');
  execFileSync('sh', ['-c', command], { cwd });
  return JSON.parse(readFileSync(join(cwd, 'embedded-types.json'), 'utf8'));
}

// assertShown fails unless the README shows each store as it is tested.
export function assertShown() {
  const stores = readFileSync(join(folder, 'stores.js'), 'utf8');
  const shown = flat(readme);
  for (const pattern of [/new InMemoryCache\((\{.*?^\})\)/ms, /graphcacheKeys = .*?=> \((\{.*?^\})\)/ms, /getDataID = (\(.*?^\});/ms]) {
    const [, code] = pattern.exec(stores) ?? [];
    assert.ok(code, `stores.js has no ${pattern}`);
    assert.ok(shown.includes(flat(code)), `the README does not show:\n${code}`);
  }
}
