package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"ordergraph/graph"
	"ordergraph/upstream/cache"
	"ordergraph/upstream/client"
	"ordergraph/upstream/sandbox"
)

// The handler in front of a cache, a client and the endpoint, which here is the sandbox: the second request finds
// the order in the cache.
func ExampleNewHandler() {
	emulated, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = emulated.Close() }()
	endpoint, err := client.New(client.Options{URL: emulated.URL, AllowAnonymous: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer endpoint.Close()
	orders, err := cache.New(endpoint, cache.Options{Size: 64 << 20, TTL: 30 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer orders.Close()
	schema, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		fmt.Println(err)
		return
	}
	handler, err := graph.NewHandler(graph.Options{SDL: string(schema), Orders: orders})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		request := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"{order(id:58218860983545941){status}}"}`))
		request.Header.Set("Content-Type", "application/json")
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		fmt.Print(response.Body)
	}
	// Output:
	// {"data":{"order":{"status":"WAIT_BUYER_RECEIVE"}},"extensions":{"upstream":{"calls":1,"points":1,"hits":0,"stale":0}}}
	// {"data":{"order":{"status":"WAIT_BUYER_RECEIVE"}},"extensions":{"upstream":{"calls":0,"points":0,"hits":1,"stale":0}}}
}
