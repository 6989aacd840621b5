package graph_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
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

func (s *stack) forecast(t *testing.T, query string, header http.Header) (forecastReply, http.Header) {
	t.Helper()
	got := s.ask(t, query, "", header)
	var answer forecastReply
	if err := json.Unmarshal(got.body, &answer); err != nil {
		t.Fatalf("%v: %s", err, got.body)
	}
	return answer, got.header
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
		return 1000 + random.IntN(25)
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
// copies that hold all that is needed or a part of it, that are too old for the request, refusals, orders that do
// not exist.
func TestDryRunForetellsThePrice(t *testing.T) {
	s := newStack(t, stackOptions{})
	for _, id := range []string{"103", "800"} { // of which the first call costs nothing
		s.ask(t, "{order(id:"+id+"){id}}", "", nil)
	}
	directives := []string{"", "", "", "no-cache", "max-age=1", "only-if-cached", "max-stale"}
	random := rand.New(rand.NewPCG(1, 2))
	var hits, calls, free int
	for i := range 500 {
		query, header := randomOrders(random), http.Header{}
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
		used := paid.Extensions.Upstream
		if foretold.Calls != used.Calls || foretold.Points != used.Points && !strings.Contains(query, "id:103") && !strings.Contains(query, "800") || foretold.Hits != used.Hits || foretold.Shared != 0 {
			t.Fatalf("%s (%s): foretold %+v, used %+v, calls %v", query, header, *foretold, used, s.calls())
		}
		hits, calls = hits+used.Hits, calls+used.Calls
		if i > 100 && used.Calls == 0 {
			free++
		}
	}
	if hits < 200 || calls < 200 || free < 50 {
		t.Errorf("%d hits, %d calls, %d free: too little was compared", hits, calls, free)
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
	s := newStack(t, stackOptions{})
	dry := http.Header{"X-Dry-Run": {"true"}}
	const query = `query Q{orders(ids:[1001,1002]){id}}`
	s.forecast(t, query, dry)
	first, _ := s.forecast(t, query, nil)
	s.forecast(t, query, dry)
	second, headers := s.forecast(t, query, nil)
	if first.Extensions.Upstream.Calls != 2 || second.Extensions.Upstream.Hits != 2 || !strings.HasPrefix(headers.Get("Cache-Control"), "private") {
		t.Errorf("first %+v, second %+v, %v", first.Extensions.Upstream, second.Extensions.Upstream, headers)
	}
	told, _ := s.forecast(t, query, dry)
	if told.Extensions.Upstream.DryRun.Hits != 2 || string(told.Data["orders"]) != "[null,null]" {
		t.Errorf("a stored answer was served: %s, %+v", told.Data["orders"], told.Extensions.Upstream.DryRun)
	}
	if made := s.calls(); !slices.Equal(made, []string{"CN_1688 1001 GuaranteesTerms []", "CN_1688 1002 GuaranteesTerms []"}) {
		t.Errorf("calls %v", made)
	}
}
