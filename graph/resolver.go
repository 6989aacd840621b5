package graph

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/generated"
	"ordergraph/graph/internal/scope"
	"ordergraph/graph/loader"
	"ordergraph/upstream"
)

// resolver resolves what is not a field or a method of the structs in package upstream: the root fields,
// and the parts of an order that the upstream sends on demand.
type resolver struct {
	sdl string
	// routerOnly keeps _service and _entities for those who know the router secret.
	routerOnly bool
	// requireToken refuses orders to callers without an Authorization value.
	requireToken bool
}

var _ generated.ResolverRoot = (*resolver)(nil)

// orderKey names an order by the arguments of a field. The id is checked before anything is asked: it
// costs no call.
func orderKey(id string, site upstream.WebSite, edition upstream.Edition) (upstream.Key, error) {
	number, err := upstream.ParseOrderID(id)
	if err != nil {
		return upstream.Key{}, badInput("The id is no order id: " + err.Error() + ".")
	}
	return upstream.Key{Site: site, Edition: edition, ID: number}, nil
}

// load starts to load a part of an order.
func load(ctx context.Context, order upstream.Key, part upstream.Domains) loader.Thunk {
	return operationOf(graphql.GetOperationContext(ctx)).loader.Load(ctx, order, part)
}

// failed returns a load that fails at once.
func failed(err error) loader.Thunk {
	return func() (upstream.Result, error) { return upstream.Result{}, err }
}

// load begins to load an order for each place of a list: the one that keyOf names.
func (r *resolver) load(ctx context.Context, places int, keyOf func(place int) (upstream.Key, error)) []loader.Thunk {
	thunks := make([]loader.Thunk, places)
	refusal := r.authorizes(ctx)
	null, isNull := nullArgumentHere(ctx)
	for i := range thunks {
		if refusal != nil {
			thunks[i] = failed(refusal)
		} else if isNull {
			thunks[i] = failed(null.at(at(graphql.GetPath(ctx), i)))
		} else if key, err := keyOf(i); err != nil {
			thunks[i] = failed(err)
		} else {
			thunks[i] = load(ctx, key, loader.Base)
		}
	}
	return thunks
}

// await waits for the orders of a list. A failed one is nil, with an error at its index.
func (r *resolver) await(ctx context.Context, thunks []loader.Thunk) []*upstream.Order {
	orders := make([]*upstream.Order, len(thunks))
	path := graphql.GetPath(ctx)
	for i, thunk := range thunks {
		result, err := thunk()
		if err != nil {
			addErrorAt(ctx, at(path, i), err)
			continue
		}
		orders[i] = result.Order
	}
	return orders
}

// at returns the path to an element of the list at path. It shares no memory with other paths.
func at(path ast.Path, index int) ast.Path {
	return append(path[:len(path):len(path)], ast.PathIndex(index))
}

// addErrorAt adds an error at a place of the response below the current field, unless the error knows its
// own place.
func addErrorAt(ctx context.Context, path ast.Path, err error) {
	if placed, ok := errors.AsType[*gqlerror.Error](err); ok {
		graphql.AddError(ctx, placed)
		return
	}
	graphql.AddError(ctx, &gqlerror.Error{Err: err, Message: err.Error(), Path: path})
}

var errUntrustedRouter = &clientError{
	code:    codes.Unauthenticated,
	message: "This field is for the router of the federated graph: it needs the router secret in the header X-Router-Secret.",
}

// authorizes returns an error unless the caller has brought what orders are read with.
func (r *resolver) authorizes(ctx context.Context) error {
	caller := scope.From(ctx).Caller
	if r.requireToken && caller != nil && caller.Authorization == "" {
		return &upstream.Error{Kind: upstream.KindUnauthenticated}
	}
	return nil
}

// admits returns an error unless the caller may use the fields for routers.
func (r *resolver) admits(ctx context.Context) error {
	if r.routerOnly && !scope.From(ctx).RouterTrusted {
		return errUntrustedRouter
	}
	return nil
}
