package graph

import (
	"context"
	"testing"

	"ordergraph/upstream"
)

// fortyFields is a usual query: 42 fields of an order, its lines, its parcels and its parties.
const fortyFields = `query($id:ID!){order(id:$id){
	id status createdAt paidAt updatedAt total{amount currencyCode} shippingFee{amount} merchandiseTotal{amount}
	buyer{loginId userId} seller{loginId userId}
	lineItems{id name quantity unit status unitPrice{amount} total{amount} product{id} imageUrls skuId}
	domesticShipping{recipientName province city district addressLine shipments{id trackingNumber status shippedAt lineItemIds}}
}}`

// BenchmarkExecute runs a parsed operation on the documented order, without HTTP, cache and upstream.
func BenchmarkExecute(b *testing.B) {
	order := decodedOrder(b, 58218860983545941, readText(b, "../upstream/sandbox/fixtures/01_documented_sample.json"))
	for _, query := range []struct{ name, text string }{{"40 fields", fortyFields}, {"id", `query($id:ID!){order(id:$id){id}}`}} {
		b.Run(query.name, func(b *testing.B) {
			server := newServer(b, Options{Orders: immediate{upstream.Result{Order: order}}})
			b.ReportAllocs()
			for b.Loop() {
				if response := server.run(b, b.Context(), query.text, `{"id":"58218860983545941"}`); len(response.Errors) > 0 {
					b.Fatal(response.Errors)
				}
			}
		})
	}
}

// immediate answers at once, like a cache.
type immediate struct{ result upstream.Result }

func (i immediate) Order(context.Context, upstream.Request) (upstream.Result, error) {
	return i.result, nil
}
