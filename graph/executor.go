package graph

import (
	"cmp"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/graph/internal/generated"
	"ordergraph/graph/introspection"
	"ordergraph/graph/limits"
	"ordergraph/graph/loader"
	"ordergraph/graph/lookahead"
	"ordergraph/graph/projection"
)

const (
	defaultMaxOrders        = 100
	defaultMaxAttributeKeys = 100
	defaultMaxResponse      = 16 << 20
)

// newExecutor returns what parses, validates and executes operations.
func newExecutor(options Options) (graphql.GraphExecutor, error) {
	schema := servedSchema()
	needs, err := lookahead.Compile(schema)
	if err != nil {
		return nil, err
	}
	shown, err := projection.Compile(schema)
	if err != nil {
		return nil, err
	}
	resolver := &resolver{
		sdl: options.SDL, projection: shown, routerOnly: options.RouterSecret != "", requireToken: options.RequireToken,
	}
	planner := &planner{
		needs: needs, resolver: resolver,
		maxOrders:        cmp.Or(options.MaxOrders, defaultMaxOrders),
		maxAttributeKeys: cmp.Or(options.MaxAttributeKeys, defaultMaxAttributeKeys),
	}

	exec := executor.New(generated.NewExecutableSchema(generated.Config{Schema: schema, Resolvers: resolver}))
	exec.SetErrorPresenter(present)
	exec.SetRecoverFunc(recovered)
	exec.Use(admission{introspection: !options.NoIntrospection})
	exec.Use(introspection.New(generated.NewExecutableSchema(generated.Config{Schema: apiSchema(schema), Resolvers: resolver})))
	exec.Use(loader.New(options.Orders, planner.plan))
	exec.Use(responseBounds{maxResponse: int(cmp.Or(options.MaxResponse, defaultMaxResponse))})
	return limits.Guard(exec, schema, options.Limits, !options.NoIntrospection), nil
}

// servedSchema returns the schema without @defer: one call brings everything that an order has, so
// there is nothing to defer, and a deferred part would be lost on the way.
func servedSchema() *ast.Schema {
	schema := *generated.NewExecutableSchema(generated.Config{}).Schema()
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	return &schema
}
