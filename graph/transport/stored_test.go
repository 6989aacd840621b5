package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

// recall is a Responses that knows one answer, by each request or by each operation.
type recall struct {
	known, knownOperation *StoredResponse
	kept                  []string
	asked                 []OperationDigest
}

func (c *recall) Get(s *scope.Scope, _ Request) *StoredResponse {
	if s.Freshness.NoCache {
		return nil
	}
	return c.known
}

func (c *recall) GetOperation(s *scope.Scope, operation OperationDigest, _ Request) *StoredResponse {
	c.asked = append(c.asked, operation)
	if s.Freshness.NoCache {
		return nil
	}
	return c.knownOperation
}

func (c *recall) Put(_ *scope.Scope, operation OperationDigest, request Request, answer *Answer) {
	if operation != c.asked[len(c.asked)-1] {
		panic("kept under another operation than was asked for")
	}
	c.kept = append(c.kept, string(request.Raw)+" "+string(answer.Data)+" "+answer.Operation.Type+" "+answer.Operation.Name)
}

func wholeOf(data string) *StoredResponse {
	return NewStoredResponse(&Answer{Data: json.RawMessage(data), FreshUntil: time.Now().Add(time.Hour)}, 1)
}

func TestResponses(t *testing.T) {
	executed := 0
	answer := func(context.Context, *graphql.OperationContext) *graphql.Response {
		executed++
		return &graphql.Response{Data: json.RawMessage(`{"a":1}`)}
	}
	responses := &recall{}
	handler := serve(t, Options{Responses: responses}, answer)
	send(t, handler, post(query(`query W{wide}`)))
	send(t, handler, post(query(`{no}`)))
	send(t, handler, post(query(`mutation{pay}`)))
	if want := []string{query(`query W{wide}`) + ` {"a":1} query W`}; !slices.Equal(responses.kept, want) {
		t.Errorf("kept %q, want %q", responses.kept, want)
	}
	responses.knownOperation = wholeOf(`{"a":3}`)
	if got := send(t, handler, post(query(`{wide}`))); string(got.body.Data) != `{"a":3}` {
		t.Errorf("%v %s", got.Header(), got.Body)
	}
	responses.known = wholeOf(`{"a":2}`)
	if got := send(t, handler, post(query(`{wide}`))); string(got.body.Data) != `{"a":2}` || !strings.HasPrefix(got.Header().Get("Cache-Control"), "private") {
		t.Errorf("%v %s", got.Header(), got.Body)
	}
	if got := send(t, handler, post(query(`{wide}`), "Cache-Control", "no-cache")); string(got.body.Data) != `{"a":1}` {
		t.Errorf("no-cache was answered from memory: %s", got.Body)
	}
	if executed != 3 {
		t.Errorf("executed %d times, want 3", executed)
	}
}

// What is refused without a cache is refused with one, though the answer is known.
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
	for name, request := range refused {
		t.Run(name, func(t *testing.T) {
			handler := serve(t, Options{Responses: &recall{knownOperation: wholeOf(`{}`)}}, nil)
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
	known := map[OperationDigest]string{}
	for _, bodies := range same {
		responses := &recall{}
		handler := serve(t, Options{Responses: responses}, nil)
		for _, body := range bodies {
			if got := send(t, handler, post(body)); got.body.Data == nil {
				t.Fatalf("%s: %s", body, got.Body)
			}
		}
		if len(responses.asked) != len(bodies) || len(slices.Compact(responses.asked)) != 1 {
			t.Errorf("%d operations, want one: %s", len(slices.Compact(responses.asked)), bodies)
		}
		if other, found := known[responses.asked[0]]; found {
			t.Errorf("one digest for %s and %s", other, bodies[0])
		}
		known[responses.asked[0]] = bodies[0]
	}
}

func TestWholeIsWhatAnExecutionAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := `{"order":"` + strings.Repeat("重", 2000) + `"}`
		freshUntil := time.Now().Add(time.Minute)
		responses := &recall{}
		handler := serve(t, Options{Responses: responses}, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			scope.From(ctx).Provenance.Add(upstream.Key{}, upstream.Result{Order: &upstream.Order{}, FreshUntil: freshUntil})
			scope.From(ctx).Meter.Add(upstream.Usage{Hits: 3})
			return &graphql.Response{Data: json.RawMessage(data)}
		})
		for _, header := range [][]string{
			{}, {"Accept-Encoding", "gzip"}, {"Accept-Encoding", "gzip;q=0"}, {"Accept", graphqlType}, {"Origin", "https://shop.example"},
		} {
			for _, request := range []func() *http.Request{
				func() *http.Request { return post(query(`{wide}`), header...) },
				func() *http.Request {
					return get(url.Values{"query": {`{wide}`}}, append([]string{"X-Requested-With", "x"}, header...)...)
				},
			} {
				responses.known = nil
				executed := send(t, handler, request())
				responses.known = NewStoredResponse(&Answer{Data: json.RawMessage(data), FreshUntil: freshUntil}, 3)
				for range 3 {
					time.Sleep(300 * time.Millisecond)
					known := send(t, handler, request())
					executed.Header().Set("X-Request-Id", known.Header().Get("X-Request-Id"))
					executed.Header().Set("Cache-Control", fmt.Sprintf("private, max-age=%d", time.Until(freshUntil)/time.Second))
					if got, want := fmt.Sprint(known.Code, known.Header(), known.Body), fmt.Sprint(executed.Code, executed.Header(), executed.Body); got != want {
						t.Errorf("%v: got %s, want %s", header, got, want)
					}
				}
			}
		}
	})
}

