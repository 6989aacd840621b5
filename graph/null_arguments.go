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

// findNullArguments finds the null arguments of an operation. Only a request that gives a variable as null
// costs a walk.
func findNullArguments(operation *graphql.OperationContext) nullArguments {
	if !holdsNull(operation.Variables) {
		return nil
	}
	found := nullArguments{}
	for _, field := range rootFields(operation) {
		search := nullSearch{variables: operation.Variables, read: map[*ast.FragmentDefinition]bool{}}
		if argument, isNull := search.arguments(field.Field); isNull {
			found[field.Alias] = nullArgument{field: field.Field, argument: argument, introspects: isIntrospection(field)}
		} else if below, isNull := search.selections(field.Selections); isNull {
			found[field.Alias] = below
		}
	}
	return found
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

// nullCondition returns a variable that decides @skip or @include but is null. Validation lets it
// pass if the variable has a default, and gqlgen then panics.
func nullCondition(operation *graphql.OperationContext) (name string, found bool) {
	for _, definition := range operation.Operation.VariableDefinitions {
		value, given := operation.Variables[definition.Variable]
		if !given || value != nil || definition.Type.NamedType != "Boolean" {
			continue
		}
		search := conditions{definition.Variable, map[*ast.FragmentDefinition]bool{}}
		if search.in(operation.Operation.SelectionSet) {
			return definition.Variable, true
		}
	}
	return "", false
}

// conditions looks for directives in what one operation of a document can execute. Each fragment is read
// once.
type conditions struct {
	variable string
	read     map[*ast.FragmentDefinition]bool
}

// in reports whether a directive of the selections, or below them, depends on the variable.
func (c conditions) in(selections ast.SelectionSet) bool {
	for _, selection := range selections {
		var directives ast.DirectiveList
		var inner ast.SelectionSet
		switch selection := selection.(type) {
		case *ast.Field:
			directives, inner = selection.Directives, selection.SelectionSet
		case *ast.InlineFragment:
			directives, inner = selection.Directives, selection.SelectionSet
		case *ast.FragmentSpread:
			directives = selection.Directives
			if !c.read[selection.Definition] {
				c.read[selection.Definition] = true
				inner = selection.Definition.SelectionSet
			}
		}
		if dependsOn(directives, c.variable) || c.in(inner) {
			return true
		}
	}
	return false
}

func dependsOn(directives ast.DirectiveList, variable string) bool {
	for _, directive := range directives {
		for _, argument := range directive.Arguments {
			if argument.Value.Kind == ast.Variable && argument.Value.Raw == variable {
				return true
			}
		}
	}
	return false
}
