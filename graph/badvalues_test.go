package graph

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/upstream"
)

// malformed answers every order with testdata/malformed.json.
func malformed(t testing.TB) *fakeOrders {
	order := decodedOrder(t, 1, readText(t, "testdata/malformed.json"))
	return &fakeOrders{answer: func(context.Context, upstream.Request) (upstream.Result, error) {
		return upstream.Result{Order: order, FreshUntil: time.Now()}, nil
	}}
}

func TestSelectedBadValuesAreReportedAtTheirPlace(t *testing.T) {
	tests := []struct {
		name, query, data string
		places            []string
	}{
		{"none selected", `{order(id:1){id shippingFee{amount} lineItems{id}}}`, `{"order":{"id":"1","shippingFee":{"amount":"1.50"},"lineItems":[{"id":"11"},{"id":"12"}]}}`, nil},
		{"an alias", `{x:order(id:1){when:createdAt}}`, `{"x":{"when":null}}`, []string{"x.when"}},
		{"the same value twice", `{order(id:1){a:createdAt b:createdAt}}`, `{"order":{"a":null,"b":null}}`, []string{"order.a", "order.b"}},
		{"money, whatever is selected of it", `{order(id:1){total{__typename}}}`, `{"order":{"total":null}}`, []string{"order.total"}},
		{"a boolean", `{order(id:1){isSellerInitiated}}`, `{"order":{"isSellerInitiated":null}}`, []string{"order.isSellerInitiated"}},
		{"an enum", `{order(id:1){status statusRaw}}`, `{"order":{"status":"UNKNOWN","statusRaw":"{\"nested\": true}"}}`, nil},
		{"an element of a list", `{order(id:1){paymentChannels}}`, `{"order":{"paymentChannels":["支付宝","红包"]}}`, []string{"order.paymentChannels"}},
		{"an element of a list of objects", `{order(id:1){domesticShipping{s:shipments{id}}}}`, `{"order":{"domesticShipping":{"s":[{"id":"71"},{"id":"72"}]}}}`, []string{"order.domesticShipping.s"}},
		{"in a list of objects", `{order(id:1){lines:lineItems{price:unitPrice{amount} quantity}}}`, `{"order":{"lines":[{"price":null,"quantity":"1"},{"price":{"amount":"2.00"},"quantity":null}]}}`, []string{"order.lines[0].price", "order.lines[1].quantity"}},
		{"in a list of orders", `{all:orders(ids:[5,6]){createdAt}}`, `{"all":[{"createdAt":null},{"createdAt":null}]}`, []string{"all[0].createdAt", "all[1].createdAt"}},
		{"of entities", `{_entities(representations:[{__typename:"Order",webSite:CN_1688,id:1}]){...on Order{createdAt}}}`, `{"_entities":[{"createdAt":null}]}`, []string{"_entities[0].createdAt"}},
		{
			"through fragments and conditions",
			`{order(id:1){...f ...f ...on _Entity{...on Order{total{amount}}} createdAt@skip(if:true)}} fragment f on Order{isSellerInitiated}`,
			`{"order":{"isSellerInitiated":null,"total":null}}`,
			[]string{"order.isSellerInitiated", "order.total"},
		},
		{
			"fields merged from two places",
			`{order(id:1){domesticShipping{city} domesticShipping{town}} order(id:1){domesticShipping{city}}}`,
			`{"order":{"domesticShipping":{"city":null,"town":null}}}`,
			[]string{"order.domesticShipping.city"},
		},
		{
			"through the shipments of a line",
			`{order(id:1){lineItems{parcels:shipments{shippedAt fee:shippingFee{amount}}}}}`,
			`{"order":{"lineItems":[{"parcels":[{"shippedAt":null,"fee":null}]},{"parcels":[{"shippedAt":null,"fee":null},{"shippedAt":null,"fee":null}]}]}}`,
			[]string{
				"order.lineItems[0].parcels", "order.lineItems[1].parcels", // one shipment was left out
				"order.lineItems[0].parcels[0].fee", "order.lineItems[1].parcels[0].fee", "order.lineItems[1].parcels[1].shippedAt",
			},
		},
		{
			"through the lines of a shipment, and back",
			`{order(id:1){domesticShipping{shipments{lineItems{quantity shipments{shippedAt}}}}}}`,
			`{"order":{"domesticShipping":{"shipments":[{"lineItems":[{"quantity":"1","shipments":[{"shippedAt":null}]},{"quantity":null,"shipments":[{"shippedAt":null},{"shippedAt":null}]}]},{"lineItems":[{"quantity":null,"shipments":[{"shippedAt":null},{"shippedAt":null}]}]}]}}}`,
			[]string{
				"order.domesticShipping.shipments",
				"order.domesticShipping.shipments[0].lineItems[0].shipments",
				"order.domesticShipping.shipments[0].lineItems[1].shipments",
				"order.domesticShipping.shipments[1].lineItems[0].shipments",
				"order.domesticShipping.shipments[0].lineItems[1].quantity",
				"order.domesticShipping.shipments[1].lineItems[0].quantity",
				"order.domesticShipping.shipments[0].lineItems[1].shipments[1].shippedAt",
				"order.domesticShipping.shipments[1].lineItems[0].shipments[1].shippedAt",
			},
		},
		{"what is derived from it", `{order(id:1){lineItems{product{id}} buyer{loginId member{id}}}}`, `{"order":{"lineItems":[{"product":null},{"product":null}],"buyer":{"loginId":"buyer","member":null}}}`, []string{"order.lineItems[1].product", "order.buyer.member"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response := newServer(t, Options{Orders: malformed(t)}).run(t, t.Context(), test.query, "")
			var want []string
			for _, place := range test.places {
				want = append(want, codes.UpstreamBadData+" "+place)
			}
			slices.Sort(want)
			check(t, response, test.data, want...)
			for _, err := range response.Errors {
				if err.Extensions["retryable"] != false || len(err.Locations) != 1 || strings.ContainsAny(err.Message, "{}") {
					t.Errorf("%v %v", err, err.Extensions)
				}
				checkLocation(t, test.query, err)
			}
		})
	}
}

