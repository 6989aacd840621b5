// A subgraph of your own: it adds a note to each order, and knows which orders to call about.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { readFileSync } from 'node:fs';

const typeDefs = parse(readFileSync(new URL('crm.graphql', import.meta.url), 'utf8'));
const note = ({ id }) => `call the buyer of ${id}`;
const resolvers = {
  Query: { ordersToCall: () => [{ id: '58218860983545941' }, { id: '8' }] },
  Order: { __resolveReference: ({ id }) => ({ id }), note },
};

const server = new ApolloServer({ schema: buildSubgraphSchema({ typeDefs, resolvers }) });
const { url } = await startStandaloneServer(server, { listen: { host: 'localhost', port: Number(process.env.CRM_PORT ?? 4001) } });
console.log(`crm: ${url}`);
