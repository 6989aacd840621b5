package projection

import (
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Selection is what one field of an operation selects of its orders. Safe for concurrent use.
type Selection struct {
	order  *object
	fields []selected
	// position is where the document has the field itself.
	position *ast.Position
	// size is what the largest order took so far, in bytes: the next one is given as much room.
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

// Select returns what a field of an operation selects of its orders. Where the document has no
// conditions it is the same for each request, and is remembered as long as the document is.
func (p *Plan) Select(operation *graphql.OperationContext, field graphql.CollectedField) *Selection {
	known := p.documents.of(operation.Doc)
	if known.conditional {
		return p.collect(operation, field)
	}
	key := selectionKey{operation.Operation, field.Field}
	if selection, found := known.selections.Load(key); found {
		return selection.(*Selection)
	}
	selection := p.collect(operation, field)
	known.selections.Store(key, selection)
	return selection
}

func (p *Plan) collect(operation *graphql.OperationContext, field graphql.CollectedField) *Selection {
	return &Selection{
		order:    p.order,
		fields:   collect(operation, p.order, field.Selections),
		position: field.Position,
	}
}

// collect merges what is selected of an object. The selections must belong to the document or to a
// collected field: gqlgen remembers fields by the address of the slice.
func collect(operation *graphql.OperationContext, from *object, selections ast.SelectionSet) []selected {
	collected := graphql.CollectFields(operation, selections, from.satisfies)
	fields := make([]selected, len(collected))
	for i := range collected {
		found := from.fields[collected[i].Name]
		fields[i] = selected{field: found, alias: collected[i].Alias, position: collected[i].Position}
		if found.object != nil {
			fields[i].below = collect(operation, found.object, collected[i].Selections)
		}
	}
	return fields
}

// locationsOf returns a place in the document as errors have it.
func locationsOf(position *ast.Position) []gqlerror.Location {
	if position == nil {
		return nil
	}
	return []gqlerror.Location{{Line: position.Line, Column: position.Column}}
}
