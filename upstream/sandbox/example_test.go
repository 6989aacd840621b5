package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"ordergraph/upstream/sandbox"
)

// A program that reads orders is pointed at the sandbox by its URL; what it asked for is in the log.
func ExampleStart() {
	emulated, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = emulated.Close() }()
	body := strings.NewReader(`{"web_site":"1688","order_id":58218860983545941,"include_fields":"OrderInvoice"}`)
	response, err := http.Post(emulated.URL, "application/json", body)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = response.Body.Close()
	for _, call := range emulated.Calls() {
		fmt.Println(response.Status, call.Answer, call.OrderID, *call.IncludeFields)
	}
	// Output:
	// 200 OK order 58218860983545941 OrderInvoice
}
