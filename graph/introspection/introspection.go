// Package introspection answers __schema and __type.
//
// gqlgen spends microseconds on each field that introspection shows, of which a query of a few kilobytes can
// select a hundred thousand. So what its package introspection says about the schema is written here without
// an execution: a type that was shown once is copied wherever the same is selected of it again, and an
// operation whose introspection takes more than MaxBytes is refused.
package introspection

import (
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/vektah/gqlparser/v2/ast"
)

// MaxBytes is how much JSON the introspection of one operation may take, several times what clients'
// tools ask for.
const MaxBytes = 1 << 20

// TooLargeError says that the introspection of an operation takes more than MaxBytes.
type TooLargeError struct{}

func (TooLargeError) Error() string {
	return fmt.Sprintf("introspection takes more than %d bytes", MaxBytes)
}

// Answer returns what a root field, __schema or __type, shows of a schema, as JSON. written counts the bytes
// that the introspection of the operation took so far.
func Answer(
	schema *ast.Schema, operation *graphql.OperationContext, field graphql.CollectedField, written *atomic.Int64,
) ([]byte, error) {
	var shown any = introspection.WrapSchema(schema)
	if field.Name == "__type" {
		name, _ := field.ArgumentMap(operation.Variables)["name"].(string)
		shown = introspection.WrapTypeFromDef(schema, schema.Types[name])
	}
	w := writer{room: MaxBytes - int(written.Load()), types: map[shownType]span{}}
	err := w.value(shown, selectFields(operation, field.Definition.Type.Name(), field.Selections))
	written.Add(int64(len(w.text)))
	return w.text, err
}

// selected is a field as a request selects it.
type selected struct {
	name string
	// label begins the field in the answer, as in `"name":`.
	label string
	// typename is the answer to __typename.
	typename string
	// deprecated says that deprecated elements are shown, too.
	deprecated bool
	below      *selection
}

type selection struct{ fields []selected }

// selectFields merges what is selected of an object of the given type. The selections must belong to the
// document or to a collected field: gqlgen remembers fields by the address of the slice.
func selectFields(operation *graphql.OperationContext, typename string, selections ast.SelectionSet) *selection {
	collected := graphql.CollectFields(operation, selections, []string{typename})
	result := &selection{fields: make([]selected, len(collected))}
	for i, field := range collected {
		result.fields[i] = selected{name: field.Name, label: strconv.Quote(field.Alias) + ":", typename: typename}
		if below := field.Definition.Type.Name(); len(field.Selections) > 0 {
			result.fields[i].below = selectFields(operation, below, field.Selections)
			result.fields[i].deprecated = field.ArgumentMap(operation.Variables)["includeDeprecated"] == true
		}
	}
	return result
}

// writer writes what is selected as JSON.
type writer struct {
	text []byte
	// room is how long the text may become.
	room int
	// types are where the types stand that were written, for they come again and again.
	types map[shownType]span
}

type shownType struct {
	name      string
	selection *selection
}

type span struct{ from, to int }

// value writes what field returns: a leaf, or what is selected of an object or of each object of a list.
func (w *writer) value(value any, selection *selection) error {
	switch value := value.(type) {
	case string:
		w.text, _ = jsontext.AppendQuote(w.text, value)
	case bool:
		w.text = strconv.AppendBool(w.text, value)
	case *string:
		if value != nil {
			return w.value(*value, selection)
		}
		w.text = append(w.text, "null"...)
	case *introspection.Type:
		if value != nil {
			return w.typ(value, selection)
		}
		w.text = append(w.text, "null"...)
	case []string:
		return writeList(w, value, func(text *string) error { return w.value(*text, selection) })
	case []introspection.Type:
		return writeList(w, value, func(t *introspection.Type) error { return w.typ(t, selection) })
	case []introspection.Field:
		return writeList(w, value, func(f *introspection.Field) error { return w.object(f, selection) })
	case []introspection.InputValue:
		return writeList(w, value, func(v *introspection.InputValue) error { return w.object(v, selection) })
	case []introspection.EnumValue:
		return writeList(w, value, func(v *introspection.EnumValue) error { return w.object(v, selection) })
	case []introspection.Directive:
		return writeList(w, value, func(d *introspection.Directive) error { return w.object(d, selection) })
	default:
		return w.object(value, selection)
	}
	return nil
}

