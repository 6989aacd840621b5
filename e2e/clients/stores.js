// How the three stores tell objects apart, as the README shows it. Orders, products and members have keys
// of their own. All other types are embedded: an object belongs to the one that holds it, and two orders may
// have lines with the same id.
import { InMemoryCache } from '@apollo/client';

export const apolloCache = (embeddedTypes) => new InMemoryCache({
  possibleTypes: { Embedded: embeddedTypes },
  typePolicies: {
    Embedded: { keyFields: false, merge: true },
    Order: { keyFields: ['webSite', 'id'] }, Product: { keyFields: ['id'] }, Member: { keyFields: ['id'] },
  },
});

export const graphcacheKeys = (embeddedTypes) => ({
  ...Object.fromEntries(embeddedTypes.map((type) => [type, () => null])),
  Order: ({ webSite, id }) => (webSite && id ? `${webSite}:${id}` : null),
});

export const getDataID = (object, type) => {
  if (type === 'Order') return object.webSite && object.id ? `Order:${object.webSite}:${object.id}` : undefined;
  return (type === 'Product' || type === 'Member') && object.id ? `${type}:${object.id}` : undefined;
};
