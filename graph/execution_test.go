package graph

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.uber.org/goleak"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeOrders is an upstream that remembers what it was asked. Without an answer of its own, it knows
// every order.
type fakeOrders struct {
	answer func(ctx context.Context, request upstream.Request) (upstream.Result, error)

	mu       sync.Mutex
	requests []upstream.Request
}

func (o *fakeOrders) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	o.mu.Lock()
	o.requests = append(o.requests, request)
	o.mu.Unlock()
	if o.answer != nil {
		return o.answer(ctx, request)
	}
	return upstream.Result{Order: &upstream.Order{ID: request.Key.ID, WebSite: request.Key.Site, Edition: request.Key.Edition}}, nil
}

// calls lists the calls as texts, sorted: site, edition, id, domains and keys.
func (o *fakeOrders) calls() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, request := range o.requests {
		key := request.Key
		text := strings.Join([]string{key.Site.String(), key.Edition.String(), key.ID.String(), request.Needs.Domains.String()}, " ")
		list = append(list, strings.Join(append([]string{text}, request.Needs.AttributeKeys...), " "))
	}
	slices.Sort(list)
	return list
}

// server executes operations without HTTP.
type server struct {
	executor graphql.GraphExecutor
}

func newServer(t testing.TB, options Options) *server {
	t.Helper()
	if options.SDL == "" {
		options.SDL = "the schema"
	}
	if options.Orders == nil {
		options.Orders = &fakeOrders{}
	}
	executor, err := newOperations(options)
	if err != nil {
		t.Fatal(err)
	}
	return &server{executor: executor}
}

// run executes a query; variables is JSON or empty.
func (s *server) run(t testing.TB, ctx context.Context, query, variables string) *graphql.Response {
	t.Helper()
	parameters := &graphql.RawParams{Query: query}
	if variables != "" {
		decoder := json.NewDecoder(strings.NewReader(variables))
		decoder.UseNumber()
		if err := decoder.Decode(&parameters.Variables); err != nil {
			t.Fatal(err)
		}
	}
	return s.execute(ctx, parameters)
}

func (s *server) execute(ctx context.Context, parameters *graphql.RawParams) *graphql.Response {
	ctx = graphql.StartOperationTrace(ctx)
	operation, mistakes := s.executor.CreateOperationContext(ctx, parameters)
	if len(mistakes) > 0 {
		return s.executor.DispatchError(graphql.WithOperationContext(ctx, operation), mistakes)
	}
	next, ctx := s.executor.DispatchOperation(ctx, operation)
	return next(ctx)
}

// faults lists errors as texts: the code and the path.
func faults(list gqlerror.List) []string {
	var texts []string
	for _, err := range list {
		code, _ := err.Extensions["code"].(string)
		texts = append(texts, strings.TrimSpace(code+" "+err.Path.String()))
	}
	slices.Sort(texts)
	return texts
}

func check(t *testing.T, response *graphql.Response, data string, want ...string) {
	t.Helper()
	if string(response.Data) != data {
		t.Errorf("data %s, want %s", response.Data, data)
	}
	if got := faults(response.Errors); !slices.Equal(got, want) {
		t.Errorf("errors %q, want %q: %v", got, want, response.Errors)
	}
	for _, err := range response.Errors {
		if _, ok := err.Extensions["retryable"].(bool); !ok {
			t.Errorf("%s: retryable is %v", err.Message, err.Extensions["retryable"])
		}
	}
}

