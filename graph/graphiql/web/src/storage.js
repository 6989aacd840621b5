import { forgetToken } from './token.js';

// What GraphiQL remembers in the browser, under a prefix of its own: another program's GraphiQL on
// the same address, localhost:8080 say, would show its tabs here.
const prefix = 'ordergraph:';

const tabState = 'graphiql:tabState';
const headers = 'graphiql:headers';
const persistHeaders = 'graphiql:shouldPersistHeaders';
const withHeaders = [headers, tabState, 'graphiql:queries', 'graphiql:favorites'];

const getItem = (key) => localStorage.getItem(prefix + key);

// storedTab returns the tab that was active at the last visit, if there was one.
export function storedTab() {
  try {
    const { tabs, activeTabIndex } = JSON.parse(getItem(tabState));
    return tabs[activeTabIndex];
  } catch {
    return undefined;
  }
}

export const keepsHeaders = () => getItem(persistHeaders) === 'true';

// What GraphiQL last wanted to store, for those keys that have headers in them.
const wanted = new Map();

// setItem stores no headers, which have the token, unless the user wants it. GraphiQL itself would
// keep those of the history in any case, and those of a tab if it changed just before the setting.
function setItem(key, value) {
  if (withHeaders.includes(key)) {
    wanted.set(key, value);
  }
  localStorage.setItem(prefix + key, storable(key, value));
  if (key === persistHeaders) {
    withHeaders.forEach(storeAgain);
  }
}

function storeAgain(key) {
  const value = wanted.get(key) ?? getItem(key);
  if (value !== null) {
    localStorage.setItem(prefix + key, storable(key, value));
  }
}

function storable(key, value) {
  if (keepsHeaders() || !withHeaders.includes(key)) {
    return value;
  }
  return key === headers ? '' : JSON.stringify(JSON.parse(value), (name, inner) => (name === 'headers' ? null : inner));
}

const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));

export const storage = {
  getItem,
  setItem,
  removeItem(key) {
    wanted.delete(key);
    localStorage.removeItem(prefix + key);
  },
  clear() {
    wanted.clear();
    forgetToken();
    ownKeys().forEach((key) => localStorage.removeItem(key));
  },
  get length() {
    return ownKeys().length;
  },
};
