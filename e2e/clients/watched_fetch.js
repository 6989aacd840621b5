// watchedFetch is fetch that remembers method, address, and body of each request.
export function watchedFetch() {
  const requests = [];
  async function watched(address, options = {}) {
    requests.push({ method: options.method ?? 'GET', url: new URL(address), body: options.body });
    return fetch(address, options);
  }
  return { fetch: watched, requests };
}
