// The API is a sibling of the page, wherever the two are mounted.
const endpoint = '../graphql';

const accepted = 'application/graphql-response+json, application/json';

// fetcher sends one operation and returns what GraphiQL shows as the response.
export async function fetcher(operation, { headers } = {}) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json', Accept: accepted },
    body: JSON.stringify(operation),
    credentials: 'same-origin',
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `HTTP ${response.status} ${response.statusText}`.trim() }], body: text };
  }
}