func writeList[T any](w *writer, list []T, write func(*T) error) error {
	w.text = append(w.text, '[')
	for i := range list {
		if i > 0 {
			w.text = append(w.text, ',')
		}
		if err := write(&list[i]); err != nil {
			return err
		}
	}
	w.text = append(w.text, ']')
	return nil
}

func (w *writer) typ(t *introspection.Type, selection *selection) error {
	name := t.Name()
	if name == nil { // what is wrapped around a type
		return w.object(t, selection)
	}
	shown := shownType{*name, selection}
	if known, found := w.types[shown]; found {
		if len(w.text)+known.to-known.from > w.room {
			return TooLargeError{}
		}
		w.text = append(w.text, w.text[known.from:known.to]...)
		return nil
	}
	from := len(w.text)
	if err := w.object(t, selection); err != nil {
		return err
	}
	w.types[shown] = span{from, len(w.text)}
	return nil
}

func (w *writer) object(object any, selection *selection) error {
	for i := range selection.fields {
		field := &selection.fields[i]
		w.text = append(w.text, "{,"[min(i, 1)])
		w.text = append(w.text, field.label...)
		if err := w.value(field.of(object), field.below); err != nil {
			return err
		}
	}
	w.text = append(w.text, '}')
	if len(w.text) > w.room {
		return TooLargeError{}
	}
	return nil
}

// of returns the field of what gqlgen says about the schema.
func (f *selected) of(object any) any {
	switch f.name {
	case "__typename":
		return f.typename
	case "description":
		return object.(interface{ Description() *string }).Description()
	case "isDeprecated":
		return object.(interface{ IsDeprecated() bool }).IsDeprecated()
	case "deprecationReason":
		return object.(interface{ DeprecationReason() *string }).DeprecationReason()
	}
	switch object := object.(type) {
	case *introspection.Schema:
		return f.ofSchema(object)
	case *introspection.Type:
		return f.ofType(object)
	case *introspection.Field:
		switch f.name {
		case "name":
			return object.Name
		case "args":
			return object.VisibleArgs(f.deprecated)
		case "type":
			return object.Type
		}
	case *introspection.InputValue:
		switch f.name {
		case "name":
			return object.Name
		case "type":
			return object.Type
		case "defaultValue":
			return object.DefaultValue
		}
	case *introspection.EnumValue:
		return object.Name
	case *introspection.Directive:
		switch f.name {
		case "name":
			return object.Name
		case "isRepeatable":
			return object.IsRepeatable
		case "locations":
			return object.Locations
		case "args":
			return object.VisibleArgs(f.deprecated)
		}
	}
	panic("introspection: unknown field " + f.name)
}

func (f *selected) ofSchema(schema *introspection.Schema) any {
	switch f.name {
	case "types":
		return schema.Types()
	case "queryType":
		return schema.QueryType()
	case "mutationType":
		return schema.MutationType()
	case "subscriptionType":
		return schema.SubscriptionType()
	default:
		return schema.Directives()
	}
}

func (f *selected) ofType(t *introspection.Type) any {
	switch f.name {
	case "kind":
		return t.Kind()
	case "name":
		return t.Name()
	case "specifiedByURL":
		return t.SpecifiedByURL()
	case "isOneOf":
		return t.IsOneOf()
	case "fields":
		return t.Fields(f.deprecated)
	case "inputFields":
		return t.VisibleInputFields(f.deprecated)
	case "interfaces":
		return t.Interfaces()
	case "possibleTypes":
		return t.PossibleTypes()
	case "enumValues":
		return t.EnumValues(f.deprecated)
	default:
		return t.OfType()
	}
}
