package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/graph/loader"
	"ordergraph/graph/projection"
	"ordergraph/upstream"
)

// Order resolves Query.order.
func (r *resolver) Order(ctx context.Context, id string, site upstream.WebSite, edition upstream.Edition) (*projection.Order, error) {
	if null, isNull := nullArgumentHere(ctx); isNull {
		return nil, null.at(graphql.GetPath(ctx))
	}
	key, err := orderKey(id, site, edition)
	if err != nil {
		return nil, err
	}
	order, err := loader.Load(ctx, key)()
	if err != nil || order == nil {
		return nil, err
	}
	selection := r.selection(ctx)
	if err := admitLinks(ctx, selection, order); err != nil {
		return nil, err
	}
	reportBadValues(ctx, order, graphql.GetPath(ctx))
	return selection.Of(order), nil
}

// Orders resolves Query.orders: as many orders as ids, in their order.
func (r *resolver) Orders(ctx context.Context, ids []string, site upstream.WebSite, edition upstream.Edition) ([]*projection.Order, error) {
	null, isNull := nullArgumentHere(ctx)
	if isNull && len(null.path) == 0 {
		return nil, null.err()
	}
	thunks := make([]loader.Thunk, len(ids))
	for i, id := range ids {
		if isNull {
			thunks[i] = failed(null.at(at(graphql.GetPath(ctx), i)))
		} else if key, err := orderKey(id, site, edition); err != nil {
			thunks[i] = failed(err)
		} else {
			thunks[i] = loader.Load(ctx, key)
		}
	}
	return r.await(ctx, thunks), nil
}
