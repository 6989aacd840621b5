package loader

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/upstream"
)

// Planner returns the orders that the fields of an operation will load, each with everything that any
// field needs of it: each call for an order is paid, so one call must bring it all. It must find at least
// the keys that the resolvers load: they are refused all others. An error refuses the whole request before
// anything is executed.
type Planner func(ctx context.Context, operation *graphql.OperationContext) (map[upstream.Key]upstream.Needs, error)

// Extension plans each operation and lets its resolvers Load. New makes one.
type Extension struct {
	orders upstream.Orders
	plan   Planner
}

var (
	_ graphql.HandlerExtension        = (*Extension)(nil)
	_ graphql.OperationContextMutator = (*Extension)(nil)
	_ graphql.OperationInterceptor    = (*Extension)(nil)
)

// New returns an extension that loads from orders what plan says.
func New(orders upstream.Orders, plan Planner) *Extension {
	return &Extension{orders: orders, plan: plan}
}

// ExtensionName names the extension, and its data among those of an operation.
func (e *Extension) ExtensionName() string { return "OrderLoader" }

// Validate checks that the extension is complete.
func (e *Extension) Validate(graphql.ExecutableSchema) error {
	if e.orders == nil || e.plan == nil {
		return errors.New("loader: needs orders and a planner")
	}
	return nil
}

// MutateOperationContext plans the operation. What it refuses has cost no upstream call.
func (e *Extension) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	needs, err := e.plan(ctx, operation)
	if err != nil {
		return gqlerror.WrapIfUnwrapped(err)
	}
	operation.Stats.SetExtension(e.ExtensionName(), needs)
	return nil
}

// InterceptOperation makes the planned orders loadable.
func (e *Extension) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	planned := graphql.GetOperationContext(ctx).Stats.GetExtension(e.ExtensionName())
	needs, ok := planned.(map[upstream.Key]upstream.Needs)
	if !ok || len(needs) == 0 {
		return next(ctx)
	}
	ctx, end := withOperation(ctx, e.orders, needs)
	respond := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		defer end()
		return respond(ctx)
	}
}
