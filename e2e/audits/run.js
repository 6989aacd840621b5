// Runs the audits of GraphQL over HTTP (npm graphql-http) against the built program.
//
// All of them pass, but for three optional ones that send a plain GET: those are refused on purpose,
// because a page of another site could send them as well. With a header that shows otherwise these
// three pass, too.
//
// ORDERGRAPH_BINARY is the program (else it is built).
import assert from 'node:assert/strict';
import { serverAudits } from 'graphql-http';
import { binary, startProgram } from '../browser/servers.js';

const refusedOnPurpose = ['5A70', '6A70', 'D6D5'];
const total = 61;

function withPreflightHeader(url, options = {}) {
  return fetch(url, { ...options, headers: { ...options.headers, 'GraphQL-Preflight': '1' } });
}

async function failures(url, fetchFn) {
  const results = await Promise.all(serverAudits({ url, fetchFn }).map((audit) => audit.fn()));
  assert.equal(results.length, total);
  for (const { id, status, name, reason } of results.filter(({ status }) => status !== 'ok')) {
    console.log(`${status} ${id} ${name}: ${reason}`);
  }
  return results.filter(({ status }) => status !== 'ok').map(({ id }) => id).sort();
}

const program = await startProgram(binary());
try {
  const url = `${program.url}/graphql`;
  assert.deepEqual(await failures(url, fetch), refusedOnPurpose);
  assert.deepEqual(await failures(url, withPreflightHeader), []);
  console.log(`${total} audits: all pass with a preflight header, all but ${refusedOnPurpose.length} optional ones without`);
} finally {
  await program.stop();
}
