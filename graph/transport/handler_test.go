package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.uber.org/goleak"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/scope"
	"ordergraph/graph/jsonlog"
	"ordergraph/graph/respcache"
	"ordergraph/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	jsonType    = "application/json"
	graphqlType = "application/graphql-response+json"
)

func post(body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", jsonType)
	return withHeaders(r, headers)
}

func get(parameters url.Values, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/graphql?"+parameters.Encode(), nil)
	return withHeaders(r, headers)
}

// withHeaders sets name and value pairs; an empty value removes the header.
func withHeaders(r *http.Request, headers []string) *http.Request {
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Del(pair[0])
		if pair[1] != "" {
			r.Header.Set(pair[0], pair[1])
		}
	}
	return r
}

func query(text string) string {
	body, _ := json.Marshal(map[string]string{"query": text})
	return string(body)
}

func TestStatusAndMediaType(t *testing.T) {
	good := query(`{order(id:1)}`)
	preflight := []string{"X-Requested-With", "x"}
	tests := map[string]struct {
		request *http.Request
		status  int
		code    string
		media   string // application/json if empty
	}{
		"post":                       {post(good), 200, "", ""},
		"post, any":                  {post(good, "Accept", "*/*"), 200, "", ""},
		"post, modern":               {post(good, "Accept", graphqlType), 200, "", graphqlType},
		"charset":                    {post(good, "Content-Type", "application/json; charset=UTF-8"), 200, "", ""},
		"get":                        {get(url.Values{"query": {`{order(id:1)}`}}, preflight...), 200, "", ""},
		"get by content type":        {get(url.Values{"query": {`{order(id:1)}`}}, "Content-Type", jsonType), 200, "", ""},
		"syntax":                     {post(query(`{`)), 200, "GRAPHQL_PARSE_FAILED", ""},
		"syntax, modern":             {post(query(`{`), "Accept", graphqlType), 400, "GRAPHQL_PARSE_FAILED", graphqlType},
		"validation":                 {post(query(`{no}`)), 200, "GRAPHQL_VALIDATION_FAILED", ""},
		"validation, modern":         {post(query(`{no}`), "Accept", graphqlType), 400, "GRAPHQL_VALIDATION_FAILED", graphqlType},
		"coercion":                   {post(`{"query":"query($i:ID!){order(id:$i)}","variables":{"i":null}}`), 200, "GRAPHQL_VALIDATION_FAILED", ""},
		"coercion, modern":           {post(`{"query":"query($i:ID!){order(id:$i)}","variables":{"i":null}}`, "Accept", graphqlType), 400, "GRAPHQL_VALIDATION_FAILED", graphqlType},
		"unknown operation":          {post(`{"query":"query A{wide}","operationName":"B"}`), 200, "GRAPHQL_VALIDATION_FAILED", ""},
		"mutation by get":            {get(url.Values{"query": {`mutation{pay}`}}, preflight...), 405, "BAD_REQUEST", ""},
		"mutation by post":           {post(query(`mutation{pay}`)), 200, "", ""},
		"plain get":                  {get(url.Values{"query": {`{order(id:1)}`}}), 400, "BAD_REQUEST", ""},
		"plain get, modern":          {get(url.Values{"query": {`{order(id:1)}`}}, "Accept", graphqlType), 400, "BAD_REQUEST", graphqlType},
		"get, form":                  {get(url.Values{"query": {`{order(id:1)}`}}, "Content-Type", "text/plain; charset=utf-8"), 400, "BAD_REQUEST", ""},
		"get, garbled content type":  {get(url.Values{"query": {`{order(id:1)}`}}, "Content-Type", "/;="), 400, "BAD_REQUEST", ""},
		"get without query":          {get(url.Values{}, preflight...), 400, "BAD_REQUEST", ""},
		"get, query twice":           {get(url.Values{"query": {`{wide}`, `{wide}`}}, preflight...), 400, "BAD_REQUEST", ""},
		"get, wrong case":            {get(url.Values{"query": {`{wide}`}, "Variables": {`{}`}}, preflight...), 400, "BAD_REQUEST", ""},
		"get, not UTF-8":             {get(url.Values{"query": {"{wide}#\xff"}}, preflight...), 400, "BAD_REQUEST", ""},
		"get, variables no object":   {get(url.Values{"query": {`{wide}`}, "variables": {`[1]`}}, preflight...), 400, "BAD_REQUEST", ""},
		"get, extensions broken":     {get(url.Values{"query": {`{wide}`}, "extensions": {`{"a":`}}, preflight...), 400, "BAD_REQUEST", ""},
		"get, foreign parameter":     {get(url.Values{"query": {`{wide}`}, "utm": {"a", "b"}}, preflight...), 200, "", ""},
		"head":                       {httptest.NewRequest(http.MethodHead, "/graphql", nil), 405, "BAD_REQUEST", ""},
		"put":                        {httptest.NewRequest(http.MethodPut, "/graphql", strings.NewReader(good)), 405, "BAD_REQUEST", ""},
		"not acceptable":             {post(good, "Accept", "text/html"), 406, "BAD_REQUEST", ""},
		"form":                       {post("query=x", "Content-Type", "application/x-www-form-urlencoded"), 415, "BAD_REQUEST", ""},
		"text":                       {post(good, "Content-Type", "text/plain"), 415, "BAD_REQUEST", ""},
		"multipart":                  {post(good, "Content-Type", "multipart/form-data; boundary=x"), 415, "BAD_REQUEST", ""},
		"no content type":            {post(good, "Content-Type", ""), 415, "BAD_REQUEST", ""},
		"UTF-16":                     {post(good, "Content-Type", "application/json; charset=utf-16"), 415, "BAD_REQUEST", ""},
		"two charsets":               {post(good, "Content-Type", "application/json; charset=utf-8; charset=utf-16"), 415, "BAD_REQUEST", ""},
		"gzip":                       {post(good, "Content-Encoding", "gzip"), 415, "BAD_REQUEST", ""},
		"identity":                   {post(good, "Content-Encoding", "identity"), 200, "", ""},
		"too large":                  {post(query(strings.Repeat(" ", 300<<10) + `{wide}`)), 413, "QUERY_TOO_COMPLEX", ""},
		"batch":                      {post(`[` + good + `]`), 400, "BAD_REQUEST", ""},
		"batch, modern":              {post(`[`+good+`]`, "Accept", graphqlType), 400, "BAD_REQUEST", graphqlType},
		"two credentials by mistake": {twoCredentials(good), 400, "BAD_REQUEST", ""},
	}
	handler := serve(t, Options{}, nil)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := send(t, handler, test.request)
			if got.Code != test.status || got.code() != test.code {
				t.Errorf("status %d code %q, want %d %q: %s", got.Code, got.code(), test.status, test.code, got.Body)
			}
			media := test.media
			if media == "" {
				media = jsonType
			}
			if contentType := got.Header().Get("Content-Type"); contentType != media+"; charset=utf-8" {
				t.Errorf("Content-Type %q, want %q", contentType, media)
			}
			if test.code != "" && (bytes.Contains(got.Body.Bytes(), []byte(`"data"`)) || got.Header().Get("Cache-Control") != "no-store") {
				t.Errorf("a request error with data or without no-store: %v %s", got.Header(), got.Body)
			}
		})
	}
}

