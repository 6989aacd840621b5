// A subgraph of your own: it adds a note to each order, and knows which orders to call about.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { readFileSync } from 'node:fs';

const typeDefs = parse(readFileSync(new URL('crm.graphql', import.meta.url), 'utf8'));
// The site is a part of what names an order: a service that knows an id alone states the site.
const named = (id) => ({ webSite: 'CN_1688', id });
const note = ({ id }) => `call the buyer of ${id}`;
const resolvers = {
  Query: { ordersToCall: () => ['58218860983545941', '8'].map(named) },
  Order: { __resolveReference: (key) => key, note },
};

const server = new ApolloServer({ schema: buildSubgraphSchema({ typeDefs, resolvers }), includeStacktraceInErrorResponses: false });
const { url } = await startStandaloneServer(server, { listen: { host: 'localhost', port: Number(process.env.CRM_PORT ?? 4001) } });
console.log(`crm: ${url}`);