func TestEachDistinctOrderIsOneCallInAnyMix(t *testing.T) {
	tests := []struct {
		name, query, variables string
		calls                  []string
	}{
		{
			"three aliases", `{a:order(id:1){invoice{title}} b:order(id:1){reviews{reviewsOfBuyer{content}}} c:order(id:1){id}}`, "",
			[]string{"CN_1688 V1 1 RateDetail,OrderInvoice"},
		},
		{"text and number", `{a:order(id:1){id} b:order(id:"1"){id}}`, "", []string{"CN_1688 V1 1 GuaranteesTerms"}},
		{"every digit", `{order(id:9223372036854775807){id}}`, "", []string{"CN_1688 V1 9223372036854775807 GuaranteesTerms"}},
		{
			"sites and editions", `{a:order(id:1){id} b:order(id:1,webSite:ALIBABA){id} c:order(id:1,edition:V2){id}}`, "",
			[]string{"ALIBABA V1 1 GuaranteesTerms", "CN_1688 V1 1 GuaranteesTerms", "CN_1688 V2 1 GuaranteesTerms"},
		},
		{
			"a list with duplicates", `query($ids:[ID!]!){orders(ids:$ids){id}}`, `{"ids":[2,"1",1,"2",2]}`,
			[]string{"CN_1688 V1 1 GuaranteesTerms", "CN_1688 V1 2 GuaranteesTerms"},
		},
		{"one id for a list", `query($ids:[ID!]!){orders(ids:$ids){id}}`, `{"ids":7}`, []string{"CN_1688 V1 7 GuaranteesTerms"}},
		{
			"all three roots",
			`query($r:[_Any!]!){a:order(id:1){invoice{title}} b:orders(ids:[1,"2"]){domesticShipping{city}} _entities(representations:$r){...on Order{guarantees{__typename}}}}`,
			`{"r":[{"__typename":"Order","webSite":"CN_1688","id":1},{"__typename":"Order","webSite":"CN_1688","id":"1"},{"__typename":"Order","webSite":"ALIBABA","id":"1"}]}`,
			[]string{"ALIBABA V1 1 GuaranteesTerms", "CN_1688 V1 1 GuaranteesTerms,NativeLogistics,OrderInvoice", "CN_1688 V1 2 NativeLogistics"},
		},
		{
			"attribute keys", `query($k:[String!]){a:order(id:1){extraAttributes(keys:["b","a"]){key}} b:order(id:1){extraAttributes(keys:$k){key}}}`, `{"k":"c"}`,
			[]string{"CN_1688 V1 1 GuaranteesTerms a b c"},
		},
		{
			"fragments at the root", `{...f ...f order(id:1){id}} fragment f on Query{order(id:1){invoice{title}} x:order(id:2){id}}`, "",
			[]string{"CN_1688 V1 1 OrderInvoice", "CN_1688 V1 2 GuaranteesTerms"},
		},
		{
			"skipped roots", `query($s:Boolean!){order(id:1)@skip(if:$s){id} x:order(id:2)@include(if:$s){id} ...@skip(if:$s){y:order(id:3){id}}}`, `{"s":true}`,
			[]string{"CN_1688 V1 2 GuaranteesTerms"},
		},
		{"a wrong id", `{a:order(id:"x"){id} b:orders(ids:["0","1"]){id}}`, "", []string{"CN_1688 V1 1 GuaranteesTerms"}},
		{"no orders", `{__typename _service{sdl} __schema{queryType{name}}}`, "", nil},
		{"an operation of several", `query A{order(id:1){id}}`, "", []string{"CN_1688 V1 1 GuaranteesTerms"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			orders := &fakeOrders{}
			response := newServer(t, Options{Orders: orders}).run(t, t.Context(), test.query, test.variables)
			if calls := orders.calls(); !slices.Equal(calls, test.calls) {
				t.Errorf("calls %q, want %q", calls, test.calls)
			}
			for _, err := range response.Errors {
				if err.Extensions["code"] != codes.BadUserInput {
					t.Errorf("%v", err)
				}
			}
		})
	}
}

func TestWrongIDsFailAloneWithoutACall(t *testing.T) {
	for _, id := range []string{`""`, `"0"`, `"01"`, `"x"`, `"1.0"`, `"+1"`, `" 1"`, `"１"`, `"9223372036854775808"`, `99999999999999999999`, `-1`, `0`, `"1e3"`} {
		orders := &fakeOrders{}
		response := newServer(t, Options{Orders: orders}).run(t, t.Context(), `{order(id:`+id+`){id} list:orders(ids:[`+id+`,"1"]){id}}`, "")
		check(t, response, `{"order":null,"list":[null,{"id":"1"}]}`, "BAD_USER_INPUT list[0]", "BAD_USER_INPUT order")
		if calls := orders.calls(); len(calls) != 1 {
			t.Errorf("%s: calls %q", id, calls)
		}
	}
	for _, id := range []string{`1.5`, `1e400`, `true`, `null`, `{}`, `[1]`, `1.0`} {
		orders := &fakeOrders{}
		response := newServer(t, Options{Orders: orders}).run(t, t.Context(), `query($id:ID!){order(id:$id){id}}`, `{"id":`+id+`}`)
		if len(response.Errors) != 1 || response.Errors[0].Extensions["code"] != codes.BadUserInput || len(orders.calls()) != 0 {
			t.Errorf("%s: %v, calls %q", id, response.Errors, orders.calls())
		}
	}
}

