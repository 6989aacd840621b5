// Compares the schema with its last published version: that of the last tag before this commit, else
// that of the main branch at the origin. Where neither has a schema there is nothing to compare with.
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

// previous returns the version to compare with, undefined if there is none.
function previous() {
  const tag = git('describe', '--tags', '--abbrev=0')?.trim();
  for (const version of [tag, 'origin/main', 'main']) {
    const text = version && git('show', `${version}:schema.graphqls`);
    if (text) {
      return { version, text };
    }
  }
  return undefined;
}

async function broken(before, after) {
  const changes = await diff(build(before), build(after));
  return changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking).map(({ message }) => message);
}

export async function breakingChanges() {
  const now = readSchema();
  // A comparison that can't fail would show nothing.
  assert.notDeepEqual(await broken(now, now.replace('refundId: ID', 'renamed: ID')), []);
  assert.deepEqual(await broken(now, now), []);

  const last = previous();
  if (!last) {
    console.log('     no previous schema: nothing to compare with');
    return;
  }
  console.log(`     compared with ${last.version}`);
  assert.deepEqual(await broken(last.text, now), []);
}
