package graph

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/generated"
	"ordergraph/graph/internal/scope"
	"ordergraph/graph/introspection"
	"ordergraph/graph/limits"
	"ordergraph/graph/loader"
	"ordergraph/graph/lookahead"
	"ordergraph/graph/projection"
	"ordergraph/upstream"
)

const (
	defaultMaxOrders        = 100
	defaultMaxAttributeKeys = 100
	defaultMaxResponse      = 16 << 20
)

// operations leads operations from their text to their response: it parses, admits and plans them, and
// gqlgen's executor executes what is planned.
//
// Of extensions that are added to the executor, mutators are never called.
type operations struct {
	*executor.Executor
	parser *limits.Parser
	// api is the schema that introspection shows, introspective whether to everybody or to trusted routers
	// alone.
	api           *ast.Schema
	introspective bool
	needs         *lookahead.Plan
	resolver      *resolver
	orders        upstream.Orders

	maxOrders, maxAttributeKeys, maxResponse int
	// middlewares are those of the executor, which gives them away in operation contexts only.
	middlewares *graphql.OperationContext
}

// operation is what is known of one operation besides gqlgen's context of it, which leads to it.
type operation struct {
	// nulls are the null arguments by the aliases of the root fields, at most one for each.
	nulls map[string]nullArgument
	// needs are the orders that the resolvers will load, loader what they load them with.
	needs  map[upstream.Key]upstream.Needs
	loader *loader.Loader
	// introspected counts the bytes that introspection took so far.
	introspected atomic.Int64
}

const operationExtension = "Operation"

// operationOf returns what is known of an operation: nothing of one that came another way.
func operationOf(parsed *graphql.OperationContext) *operation {
	if known, admitted := parsed.Stats.GetExtension(operationExtension).(*operation); admitted {
		return known
	}
	return &operation{}
}

func newOperations(options Options) (*operations, error) {
	schema := servedSchema()
	needs, err := lookahead.Compile(schema)
	if err != nil {
		return nil, err
	}
	written, err := projection.Compile(schema, hasResolver)
	if err != nil {
		return nil, err
	}
	written.Missing, written.FieldByField = missing, options.fieldByField
	resolver := &resolver{sdl: options.SDL, routerOnly: options.RouterSecret != "", requireToken: options.RequireToken}
	o := &operations{
		Executor:      executor.New(generated.NewExecutableSchema(generated.Config{Schema: schema, Resolvers: resolver})),
		parser:        limits.NewParser(schema, options.Limits, !options.NoIntrospection),
		api:           apiSchema(schema),
		introspective: !options.NoIntrospection,
		needs:         needs,
		resolver:      resolver,
		orders:        options.Orders,

		maxOrders:        cmp.Or(options.MaxOrders, defaultMaxOrders),
		maxAttributeKeys: cmp.Or(options.MaxAttributeKeys, defaultMaxAttributeKeys),
		maxResponse:      int(cmp.Or(options.MaxResponse, defaultMaxResponse)),
	}
	o.SetErrorPresenter(present)
	o.SetRecoverFunc(recovered)
	o.AroundRootFields(o.introspect)
	o.AroundFields(written.InterceptField)
	// That there is no document does not matter.
	o.middlewares, _ = o.Executor.CreateOperationContext(graphql.StartOperationTrace(context.Background()), &graphql.RawParams{})
	return o, nil
}

// hasResolver reports whether a resolver, and not a struct of package upstream, resolves a field.
func hasResolver(object, field string) bool {
	byName := func(list reflect.Type, name string) (method reflect.Method, found bool) {
		for i := range list.NumMethod() {
			if method = list.Method(i); strings.EqualFold(method.Name, name) {
				return method, true
			}
		}
		return method, false
	}
	ofObject, found := byName(reflect.TypeFor[generated.ResolverRoot](), object)
	if found {
		_, found = byName(ofObject.Type.Out(0), field)
	}
	return found
}

// servedSchema returns the schema without @defer: one call brings everything that an order has, so
// there is nothing to defer, and a deferred part would be lost on the way.
func servedSchema() *ast.Schema {
	schema := *generated.NewExecutableSchema(generated.Config{}).Schema()
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	return &schema
}

