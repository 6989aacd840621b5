package graph_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/tools/txtar"

	"ordergraph/graph"
	"ordergraph/upstream"
	"ordergraph/upstream/cache"
)

// TestStoredResponsesAreByteEqual compares what is stored with what an execution answers, for the
// queries of all behaviour files and for all fields of an order, in every way to ask.
func TestStoredResponsesAreByteEqual(t *testing.T) {
	remembered := 0
	for _, storedRequest := range requestsToStore(t) {
		t.Run(storedRequest.name, func(t *testing.T) {
			s := newStack(t, stackOptions{passThrough: storedRequest.passThrough, neverFresh: storedRequest.neverFresh})
			asked := &askedOrders{Cache: s.orders}
			pair := twins{
				executing:   newHandler(t, graph.Options{Orders: s.orders}),
				remembering: newHandler(t, graph.Options{Orders: asked, ResponseCacheSize: 1 << 20}),
				asked:       asked,
			}
			for name, way := range ways {
				if pair.compare(t, name, func() *http.Request { return way(storedRequest) }) {
					remembered++
				}
			}
		})
	}
	if remembered < 100 {
		t.Errorf("%d answers were remembered, that's next to none", remembered)
	}
}

// storedRequest is one GraphQL request.
type storedRequest struct {
	name, query, variables  string
	header                  http.Header
	passThrough, neverFresh bool
}

func requestsToStore(t *testing.T) []storedRequest {
	t.Helper()
	files, err := filepath.Glob("testdata/behaviour/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	list := []storedRequest{{name: "all fields", query: `{order(id:"58218860983545941")` + allFields(t) + `}`}}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for step := 1; ; step++ {
			sections := stepSections{archive: archive}
			if step > 1 {
				sections.prefix = strconv.Itoa(step) + "/"
			}
			query := sections.find("query")
			if query == nil {
				break
			}
			list = append(list, storedRequest{
				name:  strings.TrimSuffix(filepath.Base(file), ".txtar") + " " + strconv.Itoa(step),
				query: string(query), variables: string(sections.find("variables")), header: headers(t, sections.find("headers")),
				passThrough: hasLine(archive.Comment, "option pass-through"), neverFresh: hasLine(archive.Comment, "option never-fresh"),
			})
		}
	}
	return list
}

// ways are how the same may be asked.
var ways = map[string]func(storedRequest) *http.Request{
	"POST": func(q storedRequest) *http.Request { return q.post(map[string]any{"query": q.query}) },
	"POST, gzip": func(q storedRequest) *http.Request {
		r := q.post(map[string]any{"query": q.query})
		r.Header.Set("Accept-Encoding", "gzip")
		return r
	},
	"POST, the newer media type": func(q storedRequest) *http.Request {
		r := q.post(map[string]any{"query": q.query})
		r.Header.Set("Accept", "application/graphql-response+json")
		return r
	},
	"GET": func(q storedRequest) *http.Request { return q.get(url.Values{"query": {q.query}}) },
	"GET, gzip": func(q storedRequest) *http.Request {
		r := q.get(url.Values{"query": {q.query}})
		r.Header.Set("Accept-Encoding", "gzip")
		return r
	},
	"APQ, leaving the document": func(q storedRequest) *http.Request {
		return q.post(map[string]any{"query": q.query, "extensions": json.RawMessage(q.persisted())})
	},
	"APQ by POST": func(q storedRequest) *http.Request {
		return q.post(map[string]any{"extensions": json.RawMessage(q.persisted())})
	},
	"APQ by GET": func(q storedRequest) *http.Request { return q.get(url.Values{"extensions": {q.persisted()}}) },
}

func (q storedRequest) persisted() string {
	return fmt.Sprintf(`{"persistedQuery":{"version":1,"sha256Hash":"%x"}}`, sha256.Sum256([]byte(q.query)))
}

func (q storedRequest) post(parameters map[string]any) *http.Request {
	if strings.TrimSpace(q.variables) != "" {
		parameters["variables"] = json.RawMessage(q.variables)
	}
	body, err := json.Marshal(parameters)
	if err != nil {
		panic(err)
	}
	return q.with(httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body)))
}

func (q storedRequest) get(parameters url.Values) *http.Request {
	if strings.TrimSpace(q.variables) != "" {
		parameters.Set("variables", q.variables)
	}
	return q.with(httptest.NewRequest(http.MethodGet, "/graphql?"+parameters.Encode(), nil))
}

func (q storedRequest) with(r *http.Request) *http.Request {
	r.Header.Set("Content-Type", "application/json")
	for name, values := range q.header {
		r.Header[name] = values
	}
	return r
}

// askedOrders counts the orders that an execution asks for.
type askedOrders struct {
	*cache.Cache
	count atomic.Int64
}

func (o *askedOrders) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	o.count.Add(1)
	return o.Cache.Order(ctx, request)
}

func (o *askedOrders) Peek(request upstream.Request) (upstream.Result, bool) {
	o.count.Add(1)
	return o.Cache.Peek(request)
}

// twins are two handlers over one cache of orders.
type twins struct {
	executing, remembering http.Handler
	asked                  *askedOrders
}

// remaining is what may differ between two answers within a second of each other.
var remaining = regexp.MustCompile(`max-age=[1-9][0-9]*`)

// compare asks both, and reports whether the second answer of the one that remembers was remembered.
func (p twins) compare(t *testing.T, way string, request func() *http.Request) (remembered bool) {
	t.Helper()
	// Both know the document, and the orders are cached as far as they can be.
	answerOf(t, p.remembering, request())
	answerOf(t, p.executing, request())
	executed := answerOf(t, p.executing, request())
	before := p.asked.count.Load()
	again := answerOf(t, p.remembering, request())
	remembered = p.asked.count.Load() == before
	if strings.Contains(executed, `"errors":`) {
		if strings.Contains(executed, `"hits":`) && remembered && before > 0 {
			t.Errorf("%s: an answer with errors was remembered: %s", way, again)
		}
		return false // their order depends on which order was there first
	}
	if again != executed {
		t.Errorf("%s (remembered: %v): got\n%s\nwant\n%s", way, remembered, again, executed)
	}
	// An order that is not there is asked for again each time.
	fresh := strings.Contains(executed, "private, max-age=N") && strings.Contains(executed, `"calls":0`)
	if fresh != remembered && before > 0 {
		t.Errorf("%s: remembered is %v: %s", way, remembered, again)
	}
	return remembered && fresh
}

// answerOf returns everything about an answer but its request id and its remaining freshness.
func answerOf(t *testing.T, handler http.Handler, r *http.Request) string {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	body := w.Body.Bytes()
	if w.Header().Get("Content-Encoding") == "gzip" {
		reader, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
	w.Header().Set("X-Request-Id", "masked")
	body = requestIDs.ReplaceAll(body, []byte(`"requestId":"masked"`))
	return remaining.ReplaceAllString(fmt.Sprint(w.Code, " ", w.Header()), "max-age=N") + "\n" + string(body)
}
