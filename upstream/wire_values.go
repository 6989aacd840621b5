package upstream

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

var errNotObject = errors.New("not an object")

// badElement is noted at a list for each element that was left out.
const badElement = "a list element is malformed"

// decoderOf returns the decoder of a field that has a wire key of its own.
func decoderOf(field reflect.StructField) valueDecoder {
	fieldType := field.Type
	switch {
	case fieldType == reflect.TypeFor[Enum]():
		return enumDecoder(field)
	case reflect.PointerTo(fieldType).Implements(reflect.TypeFor[decodable]()):
		return scalarDecoder(field.Tag.Get("null"))
	case fieldType == reflect.TypeFor[*Money]():
		return moneyDecoder(field)
	case field.Anonymous && fieldType.Kind() == reflect.Struct, isStructPointer(fieldType):
		return objectDecoder(fieldType)
	case fieldType.Kind() == reflect.Slice:
		return listDecoder(field)
	}
	panic(fmt.Sprintf("upstream: no rule decodes field %s of type %s", field.Name, fieldType))
}

// scalarDecoder decodes a scalar by its own method; empty objects and lists are null for all, and so are the
// texts that null lists.
func scalarDecoder(null string) valueDecoder {
	nulls := strings.FieldsFunc(null, func(r rune) bool { return r == ',' })
	decode := func(target reflect.Value, value jsontext.Value) error {
		return target.Addr().Interface().(decodable).decode(value)
	}
	return func(d *decoding, target reflect.Value, at int) error {
		return d.scalar(target, at, nulls, decode)
	}
}

// enumDecoder decodes an enum by the table that the field's tag names. It never fails: what the table
// lacks is UNKNOWN and not malformed.
func enumDecoder(field reflect.StructField) valueDecoder {
	table := enumTables[field.Tag.Get("enum")]
	if table == nil {
		panic(fmt.Sprintf("upstream: enum field %s names no table", field.Name))
	}
	decode := func(target reflect.Value, value jsontext.Value) error {
		*target.Addr().Interface().(*Enum) = table.decode(value)
		return nil
	}
	return func(d *decoding, target reflect.Value, at int) error {
		return d.scalar(target, at, nil, decode)
	}
}

func (d *decoding) scalar(target reflect.Value, at int, nulls []string, decode func(reflect.Value, jsontext.Value) error) error {
	value := d.document.value(at)
	if value.Kind() != jsontext.KindString && d.document.empty(at) {
		return nil
	}
	if len(nulls) > 0 && isSentinel(value, nulls) {
		return nil
	}
	err := decode(target, value)
	switch value.Kind() {
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
		d.keepsJSON = d.keepsJSON || err == nil
	}
	if err != nil {
		target.SetZero()
	}
	return err
}

// isSentinel reports whether a value is one of the texts that mean null.
func isSentinel(value jsontext.Value, nulls []string) bool {
	text, err := scalarText(value)
	if err != nil {
		return false
	}
	text = strings.TrimSpace(text)
	return slices.ContainsFunc(nulls, func(null string) bool { return strings.EqualFold(text, null) })
}

// moneyDecoder decodes an amount in the unit that the field's tag names.
func moneyDecoder(field reflect.StructField) valueDecoder {
	amount, stamped := parseDecimal, true
	switch unit := field.Tag.Get("unit"); unit {
	case "yuan":
	case "fen":
		amount = parseFen
	case "major":
		stamped = false
	default:
		panic(fmt.Sprintf("upstream: money field %s has unit %q, want yuan, fen or major", field.Name, unit))
	}
	return func(d *decoding, target reflect.Value, at int) error {
		if d.document.empty(at) {
			return nil
		}
		decimal, err := decodeDecimal(d.document.value(at), amount)
		if err != nil || decimal == "" {
			return err
		}
		money := &Money{Amount: decimal}
		if stamped {
			money.CurrencyCode = Text(d.site.Currency())
		}
		target.Set(reflect.ValueOf(money))
		return nil
	}
}

// objectDecoder decodes an object: a nullable one, or an embedded struct that is an object of its own on the
// wire. The hook of an embedded struct, if any, is promoted to the outer struct, which calls it.
func objectDecoder(fieldType reflect.Type) valueDecoder {
	var plan *objectPlan
	if fieldType.Kind() == reflect.Pointer {
		plan = planOf(fieldType.Elem())
	} else {
		plan = newPlan(fieldType)
	}
	return func(d *decoding, target reflect.Value, at int) error {
		if d.document.empty(at) {
			return nil
		}
		if d.document.kind(at) != jsontext.KindBeginObject {
			return errNotObject
		}
		if target.Kind() == reflect.Pointer {
			target.Set(reflect.New(fieldType.Elem()))
			target = target.Elem()
		}
		d.object(plan, target, at)
		return nil
	}
}

// listDecoder decodes a list: of objects, of scalars, or of ids joined by commas. Empty elements
// are left out; malformed ones too, with a note at the list.
func listDecoder(field reflect.StructField) valueDecoder {
	var decode valueDecoder
	switch element := field.Type.Elem(); {
	case field.Tag.Get("split") == "," && element == reflect.TypeFor[ID]():
		return splitDecoder
	case reflect.PointerTo(element).Implements(reflect.TypeFor[decodable]()):
		decode = scalarDecoder("")
	case isStructPointer(element):
		decode = objectDecoder(element)
	default:
		panic(fmt.Sprintf("upstream: no rule decodes field %s of type %s", field.Name, field.Type))
	}
	return func(d *decoding, target reflect.Value, at int) error {
		elements := d.document.list(at)
		if len(elements) == 0 {
			return nil
		}
		list, length := reflect.MakeSlice(target.Type(), len(elements), len(elements)), 0
		for _, element := range elements {
			d.path = append(d.path, segment{index: length})
			err := decode(d, list.Index(length), element)
			d.path = d.path[:len(d.path)-1]
			if err != nil {
				d.bad(badElement)
			} else if !list.Index(length).IsZero() {
				length++
			}
		}
		target.Set(list.Slice(0, length))
		return nil
	}
}

// splitDecoder decodes a list of ids, or several joined by commas, full-width ones included, in one text. Each
// id is there once. White space around one is no part of it: the documented sample has line breaks there.
func splitDecoder(d *decoding, target reflect.Value, at int) error {
	var ids []ID
	seen := map[ID]bool{}
	for _, element := range d.document.list(at) {
		var joined ID
		if err := joined.decode(d.document.value(element)); err != nil {
			d.bad(badElement)
			continue
		}
		for part := range strings.FieldsFuncSeq(string(joined), func(r rune) bool { return r == ',' || r == '，' }) {
			if id := ID(strings.TrimSpace(part)); id != "" && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	target.Set(reflect.ValueOf(ids))
	return nil
}
