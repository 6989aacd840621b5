package lookahead

import (
	"cmp"
	"slices"

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

	// few holds the usual number of visits without a place on the heap, many takes over beyond.
	few   [16]visit
	count int
	many  map[visit]struct{}
}

// visit is a part of the document that was read for a type: a fragment, or a field whose type is
// abstract.
type visit struct {
	fragment *ast.FragmentDefinition
	field    *ast.Field
	object   *object
}

func (w *walk) selections(parent *object, selections ast.SelectionSet) {
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			if known := w.field(parent, selection); known != nil && included(selection.Directives, w.variables) {
				w.fieldNeeds(known, selection)
			}
		case *ast.InlineFragment:
			if parent.is(selection.TypeCondition) && included(selection.Directives, w.variables) {
				w.selections(parent, selection.SelectionSet)
			}
		case *ast.FragmentSpread:
			w.spread(parent, selection)
		}
	}
}

func (w *walk) spread(parent *object, spread *ast.FragmentSpread) {
	fragment := spread.Definition
	if !parent.is(fragment.TypeCondition) || !included(spread.Directives, w.variables) {
		return
	}
	if w.first(visit{fragment: fragment, object: parent}) {
		w.selections(parent, fragment.SelectionSet)
	}
}

// field returns what is known about the selected field of parent, nil where it needs nothing.
func (w *walk) field(parent *object, selected *ast.Field) *field {
	if selected.ObjectDefinition == parent.definition {
		return w.plan.fields[selected.Definition]
	}
	return parent.fields[selected.Name]
}

func (w *walk) fieldNeeds(known *field, selected *ast.Field) {
	w.domains |= known.domains
	if known.attributes {
		w.attributeKeys(selected)
	}
	if w.domains.Covers(known.below) && !known.attributesBelow {
		return
	}
	for _, object := range known.objects {
		if len(known.objects) == 1 || w.first(visit{field: selected, object: object}) {
			w.selections(object, selected.SelectionSet)
		}
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

// first notes the visit and reports whether it is the first one.
func (w *walk) first(visit visit) bool {
	if w.many != nil {
		if _, found := w.many[visit]; found {
			return false
		}
		w.many[visit] = struct{}{}
		return true
	}
	if slices.Contains(w.few[:w.count], visit) {
		return false
	}
	if w.count < len(w.few) {
		w.few[w.count] = visit
		w.count++
		return true
	}
	w.many = manyVisits(w.few[:], visit)
	return true
}

// manyVisits returns a set, so that hundreds of fragments cost no quadratic search.
func manyVisits(earlier []visit, last visit) map[visit]struct{} {
	many := make(map[visit]struct{}, 4*len(earlier))
	for _, visit := range earlier {
		many[visit] = struct{}{}
	}
	many[last] = struct{}{}
	return many
}

// is reports whether a type condition applies to the type. None applies to every type.
func (o *object) is(condition string) bool {
	return condition == "" || condition == o.definition.Name || slices.Contains(o.satisfies, condition)
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
