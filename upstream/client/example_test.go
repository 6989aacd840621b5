package client_test

import (
	"context"
	"fmt"

	"ordergraph/upstream"
	"ordergraph/upstream/client"
	"ordergraph/upstream/sandbox"
)

// Each Order is one paid call, which asks for what is needed and no more.
func ExampleNew() {
	emulated, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = emulated.Close() }()
	orders, err := client.New(client.Options{URL: emulated.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer orders.Close()
	var meter upstream.Meter
	result, err := orders.Order(context.Background(), upstream.Request{
		Key:    upstream.Key{ID: 58218860983545941},
		Needs:  upstream.Needs{Domains: upstream.DomainOrderInvoice},
		Caller: &upstream.Caller{Authorization: "Bearer a", Tenant: "Bearer a"},
		Meter:  &meter,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Order.Status, "with", result.Held.Domains)
	fmt.Println("calls:", meter.Usage().Calls, "points:", meter.Usage().Points)
	// Output:
	// WAIT_BUYER_RECEIVE with OrderInvoice
	// calls: 1 points: 1
}
