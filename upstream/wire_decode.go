package upstream

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// An answer is read in three steps, each in files of its own: wire_document*.go finds where each value stands,
// wire_envelope*.go finds the order among them, and here the order is decoded by a plan (wire_plan.go) that is
// made of struct tags once.
//
// That is not done by a JSON library, because one malformed value must never cost its order, nor another one.
// A library stops at the first value of another type, or drops it without a word; here each scalar reads every
// form in which its kind of value is known to come, and what none reads is null and noted with the path at
// which GraphQL shows it. The shapes differ too: a key has several spellings, of which the first that is not
// empty counts; what lies flat on the wire is grouped in GraphQL, and a group of nothing but nulls is null; a
// list may be a lone value or an object with numbers for keys. The plan knows all that for each field, so that
// an order costs little more than one map lookup for each member.

// maxBadValues bounds how many malformed values one order remembers one by one. One more BadValue,
// without a path, then says how many others there are.
const maxBadValues = 100

// decodable is a scalar of an order. decode reads every JSON value but null, {} and []; an error
// means that the value is malformed, and its text holds no part of the value.
type decodable interface {
	decode(value jsontext.Value) error
}

// finisher is an object with fields that are derived from other fields. finish is called once after
// the object and everything in it was decoded.
type finisher interface {
	finish(d *decoding)
}

// decoding is the state of reading one answer.
type decoding struct {
	// order is the order being read: what back pointers point to.
	order *Order
	// site is where the order was placed; its currency is stamped on amounts.
	site WebSite

	document *document
	// keepsJSON says that a scalar took the JSON text of an object or list.
	keepsJSON bool
	path      []segment
	notes     []BadValue
	unnoted   int
	// slots is the stack of the places of the values that belong to the objects being read. None is 0, the
	// place of the whole document.
	slots []int
}

// segment is one step of a path: a field by its name, or a list element where name is empty.
type segment struct {
	name  string
	index int
}

// bad notes a malformed value; path leads to it from the object being read or finished. The reason
// must hold no part of the value.
func (d *decoding) bad(reason string, path ...any) {
	if len(d.notes) == maxBadValues {
		d.unnoted++
		return
	}
	whole := make([]any, 0, len(d.path)+len(path))
	for _, step := range d.path {
		if step.name == "" {
			whole = append(whole, step.index)
		} else {
			whole = append(whole, step.name)
		}
	}
	d.notes = append(d.notes, BadValue{Path: append(whole, path...), Reason: reason})
}

// badValues returns the notes.
func (d *decoding) badValues() []BadValue {
	if d.unnoted == 0 {
		return d.notes
	}
	return append(d.notes, BadValue{Reason: fmt.Sprintf("%d more malformed values", d.unnoted)})
}

// decode reads the object at index at into target, a pointer to a struct.
func (d *decoding) decode(target any, at int) {
	value := reflect.ValueOf(target).Elem()
	d.object(planOf(value.Type()), value, at)
}

// object reads one JSON object. Unknown keys are ignored, and of a key that comes twice the last
// value counts.
func (d *decoding) object(plan *objectPlan, target reflect.Value, at int) {
	base := len(d.slots)
	d.slots = append(d.slots, make([]int, plan.slots)...)
	slots := d.slots[base:]
	for name, value := range d.document.members(at) {
		if slot, known := plan.index[string(name)]; known {
			slots[slot] = value
		}
	}
	d.fields(plan.fields, target, slots)
	d.slots = d.slots[:base]
	if plan.finishes {
		target.Addr().Interface().(finisher).finish(d)
	}
}

// fields decodes the fields that have a value: of an order's, most have none.
func (d *decoding) fields(fields []fieldPlan, target reflect.Value, slots []int) {
	for i := range fields {
		field := &fields[i]
		values := slots[field.first:field.last]
		if !slices.ContainsFunc(values, isPresent) || field.elsewhere && hasValue(target, field.path) {
			continue
		}
		depth := len(d.path)
		d.path = append(d.path, field.path...)
		if field.group != nil {
			field.group(d, target.Field(field.index), slots)
		} else if err := field.decode(d, target.Field(field.index), d.choose(values)); err != nil {
			d.bad(err.Error())
		}
		d.path = d.path[:depth]
	}
}

// hasValue reports whether the field at a path has a value. A path may lead to what is no field.
func hasValue(target reflect.Value, path []segment) bool {
	for _, step := range path {
		target = reflect.Indirect(target)
		if !target.IsValid() {
			return false
		}
		target = target.FieldByName(step.name)
	}
	return target.IsValid() && !target.IsZero() && (target.Kind() != reflect.Slice || target.Len() > 0)
}

func isPresent(at int) bool { return at != 0 }

// choose returns the value of the first spelling that is not empty, else of the first one present.
func (d *decoding) choose(spellings []int) int {
	present := 0
	for _, at := range spellings {
		if at != 0 && !d.document.empty(at) {
			return at
		}
		if present == 0 {
			present = at
		}
	}
	return present
}
