package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/graph/loader"
	"ordergraph/graph/lookahead"
	"ordergraph/upstream"
)

// queryTypes are the type conditions that apply to the root. The generated code collects the root
// fields with the same ones, so that both share one result.
var queryTypes = []string{"Query"}

// positionsPerOrder is how many places in lists one request may fill for each order that it may
// name. Duplicates are one order, and a wrong id is none, but each of them takes a place in the
// response.
const positionsPerOrder = 10

// planner finds what the root fields of an operation will load. It reads arguments exactly as the
// resolvers get them.
type planner struct {
	needs     *lookahead.Plan
	resolver  *resolver
	maxOrders int
}

// plan returns what the resolvers of the operation will load. It leaves out what they will refuse.
func (p *planner) plan(ctx context.Context, operation *graphql.OperationContext) ([]loader.Wanted, error) {
	var wanted []loader.Wanted
	positions := 0
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, queryTypes) {
		if _, isNull := nullArgumentOf(operation, field); isNull {
			continue
		}
		ids, isOrders := p.ordersOf(ctx, field, operation.Variables)
		if !isOrders {
			continue
		}
		if positions += len(ids); positions > positionsPerOrder*p.maxOrders {
			return nil, &loader.TooManyError{Maximum: p.maxOrders}
		}
		needs := p.needs.Needs(field.Selections, operation.Variables)
		for _, id := range ids {
			if key, err := id(); err == nil {
				wanted = append(wanted, loader.Wanted{Key: key, Needs: needs})
			}
		}
	}
	return wanted, nil
}

// named names one order, or says why not.
type named func() (upstream.Key, error)

// ordersOf returns what a root field names: an element for each place in its result.
func (p *planner) ordersOf(ctx context.Context, field graphql.CollectedField, variables map[string]any) (orders []named, isOrders bool) {
	switch field.Name {
	case "order":
		arguments := field.ArgumentMap(variables)
		return []named{argumentKey(arguments["id"], arguments)}, true
	case "orders":
		arguments := field.ArgumentMap(variables)
		for _, id := range graphql.CoerceList(arguments["ids"]) {
			orders = append(orders, argumentKey(id, arguments))
		}
		return orders, true
	case "_entities":
		if p.resolver.admits(ctx) != nil {
			return nil, false
		}
		for _, representation := range graphql.CoerceList(field.ArgumentMap(variables)["representations"]) {
			orders = append(orders, func() (upstream.Key, error) { return representedKey(representation) })
		}
		return orders, true
	default:
		return nil, false
	}
}

// argumentKey coerces arguments as the generated code does before it calls a resolver.
func argumentKey(id any, arguments map[string]any) named {
	return func() (upstream.Key, error) {
		text, err := graphql.UnmarshalID(id)
		if err != nil {
			return upstream.Key{}, err
		}
		var site upstream.WebSite
		if err := site.UnmarshalGQL(arguments["webSite"]); err != nil {
			return upstream.Key{}, err
		}
		var edition upstream.Edition
		if err := edition.UnmarshalGQL(arguments["edition"]); err != nil {
			return upstream.Key{}, err
		}
		return orderKey(text, site, edition)
	}
}
