package graph_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordergraph/graph"
	"ordergraph/upstream/cache"
)

// TestFreshUntil wants each copy to say until when it is served: its time of fetching and the time that its status
// gives it, whoever answers with it and however old it is.
func TestFreshUntil(t *testing.T) {
	for _, test := range []struct {
		name, id, cacheControl string
		neverFresh             bool
		fresh                  time.Duration
		// again is what the second answer is made of.
		again string
	}{
		{"open", "2", "", false, cache.DefaultTTL, `{"calls":0,"points":0,"hits":1,"stale":0}`},
		{"final", "8", "", false, cache.DefaultTTLClosed, `{"calls":0,"points":0,"hits":1,"stale":0}`},
		{"stale", "8", "max-stale", true, 0, `{"calls":0,"points":0,"hits":1,"stale":1}`},
		{"never fresh", "8", "", true, 0, `{"calls":1,"points":1,"hits":0,"stale":0}`},
		{"from upstream", "8", "no-cache", false, cache.DefaultTTLClosed, `{"calls":1,"points":1,"hits":0,"stale":0}`},
	} {
		for _, responses := range []int64{0, 1 << 20} {
			t.Run(test.name, func(t *testing.T) {
				s := newStack(t, stackOptions{neverFresh: test.neverFresh})
				handler := newHandler(t, graph.Options{Orders: s.orders, ResponseCacheSize: responses})
				first, usage := askedTimes(t, handler, test.id, "")
				if got := first.freshUntil.Sub(first.fetchedAt); got != test.fresh || usage != `{"calls":1,"points":1,"hits":0,"stale":0}` {
					t.Errorf("fresh for %v, %s; want %v", got, usage, test.fresh)
				}
				second, usage := askedTimes(t, handler, test.id, test.cacheControl)
				if got := second.freshUntil.Sub(second.fetchedAt); got != test.fresh || usage != test.again {
					t.Errorf("again: fresh for %v, %s; want %v, %s", got, usage, test.fresh, test.again)
				}
				if strings.HasPrefix(test.again, `{"calls":0`) && second != first {
					t.Errorf("the copy says %v, and then %v", first, second)
				}
			})
		}
	}
}

type copyTimes struct{ fetchedAt, freshUntil time.Time }

// askedTimes returns what an order says of its copy, and what the answer cost.
func askedTimes(t *testing.T, handler http.Handler, id, cacheControl string) (times copyTimes, usage string) {
	t.Helper()
	query := storedRequest{query: `{order(id:"` + id + `"){fetchedAt freshUntil}}`, header: http.Header{"Cache-Control": {cacheControl}}}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, query.post(map[string]any{"query": query.query}))
	var answer struct {
		Data struct {
			Order struct{ FetchedAt, FreshUntil time.Time }
		}
		Extensions struct{ Upstream json.RawMessage }
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, recorder.Body)
	}
	return copyTimes{answer.Data.Order.FetchedAt, answer.Data.Order.FreshUntil}, string(answer.Extensions.Upstream)
}
