package cache

import (
	"reflect"
	"unsafe"

	"ordergraph/upstream"
)

// overheadBytes is what ristretto spends on an entry: its slots in the maps of values, of costs and
// of expiry times, at their usual load.
const overheadBytes = 250

// bytes returns what the copy costs while it is kept, without an order that hotSet keeps ready.
func (s *snapshot) bytes() int64 {
	bytes := overheadBytes + allocated(int(unsafe.Sizeof(*s))) + heldBytes(s.held)
	if s.compressed == nil {
		return bytes + orderBytes(s.order.Load())
	}
	return bytes + int64(cap(s.compressed)) // which is rounded up already
}

func heldBytes(held upstream.Needs) int64 {
	if len(held.AttributeKeys) == 0 {
		return 0
	}
	return allocated(cap(held.AttributeKeys)*int(unsafe.Sizeof(""))) + referred(reflect.ValueOf(held.AttributeKeys))
}

// orderBytes returns the memory of an order and all that it owns.
func orderBytes(order *upstream.Order) int64 {
	return allocated(int(unsafe.Sizeof(*order))) + referred(reflect.ValueOf(order).Elem())
}

// referred returns the memory that a value refers to, without the value itself. A pointer in an
// unexported field leads back to what was counted, or to what all orders share.
func referred(value reflect.Value) (bytes int64) {
	switch value.Kind() {
	case reflect.String:
		return allocated(value.Len())
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() || !value.CanInterface() {
			return 0
		}
		return allocated(int(value.Elem().Type().Size())) + referred(value.Elem())
	case reflect.Slice:
		bytes = allocated(value.Cap() * int(value.Type().Elem().Size()))
		for i := range value.Len() {
			bytes += referred(value.Index(i))
		}
	case reflect.Struct:
		for i := range value.NumField() {
			bytes += referred(value.Field(i))
		}
	}
	return bytes
}

// allocated returns about what an allocation of so many bytes takes. Go rounds up to classes of
// sizes that are 16 bytes apart at first, and later about an eighth of the size.
func allocated(size int) int64 {
	switch {
	case size <= 8:
		return int64(size)
	case size <= 256:
		return int64(size+15) &^ 15
	default:
		return int64(size + size/16)
	}
}
