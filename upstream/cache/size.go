package cache

import (
	"reflect"
	"unsafe"

	"ordergraph/upstream"
)

// overheadBytes is what ristretto spends on an entry: its slots in the maps of values, of costs and
// of expiry times, at their usual load.
const overheadBytes = 200

// bytes returns what the copy costs while it is kept.
func (s *snapshot) bytes() int64 {
	return overheadBytes + allocated(int(unsafe.Sizeof(*s))) + heldBytes(s.held) + orderBytes(s.order)
}

func heldBytes(held upstream.Needs) int64 {
	if len(held.AttributeKeys) == 0 {
		return 0
	}
	bytes := allocated(cap(held.AttributeKeys) * int(unsafe.Sizeof("")))
	for _, key := range held.AttributeKeys {
		bytes += allocated(len(key))
	}
	return bytes
}

// orderBytes returns the memory of an order and all that it points to. Texts that the order shares
// with others, or with itself, are counted as if they were its own.
func orderBytes(order *upstream.Order) int64 {
	measuring := measuring{seen: map[unsafe.Pointer]bool{}}
	return measuring.pointed(reflect.ValueOf(order))
}

type measuring struct {
	seen map[unsafe.Pointer]bool
}

// pointed returns the memory behind a pointer, once.
func (m *measuring) pointed(pointer reflect.Value) int64 {
	if pointer.IsNil() || m.seen[pointer.UnsafePointer()] {
		return 0
	}
	m.seen[pointer.UnsafePointer()] = true
	return allocated(int(pointer.Type().Elem().Size())) + m.referred(pointer.Elem())
}

// referred returns the memory that a value refers to, without the value itself.
func (m *measuring) referred(value reflect.Value) (bytes int64) {
	switch value.Kind() {
	case reflect.Pointer:
		return m.pointed(value)
	case reflect.String:
		return allocated(value.Len())
	case reflect.Interface:
		if value.IsNil() {
			return 0
		}
		return allocated(int(value.Elem().Type().Size())) + m.referred(value.Elem())
	case reflect.Slice:
		bytes = allocated(value.Cap() * int(value.Type().Elem().Size()))
		for i := range value.Len() {
			bytes += m.referred(value.Index(i))
		}
	case reflect.Struct:
		for i := range value.NumField() {
			bytes += m.referred(value.Field(i))
		}
	}
	return bytes
}

// allocated returns what an allocation takes: Go rounds up to classes, by an eighth at most beyond
// the smallest.
func allocated(size int) int64 {
	const grain = 16
	switch {
	case size <= 8:
		return int64(size)
	case size <= 128:
		return int64((size + grain - 1) / grain * grain)
	default:
		return int64(size + size/16)
	}
}
