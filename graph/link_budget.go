package graph

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/graph/projection"
	"ordergraph/upstream"
)

// maxLinkedValues is how many values one response may show through links between line items and
// shipments.
//
// Links lead back to where they came from: with 40 lines in 2 shipments, each pair of links shows the
// lines 80 times more often, so that a document within every limit would stand for 80^9 lines. An
// order of 200 lines in 10 shipments, all of whose fields are shown once more through each link, has
// 100,000.
const maxLinkedValues = 200_000

// linkedValuesLimit is the name of that bound in errors. It is no setting.
const linkedValuesLimit = "linked-values"

// tooManyLinkedError says that a response would show more than maxLinkedValues.
type tooManyLinkedError struct{}

func (tooManyLinkedError) Error() string {
	return fmt.Sprintf("The links between line items and shipments would show too many values: the maximum of %s is %d.",
		linkedValuesLimit, maxLinkedValues)
}

// linkBudget bounds what the links of a whole operation show.
type linkBudget struct{}

var (
	_ graphql.HandlerExtension     = linkBudget{}
	_ graphql.OperationInterceptor = linkBudget{}
)

// ExtensionName names the extension.
func (linkBudget) ExtensionName() string { return "LinkBudget" }

// Validate has nothing to check.
func (linkBudget) Validate(graphql.ExecutableSchema) error { return nil }

type linkBudgetKey struct{}

// InterceptOperation gives the operation its budget, which its root fields share.
func (linkBudget) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	return next(context.WithValue(ctx, linkBudgetKey{}, new(atomic.Int64)))
}

// admitLinks returns an error if what the current field shows of order through links goes beyond the
// operation's budget. It looks at the document and at the order's links, not at what they multiply to.
func admitLinks(ctx context.Context, selection *projection.Selection, order *upstream.Order) error {
	if !selection.Recursive() {
		return nil
	}
	spent, found := ctx.Value(linkBudgetKey{}).(*atomic.Int64)
	if !found || len(order.LineItems) == 0 || order.DomesticShipping == nil {
		return nil
	}
	count := &linkCount{operation: graphql.GetOperationContext(ctx), order: order}
	count.start("Order", orderTypes, graphql.GetFieldContext(ctx).Field.Selections)
	if count.values > 0 && spent.Add(int64(count.values)) > maxLinkedValues {
		return tooManyLinkedError{}
	}
	return nil
}

// linkCount counts the values that links show of one order. It saturates beyond the budget.
type linkCount struct {
	operation *graphql.OperationContext
	order     *upstream.Order
	values    int
	// shipmentsOf and linesOf hold the links by index; nil until one is followed.
	shipmentsOf, linesOf [][]int
}

// start looks for the lists in which links start.
func (c *linkCount) start(typeName string, types []string, selections ast.SelectionSet) {
	for _, field := range graphql.CollectFields(c.operation, selections, types) {
		switch typeName + "." + field.Name {
		case "Order.domesticShipping":
			c.start("DomesticShipping", shippingTypes, field.Selections)
		case "Order.lineItems":
			c.lines(once(len(c.order.LineItems)), field.Selections)
		case "DomesticShipping.shipments":
			c.shipments(once(len(c.order.DomesticShipping.Shipments)), field.Selections)
		}
	}
}

// lines follows the links that are selected of lines, of which line i is shown times[i] times.
func (c *linkCount) lines(times []int, selections ast.SelectionSet) {
	for _, field := range graphql.CollectFields(c.operation, selections, lineItemTypes) {
		if field.Name == "shipments" {
			c.follow()
			c.shipments(c.spread(times, c.shipmentsOf, len(c.linesOf), field.Selections, shipmentTypes), field.Selections)
		}
	}
}

// shipments follows the links that are selected of shipments, of which shipment i is shown times[i]
// times.
func (c *linkCount) shipments(times []int, selections ast.SelectionSet) {
	for _, field := range graphql.CollectFields(c.operation, selections, shipmentTypes) {
		if field.Name == "lineItems" {
			c.follow()
			c.lines(c.spread(times, c.linesOf, len(c.shipmentsOf), field.Selections, lineItemTypes), field.Selections)
		}
	}
}

// The type conditions that apply to the objects on the way, the same as in the generated code.
var (
	orderTypes    = []string{"Order", "_Entity"}
	shippingTypes = []string{"DomesticShipping"}
	lineItemTypes = []string{"LineItem"}
	shipmentTypes = []string{"Shipment"}
)

// spread returns how often each object at the other end of links is shown, and counts the values that
// are selected of them.
func (c *linkCount) spread(times []int, links [][]int, ends int, selections ast.SelectionSet, types []string) []int {
	shown := make([]int, ends)
	total := 0
	for from, count := range times {
		for _, to := range links[from] {
			shown[to] = min(shown[to]+count, maxLinkedValues+1)
			total = min(total+count, maxLinkedValues+1)
		}
	}
	values := total * len(graphql.CollectFields(c.operation, selections, types))
	c.values = min(c.values+values, maxLinkedValues+1)
	return shown
}

// follow finds the links of the order.
func (c *linkCount) follow() {
	if c.shipmentsOf != nil {
		return
	}
	shipments := c.order.DomesticShipping.Shipments
	c.shipmentsOf, c.linesOf = make([][]int, len(c.order.LineItems)), make([][]int, len(shipments))
	for i, shipment := range shipments {
		for _, line := range shipment.LineItems() {
			c.linesOf[i] = append(c.linesOf[i], slices.Index(c.order.LineItems, line))
		}
	}
	for i, line := range c.order.LineItems {
		for _, shipment := range line.Shipments() {
			c.shipmentsOf[i] = append(c.shipmentsOf[i], slices.Index(shipments, shipment))
		}
	}
}

// once returns count ones.
func once(count int) []int {
	times := make([]int, count)
	for i := range times {
		times[i] = 1
	}
	return times
}
