package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ordergraph/graph"
	"ordergraph/upstream"
)

// hostileRequests are valid documents of a stranger who has no token, each written to cause work before
// it is refused. want is the limit that refuses it, or the code of its errors.
var hostileRequests = []struct{ name, query, variables, want string }{
	{"120,000 values", `query($i:[ID!]!){orders(ids:$i){id}}`, `{"i":[` + strings.Repeat("1,", 120_000) + `1]}`, "json-values"},
	{"80,000 lists", `{order(id:1){id}}`, `{"i":[` + strings.Repeat("[],", 80_000) + `[]]}`, "json-values"},
	{"80,000 objects", `{order(id:1){id}}`, `{"i":[` + strings.Repeat("{},", 80_000) + `{}]}`, "json-values"},
	{"10,000 members", `{order(id:1){id}}`, `{` + strings.TrimSuffix(numberedText(10_001, `"m%d":0,`), ",") + `}`, "json-values"},
	{
		"one id 1,000 times, 8,000 keys", `query($i:[ID!]!,$k:[String!]){orders(ids:$i){extraAttributes(keys:$k){key}}}`,
		`{"i":` + textList(1000, "1") + `,"k":` + textList(8_000, "k%d") + `}`, "max-orders",
	},
	{
		"100 times one id, 9,000 keys", `query($i:[ID!]!,$k:[String!]){orders(ids:$i){extraAttributes(keys:$k){key}}}`,
		`{"i":` + textList(100, "1") + `,"k":` + textList(9_000, "k%d") + `}`, "UNAUTHENTICATED",
	},
	{
		"8,000 times a key in each of 150 fields", `query($k:[String!]){order(id:1){` + strings.Repeat("extraAttributes(keys:$k){key}", 150) + `}}`,
		`{"k":` + textList(8_000, "k") + `}`, "UNAUTHENTICATED",
	},
	{
		"9,000 keys below 20 root fields", `query($k:[String!]){` + numberedText(20, "a%d:order(id:1){...F}") + `}fragment F on Order{extraAttributes(keys:$k){key}}`,
		`{"k":` + textList(9_000, "k%d") + `}`, "UNAUTHENTICATED",
	},
	{"9,000 ids", `query($i:[ID!]!){orders(ids:$i){id}}`, `{"i":[` + strings.Repeat("1,", 9_000) + `1]}`, "max-orders"},
	{"9,000 ids that are none", `query($i:[ID!]!){orders(ids:$i){id}}`, `{"i":` + textList(9_000, "") + `}`, "max-orders"},
	{
		"9,000 ids in each of 20 root fields", `query($i:[ID!]!){` + numberedText(20, "a%d:orders(ids:$i){id}") + `}`,
		`{"i":` + textList(9_000, "1") + `}`, "max-orders",
	},
	{
		"9,000 ids and a null", `query($i:[ID!]!,$n:[String!]!=[]){orders(ids:$i){extraAttributes(keys:$n){key}}}`,
		`{"n":null,"i":` + textList(9_000, "1") + `}`, "",
	},
	{
		"9,000 representations", `query($r:[_Any!]!){_entities(representations:$r){__typename}}`,
		`{"r":[` + strings.Repeat("{},", 9_000) + `{}]}`, "max-orders",
	},
	{
		"a representation of 9,000 members", `query($r:[_Any!]!){_entities(representations:$r){__typename}}`,
		`{"r":[{` + strings.TrimSuffix(numberedText(9_000, `"m%d":0,`), ",") + `}]}`, "UNAUTHENTICATED",
	},
	{
		"a representation 5,000 deep", `query($r:[_Any!]!){_entities(representations:$r){__typename}}`,
		`{"r":[` + strings.Repeat(`{"a":`, 5000) + `0` + strings.Repeat(`}`, 5000) + `]}`, "",
	},
	{
		"20 lists of literal representations", `{` + numberedText(20, `a%d:_entities(representations:[{a:1,b:2,c:3},{a:1,b:2,c:3},{a:1,b:2,c:3},{a:1,b:2,c:3}]){__typename}`) + `}`,
		"", "UNAUTHENTICATED",
	},
	{
		"a key of 200 KB in 20 root fields", `{` + numberedText(20, "a%d:order(id:1){...F}") + `}fragment F on Order{extraAttributes(keys:["` + strings.Repeat("k", 200_000) + `"]){key}}`,
		"", "UNAUTHENTICATED",
	},
	{
		"an id of 200 KB in 20 root fields", `query($i:ID!){` + numberedText(20, "a%d:order(id:$i){id}") + `}`,
		`{"i":"` + strings.Repeat("1", 200_000) + `"}`, "UNAUTHENTICATED",
	},
	{
		"a block text of 50,000 lines", `{order(id:1){extraAttributes(keys:["""` + strings.Repeat("\n a", 50_000) + `"""]){key}}}`, "", "UNAUTHENTICATED",
	},
	{
		"a text of 30,000 escapes", `{order(id:1){extraAttributes(keys:["` + strings.Repeat(`\u0041`, 30_000) + `"]){key}}}`, "", "UNAUTHENTICATED",
	},
	{
		"a list of 1,900 keys", `{order(id:1){extraAttributes(keys:[` + strings.TrimSuffix(numberedText(1900, `"k%d",`), ",") + `]){key}}}`, "", "UNAUTHENTICATED",
	},
	{
		"a list of 1,600 keys, spread in 20 root fields",
		`{` + numberedText(20, "a%d:order(id:1){...F}") + `}fragment F on Order{extraAttributes(keys:[` + strings.TrimSuffix(numberedText(1600, `"k%d",`), ",") + `]){key}}`,
		"", "UNAUTHENTICATED",
	},
	{
		"100 fragments with arguments", `query($k:[String!]){order(id:1){` + numberedText(100, "...F%d ") + `}}` + numberedText(100, "fragment F%d on Order{extraAttributes(keys:$k){key}}"),
		`{"k":` + textList(9_000, "k") + `}`, "UNAUTHENTICATED",
	},
	{
		"a default of 1,900 keys", `query($k:[String!]=[` + strings.TrimSuffix(numberedText(1900, `"k%d",`), ",") + `]){order(id:1){extraAttributes(keys:$k){key}}}`, "", "UNAUTHENTICATED",
	},
	{"one field 990 times", `{order(id:1){` + strings.Repeat("id ", 990) + `}}`, "", "UNAUTHENTICATED"},
	{"one object 480 times", `{order(id:1){` + strings.Repeat("total{amount}", 480) + `}}`, "", "UNAUTHENTICATED"},
	{"990 fields of a few fragments", spreadDocument(6), "", "UNAUTHENTICATED"},
	{
		"20 root fields of one fragment of 45 fields", `{` + numberedText(20, "a%d:order(id:1){...F}") + `}fragment F on Order{` + strings.Repeat("id total{amount} ", 15) + `}`, "", "UNAUTHENTICATED",
	},
	{"100 places", `{orders(ids:[` + strings.Repeat("1,", 99) + `1]){id}}`, "", "UNAUTHENTICATED"},
	{"a document of white space", `{order(id:1){id` + strings.Repeat(" ", 240_000) + `}}`, "", "UNAUTHENTICATED"},
	{
		"30 aliases of 200 KB in all", `{` + numberedText(20, strings.Repeat("a", 10_000)+"%d:order(id:1){id}") + `}`, "", "UNAUTHENTICATED",
	},
}

