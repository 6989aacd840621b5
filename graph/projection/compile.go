package projection

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/graph/scalar"
	"ordergraph/upstream"
)

// Compile finds for each field of the type Order, and of all types below it, the field or method of
// the Go struct with the same name in any case, as gqlgen does. It fails if there is none, or if its
// type is none that can be written.
//
// A field with a resolver shows a part of the order if the schema has @domain there, and anything else if
// not: then it is left to gqlgen, and needs nothing in the struct.
func Compile(schema *ast.Schema, hasResolver func(object, field string) bool) (*Plan, error) {
	c := &compilation{schema: schema, hasResolver: hasResolver, objects: map[string]*object{}}
	order, err := c.object("Order", reflect.TypeFor[upstream.Order]())
	if err != nil {
		return nil, fmt.Errorf("projection: %w", err)
	}
	return &Plan{objects: c.objects, order: &field{name: "order", object: order, write: order.write}}, nil
}

// compilation is the work of Compile.
type compilation struct {
	schema      *ast.Schema
	hasResolver func(object, field string) bool
	objects     map[string]*object
}

// object compiles an object type once: types lead to each other in circles.
func (c *compilation) object(name string, structType reflect.Type) (*object, error) {
	if known := c.objects[name]; known != nil {
		return known, nil
	}
	definition := c.schema.Types[name]
	if definition == nil || structType.Kind() != reflect.Struct {
		return nil, fmt.Errorf("the type %s can't be a %s", name, structType)
	}
	o := &object{satisfies: []string{name}, fields: map[string]*field{typename: typenameField(name)}}
	c.objects[name] = o
	for _, abstract := range c.schema.GetImplements(definition) {
		o.satisfies = append(o.satisfies, abstract.Name)
	}
	for _, declared := range definition.Fields {
		compiled, err := c.field(name, declared, structType)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", name, declared.Name, err)
		}
		o.fields[declared.Name] = compiled
	}
	return o, nil
}

func (c *compilation) field(object string, declared *ast.FieldDefinition, structType reflect.Type) (*field, error) {
	part, err := partOf(declared)
	if err != nil {
		return nil, err
	}
	hasResolver := c.hasResolver(object, declared.Name)
	switch {
	case part == 0 && hasResolver:
		return &field{name: declared.Name, foreign: true}, nil
	case part != 0 && !hasResolver:
		return nil, errors.New("a part of an order needs a resolver, which knows whether it is missing")
	}
	read, valueType, err := reader(structType, declared.Name)
	if err != nil {
		return nil, err
	}
	f := &field{name: declared.Name, read: read, neverNull: declared.Type.NonNull, part: part, sources: sourcesOf(structType, declared.Name)}
	if element := declared.Type.Elem; element != nil {
		// A nil slice is an empty list. Null is for a part that is missing, and for nothing else.
		if valueType.Kind() != reflect.Slice || declared.Type.NonNull == (part != 0) || element.Elem != nil {
			return nil, fmt.Errorf("%s can't be a %s", declared.Type, valueType)
		}
		f.isList, f.neverNull, valueType = true, element.NonNull, valueType.Elem()
	}
	return f, c.value(f, c.schema.Types[declared.Type.Name()], valueType)
}

// partOf returns the part of an order that a field shows.
func partOf(declared *ast.FieldDefinition) (upstream.Domains, error) {
	directive := declared.Directives.ForName("domain")
	if directive == nil {
		return 0, nil
	}
	if declared.Type.NonNull {
		return 0, errors.New("a part of an order can be missing, and must be nullable")
	}
	return upstream.ParseDomain(directive.Arguments.ForName("name").Value.Raw)
}

// value chooses how a value that is not a list is written.
func (c *compilation) value(f *field, definition *ast.Definition, valueType reflect.Type) error {
	switch {
	case definition.Kind == ast.Object && valueType.Kind() == reflect.Pointer:
		below, err := c.object(definition.Name, valueType.Elem())
		f.object, f.write = below, below.write
		return err
	case definition.Kind == ast.Scalar, definition.Kind == ast.Enum && valueType.Implements(reflect.TypeFor[fmt.Stringer]()):
		appender, found := scalar.AppenderOf(valueType)
		if found {
			f.write = writeScalar(appender)
			return nil
		}
	}
	return fmt.Errorf("%s can't be a %s", definition.Name, valueType)
}

func writeScalar(appender scalar.Appender) valueWriter {
	return func(w *writer, value reflect.Value, _ []selected, _ *badValues) error {
		w.out = appender(w.out, value)
		return nil
	}
}

const typename = "__typename"

func typenameField(name string) *field {
	quoted := []byte(`"` + name + `"`)
	return &field{
		name: typename,
		read: func(object reflect.Value) reflect.Value { return object },
		write: func(w *writer, _ reflect.Value, _ []selected, _ *badValues) error {
			w.out = append(w.out, quoted...)
			return nil
		},
	}
}

// reader finds the field or method of a struct that is called name in any case.
func reader(structType reflect.Type, name string) (read func(reflect.Value) reflect.Value, valueType reflect.Type, err error) {
	byName := func(candidate string) bool { return strings.EqualFold(candidate, name) }
	if found, ok := structType.FieldByNameFunc(byName); ok && found.IsExported() {
		return func(object reflect.Value) reflect.Value { return object.FieldByIndex(found.Index) }, found.Type, nil
	}
	pointer := reflect.PointerTo(structType)
	for i := range pointer.NumMethod() {
		method := pointer.Method(i)
		if !byName(method.Name) || method.Type.NumOut() != 1 {
			continue
		}
		if method.Type.NumIn() != 1 {
			return nil, nil, errors.New("a method with parameters needs a resolver, which knows the arguments")
		}
		return callOf(method), method.Type.Out(0), nil
	}
	return nil, nil, fmt.Errorf("%s has no field or method of that name", structType)
}

func callOf(method reflect.Method) func(reflect.Value) reflect.Value {
	return func(object reflect.Value) reflect.Value {
		// What a method returns has no address, which the writers need.
		value := reflect.New(method.Type.Out(0)).Elem()
		value.Set(method.Func.Call([]reflect.Value{object.Addr()})[0])
		return value
	}
}
