// What GraphiQL remembers in the browser, under a prefix of its own: another program's GraphiQL on
// the same address, localhost:8080 say, would show its tabs here.
const prefix = 'ordergraph:';

function ownKeys() {
  return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
}

export const storage = {
  getItem: (key) => localStorage.getItem(prefix + key),
  setItem: (key, value) => localStorage.setItem(prefix + key, value),
  removeItem: (key) => localStorage.removeItem(prefix + key),
  clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return ownKeys().length;
  },
};

export const hasStoredTabs = () => storage.getItem('graphiql:tabState') !== null;
export const keepsHeaders = () => storage.getItem('graphiql:shouldPersistHeaders') === 'true';
