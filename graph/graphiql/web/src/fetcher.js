import { parse } from 'graphql';
import { tokenKind } from './server.js';
import { createStore } from './store.js';
import { authorization, sendable, token } from './token.js';

// The API is a sibling of the page, wherever the two are mounted.
const endpoint = '../graphql';

const accepted = 'application/graphql-response+json, application/json';

// noCache has the upstream asked for what copies are at hand of.
export const noCache = createStore(false);

// dryRun has a query priced in place of being run.
export const dryRun = createStore(false);

// answer says what is known of the last query's answer beside its text: undefined before the first
// one and after one was stopped, { running: true } until it is there.
export const answer = createStore(undefined);

// refused says that the last request lacked a token that the server takes.
export let refused = false;

// fetcher sends one operation, which who unsubscribes stops: GraphiQL does so when another tab is
// chosen, and would show the answer there.
export function fetcher(operation, { headers = {} } = {}) {
  return {
    subscribe(observer) {
      const stopped = new AbortController();
      send(operation, headers, stopped.signal).then(
        (result) => {
          observer.next(result);
          observer.complete();
        },
        (error) => !stopped.signal.aborted && observer.error(error),
      );
      return { unsubscribe: () => stopped.abort() };
    },
  };
}

async function send(operation, headers, signal) {
  const introspection = operation.operationName === 'IntrospectionQuery';
  if (introspection && tokenKind === 'client' && !token.get()) {
    refused = true;
    return failure('The server shows its schema to those alone who have a token.');
  }
  if (!sendable(token.get())) {
    return failure('The token has characters that a header cannot have.');
  }
  if (!introspection) {
    answer.set({ running: true });
  }
  let known;
  try {
    const began = performance.now();
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: headersOf(introspection, headers),
      body: JSON.stringify(withoutUnknownName(operation)),
      credentials: 'same-origin',
      signal,
    });
    refused = response.status === 401;
    const text = await response.text();
    const result = decoded(response, text);
    known = describe(response, result, performance.now() - began);
    return result;
  } finally {
    if (!introspection) {
      answer.set(known);
    }
  }
}

// headersOf returns the headers of a request. Those in the tab's editor come last, as they are the
// more deliberate ones.
function headersOf(introspection, written) {
  const headers = new Headers();
  if (authorization()) {
    headers.set('Authorization', authorization());
  }
  if (!introspection && noCache.get()) {
    headers.set('Cache-Control', 'no-cache');
  }
  if (!introspection && dryRun.get()) {
    headers.set('X-Dry-Run', 'true');
  }
  Object.entries(written).filter(([, value]) => value !== '').forEach(([name, value]) => headers.set(name, value));
  headers.set('Content-Type', 'application/json');
  headers.set('Accept', accepted);
  return headers;
}

function decoded(response, text) {
  try {
    return JSON.parse(text);
  } catch {
    return { ...failure(`HTTP ${response.status} ${response.statusText}`.trim()), body: text };
  }
}

const failure = (message) => ({ errors: [{ message }] });

// describe says what an answer cost and how long it will do. What nobody executed has no upstream.
function describe(response, result, milliseconds) {
  const maxAge = /max-age=(\d+)/.exec(response.headers.get('Cache-Control'));
  return {
    status: response.status,
    milliseconds,
    upstream: result?.extensions?.upstream,
    freshSeconds: maxAge ? Number(maxAge[1]) : undefined,
    requestId: response.headers.get('X-Request-Id'),
  };
}

// GraphiQL notices the operation's name a moment after a tab was changed: who runs the query before
// that would send the name that the tab before had.
function withoutUnknownName(operation) {
  const { operationName, ...unnamed } = operation;
  return !operationName || operationNames(operation.query).includes(operationName) ? operation : unnamed;
}

function operationNames(query) {
  try {
    return parse(query).definitions.map((definition) => definition.name?.value);
  } catch {
    return [];
  }
}
