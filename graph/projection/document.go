package projection

import (
	"runtime"
	"sync"
	"weak"

	"github.com/vektah/gqlparser/v2/ast"
)

// documents are the parsed documents that are in use somewhere, with what was found out about them.
// They keep none of them alive.
type documents struct {
	byDocument sync.Map // weak.Pointer[ast.QueryDocument] → *document
}

type document struct {
	// conditional says that @skip or @include decides what is selected.
	conditional bool
	selections  sync.Map // selectionKey → *Selection
}

// selectionKey names a field of an operation. Operations may share a field through a fragment, and
// select more in the same place besides.
type selectionKey struct {
	operation *ast.OperationDefinition
	field     *ast.Field
}

func (d *documents) of(parsed *ast.QueryDocument) *document {
	key := weak.Make(parsed)
	if known, found := d.byDocument.Load(key); found {
		return known.(*document)
	}
	known, found := d.byDocument.LoadOrStore(key, &document{conditional: isConditional(parsed)})
	if !found {
		runtime.AddCleanup(parsed, d.forget, key)
	}
	return known.(*document)
}

func (d *documents) forget(key weak.Pointer[ast.QueryDocument]) { d.byDocument.Delete(key) }

// isConditional tells whether any selection of a document has a directive: all that there are here
// decide whether it is executed.
func isConditional(parsed *ast.QueryDocument) bool {
	for _, operation := range parsed.Operations {
		if hasDirective(operation.SelectionSet) {
			return true
		}
	}
	for _, fragment := range parsed.Fragments {
		if hasDirective(fragment.SelectionSet) {
			return true
		}
	}
	return false
}

func hasDirective(selections ast.SelectionSet) bool {
	for _, selection := range selections {
		var directives ast.DirectiveList
		var below ast.SelectionSet
		switch selection := selection.(type) {
		case *ast.Field:
			directives, below = selection.Directives, selection.SelectionSet
		case *ast.InlineFragment:
			directives, below = selection.Directives, selection.SelectionSet
		case *ast.FragmentSpread:
			directives = selection.Directives
		}
		if len(directives) > 0 || hasDirective(below) {
			return true
		}
	}
	return false
}
