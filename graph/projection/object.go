package projection

import (
	"bytes"
	"fmt"
	"reflect"
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
	// write appends a value that is not a list.
	write  valueWriter
	isList bool
	// neverNull holds for the field, or for each element of a list.
	neverNull bool
	// object is the type of the objects that the field holds, nil for scalars. recursive says that they
	// can lead back to the object whose field it is.
	object    *object
	recursive bool
}

// valueWriter appends the JSON of a value. below is what is selected of an object.
type valueWriter func(out []byte, value reflect.Value, below []selected) ([]byte, error)

// write appends the object that pointer points to, null for a nil pointer.
func (o *object) write(out []byte, pointer reflect.Value, fields []selected) ([]byte, error) {
	if pointer.IsNil() {
		return append(out, null...), nil
	}
	value := pointer.Elem()
	out = append(out, '{')
	var err error
	for i := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		// An alias is a GraphQL name: nothing in it needs to be escaped.
		out = append(out, '"')
		out = append(out, fields[i].alias...)
		out = append(out, '"', ':')
		if out, err = fields[i].writeTo(out, value, fields[i].below); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

func (f *field) writeTo(out []byte, object reflect.Value, below []selected) ([]byte, error) {
	value := f.read(object)
	if !f.isList {
		return f.writeOne(out, value, below)
	}
	out = append(out, '[')
	var err error
	for i := range value.Len() {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = f.writeOne(out, value.Index(i), below); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

const null = "null"

func (f *field) writeOne(out []byte, value reflect.Value, below []selected) ([]byte, error) {
	start := len(out)
	out, err := f.write(out, value, below)
	if err == nil && f.neverNull && bytes.Equal(out[start:], []byte(null)) {
		return nil, fmt.Errorf("%s is null, and the schema says that it never is", f.name)
	}
	return out, err
}
