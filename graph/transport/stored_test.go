package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/scope"
	"ordergraph/graph/respcache"
	"ordergraph/upstream"
)

// shelf serves all copies, and names callers by the beginning of their token.
type shelf struct{}

func (shelf) Serves(*upstream.Caller, upstream.Freshness, []upstream.Copy) bool { return true }

func (shelf) Tenant(caller *upstream.Caller) (named upstream.TenantHash) {
	copy(named[:], caller.Tenant.Reveal())
	return named
}

// showOrders says that the answer of a request shows the copies of some orders, each a hit, and nothing else.
func showOrders(ctx context.Context, count int, freshUntil time.Time) {
	s := scope.From(ctx)
	for id := range count {
		s.Provenance.Add(upstream.Key{ID: upstream.OrderID(id + 1)}, upstream.Result{Order: &upstream.Order{}, Version: 1, FreshUntil: freshUntil})
	}
	s.Provenance.SetComplete()
	s.Meter.Add(upstream.Usage{Hits: count})
}

func TestResponses(t *testing.T) {
	executed, extended := 0, false
	var errors gqlerror.List
	handler := serve(t, Options{Responses: respcache.New(shelf{}, 1<<20)}, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
		executed++
		showOrders(ctx, 1, time.Now().Add(time.Hour))
		if extended {
			graphql.RegisterExtension(ctx, "other", 1)
		}
		return &graphql.Response{Data: json.RawMessage(`{"a":` + strconv.Itoa(executed) + `}`), Errors: errors}
	})
	expect := func(name string, r *http.Request, want int) *reply {
		t.Helper()
		got := send(t, handler, r)
		if string(got.body.Data) != `{"a":`+strconv.Itoa(want)+`}` {
			t.Errorf("%s: %v %s, want %d", name, got.Header(), got.Body, want)
		}
		return got
	}
	expect("the first", post(query(`query W{wide}`)), 1)
	if got := expect("the same", post(query(`query W{wide}`)), 1); !strings.HasPrefix(got.Header().Get("Cache-Control"), "private") {
		t.Errorf("%v", got.Header())
	}
	expect("the same operation", post(query(`query W { wide } # again`)), 1)
	expect("another operation", post(query(`query V{wide}`)), 2)
	expect("another caller", post(query(`query W{wide}`), "Authorization", "other"), 3)
	expect("from upstream", post(query(`query W{wide}`), "Cache-Control", "no-cache"), 4)
	expect("the newest", post(query(`query W{wide}`)), 4)
	expect("a mutation", post(query(`mutation{pay}`)), 5)
	expect("a mutation again", post(query(`mutation{pay}`)), 6)
	errors = gqlerror.List{{Message: "m", Extensions: map[string]any{"code": codes.UpstreamBadData}}}
	expect("one with errors", post(query(`query E{wide}`)), 7)
	expect("one with errors again", post(query(`query E{wide}`)), 8)
	errors, extended = nil, true
	expect("one with extensions", post(query(`query X{wide}`)), 9)
	expect("one with extensions again", post(query(`query X{wide}`)), 10)
}

// What is refused without a cache is refused with one, though the response is known.
func TestKnownOperationsAreRefusedAllTheSame(t *testing.T) {
	refused := map[string]*http.Request{
		"invalid":            post(query(`{no}`)),
		"variables":          post(`{"query":"query($i:ID!){order(id:$i)}"}`),
		"a mutation by GET":  get(url.Values{"query": {`mutation{pay}`}}, "X-Requested-With", "x"),
		"an unknown hash":    post(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + strings.Repeat("0", 64) + `"}}}`),
		"duplicate members":  post(`{"query":"{wide}","query":"{wide}"}`),
		"trailing bytes":     post(query(`{wide}`) + `{}`),
		"a wrong media type": post(query(`{wide}`), "Content-Type", "text/plain"),
		"two tokens":         twoCredentials(query(`{wide}`)),
	}
	handler := serve(t, Options{Responses: respcache.New(shelf{}, 1<<20)}, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
		showOrders(ctx, 1, time.Now().Add(time.Hour))
		return &graphql.Response{Data: json.RawMessage(`{}`)}
	})
	send(t, handler, post(query(`{wide}`)))
	for name, request := range refused {
		t.Run(name, func(t *testing.T) {
			if got := send(t, handler, request); got.code() == "" || got.body.Data != nil {
				t.Errorf("%d %s", got.Code, got.Body)
			}
		})
	}
}

