package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/graph/limits"
	"ordergraph/graph/lookahead"
	"ordergraph/upstream"
)

// planner finds what the root fields of an operation will load. It reads arguments exactly as the
// resolvers get them.
type planner struct {
	needs            *lookahead.Plan
	resolver         *resolver
	maxOrders        int
	maxAttributeKeys int
}

// rootField is a root field that shows orders: one for each value, which key reads.
type rootField struct {
	graphql.CollectedField
	values []any
	key    func(value any) (upstream.Key, error)
}

// plan returns what the resolvers of the operation will load. It leaves out what they will refuse.
//
// Whatever refuses a request comes before the work on what it names: a stranger may name one order, and
// one attribute key, as often as a request has room for.
func (p *planner) plan(
	ctx context.Context, operation *graphql.OperationContext, nulls nullArguments,
) (map[upstream.Key]upstream.Needs, error) {
	fields, err := p.rootFields(ctx, operation, nulls)
	if err != nil || len(fields) == 0 || p.resolver.authorizes(ctx) != nil {
		return nil, err
	}
	ofFields := make([]upstream.Needs, len(fields))
	keys := map[string]struct{}{}
	for i, field := range fields {
		ofFields[i] = p.needs.Needs(field.Selections, operation.Variables, p.maxAttributeKeys)
		for _, key := range ofFields[i].AttributeKeys {
			keys[key] = struct{}{}
		}
		if len(keys) > p.maxAttributeKeys {
			return nil, &limits.Error{Limit: limits.MaxAttributeKeys, Maximum: p.maxAttributeKeys}
		}
	}
	needs := map[upstream.Key]upstream.Needs{}
	for i, field := range fields {
		united := make(map[upstream.Key]struct{}, len(field.values))
		for _, value := range field.values {
			key, err := field.key(value)
			if _, again := united[key]; err != nil || again {
				continue
			}
			united[key] = struct{}{}
			needs[key] = needs[key].Union(ofFields[i])
		}
	}
	if len(needs) > p.maxOrders {
		return nil, p.tooManyOrders()
	}
	return needs, nil
}

func (p *planner) tooManyOrders() error {
	return &limits.Error{Limit: limits.MaxOrders, Maximum: p.maxOrders}
}

// rootFields returns the root fields that load orders. It bounds the places in their lists: one order may
// be named many times, and a wrong id is no order, but each of them takes a place in the response.
func (p *planner) rootFields(ctx context.Context, operation *graphql.OperationContext, nulls nullArguments) ([]rootField, error) {
	var fields []rootField
	places := 0
	for _, collected := range rootFields(operation) {
		field, showsOrders := ordersOf(collected, operation.Variables)
		if !showsOrders {
			continue
		}
		if field.Definition.Type.Elem != nil {
			places += len(field.values)
		}
		if places > p.maxOrders {
			return nil, p.tooManyOrders()
		}
		_, isNull := nulls[collected.Alias]
		if !isNull && (field.Name != entitiesField || p.resolver.admits(ctx) == nil) {
			fields = append(fields, field)
		}
	}
	return fields, nil
}

const entitiesField = "_entities"

// ordersOf returns what a root field names, or false for one that shows no orders.
func ordersOf(field graphql.CollectedField, variables map[string]any) (named rootField, showsOrders bool) {
	named = rootField{CollectedField: field}
	switch field.Name {
	case "order":
		arguments := field.ArgumentMap(variables)
		named.values, named.key = []any{arguments["id"]}, keyOf(arguments)
	case "orders":
		arguments := field.ArgumentMap(variables)
		named.values, named.key = graphql.CoerceList(arguments["ids"]), keyOf(arguments)
	case entitiesField:
		named.values, named.key = graphql.CoerceList(field.ArgumentMap(variables)["representations"]), representedKey
	default:
		return named, false
	}
	return named, true
}

// keyOf coerces an id and the other arguments as the generated code does before it calls a resolver.
func keyOf(arguments map[string]any) func(id any) (upstream.Key, error) {
	return func(id any) (upstream.Key, error) {
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
