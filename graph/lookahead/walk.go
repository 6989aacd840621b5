package lookahead

import (
	"cmp"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/upstream"
)

// walk is one reading of a selection. It gathers a union, so a part that was read once for a type
// never needs to be read again: not even to know its result.
type walk struct {
	plan      *Plan
	variables map[string]any

	domains upstream.Domains
	// keys are the distinct attribute keys: no more than maxKeys and one.
	keys          map[string]struct{}
	maxKeys       int
	variablesRead map[string]struct{}
	nullKey       *ast.Field

	// read are the fragments that were read, for the object types that they were read for.
	read map[reading]bool
}

// reading is a fragment that was read for an object type.
type reading struct {
	fragment *ast.FragmentDefinition
	parent   string
}

// selections reads what is selected of a value of the object type parent.
func (w *walk) selections(parent string, selections ast.SelectionSet) {
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			if included(selection.Directives, w.variables) {
				w.field(selection)
			}
		case *ast.InlineFragment:
			if w.applies(selection.TypeCondition, parent) && included(selection.Directives, w.variables) {
				w.selections(parent, selection.SelectionSet)
			}
		case *ast.FragmentSpread:
			fragment := selection.Definition
			if !w.applies(fragment.TypeCondition, parent) || !included(selection.Directives, w.variables) {
				continue
			}
			if w.read == nil {
				w.read = map[reading]bool{}
			}
			if key := (reading{fragment, parent}); !w.read[key] {
				w.read[key] = true
				w.selections(parent, fragment.SelectionSet)
			}
		}
	}
}

// applies reports whether a type condition applies to an object type, as far as that matters: of a union,
// nothing is selected but by another condition.
func (w *walk) applies(condition, parent string) bool {
	return condition == "" || condition == parent || w.plan.unions[condition]
}

func (w *walk) field(selected *ast.Field) {
	w.domains |= w.plan.domains[selected.Definition]
	if selected.Definition == w.plan.attributes {
		w.attributeKeys(selected)
	}
	if len(selected.SelectionSet) > 0 {
		w.selections(selected.Definition.Type.Name(), selected.SelectionSet)
	}
}

// attributeKeys reads the argument of extraAttributes as execution will coerce it.
func (w *walk) attributeKeys(selected *ast.Field) {
	argument := selected.Arguments.ForName(attributesOption)
	if argument == nil || len(w.keys) > w.maxKeys {
		return
	}
	if argument.Value.Kind == ast.Variable {
		if _, read := w.variablesRead[argument.Value.Raw]; read {
			return
		}
		if w.variablesRead == nil {
			w.variablesRead = map[string]struct{}{}
		}
		w.variablesRead[argument.Value.Raw] = struct{}{}
	}
	value, err := argument.Value.Value(w.variables)
	if err != nil {
		return
	}
	for _, element := range graphql.CoerceList(value) {
		key, ok := element.(string)
		if !ok {
			w.nullKey = cmp.Or(w.nullKey, selected)
			continue
		}
		if w.keys == nil {
			w.keys = map[string]struct{}{}
		}
		w.keys[key] = struct{}{}
		if len(w.keys) > w.maxKeys {
			return
		}
	}
}

// included reports whether @skip and @include let a selection be executed.
func included(directives ast.DirectiveList, variables map[string]any) bool {
	for _, directive := range directives {
		switch directive.Name {
		case "skip":
			if condition(directive, variables) {
				return false
			}
		case "include":
			if !condition(directive, variables) {
				return false
			}
		}
	}
	return true
}

// condition returns the argument of @skip or @include. Anything but a boolean counts as false here;
// validation and the coercion of variables have refused it before.
func condition(directive *ast.Directive, variables map[string]any) bool {
	argument := directive.Arguments.ForName("if")
	if argument == nil {
		return false
	}
	value, err := argument.Value.Value(variables)
	if err != nil {
		return false
	}
	isTrue, _ := value.(bool)
	return isTrue
}
