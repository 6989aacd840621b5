// Package projection writes what a query selects of an order as JSON.
//
// An order is finished data: no field of it is loaded, checked or computed on the way. So it can be
// written in one pass over its structs, without what a general execution spends on each field to keep
// all that possible (a context, a closure, a boxed value and a marshaler). gqlgen still resolves the
// root fields, and still binds each field of the schema to its Go field: a missing one is a compile
// error.
package projection

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/upstream"
)

// Plan knows where the structs of package upstream keep each field of the schema, and how it is
// written. Compile makes one. Safe for concurrent use.
type Plan struct {
	order     *object
	documents documents
}

// Order is an order and what is selected of it: it writes itself. gqlgen takes it for the type Order of
// the schema.
type Order struct {
	*upstream.Order
	selection *Selection
}

// Of returns order as s shows it, nil for none.
func (s *Selection) Of(order *upstream.Order) *Order {
	if order == nil {
		return nil
	}
	return &Order{Order: order, selection: s}
}

// MarshalGQLContext writes the order. It fails if the order lacks what the schema says is never null, or
// if a panic breaks it off, and has written nothing then: the other orders of the response are not
// harmed.
func (o *Order) MarshalGQLContext(ctx context.Context, w io.Writer) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err = graphql.GetOperationContext(ctx).Recover(ctx, thrown)
		}
	}()
	usual := o.selection.size.Load()
	out, err := o.selection.order.write(room(w, int(usual)), reflect.ValueOf(o.Order), o.selection.fields)
	if err != nil {
		return fmt.Errorf("projection: %w", err)
	}
	if size := int64(len(out)); size > usual {
		o.selection.size.Store(size)
	}
	_, err = w.Write(out)
	return err
}

// room returns room for size bytes, of the response's own buffer where possible.
func room(w io.Writer, size int) []byte {
	buffer, ok := w.(*bytes.Buffer)
	if !ok {
		return make([]byte, 0, size)
	}
	buffer.Grow(size)
	return buffer.AvailableBuffer()
}

// UnmarshalGQLContext refuses: gqlgen asks for it, but an order is never an argument.
func (*Order) UnmarshalGQLContext(context.Context, any) error {
	return errors.New("projection: an order is never an argument")
}