func TestLinksReportWhatTheyStartFrom(t *testing.T) {
	order := decodedOrder(t, 1, `{"status":0,"data":{"result":{"base_info":{"id_of_str":"1"},
		"product_items":[{"sub_item_idstring":"11"},{"sub_item_id":{"no":"id"}}],
		"native_logistics":{"logistics_items":[{"id":71,"sub_item_ids":"11"},{"id":72,"sub_item_ids":["11",{"no":"id"}]},{"id":73,"sub_item_ids":true}]}}}}`)
	orders := &fakeOrders{answer: func(context.Context, upstream.Request) (upstream.Result, error) {
		return upstream.Result{Order: order, FreshUntil: time.Now()}, nil
	}}
	response := newServer(t, Options{Orders: orders}).run(t, t.Context(), `{order(id:1){lineItems{shipments{id}} domesticShipping{shipments{id lineItems{id}}}}}`, "")
	check(t, response,
		`{"order":{"lineItems":[{"shipments":[{"id":"71"},{"id":"72"}]},{"shipments":[]}],"domesticShipping":{"shipments":[`+
			`{"id":"71","lineItems":[{"id":"11"}]},{"id":"72","lineItems":[{"id":"11"}]},{"id":"73","lineItems":[]}]}}}`,
		"UPSTREAM_BAD_DATA order.domesticShipping.shipments[0].lineItems",
		"UPSTREAM_BAD_DATA order.domesticShipping.shipments[1].lineItems", "UPSTREAM_BAD_DATA order.domesticShipping.shipments[1].lineItems",
		"UPSTREAM_BAD_DATA order.domesticShipping.shipments[2].lineItems", "UPSTREAM_BAD_DATA order.domesticShipping.shipments[2].lineItems",
		"UPSTREAM_BAD_DATA order.lineItems[0].shipments", "UPSTREAM_BAD_DATA order.lineItems[0].shipments",
		"UPSTREAM_BAD_DATA order.lineItems[1].shipments", "UPSTREAM_BAD_DATA order.lineItems[1].shipments", "UPSTREAM_BAD_DATA order.lineItems[1].shipments",
	)
}

