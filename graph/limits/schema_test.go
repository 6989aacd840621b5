package limits

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// orderSchema returns the project's schema, as gqlgen reads it.
func orderSchema(tb testing.TB) *ast.Schema {
	tb.Helper()
	schema, err := loadOrderSchema()
	if err != nil {
		tb.Fatal(err)
	}
	return schema
}

var loadOrderSchema = sync.OnceValues(func() (*ast.Schema, error) {
	var sources []*ast.Source
	for _, name := range []string{"../../schema.graphqls", "../federation.graphqls"} {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, &ast.Source{Name: name, Input: string(text)})
	}
	return gqlparser.LoadSchema(sources...)
})

func readFile(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// allFields is a query of every field of an order, each link between line items and shipments
// followed once.
func allFields(schema *ast.Schema) string {
	return `{ order(id: "1") ` + everythingOf(schema, schema.Types["Order"], nil) + ` }`
}

func everythingOf(schema *ast.Schema, object *ast.Definition, above []string) string {
	var text strings.Builder
	text.WriteString("{ __typename ")
	for _, field := range object.Fields {
		below := schema.Types[field.Type.Name()]
		switch {
		case below.IsLeafType():
			fmt.Fprintf(&text, "%s ", field.Name)
		case !slices.Contains(above, below.Name):
			fmt.Fprintf(&text, "%s %s ", field.Name, everythingOf(schema, below, append(above, object.Name)))
		}
	}
	return text.String() + "}"
}

// verdict returns why a document is refused under limits, in the order of what was found.
func verdict(tb testing.TB, schema *ast.Schema, limits Limits, text string) gqlerror.List {
	tb.Helper()
	_, _, list := NewParser(schema, limits, true).read(text)
	return list
}

// limitOf returns the name of the limit that an error is about, empty for another error.
func limitOf(err *gqlerror.Error) string {
	if exceeded, ok := errors.AsType[*Error](err); ok {
		return exceeded.Limit
	}
	return ""
}
