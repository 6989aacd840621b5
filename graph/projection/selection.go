package projection

import (
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Selection is what one field of an operation selects of its orders. Safe for concurrent use.
type Selection struct {
	order     *object
	fields    []selected
	recursive bool
	// size is what the largest order took so far, in bytes: the next one is given as much room.
	size atomic.Int64
}

// selected is one field of an object as the response shows it.
type selected struct {
	*field
	alias string
	// below is what is selected of each object that the field holds.
	below []selected
}

// Select returns what a field of an operation selects of its orders. Where the document has no
// conditions it is the same for each request, and is remembered as long as the document is.
func (p *Plan) Select(operation *graphql.OperationContext, field graphql.CollectedField) *Selection {
	known := p.documents.of(operation.Doc)
	if known.conditional {
		return p.collect(operation, field.Selections)
	}
	key := selectionKey{operation.Operation, field.Field}
	if selection, found := known.selections.Load(key); found {
		return selection.(*Selection)
	}
	selection := p.collect(operation, field.Selections)
	known.selections.Store(key, selection)
	return selection
}

func (p *Plan) collect(operation *graphql.OperationContext, selections ast.SelectionSet) *Selection {
	selection := &Selection{order: p.order}
	selection.fields = selection.collect(operation, p.order, selections)
	return selection
}

// collect merges what is selected of an object. The selections must belong to the document or to a
// collected field: gqlgen remembers fields by the address of the slice.
func (s *Selection) collect(operation *graphql.OperationContext, from *object, selections ast.SelectionSet) []selected {
	collected := graphql.CollectFields(operation, selections, from.satisfies)
	fields := make([]selected, len(collected))
	for i := range collected {
		found := from.fields[collected[i].Name]
		fields[i] = selected{field: found, alias: collected[i].Alias}
		if found.object != nil {
			fields[i].below = s.collect(operation, found.object, collected[i].Selections)
			s.recursive = s.recursive || found.recursive
		}
	}
	return fields
}

// Recursive tells whether a field is selected that can lead back to the object whose field it is, so
// that the response may show parts of an order many times.
func (s *Selection) Recursive() bool { return s.recursive }
