// The tabs of a first visit. Those of the sandbox run as they are. Against the real upstream every
// call costs points, so the ids there are placeholders, which are refused without a call.
import cacheAndCost from './operations/cache-and-cost.graphql?raw';
import entities from './operations/entities.graphql?raw';
import errors from './operations/errors.graphql?raw';
import oneOrder from './operations/one-order.graphql?raw';
import severalOrders from './operations/several-orders.graphql?raw';

const documented = '58218860983545941';
const inStages = '2257164624870311973';
const onCredit = '1988776655443322110';
const cancelled = '196965465451498527';
const placeholder = 'an order id';

const tab = (query, variables) => ({ query, variables: JSON.stringify(variables, null, 2) });

const tabs = (id, ids, ...more) => [
  tab(oneOrder, { id }),
  tab(severalOrders, { ids }),
  tab(cacheAndCost, { id: ids.at(-1) }),
  ...more,
  tab(entities, {
    representations: [
      { __typename: 'Order', webSite: 'CN_1688', id },
      { __typename: 'Order', webSite: 'CN_1688', id: ids.at(1) },
    ],
  }),
];

export const sandboxTabs = tabs(
  documented,
  [documented, onCredit, cancelled, inStages],
  tab(errors, { ids: [documented, '103', '904', 'not an id'] }),
);

export const ownTabs = tabs(placeholder, [placeholder, 'another order id']);
