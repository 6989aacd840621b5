package projection

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/limits"
	"ordergraph/upstream"
)

// Selection is what one field of an operation selects of each object that it shows. Safe for concurrent use.
type Selection struct {
	selected
	// parts are the parts of an order that are selected below the field.
	parts upstream.Domains
	// foreign says that a field below has a resolver that reads something else than the order.
	foreign bool
	// size is what the largest value took so far, in bytes: the next one is given as much room.
	size atomic.Int64
}

// selected is one field of an object as the response shows it.
type selected struct {
	*field
	alias    string
	position *ast.Position
	// below is what is selected of each object that the field holds.
	below []selected
}

// Select returns what a field of an operation selects of its orders. Where no variable decides it, it is the
// same for each request, and is kept as long as the document is.
func (p *Plan) Select(operation *graphql.OperationContext, field graphql.CollectedField) *Selection {
	kept := limits.Kept(operation)
	if kept == nil {
		return p.collect(operation, p.order, field)
	}
	// Operations of one document may share a field through a fragment, and select more in the same place besides:
	// each of them keeps its own.
	if selection, found := kept.Load(field.Field); found {
		return selection.(*Selection)
	}
	selection, _ := kept.LoadOrStore(field.Field, p.collect(operation, p.order, field))
	return selection.(*Selection)
}

func (p *Plan) collect(operation *graphql.OperationContext, shown *field, from graphql.CollectedField) *Selection {
	s := &Selection{selected: selected{field: shown, alias: from.Alias, position: from.Position}}
	if shown.object != nil {
		s.below = s.collect(operation, shown.object, from.Selections)
	}
	return s
}

// collect merges what is selected of an object. The selections must belong to the document or to a
// collected field: gqlgen remembers fields by the address of the slice.
func (s *Selection) collect(operation *graphql.OperationContext, from *object, selections ast.SelectionSet) []selected {
	collected := graphql.CollectFields(operation, selections, from.satisfies)
	fields := make([]selected, len(collected))
	for i := range collected {
		found := from.fields[collected[i].Name]
		fields[i] = selected{field: found, alias: collected[i].Alias, position: collected[i].Position}
		s.parts |= found.part
		s.foreign = s.foreign || found.foreign
		if found.object != nil {
			fields[i].below = s.collect(operation, found.object, collected[i].Selections)
		}
	}
	return fields
}

// write writes a value to buffer, as part of response, or nothing of it if it fails.
func (s *Selection) write(ctx context.Context, response *Response, buffer *bytes.Buffer, report *report, write func(*writer) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err // nobody waits for it
	}
	usual := s.size.Load()
	w := newWriter(ctx, response, buffer, int(usual))
	w.report = report
	defer func() {
		if thrown := recover(); thrown != nil {
			err = graphql.GetOperationContext(ctx).Recover(ctx, thrown)
		}
		if err != nil {
			w.discard()
		}
	}()
	if err := write(w); err != nil {
		return fmt.Errorf("projection: %w", err)
	}
	if err := w.flush(); err != nil {
		return err
	}
	if size := int64(buffer.Len() - w.start); size > usual {
		s.size.Store(size)
	}
	return nil
}

// locationsOf returns a place in the document as errors have it.
func locationsOf(position *ast.Position) []gqlerror.Location {
	if position == nil {
		return nil
	}
	return []gqlerror.Location{{Line: position.Line, Column: position.Column}}
}