func twoCredentials(body string) *http.Request {
	r := post(body)
	r.Header["Authorization"] = []string{"Bearer a", "Bearer b"}
	return r
}

func TestHostileBodies(t *testing.T) {
	tests := map[string]string{
		"empty":                   ``,
		"white space":             `  `,
		"null":                    `null`,
		"string":                  `"query"`,
		"number":                  `1`,
		"garbage":                 `xyz`,
		"truncated":               `{"query":"{wide}"`,
		"truncated in a string":   `{"query":"{wi`,
		"trailing bytes":          `{"query":"{wide}"}x`,
		"trailing value":          `{"query":"{wide}"} {"query":"{wide}"}`,
		"trailing NUL":            "{\"query\":\"{wide}\"}\x00",
		"duplicate name":          `{"query":"{wide}","query":"{order(id:1)}"}`,
		"duplicate, escaped":      `{"query":"{wide}","quer\u0079":"{order(id:1)}"}`,
		"duplicate in variables":  `{"query":"{wide}","variables":{"a":1,"a":2}}`,
		"duplicate in unknown":    `{"query":"{wide}","x":{"a":1,"a":2}}`,
		"wrong case":              `{"Query":"{wide}"}`,
		"wrong case besides":      `{"query":"{wide}","QUERY":"{wide}"}`,
		"no query":                `{"variables":{}}`,
		"empty query":             `{"query":""}`,
		"query null":              `{"query":null}`,
		"query object":            `{"query":{}}`,
		"query number":            `{"query":1}`,
		"operationName number":    `{"query":"{wide}","operationName":1}`,
		"variables array":         `{"query":"{wide}","variables":[]}`,
		"variables string":        `{"query":"{wide}","variables":"{}"}`,
		"extensions boolean":      `{"query":"{wide}","extensions":false}`,
		"documentId and query":    `{"query":"{wide}","documentId":"sha256:00"}`,
		"invalid UTF-8":           "{\"query\":\"{wide}#\xff\"}",
		"half a surrogate":        `{"query":"{wide}#\ud800"}`,
		"NUL":                     "{\"query\":\"{wide}#\x00\"}",
		"byte order mark":         "\xef\xbb\xbf" + `{"query":"{wide}"}`,
		"UTF-16":                  "{\x00\"\x00q\x00",
		"comment":                 `{"query":"{wide}"/**/}`,
		"trailing comma":          `{"query":"{wide}",}`,
		"single quotes":           `{'query':'{wide}'}`,
		"nested arrays":           `{"query":"{wide}","variables":{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}}`,
		"nested objects":          `{"query":"{wide}","variables":` + strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat("}", 5000) + `}`,
		"nested, unknown member":  `{"query":"{wide}","x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
		"nested, unclosed":        strings.Repeat("[", 200000),
		"bad number":              `{"query":"{wide}","variables":{"a":01}}`,
		"persistedQuery string":   `{"query":"{wide}","extensions":{"persistedQuery":"x"}}`,
		"persistedQuery version":  `{"query":"{wide}","extensions":{"persistedQuery":{"version":2,"sha256Hash":"00"}}}`,
		"persistedQuery bad hash": `{"query":"{wide}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"zz"}}}`,
	}
	executed := 0
	handler := serve(t, Options{}, func(context.Context, *graphql.OperationContext) *graphql.Response {
		executed++
		return &graphql.Response{Data: json.RawMessage(`{}`)}
	})
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			const secret = "13800138000"
			for _, accept := range []string{jsonType, graphqlType} {
				got := send(t, handler, post(body, "Accept", accept, "Authorization", "Bearer "+secret))
				if got.Code != http.StatusBadRequest || got.code() != "BAD_REQUEST" {
					t.Errorf("status %d code %q: %s", got.Code, got.code(), got.Body)
				}
				if got.Body.Len() > 400 || strings.Contains(got.Body.String(), secret) || strings.Contains(got.Body.String(), "wide") {
					t.Errorf("the answer repeats the request: %s", got.Body)
				}
			}
		})
	}
	if executed != 0 {
		t.Errorf("%d hostile bodies were executed", executed)
	}
}

