// Compares the schema with its last published version: that of the last tag. Before there is one it is
// the version from which this branch left the main branch at the origin, and on the main branch itself
// the commit before. Where none of them has a schema there is nothing to compare with.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { build, project, readSchema } from './schema.js';

function git(...parameters) {
  try {
    return execFileSync('git', parameters, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

// previousVersion returns the commit to compare with; there may be no such commit.
function previousVersion() {
  const tag = git('describe', '--tags', '--abbrev=0')?.trim();
  const left = git('merge-base', 'origin/main', 'HEAD')?.trim();
  const onMain = left === undefined || left === git('rev-parse', 'HEAD')?.trim();
  return tag ?? (onMain ? 'HEAD~1' : left);
}

async function broken(before, after) {
  const changes = await diff(build(before), build(after));
  return changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking).map(({ message }) => message);
}

export async function breakingChanges() {
  const now = readSchema();
  const version = previousVersion();
  const last = git('show', `${version}:schema.graphqls`);
  if (last === undefined) {
    console.log(`     no schema at ${version}: nothing to compare with`);
    return;
  }
  console.log(`     compared with ${version}`);
  assert.deepEqual(await broken(last, now), []);
}

export async function breakingChangesAreFound() {
  const before = 'type Query { order(id: ID!): Order } type Order { id: ID! total: String }';
  for (const after of [
    'type Query { order(id: ID!): Order } type Order { id: ID! }',
    'type Query { order(id: ID!): Order } type Order { id: ID! total: Int }',
    'type Query { order(id: ID!, webSite: ID!): Order } type Order { id: ID! total: String }',
  ]) {
    assert.equal((await broken(before, after)).length, 1, after);
  }
  const addition = 'type Query { order(id: ID!, webSite: ID): Order } type Order { id: ID! total: String, note: String }';
  assert.deepEqual(await broken(before, addition), []);
}
