package projection

import (
	"bytes"
	"fmt"
	"reflect"

	"ordergraph/upstream"
)

// object says how the values of one object type are written.
type object struct {
	// satisfies are the type conditions that apply to it: its own name and those of its abstract types.
	satisfies []string
	fields    map[string]*field
}

// field says how one field of an object type is written.
type field struct {
	name string
	// read returns the field's value of an addressable struct.
	read func(reflect.Value) reflect.Value
	// write writes a value that is not a list.
	write  valueWriter
	isList bool
	// neverNull holds for the field, or for each element of a list.
	neverNull bool
	// object is the type of the objects that the field holds, nil for scalars.
	object *object
	// part is the part of the order that the field shows, 0 for what every answer has.
	part upstream.Domains
	// foreign says that the field has a resolver that reads something else than the order.
	foreign bool
	// sources are where a malformed value is the reason that the field lacks something.
	sources sources
}

// valueWriter writes the JSON of a value. below is what is selected of an object, bad what is malformed in
// it, nil for nothing.
type valueWriter func(w *writer, value reflect.Value, below []selected, bad *badValues) error

// write writes the object that pointer points to, null for a nil pointer.
func (o *object) write(w *writer, pointer reflect.Value, fields []selected, bad *badValues) error {
	if pointer.IsNil() {
		w.out = append(w.out, null...)
		w.report.below(fields, bad)
		return nil
	}
	value := pointer.Elem()
	w.out = append(w.out, '{')
	for i := range fields {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		// An alias is a GraphQL name: nothing in it needs to be escaped.
		w.out = append(w.out, '"')
		w.out = append(w.out, fields[i].alias...)
		w.out = append(w.out, '"', ':')
		if err := fields[i].writeTo(w, value, bad); err != nil {
			return err
		}
		if err := w.check(); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

// writeTo writes the value that the field has in object, in which bad is malformed.
func (s *selected) writeTo(w *writer, object reflect.Value, bad *badValues) error {
	below := w.report.push(s, bad)
	defer w.report.pop()
	return s.writeValue(w, s.read(object), below)
}

func (s *selected) writeValue(w *writer, value reflect.Value, bad *badValues) error {
	if s.isList {
		return s.writeList(w, value, bad)
	}
	return s.writeOne(w, value, bad)
}

func (s *selected) writeList(w *writer, list reflect.Value, bad *badValues) error {
	w.out = append(w.out, '[')
	for i := range list.Len() {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		element := list.Index(i)
		if err := s.writeOne(w, element, w.report.pushElement(s, i, element, bad)); err != nil {
			return err
		}
		w.report.pop()
		if err := w.check(); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	return nil
}

const null = "null"

func (s *selected) writeOne(w *writer, value reflect.Value, bad *badValues) error {
	start := len(w.out)
	if err := s.write(w, value, s.below, bad); err != nil {
		return err
	}
	if !s.neverNull {
		return nil
	}
	// What is written of an object may have left w.out already.
	isNull := s.object != nil && value.IsNil()
	if isNull || s.object == nil && bytes.Equal(w.out[start:], []byte(null)) {
		return fmt.Errorf("%s is null, and the schema says that it never is", s.name)
	}
	return nil
}