func FuzzParseBody(f *testing.F) {
	f.Add([]byte(`{"query":"{wide}","variables":{"a":[1,{"b":null}]},"operationName":null}`))
	f.Add([]byte(`{"query":"{wide}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}`))
	f.Add([]byte(`[{"query":"{wide}"}]`))
	f.Add([]byte("{\"query\":\"\\ud800\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, refused := parse(respcache.Request{Raw: body})
		if refused != nil {
			if refused.status != http.StatusBadRequest || refused.code != codes.BadRequest || len(refused.message) > 200 {
				t.Fatalf("refusal %+v", refused)
			}
			return
		}
		var standard struct {
			Query         string
			OperationName string
			Variables     map[string]any
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if err := decoder.Decode(&standard); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if _, err := decoder.Token(); err != io.EOF {
			t.Fatal("accepted trailing bytes")
		}
		if p.Query != standard.Query || p.OperationName != standard.OperationName {
			t.Fatalf("%q %q, encoding/json reads %q %q", p.Query, p.OperationName, standard.Query, standard.OperationName)
		}
		ours, _ := json.Marshal(p.Variables)
		theirs, _ := json.Marshal(standard.Variables)
		if !bytes.Equal(ours, theirs) {
			t.Fatalf("variables %s, encoding/json reads %s", ours, theirs)
		}
	})
}

func TestNumbersStayExact(t *testing.T) {
	var variables map[string]any
	handler := serve(t, Options{}, func(_ context.Context, operation *graphql.OperationContext) *graphql.Response {
		variables = operation.Variables
		return &graphql.Response{Data: json.RawMessage(`{}`)}
	})
	const body = `{"query":"query($i:ID!,$l:[ID!]!,$a:Any){order(id:$i) many(ids:$l) any(value:$a)}",
		"variables":{"i":58218860983545941,"l":[58218860983545941,"9007199254740993"],"a":{"n":1.10}}}`
	if got := send(t, handler, post(body)); got.Code != http.StatusOK || got.code() != "" {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	id, _ := graphql.UnmarshalID(variables["i"])
	first, _ := graphql.UnmarshalID(variables["l"].([]any)[0])
	nested := variables["a"].(map[string]any)["n"]
	if id != "58218860983545941" || first != "58218860983545941" || nested != json.Number("1.10") {
		t.Errorf("id %v, first %v, nested %v", id, first, nested)
	}
}

func TestAnswerBody(t *testing.T) {
	handler := serve(t, Options{}, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
		scope.From(ctx).Meter.Add(upstream.Usage{Calls: 2, Points: 3, Hits: 1, Stale: 1})
		graphql.RegisterExtension(ctx, "b", 1)
		graphql.RegisterExtension(ctx, "a", "x")
		return &graphql.Response{
			// The odd spacing shows that data is not encoded again.
			Data:   json.RawMessage(`{ "order":"<张三>" }`),
			Errors: gqlerror.List{{Message: "ours", Extensions: map[string]any{"code": "UPSTREAM_TIMEOUT", "retryable": true}}},
		}
	})
	got := send(t, handler, post(query(`{order(id:1)}`), "X-Request-Id", "r-1"))
	const want = `{"errors":[{"message":"ours","extensions":{"code":"UPSTREAM_TIMEOUT","requestId":"r-1","retryable":true}}],` +
		`"data":{ "order":"<张三>" },"extensions":{"a":"x","b":1,"upstream":{"calls":2,"points":3,"hits":1,"stale":1}}}` + "\n"
	if got.Body.String() != want {
		t.Errorf("got  %s\nwant %s", got.Body, want)
	}
	if length := got.Header().Get("Content-Length"); length != strconv.Itoa(len(want)) {
		t.Errorf("Content-Length %s, want %d", length, len(want))
	}
}

func TestCaching(t *testing.T) {
	showing := func(left time.Duration, list ...*gqlerror.Error) exec {
		return func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			scope.From(ctx).Provenance.Add(upstream.Key{}, upstream.Result{Order: &upstream.Order{}, FreshUntil: time.Now().Add(left)})
			return &graphql.Response{Data: json.RawMessage(`{}`), Errors: list}
		}
	}
	failed := &gqlerror.Error{Message: "x", Extensions: map[string]any{"code": "UPSTREAM_ERROR"}}
	tests := map[string]struct {
		answer exec
		want   string
		vary   bool
	}{
		"fresh":          {showing(30*time.Second - time.Nanosecond), "private, max-age=29", true},
		"whole seconds":  {showing(30 * time.Second), "private, max-age=30", true},
		"stale":          {showing(-time.Minute), "private, max-age=0", true},
		"with an error":  {showing(time.Minute, failed), "no-store", false},
		"shows no order": {answerData(`{"order":null}`), "no-store", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := send(t, serve(t, Options{}, test.answer), post(query(`{order(id:1)}`)))
				if control := got.Header().Get("Cache-Control"); control != test.want {
					t.Errorf("Cache-Control %q, want %q", control, test.want)
				}
				want := "Accept, Accept-Encoding"
				if test.vary {
					want = "Authorization, " + want
				}
				if vary := got.Header()["Vary"]; !slices.Equal(vary, []string{want}) {
					t.Errorf("Vary %q, want %q", vary, want)
				}
			})
		})
	}
}

