// What GraphiQL remembers in the browser, under a prefix of its own: another program's GraphiQL on
// the same address, localhost:8080 say, would show its tabs here.
const prefix = 'ordergraph:';

const tabState = 'graphiql:tabState';
const persistHeaders = 'graphiql:shouldPersistHeaders';
// GraphiQL keeps the headers of every query in these, and a token with them, whatever the setting.
const histories = ['graphiql:queries', 'graphiql:favorites'];

const getItem = (key) => localStorage.getItem(prefix + key);

export const hasStoredTabs = () => getItem(tabState) !== null;
export const keepsHeaders = () => getItem(persistHeaders) === 'true';

function setItem(key, value) {
  const stored = histories.includes(key) && !keepsHeaders() ? withoutHeaders(value) : value;
  localStorage.setItem(prefix + key, stored);
  if (key === persistHeaders && !keepsHeaders()) {
    histories.filter((history) => getItem(history) !== null).forEach((history) => setItem(history, getItem(history)));
  }
}

const withoutHeaders = (history) => JSON.stringify(JSON.parse(history), (key, value) => (key === 'headers' ? undefined : value));

const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));

export const storage = {
  getItem,
  setItem,
  removeItem: (key) => localStorage.removeItem(prefix + key),
  clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return ownKeys().length;
  },
};
