// Package projection writes what a query selects of an order as JSON.
//
// An order is finished data: no field of it is loaded, checked or computed on the way; of a part that could
// not be read only the reason is left. So it can be written in one pass over its structs, without what a
// general execution spends on each field to keep all that possible (a context, a closure, a boxed value and
// a marshaler). gqlgen still resolves the root fields, and still binds each field of the schema to its Go
// field: a missing one is a compile error.
package projection

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

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
	// missing are the parts that the order lacks for the reason why; none if that is nil.
	missing upstream.Domains
	why     error
}

// Of returns what was read of an order as s shows it, nil for none. A selected part that is missing is null,
// with an error at its own path.
func (s *Selection) Of(result upstream.Result) *Order {
	if result.Order == nil {
		return nil
	}
	o := &Order{Order: result.Order, selection: s, why: result.Missing}
	if o.why != nil {
		o.missing = ^result.Held.Domains
	}
	return o
}

// MarshalGQLContext writes the order. It fails if the order lacks what the schema says is never null, if a
// panic breaks it off, if the response would become too large, or if ctx ends, and has written nothing then:
// the other orders of the response are not harmed.
func (o *Order) MarshalGQLContext(ctx context.Context, out io.Writer) error {
	buffer, isResponse := out.(*bytes.Buffer)
	if !isResponse {
		buffer = new(bytes.Buffer)
	}
	if err := o.writeTo(ctx, buffer); err != nil {
		return &gqlerror.Error{Err: err, Message: err.Error(), Path: graphql.GetPath(ctx), Locations: locationsOf(o.selection.position)}
	}
	if isResponse {
		return nil
	}
	_, err := out.Write(buffer.Bytes())
	return err
}

func (o *Order) writeTo(ctx context.Context, buffer *bytes.Buffer) (err error) {
	if err := ctx.Err(); err != nil {
		return err // nobody waits for it
	}
	usual := o.selection.size.Load()
	w := newWriter(ctx, buffer, int(usual))
	w.report = newReport(w.response, o, graphql.GetPath(ctx))
	defer func() {
		if thrown := recover(); thrown != nil {
			err = graphql.GetOperationContext(ctx).Recover(ctx, thrown)
		}
		if err != nil {
			w.discard()
		}
	}()
	if err := o.selection.order.write(w, reflect.ValueOf(o.Order), o.selection.fields, w.report.of()); err != nil {
		return fmt.Errorf("projection: %w", err)
	}
	if err := w.flush(); err != nil {
		return err
	}
	if size := int64(buffer.Len() - w.start); size > usual {
		o.selection.size.Store(size)
	}
	if w.report != nil {
		w.response.badValues += w.report.found
		for _, bad := range w.report.errors {
			graphql.AddError(ctx, bad)
		}
	}
	return nil
}

// UnmarshalGQLContext refuses: gqlgen asks for it, but an order is never an argument.
func (*Order) UnmarshalGQLContext(context.Context, any) error {
	return errors.New("projection: an order is never an argument")
}