func TestNoCache(t *testing.T) {
	for value, want := range map[string]bool{
		"no-cache": true, "max-age=0": true, "No-Cache": true, "max-age=00": true, `max-age="0"`: true, "no-transform, max-age=0": true,
		"max-age=10": false, "no-store": false, "": false, "max-age=": false, "s-maxage=0": false, "x-no-cache": false,
	} {
		var fresh bool
		handler := serve(t, Options{}, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			fresh = scope.From(ctx).Freshness.NoCache
			return &graphql.Response{Data: json.RawMessage(`{}`)}
		})
		send(t, handler, post(query(`{wide}`), "Cache-Control", value))
		if fresh != want {
			t.Errorf("Cache-Control %q: NoCache is %v", value, fresh)
		}
	}
}

func TestRequestID(t *testing.T) {
	handler := serve(t, Options{}, nil)
	for id, taken := range map[string]bool{
		"a": true, "A-b_c.9": true, strings.Repeat("x", 128): true,
		strings.Repeat("x", 129): false, "a b": false, "a\tb": false, "ä": false, "a;b": false, "": false,
	} {
		got := send(t, handler, post(query(`{no}`), "X-Request-Id", id))
		answered := got.Header().Get("X-Request-Id")
		if taken != (answered == id) || !isRequestID(answered) {
			t.Errorf("id %q: answered %q", id, answered)
		}
		if inError := got.body.Errors[0].Extensions["requestId"]; inError != answered {
			t.Errorf("requestId %v in the error, %q in the header", inError, answered)
		}
	}
}

