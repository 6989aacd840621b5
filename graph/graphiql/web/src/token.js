// The token that all tabs send. It is in no link, no tab and no history, and in the browser's storage
// for the session only, unless its user wants it kept.
import { tokenKind } from './server.js';
import { createStore } from './store.js';

const key = 'ordergraph:token';

export const token = createStore(localStorage.getItem(key) ?? sessionStorage.getItem(key) ?? '');
export const keepsToken = createStore(localStorage.getItem(key) !== null);

// enteredToken is the token as it was when its user had written it.
export const enteredToken = createStore(token.get());
export const enterToken = () => enteredToken.set(token.get());

export function setToken(value) {
  token.set(value);
  store();
}

export function keepToken(keep) {
  keepsToken.set(keep);
  store();
}

export function forgetToken() {
  keepsToken.set(false);
  setToken('');
}

function store() {
  const [used, unused] = keepsToken.get() ? [localStorage, sessionStorage] : [sessionStorage, localStorage];
  unused.removeItem(key);
  if (token.get()) {
    used.setItem(key, token.get());
  } else {
    used.removeItem(key);
  }
}

// sendable reports whether a header can have the token as its value.
export const sendable = (value) => /^[\x20-\x7e]*$/.test(value);

// authorization returns the header's value; "" sends none. Tokens of the upstream go there as they are
// written: some of its sellers want "Bearer", some the bare token.
export function authorization() {
  const written = token.get().trim();
  return tokenKind === 'client' && written && !/^bearer /i.test(written) ? `Bearer ${written}` : written;
}
