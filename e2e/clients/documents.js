// The operations that Apollo Client and urql send.
import { gql } from '@urql/core';

export const orderQuery = gql`
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
`;

// ordersQuery reaches the same order by another way.
export const ordersQuery = gql`
  query Orders($ids: [ID!]!) {
    orders(ids: $ids) {
      id
      webSite
      status
    }
  }
`;

// statusQuery needs nothing that ordersQuery does not bring.
export const statusQuery = gql`
  query Status($id: ID!) {
    order(id: $id) {
      id
      webSite
      status
    }
  }
`;
