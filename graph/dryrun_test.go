package graph_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/graph"
	"ordergraph/upstream/cache"
	"ordergraph/upstream/client"
	"ordergraph/upstream/sandbox"
)

// forecastReply is what an answer says about its price, foretold and paid.
type forecastReply struct {
	Data       map[string]json.RawMessage
	Errors     []any
	Extensions struct {
		Upstream struct {
			Calls, Points, Hits, Stale int
			DryRun                     *struct{ Orders, Hits, Shared, Calls, Points int }
		}
	}
}

// forecast posts a query without a network.
func (s *stack) forecast(t *testing.T, query string, header http.Header) (forecastReply, http.Header) {
	t.Helper()
	return s.forecastOf(t, requestBody(t, query, ""), header)
}

func (s *stack) forecastOf(t *testing.T, body []byte, header http.Header) (answer forecastReply, _ http.Header) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
	maps.Copy(request.Header, header)
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	s.handler.ServeHTTP(recorder, request)
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, recorder.Body)
	}
	return answer, recorder.Header()
}

// wire brings calls to a sandbox without a network, and triples what they cost.
type wire struct{ http.Handler }

func (w wire) RoundTrip(request *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(request.Context())
	trace.GotConn(httptrace.GotConnInfo{})
	trace.WroteRequest(httptrace.WroteRequestInfo{})
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, request)
	response := recorder.Result()
	body := bytes.Replace(recorder.Body.Bytes(), []byte(`"deduct_money":1`), []byte(`"deduct_money":3`), 1)
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// newVirtualStack returns a stack with stored responses and without a network, for a bubble of virtual time. Calls cost
// 3 points each.
func newVirtualStack(t *testing.T) *stack {
	t.Helper()
	emulated := sandbox.New(sandbox.Options{})
	endpoint, err := client.New(client.Options{URL: "http://sandbox.test" + sandbox.Path, AllowAnonymous: true, Transport: wire{emulated}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(endpoint.Close)
	orders, err := cache.New(endpoint, cache.Options{
		Size: cache.DefaultSize, TTL: cache.DefaultTTL, TTLClosed: cache.DefaultTTLClosed, StaleIfError: cache.DefaultStaleIfError,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(orders.Close)
	handler := newHandler(t, graph.Options{Orders: orders, ResponseCacheSize: 1 << 20})
	return &stack{handler: handler, orders: orders, sandbox: &sandbox.Server{Sandbox: emulated}}
}

// randomOrders makes up a query for orders of a small pool, by all ways that there are, with fields of all parts.
func randomOrders(random *rand.Rand) string {
	parts := []string{
		"status", "domesticShipping{city}", "invoice{title}", "guarantees{code}", "reviews{reviewsOfBuyer{rating}}",
		`x:extraAttributes(keys:["a"]){key}`, `y:extraAttributes(keys:["b","c"]){key}`, "lineItems{shipments{id}}",
	}
	id := func() int {
		if random.IntN(12) == 0 {
			return []int{103, 800}[random.IntN(2)] // refused, and not there
		}
		return 1000 + random.IntN(10)
	}
	var query strings.Builder
	for root := range 1 + random.IntN(4) {
		selected := "id " + parts[random.IntN(len(parts))] + " " + parts[random.IntN(len(parts))]
		switch random.IntN(4) {
		case 0:
			fmt.Fprintf(&query, " a%d:orders(ids:[%d,%d,%d]){%s}", root, id(), id(), id(), selected)
		case 1:
			fmt.Fprintf(&query, ` a%d:_entities(representations:[{__typename:"Order",webSite:CN_1688,id:%d},{__typename:"Order",webSite:ALIBABA,id:%d}]){...on Order{%s}}`, root, id(), id(), selected)
		default:
			fmt.Fprintf(&query, " a%d:order(id:%d,edition:%s){%s}", root, id(), []string{"V1", "V2"}[random.IntN(5)/4], selected)
		}
	}
	return "{" + query.String() + "}"
}

// TestDryRunForetellsThePrice has each of 500 random queries cost what it was said to, however much of it is at hand:
// copies that hold all that is needed or a part of it, copies that are out of date, stored responses, refusals, orders
// that do not exist. Only a call that brings no order costs less than is foretold: nothing.
func TestDryRunForetellsThePrice(t *testing.T) {
	synctest.Test(t, foretellThePrice)
}

func foretellThePrice(t *testing.T) {
	s := newVirtualStack(t)
	s.forecast(t, "{order(id:1){id}}", nil) // tells the price of a call
	directives := []string{"", "", "", "", "no-cache", "max-age=10", "only-if-cached", "max-stale=60", "max-stale"}
	pauses := []time.Duration{0, 0, 0, 0, 0, 0, 0, 0, time.Second, 3 * time.Second, 20 * time.Second, time.Minute, time.Hour}
	random := rand.New(rand.NewPCG(1, 2))
	var hits, stale, calls, failing, free int
	query := randomOrders(random)
	for range 500 {
		time.Sleep(pauses[random.IntN(len(pauses))])
		header := http.Header{}
		if random.IntN(4) > 0 { // else the same again, whose response may be stored
			query = randomOrders(random)
		}
		if directive := directives[random.IntN(len(directives))]; directive != "" {
			header.Set("Cache-Control", directive)
		}
		s.calls()
		dry := header.Clone()
		dry.Set("X-Dry-Run", "true")
		told, headers := s.forecast(t, query, dry)
		again, _ := s.forecast(t, query, dry)
		if made := s.calls(); len(made) > 0 {
			t.Fatalf("%s: a dry run made calls: %v", query, made)
		}
		foretold := told.Extensions.Upstream.DryRun
		if foretold == nil || *foretold != *again.Extensions.Upstream.DryRun {
			t.Fatalf("%s: foretold %+v, then %+v", query, foretold, again.Extensions.Upstream.DryRun)
		}
		if used := told.Extensions.Upstream; used.Calls+used.Points+used.Hits+used.Stale != 0 || len(told.Errors) > 0 || headers.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: used %+v, errors %v, %v", query, used, told.Errors, headers)
		}
		for name, value := range told.Data {
			if text := strings.Trim(string(value), "[]"); strings.Trim(text, "nul,") != "" {
				t.Fatalf("%s: %s is %s", query, name, value)
			}
		}
		paid, _ := s.forecast(t, query, header)
		used, made, without := paid.Extensions.Upstream, s.calls(), 0
		for _, call := range made {
			if strings.Contains(call, " 103 ") || strings.Contains(call, " 800 ") {
				without++
			}
		}
		if used.Calls != len(made) || foretold.Calls != used.Calls || foretold.Points != used.Points+3*without || foretold.Hits != used.Hits || foretold.Shared != 0 {
			t.Fatalf("%s (%s): foretold %+v, used %+v, calls %v", query, header, *foretold, used, made)
		}
		hits, stale, calls, failing = hits+used.Hits, stale+used.Stale, calls+used.Calls, failing+without
		if used.Calls == 0 {
			free++
		}
	}
	t.Logf("%d hits, of which %d stale, %d calls, %d of them without an order, %d queries without a call", hits, stale, calls, failing, free)
	if hits < 200 || stale < 30 || calls < 200 || failing < 20 || free < 50 {
		t.Error("too little was compared")
	}
}

// TestDryRunSeesCallsUnderWay holds a call, which answers all that ask for what it brings.
func TestDryRunSeesCallsUnderWay(t *testing.T) {
	released := make(chan struct{})
	g := &gate{open: func() bool {
		select {
		case <-released:
			return true
		default:
			return false
		}
	}}
	defer g.transport.CloseIdleConnections()
	s := newStack(t, stackOptions{transport: g})
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.ask(t, `{order(id:1001){id domesticShipping{city}}}`, "", nil)
	}()
	for g.waiting.Load() == 0 {
	}
	dry := http.Header{"X-Dry-Run": {"TRUE"}}
	for query, want := range map[string][5]int{
		`{order(id:1001){id}}`:                              {1, 0, 1, 0, 0},
		`{order(id:1001){id invoice{title}}}`:               {1, 0, 0, 1, 1},
		`{orders(ids:[1001,1001,1002,1001]){id}}`:           {2, 0, 1, 1, 1},
		`{__typename}`:                                      {},
		`{__schema{queryType{name}} order(id:1){id}}`:       {1, 0, 0, 1, 1},
		`{a:order(id:1){id} b:order(id:1){invoice{title}}}`: {1, 0, 0, 1, 1},
	} {
		told, _ := s.forecast(t, query, dry)
		got := told.Extensions.Upstream.DryRun
		if all := [5]int{got.Orders, got.Hits, got.Shared, got.Calls, got.Points}; all != want {
			t.Errorf("%s: %v, want %v", query, all, want)
		}
	}
	close(released)
	<-done
	if made := s.calls(); len(made) != 1 {
		t.Errorf("calls %v", made)
	}
}

// TestDryRunLeavesNoTrace wants everything to go on as if it had not been: nothing is stored, refused or counted.
func TestDryRunLeavesNoTrace(t *testing.T) {
	synctest.Test(t, leaveNoTrace)
}

func leaveNoTrace(t *testing.T) {
	s, dry := newVirtualStack(t), http.Header{"X-Dry-Run": {"true"}}
	const query = `query Q{orders(ids:[1001,1002]){id}}`
	for range 2 {
		s.forecast(t, query, dry)
	}
	first, _ := s.forecast(t, query, nil)
	s.forecast(t, query, dry)
	second, headers := s.forecast(t, query, nil)
	third, _ := s.forecast(t, query, nil)
	if first.Extensions.Upstream.Calls != 2 || second.Extensions.Upstream.Hits != 2 || !strings.HasPrefix(headers.Get("Cache-Control"), "private") {
		t.Errorf("first %+v, second %+v, %v", first.Extensions.Upstream, second.Extensions.Upstream, headers)
	}
	if orders := string(third.Data["orders"]); third.Extensions.Upstream.Hits != 2 || orders != `[{"id":"1001"},{"id":"1002"}]` {
		t.Errorf("third %+v, %s", third.Extensions.Upstream, orders)
	}
	// The response is stored by now, under its text and under its operation.
	for _, same := range []string{query, query + "#"} {
		told, _ := s.forecast(t, same, dry)
		if foretold := told.Extensions.Upstream.DryRun; foretold == nil || foretold.Hits != 2 || string(told.Data["orders"]) != "[null,null]" {
			t.Errorf("%s: a stored response was sent: %s, %+v", same, told.Data["orders"], foretold)
		}
	}
	if made := s.calls(); !slices.Equal(made, []string{"CN_1688 1001 GuaranteesTerms []", "CN_1688 1002 GuaranteesTerms []"}) {
		t.Errorf("calls %v", made)
	}

	const document = `{order(id:1){status}}`
	extension := fmt.Sprintf(`"extensions":{"persistedQuery":{"version":1,"sha256Hash":"%x"}}}`, sha256.Sum256([]byte(document)))
	s.forecastOf(t, fmt.Appendf(nil, `{"query":%q,%s`, document, extension), dry)
	if got, _ := s.forecastOf(t, []byte("{"+extension), nil); len(got.Errors) != 1 || got.Data != nil {
		t.Errorf("a dry run registered a document: %+v", got)
	}
}
