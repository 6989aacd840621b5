// The other subgraphs of the federated graph, and the graph composed of all.
import { composeServices } from '@apollo/composition';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])';

// catalog owns Product.
const catalog = {
  typeDefs: `${link}
    type Query { featured: [Product!]! }
    type Product @key(fields: "id") { id: ID! title: String! }
  `,
  resolvers: {
    Query: { featured: () => [{ id: '1' }] },
    Product: { __resolveReference: ({ id }) => ({ id }), title: ({ id }) => `product ${id}` },
  },
};

// crm adds fields to Order. All that it knows of one is the id: its orders are all of one site, which it
// states.
const crm = {
  typeDefs: `${link}
    enum WebSite { CN_1688 ALIBABA }
    type Query { watched(ids: [ID!]!): [Order]! }
    type Order @key(fields: "webSite id") { webSite: WebSite! id: ID! note: String }
  `,
  resolvers: {
    Query: { watched: (_, { ids }) => ids.map((id) => ({ webSite: 'CN_1688', id })) },
    Order: { __resolveReference: (key) => key, note: ({ id }) => `note on ${id}` },
  },
};

// claims adds fields to orders of both sites.
const claims = {
  typeDefs: `${link}
    enum WebSite { CN_1688 ALIBABA }
    input OrderKey { webSite: WebSite!, id: ID! }
    type Query { claimed(keys: [OrderKey!]!): [Order]! }
    type Order @key(fields: "webSite id") { webSite: WebSite! id: ID! claim: String }
  `,
  resolvers: {
    Query: { claimed: (_, { keys }) => keys },
    Order: { __resolveReference: (key) => key, claim: ({ webSite, id }) => `claim on ${webSite} ${id}` },
  },
};

// startSubgraphs returns what compose needs of each.
export async function startSubgraphs() {
  const running = [];
  const services = await Promise.all(Object.entries({ catalog, crm, claims }).map(async ([name, { typeDefs, resolvers }]) => {
    const document = parse(typeDefs);
    const server = new ApolloServer({
      schema: buildSubgraphSchema({ typeDefs: document, resolvers }), plugins: [ApolloServerPluginInlineTraceDisabled()],
    });
    running.push(server);
    const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
    return { name, url, typeDefs: document };
  }));
  return { services, stop: () => Promise.all(running.map((server) => server.stop())) };
}

export function compose(sdl, url, services) {
  return composeServices([{ name: 'ordergraph', url, typeDefs: parse(sdl) }, ...services]);
}