func TestAListKeepsOrderAndLength(t *testing.T) {
	orders := &fakeOrders{answer: func(_ context.Context, request upstream.Request) (upstream.Result, error) {
		switch request.Key.ID {
		case 2:
			return upstream.Result{}, nil
		case 3:
			return upstream.Result{}, &upstream.Error{Kind: upstream.KindAccountNotFound, Status: 103}
		}
		return upstream.Result{Order: &upstream.Order{ID: request.Key.ID}}, nil
	}}
	server := newServer(t, Options{Orders: orders})
	response := server.run(t, t.Context(), `{x:orders(ids:[4,3,2,1,3,"y"]){id}}`, "")
	check(
		t, response, `{"x":[{"id":"4"},null,null,{"id":"1"},null,null]}`,
		"ACCOUNT_NOT_FOUND x[1]", "ACCOUNT_NOT_FOUND x[4]", "BAD_USER_INPUT x[5]",
	)
	check(t, server.run(t, t.Context(), `{orders(ids:[]){id}}`, ""), `{"orders":[]}`)
}

func TestEntities(t *testing.T) {
	server := newServer(t, Options{Orders: &fakeOrders{answer: func(_ context.Context, request upstream.Request) (upstream.Result, error) {
		if request.Key.ID == 404 {
			return upstream.Result{}, nil
		}
		return upstream.Result{Order: &upstream.Order{ID: request.Key.ID, WebSite: request.Key.Site}}, nil
	}}})
	const query = `query($r:[_Any!]!){_entities(representations:$r){__typename ...on Order{id webSite edition}}}`
	response := server.run(t, t.Context(), query, `{"r":[
		{"__typename":"Order","webSite":"CN_1688","id":"58218860983545941"},
		{"__typename":"Order","id":58218860983545941,"webSite":"ALIBABA","more":1},
		{"__typename":"Order","webSite":"CN_1688","id":404},
		{"__typename":"Order","webSite":"CN_1688"}, {"__typename":"Order","webSite":"CN_1688","id":null}, {"__typename":"Order","webSite":"CN_1688","id":true}, {"__typename":"Order","webSite":"CN_1688","id":1.5},
		{"__typename":"Order","id":"1","webSite":"1688"}, {"__typename":"Order","id":"1","webSite":5},
		{"__typename":"Product","id":"1"}, {"webSite":"CN_1688","id":"1"}, 5, "x", [], [[]], {"__typename":["Order"],"webSite":"CN_1688","id":"1"},
		{"__typename":"Order","id":"1"}, {"__typename":"Order","webSite":null,"id":"1"}, {"__typename":"Order","webSite":"","id":"1"}, {"__typename":"Order","webSite":["ALIBABA"],"id":"1"}
	]}`)
	want := []string{}
	for _, index := range []string{"10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "3", "4", "5", "6", "7", "8", "9"} {
		want = append(want, "BAD_USER_INPUT _entities["+index+"]")
	}
	check(t, response, `{"_entities":[{"__typename":"Order","id":"58218860983545941","webSite":"CN_1688","edition":"V1"},`+
		`{"__typename":"Order","id":"58218860983545941","webSite":"ALIBABA","edition":"V1"},`+strings.TrimSuffix(strings.Repeat("null,", 18), ",")+`]}`, want...)

	response = server.run(t, t.Context(), `{_entities(representations:[{__typename:"Order",webSite:CN_1688,id:99999999999999999999},{__typename:"Order",webSite:CN_1688,id:12345678901234567},{__typename:"Order",webSite:CN_1688,id:1e400}]){...on Order{id}}}`, "")
	check(t, response, `{"_entities":[null,{"id":"12345678901234567"},null]}`, "BAD_USER_INPUT _entities[0]", "BAD_USER_INPUT _entities[2]")
}

