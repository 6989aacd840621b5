package graph

import (
	"context"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/limits"
	"ordergraph/upstream"
)

// rootField is a root field that shows orders: one for each value, which key reads. It reads arguments
// exactly as the resolvers get them.
type rootField struct {
	graphql.CollectedField
	values []any
	key    func(value any) (upstream.Key, error)
	needs  upstream.Needs
}

// plan notes what the resolvers of an operation will load. It leaves out what they will refuse.
//
// Whatever refuses a request comes before the work on what it names: a stranger may name one order, and
// one attribute key, as often as a request has room for.
func (o *operations) plan(ctx context.Context, parsed *graphql.OperationContext, known *operation) error {
	fields, err := o.orderFields(ctx, parsed, known)
	if err != nil || len(fields) == 0 || o.resolver.authorizes(ctx) != nil {
		return err
	}
	keys := map[string]struct{}{}
	for i := range fields {
		var nullKey *ast.Field
		fields[i].needs, nullKey = o.needs.Needs(fields[i].Selections, parsed.Variables, o.maxAttributeKeys)
		if nullKey != nil {
			known.noteNull(fields[i].Alias, nullArgument{field: nullKey, argument: nullKey.Arguments[0].Name, below: true})
		}
		for _, key := range fields[i].needs.AttributeKeys {
			keys[key] = struct{}{}
		}
		if len(keys) > o.maxAttributeKeys {
			return &limits.Error{Limit: limits.MaxAttributeKeys, Maximum: o.maxAttributeKeys}
		}
	}
	known.needs = map[upstream.Key]upstream.Needs{}
	for _, field := range fields {
		if _, isNull := known.nulls[field.Alias]; isNull {
			continue
		}
		united := make(map[upstream.Key]struct{}, len(field.values))
		for _, value := range field.values {
			key, err := field.key(value)
			if _, again := united[key]; err != nil || again {
				continue
			}
			united[key] = struct{}{}
			known.needs[key] = known.needs[key].Union(field.needs)
		}
	}
	if len(known.needs) > o.maxOrders {
		return o.tooManyOrders()
	}
	return nil
}

func (o *operations) tooManyOrders() error {
	return &limits.Error{Limit: limits.MaxOrders, Maximum: o.maxOrders}
}

// orderFields returns the root fields that load orders. It bounds the places in their lists: one order may
// be named many times, and a wrong id is no order, but each of them takes a place in the response.
func (o *operations) orderFields(ctx context.Context, parsed *graphql.OperationContext, known *operation) ([]rootField, error) {
	var fields []rootField
	places := 0
	for _, collected := range rootFields(parsed) {
		field, showsOrders := ordersOf(collected, parsed.Variables)
		if !showsOrders {
			continue
		}
		if field.Definition.Type.Elem != nil {
			places += len(field.values)
		}
		if places > o.maxOrders {
			return nil, o.tooManyOrders()
		}
		_, isNull := known.nulls[field.Alias]
		if !isNull && (field.Name != entitiesField || o.resolver.admits(ctx) == nil) {
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

// nullArgument is an argument that is null, or holds a null, where its type has no place for one. A
// document can be valid all the same: a variable with a default may stand there, and be given as null.
// By the specification that fails the field, which is never executed: nothing of its root field is loaded,
// for what lacks its argument nulls the order.
type nullArgument struct {
	field    *ast.Field
	argument string
	// below says that the field is one of an order, not the root field itself.
	below bool
}

// noteNull notes a null argument of the root field with the given alias, or of a field below it.
func (o *operation) noteNull(alias string, null nullArgument) {
	if o.nulls == nil {
		o.nulls = map[string]nullArgument{}
	}
	o.nulls[alias] = null
}

// findNull returns the first argument of a field that has a null where none may be.
func findNull(field *ast.Field, variables map[string]any) (null nullArgument, found bool) {
	for _, argument := range field.Arguments {
		if holdsNull(argument.Value, variables) {
			return nullArgument{field: field, argument: argument.Name}, true
		}
	}
	return nullArgument{}, false
}

func holdsNull(value *ast.Value, variables map[string]any) bool {
	if value.Kind == ast.Variable {
		given, isGiven := variables[value.Raw]
		return isGiven && given == nil && value.ExpectedType != nil && value.ExpectedType.NonNull
	}
	return slices.ContainsFunc(value.Children, func(child *ast.ChildValue) bool { return holdsNull(child.Value, variables) })
}

// nullArgumentHere returns the null argument in the current root field.
func nullArgumentHere(ctx context.Context) (null nullArgument, isNull bool) {
	null, isNull = operationOf(graphql.GetOperationContext(ctx)).nulls[graphql.GetFieldContext(ctx).Field.Alias]
	return null, isNull
}

func (n nullArgument) err() error {
	return badInput(fmt.Sprintf("The argument %q must not be null, nor hold a null.", n.argument))
}

// at returns the error where the order has a place in the response.
func (n nullArgument) at(order ast.Path) error {
	position := n.field.Position
	path := order
	if n.below {
		path = append(slices.Clone(order), ast.PathName(n.field.Alias))
	}
	return &gqlerror.Error{
		Err: n.err(), Message: n.err().Error(), Path: path,
		Locations: []gqlerror.Location{{Line: position.Line, Column: position.Column}},
	}
}
