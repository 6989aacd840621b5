package projection

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/limits"
	"ordergraph/upstream"
)

const someOfAnOrder = `
directive @domain(name: String!) on FIELD_DEFINITION
type Query { order: Order! }
scalar DateTime
scalar Decimal
enum WebSite { CN_1688 ALIBABA }
enum OrderStatus { UNKNOWN }
interface Node { id: ID! }
type Order implements Node {
	id: ID! webSite: WebSite status: OrderStatus! statusRaw: String fetchedAt: DateTime
	total: Money paymentChannels: [String!]! lineItems: [LineItem!]!
}
type Money { amount: Decimal! currencyCode: String }
type LineItem { id: ID product: Product shipments: [Shipment!]! }
type Product { id: ID! }
type Shipment { id: ID lineItems: [LineItem!]! }
`

func schemaOf(t *testing.T, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func compiled(t *testing.T, schema *ast.Schema) *Plan {
	t.Helper()
	plan, err := Compile(schema, noResolvers)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// noResolvers is a schema whose fields are all in the structs.
func noResolvers(string, string) bool { return false }

// shown is what a field shows of what its resolver returns.
func shown(t *testing.T, plan *Plan, operation *graphql.OperationContext, field graphql.CollectedField, value any) (data string, mistakes gqlerror.List) {
	t.Helper()
	ctx := graphql.WithOperationContext(t.Context(), operation)
	ctx = graphql.WithResponseContext(ctx, graphql.DefaultErrorPresenter, graphql.DefaultRecover)
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: field})
	answer, err := plan.InterceptField(ctx, func(context.Context) (any, error) { return value, nil })
	if err != nil {
		t.Fatal(err)
	}
	var written bytes.Buffer
	answer.(graphql.Marshaler).MarshalGQL(&written)
	return written.String(), graphql.GetErrors(ctx)
}

// operationOf parses an operation whose only root field is order, and returns that too.
func operationOf(t testing.TB, schema *ast.Schema, query string) (*graphql.OperationContext, graphql.CollectedField) {
	t.Helper()
	return operationIn(t, limits.NewParser(schema, limits.Limits{}, true), &graphql.RawParams{Query: query})
}

func operationIn(t testing.TB, parser *limits.Parser, params *graphql.RawParams) (*graphql.OperationContext, graphql.CollectedField) {
	t.Helper()
	operation, mistakes := parser.Parse(params)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return operation, graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Query"})[0]
}

