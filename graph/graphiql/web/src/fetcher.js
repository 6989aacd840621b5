import { parse } from 'graphql';

// The API is a sibling of the page, wherever the two are mounted.
const endpoint = '../graphql';

const accepted = 'application/graphql-response+json, application/json';

// refused says that the last request lacked a token that the server takes.
export let refused = false;

// fetcher sends one operation and returns what GraphiQL shows as the response.
export async function fetcher(operation, { headers } = {}) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { ...written(headers), 'Content-Type': 'application/json', Accept: accepted },
    body: JSON.stringify(withoutUnknownName(operation)),
    credentials: 'same-origin',
  });
  refused = response.status === 401;
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `HTTP ${response.status} ${response.statusText}`.trim() }], body: text };
  }
}

// written leaves out headers without a value: the hint in the editor has one.
function written(headers = {}) {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
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