// checkLocation wants an error to be located where the document, of one line, has the field at its path.
func checkLocation(t *testing.T, query string, err *gqlerror.Error) {
	t.Helper()
	name := ""
	for _, step := range err.Path {
		if field, isField := step.(ast.PathName); isField {
			name = string(field)
		}
	}
	if len(err.Locations) != 1 || err.Locations[0].Line != 1 || !strings.HasPrefix(query[err.Locations[0].Column-1:], name) {
		t.Errorf("%s: the error at %s is located at %v", query, err.Path, err.Locations)
	}
}

// maxBadValues is how many malformed values a response lists one by one.
const maxBadValues = 50

func TestTheNumberOfReportsIsBounded(t *testing.T) {
	query := &strings.Builder{}
	query.WriteString("query($ids:[ID!]!){")
	for i := range 4 {
		fmt.Fprintf(query, "x%d:orders(ids:$ids){createdAt}", i)
	}
	query.WriteString("}")
	ids := `{"ids":["1"` + strings.Repeat(`,"1"`, 29) + `]}`
	response := newServer(t, Options{Orders: malformed(t), MaxOrders: 120}).run(t, t.Context(), query.String(), ids)
	if len(response.Errors) != maxBadValues+1 {
		t.Fatalf("%d errors, want %d", len(response.Errors), maxBadValues+1)
	}
	last := response.Errors[maxBadValues]
	if !strings.Contains(last.Message, " 70 more ") || last.Path != nil || last.Extensions["code"] != codes.UpstreamBadData {
		t.Errorf("the last one: %v %v", last, last.Extensions)
	}
}

func TestTheNoteForUnlistedValuesStandsAtTheOrder(t *testing.T) {
	orders := &fakeOrders{answer: func(context.Context, upstream.Request) (upstream.Result, error) {
		return upstream.Result{Order: &upstream.Order{ID: 1, BadValues: []upstream.BadValue{{Reason: "7 more malformed values"}}}}, nil
	}}
	response := newServer(t, Options{Orders: orders}).run(t, t.Context(), `{order(id:1){id}}`, "")
	check(t, response, `{"order":{"id":"1"}}`, codes.UpstreamBadData+" order")
}

// TestEachDecodedFieldHasAPlaceInTheSchema walks the structs that answers are decoded into beside the
// schema: a malformed value whose field has another name in GraphQL would never be reported.
func TestEachDecodedFieldHasAPlaceInTheSchema(t *testing.T) {
	schema := servedSchema()
	checked := 0
	var walk func(goType reflect.Type, definition *ast.Definition)
	walk = func(goType reflect.Type, definition *ast.Definition) {
		for field := range goType.Fields() {
			tag, decoded := field.Tag.Lookup("json")
			if field.Anonymous {
				walk(field.Type, definition)
				continue
			}
			if !decoded || tag == "-" {
				continue
			}
			checked++
			result := definition
			for name := range strings.SplitSeq(cmp.Or(field.Tag.Get("path"), field.Name), ".") {
				at := slices.IndexFunc(result.Fields, func(known *ast.FieldDefinition) bool { return strings.EqualFold(known.Name, name) })
				if at < 0 {
					t.Errorf("%s.%s: %s has no field %s", goType.Name(), field.Name, result.Name, name)
					return
				}
				result = schema.Types[result.Fields[at].Type.Name()]
			}
			inner := field.Type
			for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct && result.IsCompositeType() && result.Name != "Money" {
				walk(inner, result)
			}
		}
	}
	walk(reflect.TypeFor[upstream.Order](), schema.Types[orderTypename])
	if checked < 250 {
		t.Errorf("only %d fields were found", checked)
	}
}
