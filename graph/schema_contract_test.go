package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// contractFields are the fields that no row of fields.tsv has, with their types and domains.
var contractFields = []struct{ field, typeName, domain string }{
	{"Query.order", "Order", ""},
	{"Query.orders", "[Order]!", ""},
	{"Order.webSite", "WebSite!", ""},
	{"Order.edition", "Edition!", ""},
	{"Order.fetchedAt", "DateTime!", ""},
	{"Order.freshUntil", "DateTime!", ""},
	{"Order.isFinal", "Boolean!", ""},
	{"Order.statusDescription", "String", ""},
	{"Order.paymentDueAt", "DateTime", ""},
	{"Order.paymentTimeoutRaw", "String", ""},
	{"Order.buyer", "OrderBuyer", ""},
	{"Order.seller", "OrderSeller", ""},
	{"Order.cancellation", "OrderCancellation", ""},
	{"OrderLineItem.product", "Product", ""},
	{"OrderLineItem.shipments", "[OrderShipment!]", "NativeLogistics"},
	{"OrderShipment.lineItems", "[OrderLineItem!]!", ""},
	{"OrderBuyer.member", "Member", ""},
	{"OrderSeller.member", "Member", ""},
	{"Product.id", "ID!", ""},
	{"Member.id", "ID!", ""},
	{"Money.amount", "Decimal!", ""},
	{"Money.currencyCode", "String", ""},
	{"Query._service", "_Service!", ""},
	{"Query._entities", "[_Entity]!", ""},
}

var contractArguments = []struct{ field, argument, typeName string }{
	{"Query.order", "id", "ID!"},
	{"Query.order", "webSite", "WebSite! = CN_1688"},
	{"Query.order", "edition", "Edition! = V1"},
	{"Query.orders", "ids", "[ID!]!"},
	{"Query.orders", "webSite", "WebSite! = CN_1688"},
	{"Query.orders", "edition", "Edition! = V1"},
	{"Order.extraAttributes", "keys", "[String!]"},
	{"Query._entities", "representations", "[_Any!]!"},
}

func contractProblems(schema *ast.Schema, enums map[string]map[string]string) (problems []string) {
	for _, want := range contractFields {
		fields, found := walk(schema, want.field)
		if !found {
			problems = append(problems, want.field+": missing")
			continue
		}
		if got := fields[0].Type.String(); got != want.typeName {
			problems = append(problems, fmt.Sprintf("%s: is %s, want %s", want.field, got, want.typeName))
		}
		if problem := domainProblem(fields, want.domain); problem != "" {
			problems = append(problems, want.field+": "+problem)
		}
	}
	for _, want := range contractArguments {
		name := fmt.Sprintf("%s(%s:)", want.field, want.argument)
		fields, found := walk(schema, want.field)
		if !found || fields[0].Arguments.ForName(want.argument) == nil {
			problems = append(problems, name+": missing")
			continue
		}
		argument := fields[0].Arguments.ForName(want.argument)
		got := argument.Type.String()
		if argument.DefaultValue != nil {
			got += " = " + argument.DefaultValue.String()
		}
		if got != want.typeName {
			problems = append(problems, fmt.Sprintf("%s: is %s, want %s", name, got, want.typeName))
		}
	}
	return slices.Concat(problems, enumProblems(schema, enums))
}

// enumProblems compares the values of each enum with those of enums.tsv, in both directions. Package
// upstream does the same with the tables that it reads them by.
func enumProblems(schema *ast.Schema, inventory map[string]map[string]string) (problems []string) {
	wanted := map[string][]string{"WebSite": {"CN_1688", "ALIBABA"}, "Edition": {"V1", "V2"}}
	for name, values := range inventory {
		wanted[name] = append(slices.Collect(maps.Values(values)), "UNKNOWN")
	}
	for name, want := range wanted {
		enum := schema.Types[name]
		if enum == nil {
			problems = append(problems, name+": missing")
			continue
		}
		for _, value := range want {
			if enum.EnumValues.ForName(value) == nil {
				problems = append(problems, fmt.Sprintf("%s: lacks %s", name, value))
			}
		}
		for _, value := range enum.EnumValues {
			if !slices.Contains(want, value.Name) {
				problems = append(problems, fmt.Sprintf("%s.%s: not in enums.tsv", name, value.Name))
			}
		}
	}
	return problems
}

func entityProblems(schema *ast.Schema) (problems []string) {
	for name, want := range map[string]string{"Order": "webSite id", "Product": "id", "Member": "id"} {
		var keys []string
		for _, directive := range schema.Types[name].Directives.ForNames("key") {
			keys = append(keys, directive.Arguments.ForName("fields").Value.Raw)
		}
		if got := strings.Join(keys, " "); got != want {
			problems = append(problems, fmt.Sprintf("%s: keys are %v, want [%s]", name, keys, want))
		}
	}
	if got := schema.Types["_Entity"].Types; !slices.Equal(got, []string{"Order"}) {
		problems = append(problems, fmt.Sprintf("_Entity: is %v, want [Order]", got))
	}
	return problems
}
