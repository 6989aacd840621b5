package graph

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/upstream"
)

// maxBadValues is how many malformed values one response lists one by one. One more error says how
// many others there are.
const maxBadValues = 50

// badValueReports counts the malformed values that a response shows as null, so that their number is
// bounded. One serves a whole operation.
type badValueReports struct{ schema *ast.Schema }

var (
	_ graphql.HandlerExtension     = badValueReports{}
	_ graphql.OperationInterceptor = badValueReports{}
)

// ExtensionName names the extension.
func (badValueReports) ExtensionName() string { return "BadValueReports" }

// Validate has nothing to check.
func (badValueReports) Validate(graphql.ExecutableSchema) error { return nil }

type badValueCountKey struct{}

// badValueCount is what the root fields of one operation share: they are resolved concurrently.
type badValueCount struct {
	schema *ast.Schema
	found  atomic.Int64
}

// InterceptOperation adds the error that stands for the values beyond the bound.
func (r badValueReports) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	count := &badValueCount{schema: r.schema}
	handler := next(context.WithValue(ctx, badValueCountKey{}, count))
	return func(ctx context.Context) *graphql.Response {
		response := handler(ctx)
		if unlisted := count.found.Load() - maxBadValues; response != nil && unlisted > 0 {
			message := fmt.Sprintf("The upstream sent %d more values that can't be read.", unlisted)
			response.Errors = append(response.Errors, explained(codeUpstreamBadData, message, map[string]any{"retryable": false}))
		}
		return response
	}
}

// reportBadValues adds an error for each malformed value of order that the current field selects;
// path is where the response shows the order. An order without malformed values costs nothing.
func reportBadValues(ctx context.Context, order *upstream.Order, path ast.Path) {
	if len(order.BadValues) == 0 {
		return
	}
	count, found := ctx.Value(badValueCountKey{}).(*badValueCount)
	if !found {
		return
	}
	report := &badValueReport{
		context: ctx, operation: graphql.GetOperationContext(ctx), count: count,
		order: order, values: badValueTree(order.BadValues),
	}
	report.add(report.values, path)
	report.object(place{typeName: orderTypename, values: report.values}, graphql.GetFieldContext(ctx).Field.Selections, path)
}

// badValues is a tree of the malformed values of an order: those at one place, and below it.
type badValues struct {
	reasons  []string
	fields   map[string]*badValues // by the lower-case name: Go and GraphQL write the case differently
	elements map[int]*badValues
}

func badValueTree(list []upstream.BadValue) *badValues {
	root := &badValues{}
	for _, value := range list {
		node := root
		for _, step := range value.Path {
			node = node.grow(step)
		}
		node.reasons = append(node.reasons, value.Reason)
	}
	return root
}

// grow returns what is below v at a step of a path: a field's name or an element's index.
func (v *badValues) grow(step any) *badValues {
	if index, isIndex := step.(int); isIndex {
		return grown(&v.elements, index)
	}
	return grown(&v.fields, strings.ToLower(fmt.Sprint(step)))
}

func grown[K comparable](below *map[K]*badValues, key K) *badValues {
	if *below == nil {
		*below = map[K]*badValues{}
	}
	if (*below)[key] == nil {
		(*below)[key] = &badValues{}
	}
	return (*below)[key]
}

// field returns what is malformed in a field or below it, nil if nothing is.
func (v *badValues) field(name string) *badValues {
	if v == nil {
		return nil
	}
	return v.fields[strings.ToLower(name)]
}

// declaredValue returns what is malformed in the declared value of a customs item, whose currency is a field
// of its own.
func (v *badValues) declaredValue() *badValues {
	currency := v.field("currencyRaw")
	if amount := v.field("declaredValue"); amount != nil || currency == nil {
		return amount
	}
	return &badValues{fields: map[string]*badValues{strings.ToLower("currencyCode"): currency}}
}

func (v *badValues) element(index int) *badValues {
	if v == nil {
		return nil
	}
	return v.elements[index]
}

// badValueReport walks what one field selects of one order.
type badValueReport struct {
	context   context.Context
	operation *graphql.OperationContext
	count     *badValueCount
	order     *upstream.Order
	values    *badValues
}

// place is an object of the order that the response shows.
type place struct {
	typeName string
	values   *badValues
	// line or shipment is set where the object is one: links start there.
	line     *upstream.LineItem
	shipment *upstream.Shipment
}

// derivedFrom names, for a field that is no field of the Go struct, the one that it is derived from. A
// malformed source is the reason that the derived value is missing.
var derivedFrom = map[string]string{
	"LineItem.product":            "productId",
	"LineItem.shipments":          "id",
	"Shipment.lineItems":          "lineItemIds",
	"Buyer.member":                "memberId",
	"Seller.member":               "memberId",
	"Order.paymentTimeoutSeconds": "paymentTimeoutRaw",
}

