package limits

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"ordergraph/internal/lru"
)

// Guard makes exec refuse documents beyond limits, validates and remembers the others, with hints
// ("Did you mean …") if suggestions is set, and coerces the variables. schema is the one that exec
// executes. It takes the place of exec's parsing, validation rules and query cache; SetDisableSuggestion
// has no effect any more. Requests must go through what it returns: exec itself refuses all of them.
func Guard(exec *executor.Executor, schema *ast.Schema, limits Limits, suggestions bool) graphql.GraphExecutor {
	limits = limits.withDefaults()
	exec.SetQueryCache(validDocuments{})
	exec.SetParserTokenLimit(-1)
	return &guarded{
		Executor:  exec,
		schema:    schema,
		validator: newValidator(limits, suggestions),
		documents: lru.New[string, *ast.QueryDocument](maxCachedBytes, nil),
		limits:    limits,
	}
}

type guarded struct {
	*executor.Executor
	schema    *ast.Schema
	validator *validator
	documents *lru.Cache[string, *ast.QueryDocument] // by their texts
	limits    Limits
}

// CreateOperationContext parses, validates and coerces the variables. Its errors are small.
func (g *guarded) CreateOperationContext(
	ctx context.Context, params *graphql.RawParams,
) (*graphql.OperationContext, gqlerror.List) {
	operation, list := g.createOperation(ctx, params)
	return operation, report(list, g.limits)
}

func (g *guarded) createOperation(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	refused := &graphql.OperationContext{RawQuery: params.Query, OperationName: params.OperationName, Variables: params.Variables}
	document, list := g.document(params.Query)
	if len(list) > 0 {
		return refused, list
	}
	operation, err := operationOf(document, params.OperationName)
	if err != nil {
		errcode.Set(err, errcode.ValidationFailed)
		return refused, gqlerror.List{err}
	}
	variables, mistake := coerceVariables(g.schema, operation, params.Variables)
	if mistake != nil {
		return refused, gqlerror.List{gqlerror.Wrap(mistake)}
	}
	coerced := *params
	coerced.Variables = variables
	return g.Executor.CreateOperationContext(context.WithValue(ctx, validDocument{}, document), &coerced)
}

// document returns the document with the given text, which has proven valid.
func (g *guarded) document(text string) (*ast.QueryDocument, gqlerror.List) {
	if document, found := g.documents.Get(text); found {
		return document, nil
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, g.limits.Tokens)
	if err != nil {
		mistake := gqlerror.WrapIfUnwrapped(err)
		errcode.Set(mistake, errcode.ParseFailed)
		return nil, gqlerror.List{mistake}
	}
	list := gqlerror.List{gqlerror.Errorf("The document has no operation.")}
	if len(document.Operations) > 0 {
		list = g.validator.validate(g.schema, *document)
	}
	for _, mistake := range list {
		errcode.Set(mistake, errcode.ValidationFailed)
	}
	if len(list) == 0 {
		g.documents.Put(text, document, bytesOf(text, document))
	}
	return document, list
}

// operationOf returns the operation that a request runs.
func operationOf(document *ast.QueryDocument, name string) (*ast.OperationDefinition, *gqlerror.Error) {
	operation := document.Operations.ForName(name)
	switch {
	case operation != nil:
		return operation, nil
	case name == "":
		return nil, gqlerror.Errorf("The document has several operations: name one of them in operationName.")
	default:
		return nil, gqlerror.Errorf("The document has no operation named %q.", name)
	}
}

// validDocument is the key of the document that a context holds.
type validDocument struct{}

// validDocuments hands exec the document that was validated here.
type validDocuments struct{}

// Get returns the document of the context.
func (validDocuments) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	document, found := ctx.Value(validDocument{}).(*ast.QueryDocument)
	return document, found
}

// Add has nothing to keep.
func (validDocuments) Add(context.Context, string, *ast.QueryDocument) {}
