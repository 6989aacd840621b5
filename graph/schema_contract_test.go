package graph_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/upstream"
)

// contractFields are the fields that no row of fields.tsv has, with their types and domains.
var contractFields = []struct{ field, typeName, domain string }{
	{"Query.order", "Order", ""},
	{"Query.orders", "[Order]!", ""},
	{"Order.webSite", "WebSite!", ""},
	{"Order.edition", "Edition!", ""},
	{"Order.fetchedAt", "DateTime!", ""},
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

// enumTypes are the Go types whose UnmarshalGQL knows the values that the upstream half can answer.
var enumTypes = map[string]interface{ UnmarshalGQL(any) error }{
	"OrderStatus": new(upstream.OrderStatus), "OrderRefundStatus": new(upstream.OrderRefundStatus),
	"OrderCancellationReason": new(upstream.OrderCancellationReason), "OrderCancellationInitiator": new(upstream.OrderCancellationInitiator),
	"OrderTradeType": new(upstream.OrderTradeType), "OrderBusinessType": new(upstream.OrderBusinessType),
	"OrderPaymentStageStatus": new(upstream.OrderPaymentStageStatus), "OrderStagePaymentStatus": new(upstream.OrderStagePaymentStatus),
	"OrderPaymentTimeoutType": new(upstream.OrderPaymentTimeoutType), "OrderPaymentStatus": new(upstream.OrderPaymentStatus),
	"OrderPaymentMethod": new(upstream.OrderPaymentMethod), "OrderFulfillmentStatus": new(upstream.OrderFulfillmentStatus),
	"OrderShipmentType": new(upstream.OrderShipmentType), "OrderShipmentStatus": new(upstream.OrderShipmentStatus),
	"OrderCarrierlessDeliveryReason": new(upstream.OrderCarrierlessDeliveryReason), "OrderInvoiceType": new(upstream.OrderInvoiceType),
	"OrderReviewStatus": new(upstream.OrderReviewStatus), "OrderCustomsRecordType": new(upstream.OrderCustomsRecordType),
	"WebSite": new(upstream.WebSite), "Edition": new(upstream.Edition),
}

// enumProblems compares the values of each enum with those of enums.tsv, in both directions, and with
// those that the upstream half knows.
func enumProblems(schema *ast.Schema, inventory map[string]map[string]string) (problems []string) {
	for name, goType := range enumTypes {
		enum := schema.Types[name]
		if enum == nil {
			problems = append(problems, name+": missing")
			continue
		}
		want := []string{"UNKNOWN"}
		switch name {
		case "WebSite":
			want = []string{"CN_1688", "ALIBABA"}
		case "Edition":
			want = []string{"V1", "V2"}
		}
		for _, value := range inventory[name] {
			want = append(want, value)
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
			if err := goType.UnmarshalGQL(value.Name); err != nil {
				problems = append(problems, fmt.Sprintf("%s.%s: the upstream half does not know it", name, value.Name))
			}
		}
	}
	for name := range inventory {
		if enumTypes[name] == nil {
			problems = append(problems, name+": in enums.tsv alone")
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
