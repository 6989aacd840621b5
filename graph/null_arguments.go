package graph

import (
	"context"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/lookahead"
)

// nullArgument is an argument that is null, or holds a null, where its type has no place for one. A
// document can be valid all the same: a variable with a default may stand there, and be given as null.
// By the specification that fails the field, which is never executed.
type nullArgument struct {
	// path leads from the order to the field; empty is the root field itself.
	path     ast.Path
	field    *ast.Field
	argument string
	// introspects says that the root field is part of introspection. gqlgen resolves it, and would take
	// the null for an empty text.
	introspects bool
}

// nullArguments are those of an operation by the aliases of the root fields, one for each. They are
// found before anything is planned, for nothing of such a root field is loaded: what lacks its argument
// nulls the order.
type nullArguments map[string]nullArgument

const nullArgumentsExtension = "NullArguments"

// noteNullArguments finds the operation's null arguments, for nullArgumentOf. Only a request that gives a
// variable as null costs a walk.
func noteNullArguments(operation *graphql.OperationContext) nullArguments {
	if !holdsNull(operation.Variables) {
		return nil
	}
	found := nullArguments{}
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, queryTypes) {
		search := nullSearch{variables: operation.Variables, read: map[*ast.FragmentDefinition]bool{}}
		if argument, isNull := search.arguments(field.Field); isNull {
			found[field.Alias] = nullArgument{field: field.Field, argument: argument, introspects: isIntrospection(field)}
		} else if below, isNull := search.selections(field.Selections); isNull {
			found[field.Alias] = below
		}
	}
	operation.Stats.SetExtension(nullArgumentsExtension, found)
	return found
}

// nullArgumentOf returns what noteNullArguments found in a root field.
func nullArgumentOf(operation *graphql.OperationContext, field graphql.CollectedField) (null nullArgument, isNull bool) {
	found, _ := operation.Stats.GetExtension(nullArgumentsExtension).(nullArguments)
	null, isNull = found[field.Alias]
	return null, isNull
}

// nullArgumentHere returns what noteNullArguments found in the current root field.
func nullArgumentHere(ctx context.Context) (null nullArgument, isNull bool) {
	return nullArgumentOf(graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field)
}

func (n nullArgument) err() error {
	return badInput(fmt.Sprintf("The argument %q must not be null, nor hold a null.", n.argument))
}

// at returns the error where the order has a place in the response.
func (n nullArgument) at(order ast.Path) error {
	position := n.field.Position
	return &gqlerror.Error{
		Err: n.err(), Message: n.err().Error(), Path: slices.Concat(order, n.path),
		Locations: []gqlerror.Location{{Line: position.Line, Column: position.Column}},
	}
}

func holdsNull(variables map[string]any) bool {
	for _, value := range variables {
		if value == nil {
			return true
		}
	}
	return false
}

// nullSearch looks for a null argument below a root field. Each fragment is read once. Type conditions
// don't matter: the schema has no type that two object types share.
type nullSearch struct {
	variables map[string]any
	read      map[*ast.FragmentDefinition]bool
}

// arguments returns the first argument of a field that has a null where none may be.
func (s *nullSearch) arguments(field *ast.Field) (name string, isNull bool) {
	for _, argument := range field.Arguments {
		if s.value(argument.Value) {
			return argument.Name, true
		}
	}
	return "", false
}

func (s *nullSearch) value(value *ast.Value) bool {
	if value.Kind == ast.Variable {
		given, isGiven := s.variables[value.Raw]
		return isGiven && given == nil && value.ExpectedType != nil && value.ExpectedType.NonNull
	}
	for _, child := range value.Children {
		if s.value(child.Value) {
			return true
		}
	}
	return false
}

// selections returns the first null argument in what is executed of selections.
func (s *nullSearch) selections(selections ast.SelectionSet) (nullArgument, bool) {
	for _, selection := range selections {
		null, isNull := s.selection(selection)
		if isNull {
			return null, true
		}
	}
	return nullArgument{}, false
}

func (s *nullSearch) selection(selection ast.Selection) (nullArgument, bool) {
	switch selection := selection.(type) {
	case *ast.Field:
		if lookahead.Included(selection.Directives, s.variables) {
			return s.field(selection)
		}
	case *ast.InlineFragment:
		if lookahead.Included(selection.Directives, s.variables) {
			return s.selections(selection.SelectionSet)
		}
	case *ast.FragmentSpread:
		if !s.read[selection.Definition] && lookahead.Included(selection.Directives, s.variables) {
			s.read[selection.Definition] = true
			return s.selections(selection.Definition.SelectionSet)
		}
	}
	return nullArgument{}, false
}

func (s *nullSearch) field(field *ast.Field) (nullArgument, bool) {
	if argument, isNull := s.arguments(field); isNull {
		return nullArgument{path: ast.Path{ast.PathName(field.Alias)}, field: field, argument: argument}, true
	}
	null, isNull := s.selections(field.SelectionSet)
	if isNull {
		null.path = append(ast.Path{ast.PathName(field.Alias)}, null.path...)
	}
	return null, isNull
}
