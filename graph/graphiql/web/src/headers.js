// What the Headers editor shows until someone writes into it.

export const sandboxHeaders = `{
  // The sandbox needs no token. Take the
  // slashes away, and this one is sent.
  // "Authorization": "my-token"
}`;

export const ownHeaders = `{
  // Your token. A reload forgets it, unless
  // Settings, Persist headers is on.
  "Authorization": ""
}`;
