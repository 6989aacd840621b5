package limits

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// merge decides whether the fields that share a response name can be merged into one (GraphQL
// specification, 5.3.2, Field Selection Merging), and returns the first conflict.
//
// The specification compares every two such fields, which takes 80 ms for one field a thousand
// times. Here all fields at one place of the response are grouped by response name and compared
// with the first of their group; what is selected of the whole group is the next place down. So
// each field, fragments expanded, is looked at once for its value and once for its shape.
//
// The document must have passed every other rule, and max-fields.
func merge(document ast.QueryDocument) gqlerror.List {
	names := map[string]struct{}{}
	for _, operation := range document.Operations {
		if isPlain(operation.SelectionSet, names) {
			continue
		}
		root := collect(operation.SelectionSet)
		if err := compare(root, nil, valueGroups, valueConflict); err != nil {
			return gqlerror.List{err}
		}
		if err := compare(root, nil, byResponseName, shapeConflict); err != nil {
			return gqlerror.List{err}
		}
	}
	return nil
}

// isPlain reports whether there are no fragments in a selection set, and no two fields with one name in
// any place, as in most documents: then there is nothing to merge. names is room to work in, empty
// before and after.
func isPlain(set ast.SelectionSet, names map[string]struct{}) bool {
	defer clear(names)
	for _, selection := range set {
		field, isField := selection.(*ast.Field)
		if !isField {
			return false
		}
		names[field.Alias] = struct{}{}
	}
	if len(names) < len(set) {
		return false
	}
	clear(names)
	for _, selection := range set {
		if below := selection.(*ast.Field).SelectionSet; len(below) > 0 && !isPlain(below, names) {
			return false
		}
	}
	return true
}

// compare groups fields and looks for a conflict between the first field of each group and the
// others, then beneath each group. Path holds the response names above that are merged.
func compare(
	fields []*ast.Field, path []string,
	groups func([]*ast.Field) [][]*ast.Field, conflict func(a, b *ast.Field) string,
) *gqlerror.Error {
	for _, group := range groups(fields) {
		sets := make([]ast.SelectionSet, 0, len(group))
		for _, field := range group {
			if reason := conflict(group[0], field); reason != "" {
				return conflictError(append(path, field.Alias), reason, field.Position)
			}
			if len(field.SelectionSet) > 0 {
				sets = append(sets, field.SelectionSet)
			}
		}
		if len(sets) == 0 {
			continue
		}
		below := append(path, group[0].Alias)
		if len(group) == 1 {
			below = nil // Nothing above is part of a conflict.
		}
		if err := compare(collect(sets...), below, groups, conflict); err != nil {
			return err
		}
	}
	return nil
}

// collect returns the fields of selection sets, with those of their fragments. A fragment that is
// spread twice brings its fields once.
func collect(sets ...ast.SelectionSet) []*ast.Field {
	var fields []*ast.Field
	spread := map[string]bool{}
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
				fields = append(fields, selection)
			case *ast.InlineFragment:
				walk(selection.SelectionSet)
			case *ast.FragmentSpread:
				if !spread[selection.Name] {
					spread[selection.Name] = true
					walk(selection.Definition.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		walk(set)
	}
	return fields
}

// byResponseName groups fields by the name under which the response shows them.
func byResponseName(fields []*ast.Field) [][]*ast.Field {
	groups := make([][]*ast.Field, 0, len(fields))
	index := make(map[string]int, len(fields))
	for _, field := range fields {
		i, found := index[field.Alias]
		if !found {
			i = len(groups)
			index[field.Alias] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], field)
	}
	return groups
}

// valueGroups groups fields that the response shows under one name in one object: fields of two
// object types never meet, fields of interfaces and unions meet all.
func valueGroups(fields []*ast.Field) [][]*ast.Field {
	var groups [][]*ast.Field
	for _, group := range byResponseName(fields) {
		parents := objectTypes(group)
		if len(parents) < 2 {
			groups = append(groups, group)
			continue
		}
		for _, parent := range parents {
			groups = append(groups, slices.DeleteFunc(slices.Clone(group), func(field *ast.Field) bool {
				return field.ObjectDefinition.Kind == ast.Object && field.ObjectDefinition.Name != parent
			}))
		}
	}
	return groups
}

// objectTypes returns the names of the object types that fields are selected of.
func objectTypes(fields []*ast.Field) []string {
	var names []string
	for _, field := range fields {
		parent := field.ObjectDefinition
		if parent.Kind == ast.Object && !slices.Contains(names, parent.Name) {
			names = append(names, parent.Name)
		}
	}
	return names
}

// valueConflict says why two fields in one object would have two values; empty if they don't.
func valueConflict(a, b *ast.Field) string {
	switch {
	case a.Name != b.Name:
		return fmt.Sprintf(`"%s" and "%s" are different fields`, a.Name, b.Name)
	case !sameArguments(a.Arguments, b.Arguments):
		return "they have differing arguments"
	default:
		return ""
	}
}

// shapeConflict says why the values of two fields could not be told apart by their types; empty if
// they can. Unlike values, shapes must agree even between objects that never meet.
func shapeConflict(a, b *ast.Field) string {
	// A field with selections is of a composite type, and what is selected is compared beneath.
	leaf := len(a.SelectionSet) == 0 || len(b.SelectionSet) == 0
	if sameShape(a.Definition.Type, b.Definition.Type, leaf) {
		return ""
	}
	return fmt.Sprintf(`they return conflicting types "%s" and "%s"`, a.Definition.Type, b.Definition.Type)
}

func sameShape(a, b *ast.Type, leaf bool) bool {
	if a.NonNull != b.NonNull || (a.Elem == nil) != (b.Elem == nil) {
		return false
	}
	if a.Elem != nil {
		return sameShape(a.Elem, b.Elem, leaf)
	}
	return !leaf || a.NamedType == b.NamedType
}

// sameArguments compares arguments, whose names differ, in any order.
func sameArguments(a, b ast.ArgumentList) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(argument *ast.Argument) bool {
		other := b.ForName(argument.Name)
		return other == nil || !sameValue(argument.Value, other.Value)
	})
}

// sameValue compares values as they are written, the fields of an input object in any order.
func sameValue(a, b *ast.Value) bool {
	if a.Kind != b.Kind || a.Raw != b.Raw || len(a.Children) != len(b.Children) {
		return false
	}
	for i, child := range a.Children {
		other := b.Children[i].Value
		if a.Kind == ast.ObjectValue {
			other = b.Children.ForName(child.Name)
		}
		if other == nil || !sameValue(child.Value, other) {
			return false
		}
	}
	return true
}

// conflictError says, in gqlparser's words, that the fields at path can't be merged.
func conflictError(path []string, reason string, position *ast.Position) *gqlerror.Error {
	for _, name := range slices.Backward(path[1:]) {
		reason = fmt.Sprintf(`subfields "%s" conflict because %s`, name, reason)
	}
	return gqlerror.ErrorPosf(position, `Fields "%s" conflict because %s. `+
		`Use different aliases on the fields to fetch both if this was intentional.`, path[0], reason)
}
