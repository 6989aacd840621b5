package cache_test

import (
	"context"
	"fmt"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/cache"
)

// paid answers every call with an order that waits for its payment, and writes down that it was called.
type paid struct{}

func (paid) Order(_ context.Context, request upstream.Request) (upstream.Result, error) {
	fmt.Println("a call for", request.Key.ID)
	body := []byte(`{"data":{"result":{"base_info":{"status":"waitbuyerpay"}}}}`)
	now := time.Now().UTC()
	answer, err := upstream.DecodeAnswer(body, request.Key, now)
	return upstream.Result{Order: answer.Order, Held: request.Needs, Body: body, FetchedAt: now}, err
}

// A copy answers for as long as it is fresh, and its caller alone.
func ExampleNew() {
	orders, err := cache.New(paid{}, cache.Options{
		Size:         cache.DefaultSize,
		TTL:          cache.DefaultTTL,
		TTLClosed:    cache.DefaultTTLClosed,
		StaleIfError: cache.DefaultStaleIfError,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer orders.Close()
	for _, caller := range []upstream.Secret{"Bearer a", "Bearer a", "Bearer b"} {
		var meter upstream.Meter
		result, err := orders.Order(context.Background(), upstream.Request{
			Key: upstream.Key{ID: 1111111111111111111}, Caller: &upstream.Caller{Tenant: caller}, Meter: &meter,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(result.Order.Status, "hits:", meter.Usage().Hits)
	}
	// Output:
	// a call for 1111111111111111111
	// WAIT_BUYER_PAY hits: 0
	// WAIT_BUYER_PAY hits: 1
	// a call for 1111111111111111111
	// WAIT_BUYER_PAY hits: 0
}
