// Both routers over the same supergraph. Each hands Authorization on, and shows ordergraph its secret.
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { serve } from './programs.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

export async function startApollo(supergraphSdl, secret) {
  const gateway = new ApolloGateway({
    supergraphSdl, logger: silent,
    buildService: ({ name, url }) => new RemoteGraphQLDataSource({
      url,
      willSendRequest({ request, context }) {
        if (context.authorization) {
          request.http.headers.set('authorization', context.authorization);
        }
        if (secret && name === 'ordergraph') {
          request.http.headers.set('x-router-secret', secret);
        }
      },
    }),
  });
  const server = new ApolloServer({ gateway, logger: silent, includeStacktraceInErrorResponses: false });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port: 0 },
    context: async ({ req }) => ({ authorization: req.headers.authorization }),
  });
  return { url, stop: () => server.stop() };
}

export async function startHive(supergraph, secret, options) {
  const runtime = createGatewayRuntime({
    supergraph, logging: false, graphiql: false, landingPage: false, maskedErrors: false,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request, subgraphName }) => ({
        authorization: request.headers.get('authorization') ?? undefined,
        ...(secret && subgraphName === 'ordergraph' ? { 'x-router-secret': secret } : {}),
      }),
    },
    ...options,
  });
  return { url: `${await serve(runtime)}/graphql`, stop: () => runtime[Symbol.asyncDispose]() };
}
