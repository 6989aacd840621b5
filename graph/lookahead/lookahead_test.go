package lookahead

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"ordergraph/upstream"
)

//go:embed testdata/schema.graphqls
var schemaText string

func loadSchema(t testing.TB, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: text})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func compile(t testing.TB) (*Plan, *ast.Schema) {
	t.Helper()
	schema := loadSchema(t, schemaText)
	plan, err := Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	return plan, schema
}

// rootField validates a query and returns its first field, with the coerced variables.
func rootField(t testing.TB, schema *ast.Schema, query string, variables map[string]any) (*ast.Field, map[string]any) {
	t.Helper()
	document, errs := gqlparser.LoadQueryWithRules(schema, query, nil)
	if errs != nil {
		t.Fatalf("%s: %v", query, errs)
	}
	coerced, err := validator.VariableValues(schema, document.Operations[0], variables)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return document.Operations[0].SelectionSet[0].(*ast.Field), coerced
}

func TestNeeds(t *testing.T) {
	const (
		none       = upstream.Domains(0)
		guarantees = upstream.DomainGuaranteesTerms
		logistics  = upstream.DomainNativeLogistics
		rates      = upstream.DomainRateDetail
		invoice    = upstream.DomainOrderInvoice
	)
	type variables = map[string]any
	tests := []struct {
		name      string
		query     string
		variables variables
		domains   upstream.Domains
		keys      []string
	}{
		{name: "plain fields", query: `{order(id:1){id status __typename buyer{name}}}`, domains: none},
		{name: "one domain", query: `{order(id:1){shipping{city}}}`, domains: logistics},
		{name: "an alias", query: `{order(id:1){x: invoice{id}}}`, domains: invoice},
		{name: "all domains", query: `{order(id:1){shipping{city} invoice{id} guarantees{name} reviews{ofBuyer{text}}}}`, domains: logistics | invoice | guarantees | rates},
		{name: "below a plain field", query: `{order(id:1){lineItems{shipments{id}}}}`, domains: logistics},
		{name: "a parent that only leads there", query: `{order(id:1){reviews{status}}}`, domains: none},
		{name: "deep", query: `{order(id:1){buyer{self{self{reviews{ofSeller{text}}}}}}}`, domains: rates},
		{name: "through links", query: `{order(id:1){shipping{shipments{lineItems{guarantees{name}}}}}}`, domains: logistics | guarantees},
		{name: "orders", query: `{orders(ids:[1]){invoice{id}}}`, domains: invoice},

		{name: "an inline fragment", query: `{order(id:1){... on Order{invoice{id}}}}`, domains: invoice},
		{name: "an inline fragment without a type", query: `{order(id:1){... {invoice{id}}}}`, domains: invoice},
		{name: "a fragment", query: `{order(id:1){...f}} fragment f on Order{...g} fragment g on Order{shipping{city}}`, domains: logistics},
		{name: "a fragment on a union", query: `{order(id:1){...f}} fragment f on Line{... on Order{guarantees{name}}}`, domains: guarantees},
		{name: "a fragment within a nested field", query: `{order(id:1){lineItems{...f}}} fragment f on LineItem{shipments{id}}`, domains: logistics},
		{name: "the same fragment on two types", query: `{order(id:1){...f lineItems{...f}}} fragment f on Line{...on LineItem{shipments{id}} ...on Order{invoice{id}}}`, domains: logistics | invoice},

		{name: "entities", query: `{_entities(representations:[]){... on Order{invoice{id}}}}`, domains: invoice},
		{name: "entities of another type", query: `{_entities(representations:[]){__typename ... on Product{origin{city}}}}`, domains: none},
		{name: "entities by a fragment", query: `{_entities(representations:[]){...f}} fragment f on Order{invoice{id}}`, domains: invoice},
		{name: "entities by a union", query: `{_entities(representations:[]){... on Line{... on Order{guarantees{name}} ... on LineItem{shipments{id}}}}}`, domains: guarantees},
		{name: "another union of an order", query: `{order(id:1){... on _Entity{... on Order{invoice{id}} ... on Product{origin{city}}}}}`, domains: invoice},
		{name: "types that exclude each other", query: `{order(id:1){lineItems{... on Line{... on Order{invoice{id}}} product{... on _Entity{... on Order{reviews{ofBuyer{text}}}}}}}}`, domains: none},

		{name: "skipped", query: `{order(id:1){invoice @skip(if:true){id} shipping @skip(if:false){city}}}`, domains: logistics},
		{name: "included", query: `{order(id:1){invoice @include(if:true){id} shipping @include(if:false){city}}}`, domains: invoice},
		{name: "both", query: `{order(id:1){invoice @include(if:true) @skip(if:true){id}}}`, domains: none},
		{name: "by variables", query: `query($a:Boolean!,$b:Boolean!){order(id:1){invoice @skip(if:$a){id} ... @include(if:$b){shipping{city}}}}`, variables: variables{"a": true, "b": true}, domains: logistics},
		{name: "by a default", query: `query($a:Boolean=true){order(id:1){invoice @include(if:$a){id}}}`, domains: invoice},
		{name: "a spread skipped, then not", query: `{order(id:1){...f @skip(if:true) ...f}} fragment f on Order{invoice{id}}`, domains: invoice},
		{name: "a spread skipped", query: `{order(id:1){...f @include(if:false)}} fragment f on Order{invoice{id}}`, domains: none},
		{name: "a skipped parent", query: `{order(id:1){lineItems @skip(if:true){shipments{id}}}}`, domains: none},

		{name: "keys", query: `{order(id:1){extraAttributes(keys:["b","a","b"]){key}}}`, keys: []string{"a", "b"}},
		{name: "one key", query: `{order(id:1){extraAttributes(keys:"a"){key}}}`, keys: []string{"a"}},
		{name: "no keys", query: `{order(id:1){extraAttributes{key} x:extraAttributes(keys:null){key} y:extraAttributes(keys:[]){key}}}`},
		{name: "keys of two aliases", query: `{order(id:1){x:extraAttributes(keys:["b","c"]){key} y:extraAttributes(keys:["a","b"]){key}}}`, keys: []string{"a", "b", "c"}},
		{name: "keys in a variable", query: `query($k:[String!]){order(id:1){extraAttributes(keys:$k){key}}}`, variables: variables{"k": []any{"b", "a"}}, keys: []string{"a", "b"}},
		{name: "one key in a variable", query: `query($k:[String!]){order(id:1){extraAttributes(keys:$k){key}}}`, variables: variables{"k": "a"}, keys: []string{"a"}},
		{name: "a variable in a list", query: `query($k:String!){order(id:1){extraAttributes(keys:[$k,"a"]){key}}}`, variables: variables{"k": "b"}, keys: []string{"a", "b"}},
		{name: "keys by default", query: `query($k:[String!]=["d"]){order(id:1){extraAttributes(keys:$k){key}}}`, keys: []string{"d"}},
		{name: "an absent variable", query: `query($k:[String!]){order(id:1){extraAttributes(keys:$k){key}}}`},
		{name: "skipped keys", query: `{order(id:1){extraAttributes(keys:["a"]) @skip(if:true){key}}}`},
		{name: "keys once all domains are known", query: `{order(id:1){shipping{city} invoice{id} guarantees{name} reviews{ofBuyer{text}} extraAttributes(keys:["a"]){key}}}`, domains: logistics | invoice | guarantees | rates, keys: []string{"a"}},
	}
	plan, schema := compile(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			field, variables := rootField(t, schema, test.query, test.variables)
			needs, _ := plan.Needs(field.SelectionSet, variables, 100)
			if needs.Domains != test.domains || !slices.Equal(needs.AttributeKeys, test.keys) {
				t.Errorf("needs %b %q, want %b %q", needs.Domains, needs.AttributeKeys, test.domains, test.keys)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	tests := []struct{ name, schema, want string }{
		{"an unknown domain", `directive @domain(name: String!) on FIELD_DEFINITION type Query { order: Order } type Order { id: ID x: Int @domain(name: "Nonsense") }`, `Order.x: @domain: unknown domain "Nonsense"`},
		{"an empty domain", `directive @domain(name: String!) on FIELD_DEFINITION type Query { order: Order } type Order { x: Int @domain(name: "") }`, `Order.x: @domain: unknown domain ""`},
		{"an interface", `interface I { y: Int } type Query { order: Order } type Order { x: Int }`, `I.y: interfaces`},
		{"a union below an order", `union U = Order type Query { order: Order } type Order { x: [U] }`, `Order.x: interfaces, and unions below`},
		{"no orders", `type Query { x: Int }`, "no type Order"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Compile(loadSchema(t, test.schema))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// fragmentBomb is a query of 34 fragments, each of which spreads the next one twice: 2^34 leaves.
func fragmentBomb() string {
	var query strings.Builder
	query.WriteString(`{order(id:1){...f0}}`)
	for i := range 34 {
		fmt.Fprintf(&query, ` fragment f%d on Order{...f%d ...f%d}`, i, i+1, i+1)
	}
	query.WriteString(` fragment f34 on Order{status invoice{id}}`)
	return query.String()
}

// nestedFragmentBomb doubles through a field, so that spreads are not siblings.
func nestedFragmentBomb() string {
	var query strings.Builder
	query.WriteString(`{order(id:1){buyer{...f0}}}`)
	for i := range 34 {
		fmt.Fprintf(&query, ` fragment f%d on Buyer{a:self{...f%d} b:self{...f%d}}`, i, i+1, i+1)
	}
	query.WriteString(` fragment f34 on Buyer{reviews{ofBuyer{text}}}`)
	return query.String()
}

// parse parses and binds a query to the schema without the rules that a bomb is too much for.
func parse(t testing.TB, schema *ast.Schema, query string) *ast.Field {
	t.Helper()
	document, errs := gqlparser.LoadQueryWithRules(schema, query, noRules())
	if errs != nil {
		t.Fatal(errs)
	}
	return document.Operations[0].SelectionSet[0].(*ast.Field)
}

func TestFragmentBombsAreLinear(t *testing.T) {
	plan, schema := compile(t)
	for _, test := range []struct {
		query string
		want  upstream.Domains
	}{
		{fragmentBomb(), upstream.DomainOrderInvoice},
		{nestedFragmentBomb(), upstream.DomainRateDetail},
	} {
		field := parse(t, schema, test.query)
		walk := &walk{plan: plan}
		walk.selections(orderType, field.SelectionSet)
		if walk.domains != test.want {
			t.Errorf("needs %b, want %b", walk.domains, test.want)
		}
		if len(walk.read) != 35 {
			t.Errorf("%d fragments were read, want 35, each once", len(walk.read))
		}
	}
}

func TestFragmentsThatSpreadThemselvesEnd(t *testing.T) {
	plan, schema := compile(t)
	field := parse(t, schema, `{order(id:1){...a}} fragment a on Order{...b invoice{id}} fragment b on Order{...a shipping{city}}`)
	if needs, _ := plan.Needs(field.SelectionSet, nil, 100); needs.Domains != upstream.DomainOrderInvoice|upstream.DomainNativeLogistics {
		t.Errorf("needs %b", needs.Domains)
	}
}

// A query without keys and fragments costs no memory.
func TestNeedsAllocateNothing(t *testing.T) {
	plan, schema := compile(t)
	query, _, _ := strings.Cut(strings.Replace(fortyFields, "...shipment", "id", 1), "fragment")
	field, _ := rootField(t, schema, query, nil)
	if count := testing.AllocsPerRun(100, func() { plan.Needs(field.SelectionSet, nil, 100) }); count != 0 {
		t.Errorf("%v allocations, want none", count)
	}
}

// TestANullKeyIsFound wants the first field with one, unless it is left out.
func TestANullKeyIsFound(t *testing.T) {
	plan, schema := compile(t)
	for query, want := range map[string]string{
		`query($k:String="d"){order(id:1){extraAttributes(keys:["a",$k]){key} y:extraAttributes(keys:[$k]){key}}}`:                                        "extraAttributes",
		`query($k:String="d"){order(id:1){...f}} fragment f on Order{x:extraAttributes(keys:[$k]) @skip(if:true){key} y:extraAttributes(keys:[$k]){key}}`: "y",
		`query($k:[String!]=["d"]){order(id:1){extraAttributes(keys:$k){key}}}`:                                                                           "",
	} {
		field, variables := rootField(t, schema, query, map[string]any{"k": nil})
		got := ""
		if _, nullKey := plan.Needs(field.SelectionSet, variables, 100); nullKey != nil {
			got = nullKey.Alias
		}
		if got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