func TestTheRouterSecretGuardsFederation(t *testing.T) {
	const query = `{_service{sdl}}`
	const entities = `{_entities(representations:[{__typename:"Order",webSite:CN_1688,id:1}]){__typename}}`
	orders := &fakeOrders{}
	guarded := newServer(t, Options{Orders: orders, RouterSecret: "secret", NoIntrospection: true})
	trusted := scope.With(t.Context(), &scope.Scope{RouterTrusted: true})

	check(t, guarded.run(t, t.Context(), query, ""), `null`, "UNAUTHENTICATED _service")
	check(t, guarded.run(t, t.Context(), entities, ""), `{"_entities":[null]}`, "UNAUTHENTICATED _entities")
	if calls := orders.calls(); len(calls) != 0 {
		t.Errorf("calls %q without the secret", calls)
	}
	check(t, guarded.run(t, trusted, query, ""), `{"_service":{"sdl":"the schema"}}`)
	check(t, guarded.run(t, trusted, entities, ""), `{"_entities":[{"__typename":"Order"}]}`)
	check(t, guarded.run(t, trusted, `{__schema{queryType{name}}}`, ""), `{"__schema":{"queryType":{"name":"Query"}}}`)

	open := newServer(t, Options{})
	check(t, open.run(t, t.Context(), query, ""), `{"_service":{"sdl":"the schema"}}`)
}

func TestWithoutIntrospection(t *testing.T) {
	server := newServer(t, Options{NoIntrospection: true})
	check(t, server.run(t, t.Context(), `{_service{sdl} __typename}`, ""), `{"_service":{"sdl":"the schema"},"__typename":"Query"}`)
	for _, query := range []string{`{__schema{queryType{name}}}`, `{x:__type(name:"Order"){name}}`, `{...f order(id:1){id}} fragment f on Query{__schema{queryType{name}}}`} {
		check(t, server.run(t, t.Context(), query, ""), "", "GRAPHQL_VALIDATION_FAILED")
	}
	for _, query := range []string{`{order(id:1){idd}}`, `{order(id:1,webSite:CN_168){id}}`, `{order(id:1,edition:"V"){id}}`, `{order(idd:1,id:1){id}}`, `{order(id:1){buyer}}`, `{order(id:1){...on Orde{id}}}`} {
		response := server.run(t, t.Context(), query, "")
		for _, err := range response.Errors {
			if strings.Contains(err.Message, "Did you mean") {
				t.Errorf("%s: %s", query, err.Message)
			}
		}
		if len(response.Errors) == 0 {
			t.Errorf("%s passed", query)
		}
	}
	hinting := newServer(t, Options{})
	if response := hinting.run(t, t.Context(), `{order(id:1){idd}}`, ""); !strings.Contains(response.Errors[0].Message, "Did you mean") {
		t.Errorf("no hint in %q, though introspection is on", response.Errors[0].Message)
	}
}

func TestDeferIsUnknown(t *testing.T) {
	response := newServer(t, Options{}).run(t, t.Context(), `{order(id:1){...@defer{id}}}`, "")
	check(t, response, "", "GRAPHQL_VALIDATION_FAILED")
}

