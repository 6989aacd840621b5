// The tabs of a first visit. Those of the sandbox run as they are. Against the real upstream every
// call costs points, so the ids there are placeholders, which are refused without a call.
import cacheAndCost from './operations/cache-and-cost.graphql?raw';
import errors from './operations/errors.graphql?raw';
import oneOrder from './operations/one-order.graphql?raw';
import severalOrders from './operations/several-orders.graphql?raw';
import { sandbox } from './server.js';

const documented = '58218860983545941';
const inStages = '2257164624870311973';
const onCredit = '1988776655443322110';
const cancelled = '196965465451498527';
const placeholder = 'an order id';

// anOrder is the id that a new query begins with.
export const anOrder = sandbox ? documented : placeholder;

const tab = (query, variables) => ({ query, variables: JSON.stringify(variables, null, 2) });

const ofSandbox = () => [
  tab(oneOrder, { id: documented }),
  tab(severalOrders, { ids: [documented, onCredit, cancelled] }),
  // In no other tab, so that its first run is a call whichever of the others ran before.
  tab(cacheAndCost, { id: inStages }),
  tab(errors, { ids: [documented, '103', '904', 'not an id'] }),
];

const ofOwn = () => [
  tab(oneOrder, { id: placeholder }),
  tab(severalOrders, { ids: [placeholder, 'another order id'] }),
  tab(cacheAndCost, { id: placeholder }),
];

export const tabs = sandbox ? ofSandbox() : ofOwn();

// instructions are shown above a default tab's query, which the explorer and others rewrite without
// the comments in it.
export const instructions = {
  OneOrder: 'One order with its parts. Its id is below, in Variables. Ctrl-Enter runs the query.',
  SeveralOrders:
    'Several orders, in the order of the ids in Variables. One that can’t be had is null, with its own error, and spoils no other.',
  CacheAndCost:
    'The bar above the answer says what it cost. Run this twice: the second run is a hit and costs nothing. Then add domesticShipping { city } and run it again: the copy lacks it, so there is one more call, which answers both.',
  Errors:
    'Four ids: a good order, 103 (no such account), 904 (malformed values) and one that is no id. Each error has its code and path, and the good order comes to no harm.',
};