// object reports what is malformed in the selected fields of an object. The selections must belong to
// the document or to a collected field: gqlgen remembers fields by the address of the slice.
func (r *badValueReport) object(at place, selections ast.SelectionSet, path ast.Path) {
	for _, field := range graphql.CollectFields(r.operation, selections, r.satisfied(at.typeName)) {
		fieldPath := append(path[:len(path):len(path)], ast.PathName(field.Alias))
		coordinate := at.typeName + "." + field.Name
		r.add(at.values.field(derivedFrom[coordinate]), fieldPath)
		switch coordinate {
		case "Order.lineItems":
			r.add(at.values.field(field.Name), fieldPath)
			r.lines(r.order.LineItems, field, fieldPath)
		case "DomesticShipping.shipments":
			r.add(at.values.field(field.Name), fieldPath)
			if r.order.DomesticShipping != nil { // it may be what is malformed
				r.shipments(r.order.DomesticShipping.Shipments, field, fieldPath)
			}
		case "Shipment.lineItems":
			r.add(r.values.field("lineItems"), fieldPath)
			r.addEach(r.values.field("lineItems"), "id", fieldPath)
			r.lines(at.shipment.LineItems(), field, fieldPath)
		case "LineItem.shipments":
			shipping := r.values.field("domesticShipping")
			r.add(shipping, fieldPath)
			r.add(shipping.field("shipments"), fieldPath)
			r.addEach(shipping.field("shipments"), "lineItemIds", fieldPath)
			r.shipments(at.line.Shipments(), field, fieldPath)
		case "CustomsItem.declaredValue":
			r.value(at.values.declaredValue(), false, field, fieldPath)
		case "Order.domesticShipping":
			r.value(at.values.field(field.Name), r.order.DomesticShipping != nil, field, fieldPath)
		default:
			r.value(at.values.field(field.Name), false, field, fieldPath)
		}
	}
}

// value reports what is malformed in a field's value or below it. It goes below where something is
// malformed, and always where links start.
func (r *badValueReport) value(values *badValues, leadsToLinks bool, field graphql.CollectedField, path ast.Path) {
	r.add(values, path)
	if values == nil && !leadsToLinks || len(field.Selections) == 0 {
		return
	}
	typeName := field.Definition.Type.Name()
	if field.Definition.Type.Elem == nil {
		r.object(place{typeName: typeName, values: values}, field.Selections, path)
		return
	}
	for _, index := range slices.Sorted(maps.Keys(values.elements)) {
		r.object(place{typeName: typeName, values: values.elements[index]}, field.Selections, at(path, index))
	}
}

// lines reports on the lines that a field shows: all those of the order, or those of a shipment.
func (r *badValueReport) lines(shown []*upstream.LineItem, field graphql.CollectedField, path ast.Path) {
	values := r.values.field("lineItems")
	for i, line := range shown {
		own := values.element(slices.Index(r.order.LineItems, line))
		r.object(place{typeName: "LineItem", values: own, line: line}, field.Selections, at(path, i))
	}
}

// shipments reports on the shipments that a field shows: all those of the order, or those of a line.
func (r *badValueReport) shipments(shown []*upstream.Shipment, field graphql.CollectedField, path ast.Path) {
	values := r.values.field("domesticShipping").field("shipments")
	for i, shipment := range shown {
		own := values.element(slices.Index(r.order.DomesticShipping.Shipments, shipment))
		r.object(place{typeName: "Shipment", values: own, shipment: shipment}, field.Selections, at(path, i))
	}
}

// add adds the errors of one place, as far as the bound allows.
func (r *badValueReport) add(values *badValues, path ast.Path) {
	if values == nil {
		return
	}
	for _, reason := range values.reasons {
		if r.count.found.Add(1) <= maxBadValues {
			err := &clientError{code: codeUpstreamBadData, message: "The upstream sent a value that can't be read: " + reason + "."}
			addErrorAt(r.context, path, err)
		}
	}
}

// addEach adds the errors of one field of each element of a list: what links start from, so that a link
// may lack what it should lead to.
func (r *badValueReport) addEach(list *badValues, field string, path ast.Path) {
	if list == nil {
		return
	}
	for _, index := range slices.Sorted(maps.Keys(list.elements)) {
		r.add(list.elements[index].field(field), path)
	}
}

// satisfied returns the type conditions that apply to an object type.
func (r *badValueReport) satisfied(typeName string) []string {
	names := []string{typeName}
	for _, abstract := range r.count.schema.Implements[typeName] {
		names = append(names, abstract.Name)
	}
	return names
}

// at returns the path to an element of the list at path. It shares no memory with other paths.
func at(path ast.Path, index int) ast.Path {
	return append(path[:len(path):len(path)], ast.PathIndex(index))
}
