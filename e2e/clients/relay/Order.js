// The fragment and the query of the Relay program; relay-compiler replaces them by its artefacts.
import { graphql } from 'relay-runtime';

export const query = graphql`
  query OrderQuery($id: ID!) {
    order(id: $id) {
      id
      webSite
      ...Order_order
    }
  }
`;

export const fragment = graphql`
  fragment Order_order on Order {
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
`;
