// Composes the subgraphs into supergraph.graphql: node compose.js ordergraph.graphql
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { readFileSync, writeFileSync } from 'node:fs';

const read = (path) => parse(readFileSync(path, 'utf8'));
const { supergraphSdl, errors } = composeServices([
  { name: 'ordergraph', url: process.env.ORDERGRAPH_URL ?? 'http://localhost:8080/graphql', typeDefs: read(process.argv[2]) },
  { name: 'crm', url: process.env.CRM_URL ?? 'http://localhost:4001/', typeDefs: read(new URL('crm.graphql', import.meta.url)) },
]);
if (errors) {
  throw new AggregateError(errors, errors.map((error) => error.message).join('\n'));
}
writeFileSync(process.argv[3] ?? 'supergraph.graphql', supergraphSdl);
