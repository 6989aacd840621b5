// Records what must not happen while the page is used.

// watch collects, for every page of a browser context: requests, messages on the console, errors
// nobody caught, violations of the Content-Security-Policy and failed requests.
export async function watch(context) {
  const seen = { requests: [], messages: [], failures: [], violations: [] };
  await context.exposeFunction('reportViolation', (violation) => seen.violations.push(violation));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      globalThis.reportViolation(`${event.violatedDirective}: ${event.blockedURI}`);
    });
  });
  context.on('request', (request) => seen.requests.push(request));
  context.on('requestfailed', (request) => {
    // A reload aborts what the page before it was still loading.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') {
      seen.failures.push(`${request.url()}: ${request.failure()?.errorText}`);
    }
  });
  context.on('response', (response) => {
    if (response.status() >= 400) {
      seen.failures.push(`${response.url()}: ${response.status()} for ${response.request().postData()}`);
    }
  });
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      seen.messages.push(`${message.type()}: ${message.text()}`);
    }
  });
  context.on('weberror', (error) => seen.messages.push(`uncaught: ${error.error().stack}`));
  return seen;
}

// offHost returns the addresses of requests that left the server.
export function offHost(seen, origin) {
  return seen.requests.map((request) => request.url()).filter((url) => !isLocal(url, origin));
}

function isLocal(url, origin) {
  const { protocol, origin: requested } = new URL(url);
  return requested === origin || protocol === 'data:';
}