// The digest of an operation decides who gets which answer: what differs must differ.
func TestOperationDigest(t *testing.T) {
	same := [][]string{
		{
			`{"query":"query A($i:ID!){order(id:$i)}","variables":{"i":"1"}}`,
			`{"variables":{"i":"1"},"query":"query A($i:ID!){order(id:$i)}"}` + "\n",
			`{"query":"query A ( $i : ID! ) {\n\torder(id: $i), # a comment\n}","variables":{"i":"1","unused":2}}`,
			`{"query":"query A($i:ID!){order(id:$i)}","variables":{"i":"1"},"operationName":"A"}`,
		},
		{`{"query":"query A($i:ID!){order(id:$i)}","variables":{"i":"2"}}`},
		{`{"query":"query B($i:ID!){order(id:$i)}","variables":{"i":"1"}}`},
		{`{"query":"query A($j:ID!){order(id:$j)}","variables":{"j":"1"}}`},
		{`{"query":"query A{order(id:1)}"}`},
		{`{"query":"query A{order(id:\"1\")}"}`, `{"query":"query A{order(id: \"1\",)}"}`},
		{`{"query":"query A{order(id:\"\"\"1\"\"\")}"}`},
		{`{"query":"query A{order(id:\"# 1\")}"}`},
		{`{"query":"query A{order(id:\"#1\")}"}`},
		{`{"query":"query A{order(id:\"1 \")}"}`},
		{`{"query":"query A{wide} query B{wide}","operationName":"A"}`},
		{`{"query":"query A{wide} query B{wide}","operationName":"B"}`},
		{`{"query":"{a:wide b:wide}"}`, `{"query":"{a :wide,b: wide}"}`},
		{`{"query":"{b:wide a:wide}"}`},
		{`{"query":"query($v:Any){any(value:$v)}","variables":{"v":{"a":1,"b":[1,"x"]}}}`, `{"query":"query($v:Any){any(value:$v)}","variables":{"v":{"b":[1,"x"],"a":1}}}`},
		{`{"query":"query($v:Any){any(value:$v)}","variables":{"v":{"a":1,"b":["x",1]}}}`},
		{`{"query":"query($v:Any){any(value:$v)}","variables":{"v":{"a":"1","b":[1,"x"]}}}`},
		{`{"query":"query($v:Any){any(value:$v)}","variables":{"v":null}}`},
		{`{"query":"query($v:Any){any(value:$v)}"}`},
		{`{"query":"query($v:Any=1){any(value:$v)}","variables":{"v":9007199254740993}}`},
		{`{"query":"query($v:Any=1){any(value:$v)}","variables":{"v":9007199254740992}}`},
		{`{"query":"query($v:Boolean!){wide @skip(if:$v)}","variables":{"v":true}}`},
		{`{"query":"query($v:Boolean!){wide @skip(if:$v)}","variables":{"v":false}}`},
	}
	known := map[respcache.Digest]string{}
	for _, bodies := range same {
		var digests []respcache.Digest
		handler := serve(t, Options{}, func(_ context.Context, operation *graphql.OperationContext) *graphql.Response {
			digest, ok := respcache.DigestOf(operation)
			if !ok {
				t.Errorf("%s has no digest", operation.RawQuery)
			}
			digests = append(digests, digest)
			return &graphql.Response{Data: json.RawMessage(`{}`)}
		})
		for _, body := range bodies {
			if got := send(t, handler, post(body)); got.body.Data == nil {
				t.Fatalf("%s: %s", body, got.Body)
			}
		}
		if len(digests) != len(bodies) || len(slices.Compact(digests)) != 1 {
			t.Errorf("%d operations, want one: %s", len(slices.Compact(digests)), bodies)
		}
		if other, found := known[digests[0]]; found {
			t.Errorf("one digest for %s and %s", other, bodies[0])
		}
		known[digests[0]] = bodies[0]
	}
}

func TestStoredResponseIsWhatAnExecutionAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := `{"order":"` + strings.Repeat("重", 2000) + `"}`
		freshUntil := time.Now().Add(time.Minute)
		executed := 0
		handler := serve(t, Options{Responses: respcache.New(shelf{}, 1<<20)}, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			executed++
			showOrders(ctx, 3, freshUntil)
			return &graphql.Response{Data: json.RawMessage(data)}
		})
		for _, header := range [][]string{
			{}, {"Accept-Encoding", "gzip"}, {"Accept-Encoding", "gzip;q=0"}, {"Accept", graphqlType}, {"Origin", "https://shop.example"},
		} {
			for _, request := range []func(header ...string) *http.Request{
				func(header ...string) *http.Request { return post(query(`{wide}`), header...) },
				func(header ...string) *http.Request {
					return get(url.Values{"query": {`{wide}`}}, append([]string{"X-Requested-With", "x"}, header...)...)
				},
			} {
				executed = 0
				fresh := send(t, handler, request(append([]string{"Cache-Control", "no-cache"}, header...)...))
				for range 3 {
					time.Sleep(300 * time.Millisecond)
					stored := send(t, handler, request(header...))
					fresh.Header().Set("X-Request-Id", stored.Header().Get("X-Request-Id"))
					fresh.Header().Set("Cache-Control", fmt.Sprintf("private, max-age=%d", time.Until(freshUntil)/time.Second))
					if got, want := fmt.Sprint(stored.Code, stored.Header(), stored.Body), fmt.Sprint(fresh.Code, fresh.Header(), fresh.Body); got != want {
						t.Errorf("%v: got %s, want %s", header, got, want)
					}
				}
				if executed != 1 {
					t.Errorf("%v: executed %d times", header, executed)
				}
			}
		}
	})
}

func TestEntityTags(t *testing.T) {
	preflight := []string{"X-Requested-With", "x"}
	shows := true
	answer := func(data string) exec {
		return func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			if shows {
				showOrders(ctx, 1, time.Now().Add(time.Minute))
			}
			return &graphql.Response{Data: json.RawMessage(data)}
		}
	}
	one, two := serve(t, Options{}, answer(`{"a":1}`)), serve(t, Options{}, answer(`{"a":2}`))
	stored := serve(t, Options{Responses: respcache.New(shelf{}, 1<<20)}, answer(`{"a":1}`))
	ask := func(handler http.Handler, headers ...string) *reply {
		return send(t, handler, get(url.Values{"query": {`{wide}`}}, append(preflight, headers...)...))
	}
	tag := ask(one).Header().Get("ETag")
	if !strings.HasPrefix(tag, `W/"`) || ask(stored).Header().Get("ETag") != tag || ask(two).Header().Get("ETag") == tag {
		t.Fatalf("tag %s", tag)
	}
	for value, want := range map[string]int{
		tag: 304, strings.TrimPrefix(tag, "W/"): 304, `"x", ` + tag: 304, `W/"x",` + tag + `, "y"`: 304, "*": 304, " * ": 304,
		`"x"`: 200, `W/"x"`: 200, strings.Trim(tag, `W/"`): 200, tag[:len(tag)-1]: 200, `"` + tag + `"`: 200, "": 200, `W/`: 200, `"`: 200,
	} {
		for name, handler := range map[string]http.Handler{"executed": one, "stored": stored} {
			got := ask(handler, "If-None-Match", value)
			if got.Code != want {
				t.Errorf("%s, If-None-Match %s: %d, want %d", name, value, got.Code, want)
			}
			if want != http.StatusNotModified {
				continue
			}
			for _, header := range []string{"Cache-Control", "Vary", "ETag", "X-Request-Id"} {
				if got.Header().Get(header) == "" {
					t.Errorf("%s: 304 without %s", name, header)
				}
			}
			if got.Body.Len() > 0 || got.Header().Get("Content-Type")+got.Header().Get("Content-Length") != "" {
				t.Errorf("%s: 304 with a body: %v %s", name, got.Header(), got.Body)
			}
		}
	}
	if got := send(t, stored, post(query(`{wide}`), "If-None-Match", tag)); got.Code != http.StatusOK || got.Header().Get("ETag") != "" {
		t.Errorf("POST: %d %v", got.Code, got.Header())
	}
	shows = false
	if got := ask(one, "If-None-Match", "*"); got.Code != http.StatusOK || got.Header().Get("ETag") != "" {
		t.Errorf("no order: %d %v", got.Code, got.Header())
	}
}
