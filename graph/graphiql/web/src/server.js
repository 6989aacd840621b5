// What the server says of itself in the page's first element.
const { sandbox: ofSandbox, token } = document.documentElement.dataset;

// sandbox: the orders are invented, and nobody pays for them.
export const sandbox = ofSandbox === 'true';

// tokenKind says whose token a caller needs: "none", "client" (one that this server gave out, as a
// bearer token) or "upstream" (it goes upstream as it is written).
export const tokenKind = token;
