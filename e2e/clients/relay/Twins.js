// Two orders of the two sites, for Relay's store.
import { graphql } from 'relay-runtime';

export const query = graphql`
  query TwinsQuery($id: ID!) {
    domestic: order(id: $id, webSite: CN_1688) {
      id
      webSite
      status
      lineItems {
        id
        name
        status
        product {
          id
        }
      }
      domesticShipping {
        shipments {
          id
          trackingNumber
        }
      }
    }
    international: order(id: $id, webSite: ALIBABA) {
      id
      webSite
      status
      lineItems {
        id
        name
        status
        product {
          id
        }
      }
      domesticShipping {
        shipments {
          id
          trackingNumber
        }
      }
    }
  }
`;