func TestTooManyOrdersAreRefusedBeforeAnyCall(t *testing.T) {
	orders := &fakeOrders{}
	server := newServer(t, Options{Orders: orders, MaxOrders: 3})
	refused := map[string]string{
		`{orders(ids:[1,2,3,4]){id}}`:               "",
		`{order(id:1){id} orders(ids:[2,3,4]){id}}`: "",
		`{a:order(id:1){id} b:order(id:1,edition:V2){id} c:order(id:1,webSite:ALIBABA){id} d:order(id:2){id}}`: "",
		`query($r:[_Any!]!){orders(ids:[1,2]){id} _entities(representations:$r){__typename}}`:                  `{"r":[{"__typename":"Order","webSite":"CN_1688","id":3},{"__typename":"Order","webSite":"CN_1688","id":4}]}`,
		`{orders(ids:["x","x","x","x"]){id}}`:                                                 "",
		`{orders(ids:[1,1,1,1]){id}}`:                                                         "",
		`{a:orders(ids:[1,1]){id} b:orders(ids:[1,1]){id}}`:                                   "",
		`query($n:[String!]!){orders(ids:[1,1,1,1]){extraAttributes(keys:$n){key}}}`:          `{"n":[]}`,
		`query($r:[_Any!]!){orders(ids:[1,1]){id} _entities(representations:$r){__typename}}`: `{"r":[{"__typename":"Order","webSite":"CN_1688","id":1},{}]}`,
	}
	for query, variables := range refused {
		response := server.run(t, t.Context(), query, variables)
		check(t, response, "", "QUERY_TOO_COMPLEX")
		err := response.Errors[0]
		if !strings.Contains(err.Message, "max-orders is 3") || err.Extensions["limit"] != "max-orders" || err.Extensions["maximum"] != 3 {
			t.Errorf("%s %v doesn't name the limit", err.Message, err.Extensions)
		}
	}
	if calls := orders.calls(); len(calls) != 0 {
		t.Errorf("calls %q", calls)
	}
	check(t, server.run(t, t.Context(), `{order(id:1){id} orders(ids:[1,2,1]){id}}`, ""), `{"order":{"id":"1"},"orders":[{"id":"1"},{"id":"2"},{"id":"1"}]}`)
}

func TestTooManyAttributeKeysAreRefusedBeforeAnyCall(t *testing.T) {
	orders := &fakeOrders{}
	server := newServer(t, Options{Orders: orders, MaxAttributeKeys: 3})
	for query, variables := range map[string]string{
		`{order(id:1){extraAttributes(keys:["a","b","c","d"]){key}}}`:                                                                             "",
		`{order(id:1){extraAttributes(keys:["a","b"]){key} x:extraAttributes(keys:["c","d"]){key}}}`:                                              "",
		`{a:order(id:1){extraAttributes(keys:["a","b"]){key}} b:order(id:2){extraAttributes(keys:["c","d"]){key}}}`:                               "",
		`query($k:[String!]){orders(ids:[1,2]){...F}}fragment F on Order{extraAttributes(keys:$k){key}}`:                                          `{"k":["a","b","c","d"]}`,
		`query($k:String!){orders(ids:[1]){extraAttributes(keys:["a","b","c",$k]){key}}}`:                                                         `{"k":"d"}`,
		`{_entities(representations:[{__typename:"Order",webSite:"CN_1688",id:"1"}]){...on Order{extraAttributes(keys:["a","b","c","d"]){key}}}}`: "",
	} {
		response := server.run(t, t.Context(), query, variables)
		check(t, response, "", "QUERY_TOO_COMPLEX")
		err := response.Errors[0]
		if !strings.Contains(err.Message, "max-attribute-keys is 3") || err.Extensions["limit"] != "max-attribute-keys" || err.Extensions["maximum"] != 3 {
			t.Errorf("%s %v doesn't name the limit", err.Message, err.Extensions)
		}
	}
	if calls := orders.calls(); len(calls) != 0 {
		t.Errorf("calls %q", calls)
	}
	twice := `query($k:[String!]){a:order(id:1){extraAttributes(keys:["a","b"]){key} y:extraAttributes(keys:$k){key}} b:order(id:1){extraAttributes(keys:["c","a"]){key}}}`
	check(t, server.run(t, t.Context(), twice, `{"k":["b","a","b","a"]}`), `{"a":{"extraAttributes":[],"y":[]},"b":{"extraAttributes":[]}}`)
	if calls := orders.calls(); len(calls) != 1 || !strings.HasSuffix(calls[0], " a b c") {
		t.Errorf("calls %q", calls)
	}
}

// decodedOrder is an order as the upstream's answer body is read.
func decodedOrder(t testing.TB, id upstream.OrderID, body string) *upstream.Order {
	t.Helper()
	answer, err := upstream.DecodeAnswer([]byte(body), upstream.Key{ID: id}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return answer.Order
}

func readText(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