// CreateOperationContext parses, admits and plans an operation. What it refuses has cost no upstream call,
// and nothing else has looked at it.
func (o *operations) CreateOperationContext(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	began := time.Now()
	parsed, mistakes := o.parser.Parse(params)
	if len(mistakes) > 0 {
		return parsed, mistakes
	}
	parsed.RecoverFunc = o.middlewares.RecoverFunc
	parsed.ResolverMiddleware = o.middlewares.ResolverMiddleware
	parsed.RootResolverMiddleware = o.middlewares.RootResolverMiddleware
	known := &operation{}
	parsed.Stats.SetExtension(operationExtension, known)
	err := o.admit(ctx, parsed, known)
	if err == nil {
		err = o.plan(ctx, parsed, known)
	}
	if err != nil {
		return parsed, gqlerror.List{gqlerror.WrapIfUnwrapped(err)}
	}
	if trace := scope.From(ctx).Trace; trace != nil {
		var parts upstream.Domains
		for _, needs := range known.needs {
			parts |= needs.Domains
		}
		trace.Plan(began, parsed.Stats.Parsing.End.IsZero(), len(known.needs), parts)
	}
	return parsed, nil
}

// admit refuses operations that are valid but must not be executed: by who asks, or by what their variables
// hold.
func (o *operations) admit(ctx context.Context, parsed *graphql.OperationContext, known *operation) error {
	parsed.DisableIntrospection = !o.introspective && !scope.From(ctx).RouterTrusted
	for _, field := range rootFields(parsed) {
		introspects := isIntrospection(field)
		if introspects && parsed.DisableIntrospection {
			return &clientError{code: codes.ValidationFailed, message: "Introspection is turned off here."}
		}
		null, isNull := findNull(field.Field, parsed.Variables)
		if isNull && introspects {
			return null.err() // gqlgen would take it for an empty text
		} else if isNull {
			known.noteNull(field.Alias, null)
		}
	}
	return nil
}

// rootFields collects the root fields by the same type conditions as the generated code, so that both share
// one result.
func rootFields(parsed *graphql.OperationContext) []graphql.CollectedField {
	return graphql.CollectFields(parsed, parsed.Operation.SelectionSet, queryTypes)
}

var queryTypes = []string{"Query"}

func isIntrospection(field graphql.CollectedField) bool {
	return field.Name == "__schema" || field.Name == "__type"
}

// introspect answers the root fields of introspection, and leaves all others alone.
func (o *operations) introspect(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	field := graphql.GetRootFieldContext(ctx).Field
	if !isIntrospection(field) {
		return next(ctx)
	}
	parsed := graphql.GetOperationContext(ctx)
	answer, err := introspection.Answer(o.api, parsed, field, &operationOf(parsed).introspected)
	if err != nil {
		graphql.AddError(ctx, gqlerror.WrapPath(graphql.NewPathWithField(field.Alias).Path(), err))
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(answer) })
}

// DispatchOperation executes an operation. Its response is bounded, and so is the number of its errors about
// malformed values.
func (o *operations) DispatchOperation(ctx context.Context, parsed *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	known, end, began := operationOf(parsed), func() {}, time.Now()
	planned := len(known.needs) // the loader takes out what is at hand
	if planned > 0 {
		if scope.From(ctx).DryRun != nil {
			known.loader, end = loader.NewDryRun(ctx, o.orders, known.needs)
		} else {
			known.loader, end = loader.New(ctx, o.orders, known.needs, parsed.RecoverFunc)
		}
	}
	written := projection.NewResponse(o.maxResponse, &limits.Error{Limit: limits.MaxResponse, Maximum: o.maxResponse})
	respond, ctx := o.Executor.DispatchOperation(projection.WithResponse(ctx, written), parsed)
	return func(ctx context.Context) *graphql.Response {
		defer end()
		response := respond(ctx)
		if request := scope.From(ctx); request.Trace != nil && planned > 0 {
			request.Trace.Lookup(began, request.Provenance.Tally())
		}
		if showsNothingElse(parsed, written.Written()) {
			scope.From(ctx).Provenance.SetComplete()
		}
		if unlisted := written.UnlistedBadValues(); response != nil && unlisted > 0 {
			message := fmt.Sprintf("The upstream sent %d more values that can't be read.", unlisted)
			response.Errors = append(response.Errors, explained(codes.UpstreamBadData, message, map[string]any{"retryable": false}))
		}
		return response
	}, ctx
}

// showsNothingElse reports whether all root fields of an operation were written from orders alone, besides
// those that are the same as long as the program runs.
func showsNothingElse(parsed *graphql.OperationContext, written int) bool {
	for _, field := range rootFields(parsed) {
		if constant := field.Name == "__typename" || field.Name == "_service" || isIntrospection(field); !constant {
			written--
		}
	}
	return written == 0
}
