// What an application has: typed operations, and nothing but their ids goes over the wire.
import type { TypedDocumentString } from './gql/graphql.js';
import { graphql } from './gql/gql.js';

export const orderQuery = graphql(`
  query Order($id: ID!) {
    order(id: $id) {
      id
      webSite
      status
      createdAt
      total {
        amount
        currencyCode
      }
      buyer {
        contact {
          companyName
        }
      }
      recipient {
        fullName
      }
    }
  }
`);

export interface Answer<Result> {
  data?: Result | null;
  errors?: { path?: (string | number)[]; extensions: { code: string } }[];
}

export async function execute<Result, Variables>(
  url: string,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Answer<Result>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'codegen' },
    body: JSON.stringify({ documentId: document.__meta__?.['hash'], variables }),
  });
  return (await response.json()) as Answer<Result>;
}

// The compiler must know these types: a scalar that it doesn't know would be any or unknown.
export async function totalOf(url: string, id: string): Promise<string | undefined> {
  const { data } = await execute(url, orderQuery, { id });
  const amount: string | undefined = data?.order?.total?.amount;
  const createdAt: string | null | undefined = data?.order?.createdAt;
  return createdAt ? amount : undefined;
}
