package loader

import (
	"context"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/upstream"
)

// Wanted is an order that some field of an operation will load, and what the field needs of it.
type Wanted struct {
	Key   upstream.Key
	Needs upstream.Needs
}

// Planner returns what the fields of an operation will load; the same order may come several times.
// It must find at least the keys that the resolvers load: they are refused all others. An error
// refuses the whole request before anything is executed.
type Planner func(ctx context.Context, operation *graphql.OperationContext) ([]Wanted, error)

// TooManyError says that a request names more orders than allowed.
type TooManyError struct {
	// Maximum is how many are allowed (--max-orders).
	Maximum int
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("more than %d orders in one request", e.Maximum)
}

// Extension plans each operation and lets its resolvers Load. New makes one.
type Extension struct {
	orders    upstream.Orders
	plan      Planner
	maxOrders int
}

var (
	_ graphql.HandlerExtension        = (*Extension)(nil)
	_ graphql.OperationContextMutator = (*Extension)(nil)
	_ graphql.OperationInterceptor    = (*Extension)(nil)
)

// New returns an extension that loads from orders, at most maxOrders distinct ones in one request.
func New(orders upstream.Orders, plan Planner, maxOrders int) *Extension {
	return &Extension{orders: orders, plan: plan, maxOrders: maxOrders}
}

// ExtensionName names the extension, and its data among those of an operation.
func (e *Extension) ExtensionName() string { return "OrderLoader" }

// Validate checks that the extension is complete.
func (e *Extension) Validate(graphql.ExecutableSchema) error {
	if e.orders == nil || e.plan == nil || e.maxOrders < 1 {
		return errors.New("loader: needs orders, a planner and a maximum of at least 1")
	}
	return nil
}

// MutateOperationContext plans the operation. What it refuses has cost no upstream call.
func (e *Extension) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	wanted, err := e.plan(ctx, operation)
	if err != nil {
		return gqlerror.WrapIfUnwrapped(err)
	}
	needs := united(wanted)
	if len(needs) > e.maxOrders {
		return gqlerror.Wrap(&TooManyError{Maximum: e.maxOrders})
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

// united returns the needs of each distinct order. Needs differ between the fields that name an
// order, and each call for it is paid, so one call must bring them all.
func united(wanted []Wanted) map[upstream.Key]upstream.Needs {
	needs := make(map[upstream.Key]upstream.Needs, min(len(wanted), 100))
	for _, order := range wanted {
		needs[order.Key] = needs[order.Key].Union(order.Needs)
	}
	return needs
}
