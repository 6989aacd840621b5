package introspection

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// object is something that introspection describes, with all its fields. One that it lacks is null.
type object struct {
	// name is that of a type or of something else that has one; empty for what is wrapped around a type.
	name string
	// isType says that this describes a type, isDeprecated that it is shown only to those who ask for what
	// is deprecated.
	isType, isDeprecated bool

	leaves  map[string]json.RawMessage
	objects map[string]*object
	lists   map[string][]*object
}

func readObject(text json.RawMessage) (*object, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, fmt.Errorf("read introspection: %w", err)
	}
	result := &object{leaves: map[string]json.RawMessage{}, objects: map[string]*object{}, lists: map[string][]*object{}}
	for name, value := range members {
		if err := result.add(name, value); err != nil {
			return nil, err
		}
	}
	_, result.isType = members["kind"]
	result.isDeprecated = string(members["isDeprecated"]) == "true"
	if quoted := members["name"]; quoted != nil {
		// A null leaves the name empty.
		if err := json.Unmarshal(quoted, &result.name); err != nil {
			return nil, fmt.Errorf("read introspection: %w", err)
		}
	}
	return result, nil
}

func (o *object) add(name string, value json.RawMessage) error {
	switch {
	case value[0] == '{':
		below, err := readObject(value)
		o.objects[name] = below
		return err
	case value[0] == '[' && slices.Contains(value, '{'):
		var elements []json.RawMessage
		if err := json.Unmarshal(value, &elements); err != nil {
			return fmt.Errorf("read introspection: %w", err)
		}
		for _, element := range elements {
			below, err := readObject(element)
			if err != nil {
				return err
			}
			o.lists[name] = append(o.lists[name], below)
		}
		return nil
	default:
		// The name of a directive's place is a leaf as well, and so is a list without elements.
		o.leaves[name] = value
		return nil
	}
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
		result.fields[i] = selected{name: field.Name, label: strconv.Quote(field.Alias) + ":", typename: strconv.Quote(typename)}
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
	object    *object
	selection *selection
}

type span struct{ from, to int }

func (w *writer) object(object *object, selection *selection) error {
	shown := shownType{object, selection}
	if known, found := w.types[shown]; found {
		if len(w.text)+known.to-known.from > w.room {
			return TooLargeError{}
		}
		w.text = append(w.text, w.text[known.from:known.to]...)
		return nil
	}
	from := len(w.text)
	for i, field := range selection.fields {
		w.text = append(w.text, "{,"[min(i, 1)])
		w.text = append(w.text, field.label...)
		if err := w.field(object, field); err != nil {
			return err
		}
	}
	w.text = append(w.text, '}')
	if len(w.text) > w.room {
		return TooLargeError{}
	}
	if object.isType && object.name != "" {
		w.types[shown] = span{from, len(w.text)}
	}
	return nil
}

func (w *writer) field(object *object, field selected) error {
	if field.name == "__typename" {
		w.text = append(w.text, field.typename...)
		return nil
	}
	if below := object.objects[field.name]; below != nil {
		return w.object(below, field.below)
	}
	if list := object.lists[field.name]; list != nil {
		return w.list(list, field)
	}
	if leaf := object.leaves[field.name]; leaf != nil {
		w.text = append(w.text, leaf...)
		return nil
	}
	w.text = append(w.text, "null"...)
	return nil
}

func (w *writer) list(list []*object, field selected) error {
	w.text = append(w.text, '[')
	first := true
	for _, element := range list {
		if element.isDeprecated && !field.deprecated {
			continue
		}
		if !first {
			w.text = append(w.text, ',')
		}
		first = false
		if err := w.object(element, field.below); err != nil {
			return err
		}
	}
	w.text = append(w.text, ']')
	return nil
}
