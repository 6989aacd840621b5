package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ordergraph/graph"
	"ordergraph/graph/loader"
	"ordergraph/graph/transport"
	"ordergraph/upstream/cache"
	"ordergraph/upstream/client"
	"ordergraph/upstream/sandbox"
)

// stackOptions vary a stack. The zero value is what the program runs without settings.
type stackOptions struct {
	passThrough bool // orders need an Authorization header
	neverFresh  bool // cached copies serve only when the upstream fails
	transport   http.RoundTripper
	access      transport.Access
}

// stack is the whole way of a request, as the program has it: handler, cache, client and, over
// HTTP, the sandbox.
type stack struct {
	url      string
	handler  http.Handler
	orders   *cache.Cache
	sandbox  *sandbox.Server
	arrivals atomic.Int64 // requests that reached the handler
}

// The cache must offer what the loader looks for: without it, everything is as right, and slower.
var _ loader.Peeker = (*cache.Cache)(nil)

func newStack(t testing.TB, options stackOptions) *stack {
	t.Helper()
	emulated, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := emulated.Close(); err != nil {
			t.Error(err)
		}
	})
	endpoint, err := client.New(client.Options{URL: emulated.URL, AllowAnonymous: !options.passThrough, Transport: options.transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(endpoint.Close)
	settings := cache.Options{
		Size: cache.DefaultSize, TTL: cache.DefaultTTL, TTLClosed: cache.DefaultTTLClosed, StaleIfError: cache.DefaultStaleIfError,
	}
	if options.neverFresh {
		settings.TTL, settings.TTLClosed = 0, 0
	}
	orders, err := cache.New(endpoint, settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(orders.Close)
	s := &stack{sandbox: emulated, orders: orders}
	s.handler = newHandler(t, graph.Options{Orders: orders, HTTP: transport.Options{Access: options.access}})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.arrivals.Add(1)
		s.handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL + "/graphql"
	return s
}

func newHandler(t testing.TB, options graph.Options) http.Handler {
	t.Helper()
	sdl, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	options.SDL = string(sdl)
	handler, err := graph.NewHandler(options)
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

// reply is what a client of a stack gets.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// ask posts a query; variables is JSON or empty.
func (s *stack) ask(t testing.TB, query, variables string, header http.Header) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, bytes.NewReader(requestBody(t, query, variables)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return reply{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return reply{response.StatusCode, response.Header, body}
}

func requestBody(t testing.TB, query, variables string) []byte {
	t.Helper()
	parameters := map[string]any{"query": query}
	if strings.TrimSpace(variables) != "" {
		parameters["variables"] = json.RawMessage(variables)
	}
	body, err := json.Marshal(parameters)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

var siteNames = map[string]string{"1688": "CN_1688", "alibaba": "ALIBABA"}

// calls lists the calls that the sandbox saw since the last time, sorted: site, order, domains and
// attribute keys, and the edition where it is not the first.
func (s *stack) calls() []string {
	var lines []string
	for _, call := range s.sandbox.Calls() {
		fields := "(no include_fields)"
		if call.IncludeFields != nil {
			fields = *call.IncludeFields
		}
		line := fmt.Sprintf("%s %s %s [%s]", siteNames[call.WebSite], call.OrderID, fields, strings.Join(call.AttributeKeys, " "))
		if call.Edition != "1" {
			line += " edition " + call.Edition
		}
		lines = append(lines, line)
	}
	s.sandbox.Reset()
	slices.Sort(lines)
	return lines
}

// gate lets calls to the upstream pass only once a condition holds.
type gate struct {
	open      func() bool
	transport http.Transport
	waiting   atomic.Int64
}

func (g *gate) RoundTrip(request *http.Request) (*http.Response, error) {
	g.waiting.Add(1)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !g.open() {
		select {
		case <-request.Context().Done():
			return nil, request.Context().Err()
		case <-tick.C:
		}
	}
	return g.transport.RoundTrip(request)
}
