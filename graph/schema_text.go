package graph

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"

	"ordergraph/graph/internal/httpx"
	"ordergraph/graph/restfields"
	"ordergraph/graph/transport"
)

// specifiedDirectives are the directives that every reader of a schema knows. All others say something to
// this program or to routers, and would have to be defined for a client's tools.
var specifiedDirectives = []string{"deprecated", "specifiedBy", "oneOf"}

var emptyLine = regexp.MustCompile(`(?m)^ +$`)

// APISchema returns what clients may ask for, as text that every GraphQL tool reads, from the text of a
// subgraph's schema: the same types with the same descriptions in the same order, without the directives
// and definitions that routers and the planning need.
func APISchema(subgraph string) (string, error) {
	document, err := parser.ParseSchema(&ast.Source{Name: "schema", Input: subgraph})
	if err != nil {
		return "", fmt.Errorf("read the schema: %w", err)
	}
	var text strings.Builder
	for _, definition := range document.Schema {
		definition.Directives = specified(definition.Directives)
	}
	write := func(part *ast.SchemaDocument) {
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		formatter.NewFormatter(&text, formatter.WithIndent("  ")).FormatSchemaDocument(part)
	}
	write(&ast.SchemaDocument{Schema: document.Schema})
	for _, definition := range document.Definitions {
		definition.Directives = specified(definition.Directives)
		for _, field := range definition.Fields {
			field.Directives = specified(field.Directives)
			for _, argument := range field.Arguments {
				argument.Directives = specified(argument.Directives)
			}
		}
		for _, value := range definition.EnumValues {
			value.Directives = specified(value.Directives)
		}
		write(&ast.SchemaDocument{Definitions: ast.DefinitionList{definition}})
	}
	// The formatter indents the empty lines of descriptions, too.
	return emptyLine.ReplaceAllString(text.String(), ""), nil
}

func specified(directives ast.DirectiveList) ast.DirectiveList {
	return slices.DeleteFunc(directives, func(directive *ast.Directive) bool {
		return !slices.Contains(specifiedDirectives, directive.Name)
	})
}

// apiSchema returns the part of the executed schema that introspection lists. What federation adds works
// without being listed, as routers expect it to.
func apiSchema(executed *ast.Schema) *ast.Schema {
	listed := *executed
	listed.Types = map[string]*ast.Definition{}
	listed.Directives = map[string]*ast.DirectiveDefinition{}
	for name, definition := range executed.Types {
		if !isFederation(name) {
			listed.Types[name] = definition
		}
	}
	for name, directive := range executed.Directives {
		if slices.Contains(specifiedDirectives, name) || name == "skip" || name == "include" {
			listed.Directives[name] = directive
		}
	}
	query := *executed.Query
	query.Fields = slices.DeleteFunc(slices.Clone(query.Fields), func(field *ast.FieldDefinition) bool { return isFederation(field.Name) })
	listed.Query, listed.Types[query.Name] = &query, &query
	return &listed
}

// isFederation reports whether a name is one of federation's, such as _entities or link__Import. The
// specification keeps names that begin with two underscores for introspection.
func isFederation(name string) bool {
	return !strings.HasPrefix(name, "__") && (strings.HasPrefix(name, "_") || strings.Contains(name, "__"))
}

// RestFields returns the rows of the upstream's document, with the fields of the schema, whose text for routers it is,
// by which they are read.
func RestFields(subgraph string) ([]restfields.Row, error) {
	text, err := APISchema(subgraph)
	if err != nil {
		return nil, err
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: text})
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	return restfields.Rows(schema)
}

// schemaText serves a schema's text, to the router alone if hidden.
func schemaText(text string, hidden bool, api *transport.Handler) http.Handler {
	content := httpx.NewContent("text/plain; charset=utf-8", "no-cache", httpx.Gzip([]byte(text)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hidden && !api.TrustsRouter(r) {
			http.NotFound(w, r)
			return
		}
		content.ServeHTTP(w, r)
	})
}