func someOrder(t *testing.T) *upstream.Order {
	t.Helper()
	body := `{"data":{"result":{"base_info":{"status":"success","total_amount":"1.50","pay_channel_list":["a","b\"c"]},
		"product_items":[{"sub_item_id_string":"7","product_id":9}]}}}`
	answer, err := upstream.DecodeAnswer([]byte(body), upstream.Key{ID: 5}, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return answer.Order
}

func TestSelections(t *testing.T) {
	schema := schemaOf(t, someOfAnOrder)
	plan := compiled(t, schema)
	for _, test := range []struct{ name, query, want string }{
		{"scalars", `{order{id webSite fetchedAt statusRaw}}`, `{"id":"5","webSite":"CN_1688","fetchedAt":"1970-01-01T00:00:00.000Z","statusRaw":"success"}`},
		{"objects", `{order{__typename total{amount currencyCode}}}`, `{"__typename":"Order","total":{"amount":"1.50","currencyCode":"CNY"}}`},
		{"lists", `{order{paymentChannels lineItems{id shipments{id} product{id}}}}`, `{"paymentChannels":["a","b\"c"],"lineItems":[{"id":"7","shipments":[],"product":{"id":"9"}}]}`},
		{"aliases", `{order{a:id b:id a:id}}`, `{"a":"5","b":"5"}`},
		{"merged", `{order{total{amount} ...F total{currencyCode}}} fragment F on Order{total{x:amount}}`, `{"total":{"amount":"1.50","x":"1.50","currencyCode":"CNY"}}`},
		{"an interface", `{order{...on Node{id}}}`, `{"id":"5"}`},
	} {
		operation, field := operationOf(t, schema, test.query)
		for range 2 { // made, and remembered
			if got, err := shown(t, plan, operation, field, someOrder(t)); err != nil || got != test.want {
				t.Errorf("%s: got %s, %v, want %s", test.name, got, err, test.want)
			}
		}
	}
}

// TestLists wants an order that does not exist, or failed, to be null alone.
func TestLists(t *testing.T) {
	schema := schemaOf(t, someOfAnOrder)
	operation, field := operationOf(t, schema, `{order{id status}}`)
	orders := []*upstream.Order{someOrder(t), nil, {ID: 6}, someOrder(t)}
	got, mistakes := shown(t, compiled(t, schema), operation, field, orders)
	if want := `[{"id":"5","status":"SUCCESS"},null,null,{"id":"5","status":"SUCCESS"}]`; got != want || len(mistakes) != 1 || mistakes[0].Path.String() != "order[2]" {
		t.Errorf("got %s, %v, want %s", got, mistakes, want)
	}
}

// TestConditions wants each request's own variables to decide.
func TestConditions(t *testing.T) {
	schema := schemaOf(t, someOfAnOrder)
	plan := compiled(t, schema)
	parser := limits.NewParser(schema, limits.Limits{}, true)
	const document = `query($a:Boolean!){order{id ...{webSite @include(if:$a)}}}`
	for a, want := range map[bool]string{true: `{"id":"5","webSite":"CN_1688"}`, false: `{"id":"5"}`} {
		operation, field := operationIn(t, parser, &graphql.RawParams{Query: document, Variables: map[string]any{"a": a}})
		if got, err := shown(t, plan, operation, field, someOrder(t)); err != nil || got != want {
			t.Errorf("%v: got %s, %v, want %s", a, got, err, want)
		}
	}
}

// TestOperationsShareFields wants a field in a fragment to be what each operation makes of it.
func TestOperationsShareFields(t *testing.T) {
	schema := schemaOf(t, someOfAnOrder)
	plan := compiled(t, schema)
	parser := limits.NewParser(schema, limits.Limits{}, true)
	const document = `query A{...F} query B{...F order{webSite}} fragment F on Query{order{id}}`
	for i, want := range []string{`{"id":"5"}`, `{"id":"5","webSite":"CN_1688"}`} {
		operation, field := operationIn(t, parser, &graphql.RawParams{Query: document, OperationName: string(rune('A' + i))})
		if got, err := shown(t, plan, operation, field, someOrder(t)); err != nil || got != want {
			t.Errorf("operation %d: got %s, %v, want %s", i, got, err, want)
		}
	}
}

// TestNeverNull wants an order that breaks the schema's promise to fail, with nothing written of it.
func TestNeverNull(t *testing.T) {
	schema := schemaOf(t, someOfAnOrder)
	operation, field := operationOf(t, schema, `{order{id status}}`)
	got, mistakes := shown(t, compiled(t, schema), operation, field, &upstream.Order{ID: 5})
	if got != "null" || len(mistakes) != 1 || !strings.Contains(mistakes[0].Message, "status is null") || mistakes[0].Path.String() != "order" {
		t.Errorf("got %s, %v", got, mistakes)
	}
}

// TestPanic wants a panic to be an error of that order alone.
func TestPanic(t *testing.T) {
	schema := schemaOf(t, someOfAnOrder)
	plan := compiled(t, schema)
	plan.objects["Order"].fields["statusRaw"].read = func(object reflect.Value) reflect.Value {
		if object.Interface().(upstream.Order).ID == 6 {
			panic("a fault")
		}
		return reflect.ValueOf(&upstream.Order{}).Elem().FieldByName("PaymentTimeoutRaw")
	}
	operation, field := operationOf(t, schema, `{order{id statusRaw}}`)
	operation.RecoverFunc = func(_ context.Context, thrown any) error { return fmt.Errorf("recovered: %v", thrown) }
	got, mistakes := shown(t, plan, operation, field, []*upstream.Order{{ID: 5}, {ID: 6}})
	if got != `[{"id":"5","statusRaw":null},null]` || len(mistakes) != 1 || !strings.HasSuffix(mistakes[0].Message, "recovered: a fault") {
		t.Errorf("got %s, %v", got, mistakes)
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, test := range map[string]struct{ old, replacement, want string }{
		"no Go field":               {"total: Money", "weight: String", "Order.weight: upstream.Order has no field or method of that name"},
		"a list that is null":       {"paymentChannels: [String!]!", "paymentChannels: [String!]", "Order.paymentChannels: [String!] can't be a []upstream.Text"},
		"a list that is none":       {"total: Money", "total: [Money!]!", "Order.total: [Money!]! can't be a *upstream.Money"},
		"an object as a scalar":     {"total: Money", "total: Decimal", "Order.total: Decimal can't be a *upstream.Money"},
		"a scalar as an object":     {"webSite: WebSite", "webSite: Money", "Order.webSite: Money can't be a upstream.WebSite"},
		"a scalar as an enum":       {"fetchedAt: DateTime", "paymentTimeoutRaw: WebSite", "Order.paymentTimeoutRaw: WebSite can't be a upstream.RawText"},
		"below":                     {"type Product { id: ID! }", "type Product { id: ID! colour: String }", "Product.colour: upstream.Product has no field"},
		"a part without a resolver": {"total: Money", "total: Money @domain(name: \"OrderInvoice\")", "Order.total: a part of an order needs a resolver"},
		"no order":                  {"type Order implements Node {", "type Sale implements Node {", "the type Order can't be"},
	} {
		text := strings.ReplaceAll(someOfAnOrder, test.old, test.replacement)
		if test.old == "type Order implements Node {" {
			text = strings.ReplaceAll(text, "order: Order!", "order: Sale!")
		}
		if _, err := Compile(schemaOf(t, text), noResolvers); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}
