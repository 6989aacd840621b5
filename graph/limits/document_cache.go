package limits

import (
	"container/list"
	"context"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
)

const (
	// maxCachedBytes bounds the documents that strangers can make us remember.
	maxCachedBytes = 32 << 20
	// nodeBytes is what one node of a parsed document takes, with its position and comments; measured
	// as 145 to 353 bytes.
	nodeBytes = 400
)

// documentCache keeps valid documents by their text; the least recently used go first. Safe for
// concurrent use.
type documentCache struct {
	mu      sync.Mutex
	entries map[string]*list.Element
	recent  *list.List // of cachedDocument, the latest in front
	bytes   int
}

type cachedDocument struct {
	text     string
	document *ast.QueryDocument
	bytes    int
}

func newDocumentCache() *documentCache {
	return &documentCache{entries: map[string]*list.Element{}, recent: list.New()}
}

// Get returns the document whose text is text.
func (c *documentCache) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, found := c.entries[text]
	if !found {
		return nil, false
	}
	c.recent.MoveToFront(element)
	return element.Value.(*cachedDocument).document, true
}

// Add remembers a document that has proven valid.
func (c *documentCache) Add(_ context.Context, text string, document *ast.QueryDocument) {
	added := &cachedDocument{text, document, len(text) + nodeBytes*nodes(document)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, found := c.entries[text]; found {
		return
	}
	c.entries[text] = c.recent.PushFront(added)
	c.bytes += added.bytes
	for c.bytes > maxCachedBytes {
		oldest := c.recent.Remove(c.recent.Back()).(*cachedDocument)
		delete(c.entries, oldest.text)
		c.bytes -= oldest.bytes
	}
}

// nodes counts the nodes of a document as it is written, fragments not expanded.
func nodes(document *ast.QueryDocument) int {
	count := 1
	for _, operation := range document.Operations {
		count += 1 + nodesOfDirectives(operation.Directives) + nodesOfSelections(operation.SelectionSet)
		for _, variable := range operation.VariableDefinitions {
			count += 2 + nodesOfValue(variable.DefaultValue) + nodesOfDirectives(variable.Directives)
		}
	}
	for _, fragment := range document.Fragments {
		count += 1 + nodesOfDirectives(fragment.Directives) + nodesOfSelections(fragment.SelectionSet)
	}
	return count
}

func nodesOfSelections(selections ast.SelectionSet) int {
	count := len(selections)
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			count += nodesOfArguments(selection.Arguments) + nodesOfDirectives(selection.Directives) +
				nodesOfSelections(selection.SelectionSet)
		case *ast.InlineFragment:
			count += nodesOfDirectives(selection.Directives) + nodesOfSelections(selection.SelectionSet)
		case *ast.FragmentSpread:
			count += nodesOfDirectives(selection.Directives)
		}
	}
	return count
}

func nodesOfDirectives(directives ast.DirectiveList) int {
	count := len(directives)
	for _, directive := range directives {
		count += nodesOfArguments(directive.Arguments)
	}
	return count
}

func nodesOfArguments(arguments ast.ArgumentList) int {
	count := len(arguments)
	for _, argument := range arguments {
		count += nodesOfValue(argument.Value)
	}
	return count
}

func nodesOfValue(value *ast.Value) int {
	if value == nil {
		return 0
	}
	count := 1
	for _, child := range value.Children {
		count += 1 + nodesOfValue(child.Value)
	}
	return count
}