func TestWholeIsCompressedOnce(t *testing.T) {
	var grown []int
	admit := true
	whole := wholeOf(`{"order":"` + strings.Repeat("重", 2000) + `"}`)
	whole.Grow = func(bytes int) bool {
		grown = append(grown, bytes)
		return admit
	}
	handler := serve(t, Options{Responses: &recall{known: whole}}, nil)
	ask := func(encoding string) *reply {
		return send(t, handler, post(query(`{wide}`), "Accept-Encoding", encoding))
	}
	plain := ask("identity")
	if len(grown) != 0 {
		t.Error("it was compressed for nobody")
	}
	admit = false
	packed := ask("gzip")
	admit = true
	for range 3 {
		again := ask("gzip")
		if !bytes.Equal(again.Body.Bytes(), packed.Body.Bytes()) || again.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%v", again.Header())
		}
	}
	if size := packed.Body.Len(); !slices.Equal(grown, []int{size, size}) {
		t.Errorf("asked for room for %v, want twice %d: refused, and admitted", grown, size)
	}
	reader, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if unpacked, err := io.ReadAll(reader); err != nil || !bytes.Equal(unpacked, plain.Body.Bytes()) {
		t.Errorf("%v: %s", err, unpacked)
	}
}

func TestEntityTags(t *testing.T) {
	preflight := []string{"X-Requested-With", "x"}
	shows := true
	answer := func(data string) exec {
		return func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			if shows {
				scope.From(ctx).Provenance.Add(upstream.Key{}, upstream.Result{Order: &upstream.Order{}, FreshUntil: time.Now().Add(time.Minute)})
			}
			return &graphql.Response{Data: json.RawMessage(data)}
		}
	}
	one, two := serve(t, Options{}, answer(`{"a":1}`)), serve(t, Options{}, answer(`{"a":2}`))
	known := serve(t, Options{Responses: &recall{known: wholeOf(`{"a":1}`)}}, nil)
	ask := func(handler http.Handler, headers ...string) *reply {
		return send(t, handler, get(url.Values{"query": {`{wide}`}}, append(preflight, headers...)...))
	}
	tag := ask(one).Header().Get("ETag")
	if !strings.HasPrefix(tag, `W/"`) || ask(known).Header().Get("ETag") != tag || ask(two).Header().Get("ETag") == tag {
		t.Fatalf("tag %s", tag)
	}
	for value, want := range map[string]int{
		tag: 304, strings.TrimPrefix(tag, "W/"): 304, `"x", ` + tag: 304, `W/"x",` + tag + `, "y"`: 304, "*": 304, " * ": 304,
		`"x"`: 200, `W/"x"`: 200, strings.Trim(tag, `W/"`): 200, tag[:len(tag)-1]: 200, `"` + tag + `"`: 200, "": 200, `W/`: 200, `"`: 200,
	} {
		for name, handler := range map[string]http.Handler{"executed": one, "known": known} {
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
	if got := send(t, known, post(query(`{wide}`), "If-None-Match", tag)); got.Code != http.StatusOK || got.Header().Get("ETag") != "" {
		t.Errorf("POST: %d %v", got.Code, got.Header())
	}
	shows = false
	if got := ask(one, "If-None-Match", "*"); got.Code != http.StatusOK || got.Header().Get("ETag") != "" {
		t.Errorf("no order: %d %v", got.Code, got.Header())
	}
}
