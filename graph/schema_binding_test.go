package graph_test

import (
	"reflect"
	"strings"
	"testing"

	"ordergraph/upstream"
)

// derivedFields are the rows whose wire key fills another Go field, from which the one that GraphQL
// shows is derived, or none: an order's id is the requested one.
var derivedFields = map[string]string{
	"base_info.id":          "no field for id",
	"base_info.id_of_str":   "no field for id_of_str",
	"base_info.pay_timeout": "PaymentTimeoutRaw",
}

// TestWireKeys follows each row's wire keys through the structs of package upstream, and wants to end
// at the field that the row's GraphQL path names, in the row's unit, read by the table of the row's enum.
func TestWireKeys(t *testing.T) {
	for _, row := range readFieldRows(t) {
		wirePath := strings.TrimPrefix(row.upstreamPath, "result.")
		want := strings.TrimPrefix(row.path, "Order.")
		if derived := derivedFields[wirePath]; derived != "" {
			want = derived
		}
		field, names := followKeys(reflect.TypeFor[upstream.Order](), strings.Split(wirePath, "."))
		if got := strings.Join(names, "."); !strings.EqualFold(got, want) {
			t.Errorf("%s: leads to %q, want %q", row.upstreamPath, got, want)
			continue
		}
		if got, want := field.Tag.Get("unit"), unitOf(row); got != want {
			t.Errorf("%s: has unit %q, want %q", row.upstreamPath, got, want)
		}
		if got, want := field.Tag.Get("enum"), enumOf(field, row); got != want {
			t.Errorf("%s: is read by the table of %q, want %q", row.upstreamPath, got, want)
		}
	}
}

func unitOf(row fieldRow) string {
	if row.typeName != "Money" {
		return ""
	}
	unit, _, _ := strings.Cut(row.unit, " ")
	return unit
}

func enumOf(field reflect.StructField, row fieldRow) string {
	if field.Type != reflect.TypeFor[upstream.Enum]() {
		return ""
	}
	return row.typeName
}

// followKeys returns the field at the end of a path of wire keys, and the names of the fields on it.
func followKeys(structType reflect.Type, keys []string) (field reflect.StructField, names []string) {
	for _, key := range keys {
		var step []string
		var found bool
		if field, step, found = fieldOfKey(structType, key); !found {
			return field, append(names, "no field for "+key)
		}
		names = append(names, step...)
		structType = elementType(field.Type)
	}
	return field, names
}

// fieldOfKey returns the field that a wire key fills, and how GraphQL names the way to it.
func fieldOfKey(structType reflect.Type, key string) (field reflect.StructField, names []string, found bool) {
	for i := range structType.NumField() {
		field = structType.Field(i)
		tag := field.Tag.Get("json")
		var own []string
		if !field.Anonymous {
			own = []string{field.Name}
		}
		if path := field.Tag.Get("path"); path != "" {
			own = strings.Split(path, ".")
		}
		if tag == key {
			return field, own, true
		}
		if tag != ",inline" && (tag != "" || !field.Anonymous) {
			continue
		}
		if inner, rest, found := fieldOfKey(elementType(field.Type), key); found {
			return inner, append(own, rest...), true
		}
	}
	return field, nil, false
}

func elementType(fieldType reflect.Type) reflect.Type {
	for fieldType.Kind() == reflect.Pointer || fieldType.Kind() == reflect.Slice {
		fieldType = fieldType.Elem()
	}
	return fieldType
}
