package upstream

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// The tags of the structs that an answer is decoded into:
//
//	json:"total_amount"     the wire key in the enclosing wire object; without it a field is not decoded
//	json:",inline"          on a pointer to a struct: a group whose members' keys lie in the enclosing
//	                        wire object; nil where all of them are null
//	alias:"phase_amount,x"  other accepted spellings of the key
//	unit:"yuan|fen|major"   on *Money: yuan as sent, fen as a whole number, major unit of any currency
//	enum:"OrderStatus"      on Enum: the schema's enum, whose table reads the value
//	null:"UNCREATED"        texts that mean null, comma-separated, in any case
//	split:","               on []ID: ids joined by commas in one string
//	path:"Reviews.Sellers"  the field where GraphQL shows the value, if it is another one; where that has
//	                        a value already, this one is not decoded
//
// An embedded struct with a key is nested on the wire and flat here; one without a key is flat on
// both sides.

// objectPlan says how the members of one wire object become the fields of a struct.
type objectPlan struct {
	fields []fieldPlan
	// index leads from a wire key to the slot that its value fills.
	index    map[string]int
	slots    int
	finishes bool
}

// fieldPlan says how one field is decoded: by decode from a value of its own, or by group from the
// values of the enclosing object.
type fieldPlan struct {
	index int
	// first and last bound the slots of the field: one for each spelling, or all of a group.
	first, last int
	path        []segment
	elsewhere   bool // path leads to another field
	decode      valueDecoder
	group       groupDecoder
}

// valueDecoder decodes the value at index at into target. An error means that it is malformed.
type valueDecoder func(d *decoding, target reflect.Value, at int) error

// groupDecoder decodes the members of a group out of the slots of the enclosing object.
type groupDecoder func(d *decoding, target reflect.Value, slots []int)

var plans sync.Map // reflect.Type → *objectPlan

// planOf returns the plan of a struct type. It panics on a tag or type that no rule covers: a
// mistake in this package, not in an answer.
func planOf(structType reflect.Type) *objectPlan {
	if plan, ok := plans.Load(structType); ok {
		return plan.(*objectPlan)
	}
	plan := newPlan(structType)
	plan.finishes = finishes(structType)
	stored, _ := plans.LoadOrStore(structType, plan)
	return stored.(*objectPlan)
}

func newPlan(structType reflect.Type) *objectPlan {
	plan := &objectPlan{index: map[string]int{}}
	plan.fields = plan.compile(structType)
	return plan
}

func isStructPointer(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct
}

func finishes(structType reflect.Type) bool {
	return reflect.PointerTo(structType).Implements(reflect.TypeFor[finisher]())
}

// compile plans the fields of structType, whose keys lie in the plan's object.
func (p *objectPlan) compile(structType reflect.Type) []fieldPlan {
	var fields []fieldPlan
	for i := range structType.NumField() {
		field := structType.Field(i)
		tag, tagged := field.Tag.Lookup("json")
		key, option, _ := strings.Cut(tag, ",")
		embedded := field.Anonymous && field.Type.Kind() == reflect.Struct
		switch {
		case tag == "-", !field.IsExported() && !embedded:
			continue
		case option == "inline":
			fields = append(fields, p.groupField(i, pathOf(field), func() groupDecoder { return p.inlineGroup(field) }))
		case key != "":
			fields = append(fields, p.valueField(i, field, key))
		case embedded && !tagged:
			fields = append(fields, p.groupField(i, nil, func() groupDecoder { return p.embeddedGroup(field.Type) }))
		}
	}
	return fields
}

// groupField plans a group, whose slots are those that compile adds.
func (p *objectPlan) groupField(i int, path []segment, compile func() groupDecoder) fieldPlan {
	plan := fieldPlan{index: i, path: path, first: p.slots}
	plan.group = compile()
	plan.last = p.slots
	return plan
}

func (p *objectPlan) valueField(i int, field reflect.StructField, key string) fieldPlan {
	plan := fieldPlan{index: i, first: p.slots, decode: decoderOf(field)}
	p.addSlot(key)
	if alias := field.Tag.Get("alias"); alias != "" {
		for spelling := range strings.SplitSeq(alias, ",") {
			p.addSlot(spelling)
		}
	}
	plan.last = p.slots
	if !field.Anonymous {
		plan.path = pathOf(field)
		plan.elsewhere = field.Tag.Get("path") != ""
	}
	return plan
}

// addSlot adds a slot that the value of key fills. A key leads to one field only.
func (p *objectPlan) addSlot(key string) {
	if _, taken := p.index[key]; taken {
		panic(fmt.Sprintf("upstream: two fields of one object have the key %q", key))
	}
	p.index[key] = p.slots
	p.slots++
}

func pathOf(field reflect.StructField) []segment {
	path := field.Tag.Get("path")
	if path == "" {
		return []segment{{name: field.Name}}
	}
	var segments []segment
	for name := range strings.SplitSeq(path, ".") {
		segments = append(segments, segment{name: name})
	}
	return segments
}

// embeddedGroup decodes an embedded struct that is flat on the wire too.
func (p *objectPlan) embeddedGroup(structType reflect.Type) groupDecoder {
	fields := p.compile(structType)
	return func(d *decoding, target reflect.Value, slots []int) { d.fields(fields, target, slots) }
}

// inlineGroup decodes a pointer to a struct that is flat on the wire; it stays nil if all is null, so
// that nobody is shown what is not there.
func (p *objectPlan) inlineGroup(field reflect.StructField) groupDecoder {
	if !isStructPointer(field.Type) {
		panic(fmt.Sprintf("upstream: inline field %s is a %s, want a pointer to a struct", field.Name, field.Type))
	}
	structType := field.Type.Elem()
	fields := p.compile(structType)
	finishes := finishes(structType)
	return func(d *decoding, target reflect.Value, slots []int) {
		group := reflect.New(structType)
		d.fields(fields, group.Elem(), slots)
		if allNull(group.Elem()) {
			return
		}
		if finishes {
			group.Interface().(finisher).finish(d)
		}
		target.Set(group)
	}
}

// nullable is a scalar that can be null without being the zero value of its type.
type nullable interface{ isNull() bool }

// allNull reports whether GraphQL would show every member of a group as null.
func allNull(group reflect.Value) bool {
	for i := range group.NumField() {
		field := group.Field(i)
		if field.IsZero() {
			continue
		}
		scalar, ok := field.Addr().Interface().(nullable)
		if !ok || !scalar.isNull() {
			return false
		}
	}
	return true
}