func TestRequestErrorsAreSmall(t *testing.T) {
	many := make(gqlerror.List, 500)
	for i := range many {
		many[i] = &gqlerror.Error{Message: strings.Repeat("长", 10000), Extensions: map[string]any{"code": "QUERY_TOO_COMPLEX"}}
	}
	long := &gqlerror.Error{
		Message:    "m",
		Extensions: map[string]any{"code": "GRAPHQL_VALIDATION_FAILED", "hint": strings.Repeat("h", 100000)},
	}
	for name, list := range map[string]gqlerror.List{"many": many, "long": {long}} {
		t.Run(name, func(t *testing.T) {
			got := send(t, serve(t, Options{}, answerErrors("", list...)), post(query(`{wide}`)))
			if got.Body.Len() >= 16<<10 {
				t.Errorf("%d bytes", got.Body.Len())
			}
			last := got.body.Errors[len(got.body.Errors)-1]
			if want := codeOf(list[0]); last.Extensions["code"] != want || last.Extensions["requestId"] == nil {
				t.Errorf("last error %+v, want code %s", last, want)
			}
			if len(list) > 1 && !strings.HasSuffix(last.Message, "more errors are not shown.") {
				t.Errorf("last message %q", last.Message)
			}
		})
	}
}

// An executed answer shows all errors: each belongs to a null in its data.
func TestExecutedErrorsAreComplete(t *testing.T) {
	many := make(gqlerror.List, 500)
	for i := range many {
		many[i] = &gqlerror.Error{Message: strings.Repeat("x", 100), Extensions: map[string]any{"code": "UPSTREAM_TIMEOUT"}}
	}
	got := send(t, serve(t, Options{}, answerErrors(`{"order":null}`, many...)), post(query(`{wide}`)))
	if len(got.body.Errors) != len(many) {
		t.Errorf("%d errors", len(got.body.Errors))
	}
}

func TestErrorsWithoutCodeAreHidden(t *testing.T) {
	shared := &gqlerror.Error{Message: "dial tcp 10.0.0.1: refused"}
	handler := serve(t, Options{}, answerErrors(`{"order":null}`, shared))
	got := send(t, handler, post(query(`{wide}`)))
	if got.code() != codes.Internal || strings.Contains(got.Body.String(), "10.0.0.1") {
		t.Errorf("%s", got.Body)
	}
	if shared.Extensions != nil {
		t.Error("an error that may be shared was changed")
	}
}

func TestPanicIsAnswered(t *testing.T) {
	var log bytes.Buffer
	options := Options{Log: jsonlog.NewLogger(&log, zerolog.InfoLevel, false)}
	handler := serve(t, options, func(context.Context, *graphql.OperationContext) *graphql.Response {
		panic("13800138000")
	})
	got := send(t, handler, post(query(`{wide}`), "Accept", graphqlType))
	if got.Code != http.StatusInternalServerError || got.code() != codes.Internal {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if strings.Contains(log.String(), "13800138000") || !strings.Contains(log.String(), "handler_test.go") {
		t.Errorf("log %s", log.String())
	}
}

func TestRequestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		late := &gqlerror.Error{Message: "late", Extensions: map[string]any{"code": codes.RequestTimeout}}
		handler := serve(t, Options{RequestTimeout: time.Second}, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			s := scope.From(ctx)
			if deadline, limited := ctx.Deadline(); limited || !s.Deadline.Equal(start.Add(time.Second)) {
				t.Errorf("the execution may last until %v, its orders until %v", deadline, s.Deadline)
			}
			s.Meter.Add(upstream.Usage{Calls: 1, Points: 2})
			return &graphql.Response{Data: json.RawMessage(`{"wide":null}`), Errors: gqlerror.List{late}}
		})
		got := send(t, handler, post(query(`{wide}`)))
		if got.Code != http.StatusGatewayTimeout || got.code() != codes.RequestTimeout || got.body.Errors[0].Extensions["retryable"] != true {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		if !strings.Contains(got.Body.String(), `"extensions":{"upstream":{"calls":1,"points":2,"hits":0,"stale":0}}`) {
			t.Errorf("the bill is missing: %s", got.Body)
		}
	})
}

func TestCallerWhoHungUpGetsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	handler := serve(t, Options{}, func(context.Context, *graphql.OperationContext) *graphql.Response {
		cancel()
		return nil
	})
	if got := send(t, handler, post(query(`{wide}`)).WithContext(ctx)); got.Body.Len() != 0 {
		t.Errorf("%s", got.Body)
	}
}

func TestOverload(t *testing.T) {
	busy := &gqlerror.Error{Message: "busy", Extensions: map[string]any{"code": codes.Overloaded}}
	got := send(t, serve(t, Options{}, answerErrors(`{"order":null}`, busy, busy)), post(query(`{wide}`)))
	if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") != "1" || got.code() != codes.Overloaded {
		t.Errorf("%d %v %s", got.Code, got.Header(), got.Body)
	}
	waiting := &gqlerror.Error{Message: "busy", Extensions: map[string]any{"code": codes.Overloaded, "retryAfterSeconds": 7}}
	got = send(t, serve(t, Options{}, answerErrors(`{"a":null,"b":null}`, busy, waiting)), post(query(`{wide}`)))
	if got.Header().Get("Retry-After") != "7" || got.body.Errors[0].Extensions["retryAfterSeconds"] != 7.0 {
		t.Errorf("%v %s", got.Header(), got.Body)
	}
	half := func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
		scope.From(ctx).Provenance.Add(upstream.Key{}, upstream.Result{Order: &upstream.Order{}, FreshUntil: time.Now()})
		return &graphql.Response{Data: json.RawMessage(`{"a":"x","b":null}`), Errors: gqlerror.List{busy}}
	}
	if got := send(t, serve(t, Options{}, half), post(query(`{wide}`))); got.Code != http.StatusOK || got.body.Data == nil {
		t.Errorf("a half answered request is lost: %d %s", got.Code, got.Body)
	}
}

// logOf returns the lines that one request writes.
func logOf(t *testing.T, answer exec) (lines []map[string]any, text string) {
	t.Helper()
	var log bytes.Buffer
	send(t, serve(t, Options{Log: jsonlog.NewLogger(&log, zerolog.InfoLevel, false)}, answer), post(query(`{wide}`)))
	for line := range strings.Lines(log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		lines = append(lines, fields)
	}
	return lines, log.String()
}

