import { createHash } from 'node:crypto';

// post sends a GraphQL request. The answer's body is what was sent, for ids that Node would round.
export async function post(url, body, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, ...JSON.parse(text) };
}

let tokens = 0;

// newTenant returns an Authorization value that nobody used before, and what stands for it in the
// sandbox's log.
export function newTenant() {
  const authorization = `tenant ${++tokens}`;
  return { authorization, token: createHash('sha256').update(authorization).digest('hex').slice(0, 12) };
}
