// The rules for the schema's own text.
import assert from 'node:assert/strict';
import graphql from '@graphql-eslint/eslint-plugin';
import { ESLint } from 'eslint';
import { printSchema } from 'graphql';
import { build, readSchema } from './schema.js';

const rules = {
  '@graphql-eslint/require-description': ['error', {
    types: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true, DirectiveDefinition: true, rootField: true,
  }],
  '@graphql-eslint/naming-convention': ['error', {
    types: 'PascalCase', FieldDefinition: 'camelCase', InputValueDefinition: 'camelCase', DirectiveDefinition: 'camelCase',
    EnumValueDefinition: 'UPPER_CASE',
    'FieldDefinition[parent.name.value=Query]': { forbiddenPrefixes: ['query', 'get'], forbiddenSuffixes: ['Query'] },
  }],
  '@graphql-eslint/no-hashtag-description': 'error',
  '@graphql-eslint/require-deprecation-reason': 'error',
  '@graphql-eslint/unique-enum-value-names': 'error',
};

async function findings(text) {
  const eslint = new ESLint({
    overrideConfigFile: true,
    overrideConfig: [{
      files: ['**/*.graphqls'],
      languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: printSchema(build(readSchema())) } } },
      plugins: { '@graphql-eslint': graphql },
      rules,
    }],
  });
  const [{ messages }] = await eslint.lintText(text, { filePath: 'schema.graphqls' });
  return messages.map(({ line, ruleId, message }) => `${line}: ${message} (${ruleId})`);
}

export async function lint() {
  assert.deepEqual(await findings(readSchema()), []);
}

export async function lintFindsFaults() {
  const faults = {
    'type Undescribed { "A." a: Int }': 'require-description',
    '"A." type T { a: Int }': 'require-description',
    '"A." type T { "A." a(b: Int): Int }': 'require-description',
    '"A." enum E { A }': 'require-description',
    'directive @undescribed on FIELD_DEFINITION': 'require-description',
    '"A." type T { "A." snake_case: Int }': 'naming-convention',
    '"A." enum E { "A." lower }': 'naming-convention',
  };
  for (const [text, rule] of Object.entries(faults)) {
    const found = await findings(text);
    assert.ok(found.some((finding) => finding.includes(rule)), `${text}: ${found}`);
  }
}
