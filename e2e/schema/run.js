// Checks the schema: its style, that nothing was broken since the last version, that the README's queries
// fit it, and what clients get of it.
//
// ORDERGRAPH_BINARY is the program (else it is built).
import { check, summary } from './report.js';
import { apiSchema } from './api.js';
import { breakingChanges, breakingChangesAreFound } from './breaking.js';
import { lint, lintFindsFaults } from './lint.js';
import { readmeQueries, readmeWithoutQueries, readmeWithWrongQuery } from './readme.js';

await check('the schema follows the rules', lint);
await check('the rules find what is missing', lintFindsFaults);
await check('nothing was broken', breakingChanges);
await check('what breaks clients is found', breakingChangesAreFound);
await check("the README's queries fit the schema", readmeQueries);
await check('a README without queries is noticed', readmeWithoutQueries);
await check('a wrong query in a README is noticed', readmeWithWrongQuery);
await check('the text for clients is one that graphql-js takes, and what introspection lists', apiSchema);
summary();