// A request writes one line, whatever failed in it, and it names the causes.
func TestRequestWritesOneLine(t *testing.T) {
	failed := func(code string, cause error) *gqlerror.Error {
		return &gqlerror.Error{Message: "m", Extensions: map[string]any{"code": code}, Err: cause}
	}
	var many gqlerror.List
	for i := range 1000 {
		many = append(many, failed("UPSTREAM_UNAVAILABLE", errors.New("refused")), failed("UPSTREAM_BAD_RESPONSE", fmt.Errorf("%d %s", i, strings.Repeat("\xff订", 10_000))))
	}
	for name, test := range map[string]struct {
		answer exec
		level  string
		causes []string // the beginning of each
	}{
		"nothing failed":       {answerData(`{"wide":"x"}`), "INFO", nil},
		"the upstream said so": {answerErrors(`{"wide":null}`, failed("QUOTA_EXHAUSTED", nil)), "INFO", nil},
		"a cause":              {answerErrors(`{"wide":null}`, failed("UPSTREAM_UNAVAILABLE", errors.New("refused"))), "WARN", []string{"refused"}},
		"1,000 causes":         {answerErrors(`{"wide":null}`, many...), "WARN", []string{"refused (1000 times)", "0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "993 others"}},
		"a fault of ours":      {answerErrors(`{"wide":null}`, failed(codes.Internal, errors.New("a fault"))), "ERROR", []string{"a fault"}},
		"a panic": {func(context.Context, *graphql.OperationContext) *graphql.Response {
			var none *parameters
			return &graphql.Response{Data: json.RawMessage(none.Query)}
		}, "ERROR", []string{"panic: runtime error: invalid memory address or nil pointer dereference\ngoroutine "}},
		"a panic with data": {func(context.Context, *graphql.OperationContext) *graphql.Response { panic("13800138000") }, "ERROR", []string{"panic: string\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			lines, text := logOf(t, test.answer)
			if len(lines) != 1 || len(text) > 32<<10 || strings.Contains(text, "13800138000") {
				t.Fatalf("%d lines, %d bytes: %.3000s", len(lines), len(text), text)
			}
			causes, _ := lines[0]["causes"].([]any)
			if lines[0]["level"] != test.level || len(causes) != len(test.causes) {
				t.Fatalf("%.3000s", text)
			}
			for i, want := range test.causes {
				if !strings.HasPrefix(causes[i].(string), want) {
					t.Errorf("cause %d is %.100s, want %s", i, causes[i], want)
				}
			}
			if strings.Contains(name, "panic") && !strings.Contains(text, "handler_test.go") {
				t.Errorf("the place of the panic is not named: %s", text)
			}
		})
	}
}

// brokenWriter can't be written to.
type brokenWriter struct{ *httptest.ResponseRecorder }

func (brokenWriter) Write([]byte) (int, error) { panic("13800138000") }

// A panic while the answer is sent is told in the same line.
func TestPanicWhileSendingWritesOneLine(t *testing.T) {
	var log bytes.Buffer
	handler := serve(t, Options{Log: jsonlog.NewLogger(&log, zerolog.InfoLevel, false)}, nil)
	handler.ServeHTTP(brokenWriter{httptest.NewRecorder()}, post(query(`{wide}`)))
	if line := log.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, `"level":"ERROR"`) || !strings.Contains(line, "handler_test.go") || strings.Contains(line, "13800138000") {
		t.Errorf("log %s", line)
	}
}

func TestRequestLog(t *testing.T) {
	var log bytes.Buffer
	options := Options{Log: jsonlog.NewLogger(&log, zerolog.InfoLevel, false)}
	handler := serve(t, options, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
		scope.From(ctx).Meter.Add(upstream.Usage{Calls: 1, Points: 2, Hits: 3})
		scope.From(ctx).Provenance.Add(upstream.Key{}, upstream.Result{Points: 5, Source: upstream.SourceMemory})
		failed := &gqlerror.Error{Message: "m", Extensions: map[string]any{"code": "UPSTREAM_ERROR"}}
		return &graphql.Response{Data: json.RawMessage(`{}`), Errors: gqlerror.List{failed, failed}}
	})
	long := strings.Repeat("N", 1000)
	body := `{"query":"query ` + long + `($i:ID!){order(id:$i)}","variables":{"i":"13800138000"}}`
	send(t, handler, post(body, "X-Request-Id", "r-1", "Authorization", "Bearer tok-secret"))
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("not one line of JSON: %v\n%s", err, log.String())
	}
	if line["duration_ms"].(float64) < 0 {
		t.Errorf("duration %v", line["duration_ms"])
	}
	if hash := line["op_hash"]; hash != digestOf("query "+long+"($i:ID!){order(id:$i)}") {
		t.Errorf("op_hash %v", hash)
	}
	for _, name := range []string{"time", "duration_ms", "op_hash"} {
		delete(line, name)
	}
	want := map[string]any{
		"level": "INFO", "msg": "request", "request_id": "r-1", "op_type": "query", "op_name": long[:64],
		"client": "unknown", "status": 200.0, "calls": 1.0, "points": 2.0, "hits": 3.0, "saved": 5.0, "source": "memory",
	}
	codes := line["error_codes"]
	delete(line, "error_codes")
	if !maps.Equal(line, want) || !slices.Equal(codes.([]any), []any{"UPSTREAM_ERROR"}) {
		t.Errorf("line %v %v, want %v", line, codes, want)
	}
	if strings.Contains(log.String(), "13800138000") || strings.Contains(log.String(), "secret") {
		t.Errorf("the log tells too much: %s", log.String())
	}
}
