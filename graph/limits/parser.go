package limits

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"ordergraph/graph/internal/codes"
	"ordergraph/internal/lru"
)

// Parser reads operations that are within limits. NewParser makes one. Safe for concurrent use.
type Parser struct {
	schema    *ast.Schema
	validator *validator
	documents *lru.Cache[string, *ast.QueryDocument] // by their texts
	limits    Limits
}

// NewParser returns a parser of operations on schema. It gives hints ("Did you mean …") if suggestions is
// set.
func NewParser(schema *ast.Schema, limits Limits, suggestions bool) *Parser {
	limits = limits.withDefaults()
	return &Parser{
		schema: schema, validator: newValidator(limits, suggestions), limits: limits,
		documents: lru.New[string, *ast.QueryDocument](maxCachedBytes, nil),
	}
}

// Parse parses and validates a request, and coerces its variables. Its errors are small. The operation that
// it returns lacks all that is not in the request.
func (p *Parser) Parse(params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	operation := &graphql.OperationContext{
		RawQuery: params.Query, OperationName: params.OperationName, Variables: params.Variables,
		Extensions: params.Extensions, Headers: params.Headers,
	}
	return operation, report(p.parse(operation), p.limits)
}

func (p *Parser) parse(operation *graphql.OperationContext) (mistakes gqlerror.List) {
	operation.Doc, mistakes = p.document(operation.RawQuery)
	if len(mistakes) > 0 {
		return mistakes
	}
	operation.Operation = operation.Doc.Operations.ForName(operation.OperationName)
	if operation.Operation == nil {
		err := gqlerror.Errorf("The document has no operation named %q.", operation.OperationName)
		if operation.OperationName == "" {
			err = gqlerror.Errorf("The document has several operations: name one of them in operationName.")
		}
		errcode.Set(err, codes.ValidationFailed)
		return gqlerror.List{err}
	}
	variables, err := coerceVariables(p.schema, operation.Operation, operation.Variables)
	if err != nil {
		return gqlerror.List{gqlerror.Wrap(err)}
	}
	operation.Variables = variables
	return nil
}

// document returns the document with the given text, which has proven valid.
func (p *Parser) document(text string) (*ast.QueryDocument, gqlerror.List) {
	if document, found := p.documents.Get(text); found {
		return document, nil
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, p.limits.Tokens)
	if err != nil {
		mistake := gqlerror.WrapIfUnwrapped(err)
		errcode.Set(mistake, codes.ParseFailed)
		return nil, gqlerror.List{mistake}
	}
	list := gqlerror.List{gqlerror.Errorf("The document has no operation.")}
	if len(document.Operations) > 0 {
		list = p.validator.validate(p.schema, *document)
	}
	for _, mistake := range list {
		errcode.Set(mistake, codes.ValidationFailed)
	}
	if len(list) == 0 {
		p.documents.Put(text, document, bytesOf(text, document))
	}
	return document, list
}
