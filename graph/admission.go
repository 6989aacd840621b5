package graph

import (
	"context"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/upstream"
)

// admission refuses operations that are valid but must not be executed: by what their variables
// hold, or by who asks.
type admission struct{ introspection bool }

var (
	_ graphql.HandlerExtension        = admission{}
	_ graphql.OperationContextMutator = admission{}
)

// ExtensionName names the extension.
func (admission) ExtensionName() string { return "Admission" }

// Validate has nothing to check.
func (admission) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses before anything else looks at the selections.
func (a admission) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	if name, found := nullCondition(operation); found {
		return gqlerror.Wrap(badInput(fmt.Sprintf("Variable %q must not be null: @skip or @include depends on it.", "$"+name)))
	}
	operation.DisableIntrospection = !a.introspection && !upstream.ScopeFrom(ctx).RouterTrusted
	if operation.DisableIntrospection && introspects(operation) {
		return gqlerror.Wrap(&clientError{code: codeValidationFailed, message: "Introspection is turned off here."})
	}
	for _, null := range noteNullArguments(operation) {
		if null.introspects {
			return gqlerror.Wrap(null.err())
		}
	}
	return nil
}

func introspects(operation *graphql.OperationContext) bool {
	return slices.ContainsFunc(graphql.CollectFields(operation, operation.Operation.SelectionSet, queryTypes), isIntrospection)
}

func isIntrospection(field graphql.CollectedField) bool {
	return field.Name == "__schema" || field.Name == "__type"
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