// spreadDocument spreads each of its fragments twice in the one before.
func spreadDocument(depth int) string {
	var text strings.Builder
	text.WriteString("{order(id:1){lineItems{...F0}}}")
	for i := range depth {
		fmt.Fprintf(&text, "fragment F%d on OrderLineItem{shipments{lineItems{...F%[2]d}} shipments{id lineItems{id ...F%[2]d}}}", i, i+1)
	}
	fmt.Fprintf(&text, "fragment F%d on OrderLineItem{id name quantity}", depth)
	return text.String()
}

// textList is a JSON list of count texts.
func textList(count int, format string) string {
	texts := make([]string, count)
	for i := range texts {
		texts[i] = format
		if strings.Contains(format, "%d") {
			texts[i] = fmt.Sprintf(format, i)
		}
	}
	list, _ := json.Marshal(texts)
	return string(list)
}

func numberedText(count int, format string) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, format, i)
	}
	return text.String()
}

func passThrough(t testing.TB) http.Handler {
	t.Helper()
	return newHandler(t, graph.Options{RequireToken: true, Orders: upstreamFunc(func(context.Context, upstream.Request) (upstream.Result, error) {
		t.Error("an order was asked for without a token")
		return upstream.Result{}, &upstream.Error{Kind: upstream.KindUnauthenticated}
	})})
}

func TestHostileRequestsAreRefused(t *testing.T) {
	handler := passThrough(t)
	for _, test := range hostileRequests {
		t.Run(test.name, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, hostileRequest(t, requestBody(t, test.query, test.variables)))
			var body answerBody
			if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			if len(body.Errors) == 0 {
				t.Fatalf("not refused: %.300s", recorder.Body)
			}
			if size := recorder.Body.Len(); size > 512<<10 {
				t.Errorf("the answer takes %d bytes", size)
			}
			for _, failure := range body.Errors {
				if code, limit := failure.Extensions["code"], failure.Extensions["limit"]; test.want != "" && code != test.want && limit != test.want {
					t.Errorf("%v %v, want %s", code, limit, test.want)
				}
			}
		})
	}
}

func hostileRequest(t testing.TB, body []byte) *http.Request {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	return request
}

// BenchmarkHostileRequests shows what a byte of a hostile request costs: about 1 µs is the most that any
// may, and memory a small multiple of its size.
func BenchmarkHostileRequests(b *testing.B) {
	handler := passThrough(b)
	for _, test := range hostileRequests {
		b.Run(strings.ReplaceAll(test.name, ",", ""), func(b *testing.B) {
			size, number := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				number++
				// No document comes twice, so that each is parsed and validated.
				body := requestBody(b, test.query+fmt.Sprintf("#%d", number), test.variables)
				size = len(body)
				request := hostileRequest(b, body)
				b.StartTimer()
				handler.ServeHTTP(httptest.NewRecorder(), request)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/byte")
		})
	}
}
