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

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/upstream"
)

// Plan knows where the structs of package upstream keep each field of the schema, and how it is
// written. Compile makes one. Safe for concurrent use.
type Plan struct{ order *object }

// Selection is what one field of an operation selects of its orders. It belongs to the operation. Safe
// for concurrent use.
type Selection struct {
	order  *object
	fields []selected
}

// selected is one field of an object as the response shows it.
type selected struct {
	*field
	alias string
	// below is what is selected of each object that the field holds.
	below []selected
}

// Select returns what selections, which must belong to the document or to a collected field, select of
// an order.
func (p *Plan) Select(operation *graphql.OperationContext, selections ast.SelectionSet) *Selection {
	return &Selection{order: p.order, fields: p.order.collect(operation, selections)}
}

func (o *object) collect(operation *graphql.OperationContext, selections ast.SelectionSet) []selected {
	collected := graphql.CollectFields(operation, selections, o.satisfies)
	fields := make([]selected, len(collected))
	for i := range collected {
		found := o.fields[collected[i].Name]
		fields[i] = selected{field: found, alias: collected[i].Alias}
		if found.object != nil {
			fields[i].below = found.object.collect(operation, collected[i].Selections)
		}
	}
	return fields
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

// MarshalGQLContext writes the order. It fails if the order lacks what the schema says is never null,
// and has written nothing then.
func (o *Order) MarshalGQLContext(_ context.Context, w io.Writer) error {
	var out []byte
	if buffer, ok := w.(*bytes.Buffer); ok {
		out = buffer.AvailableBuffer()
	}
	out, err := o.selection.order.append(out, o.Order, o.selection.fields)
	if err != nil {
		return fmt.Errorf("projection: %w", err)
	}
	_, err = w.Write(out)
	return err
}

// UnmarshalGQLContext refuses: gqlgen asks for it, but an order is never an argument.
func (*Order) UnmarshalGQLContext(context.Context, any) error {
	return errors.New("projection: an order is never an argument")
}
