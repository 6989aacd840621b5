package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/graph/internal/generated"
	"ordergraph/graph/loader"
	"ordergraph/upstream"
)

// Query returns the resolver of the root fields.
func (r *resolver) Query() generated.QueryResolver { return queryResolver{r} }

type queryResolver struct{ *resolver }

// Order resolves Query.order.
func (r queryResolver) Order(ctx context.Context, id string, site upstream.WebSite, edition upstream.Edition) (*upstream.Order, error) {
	if err := r.authorizes(ctx); err != nil {
		return nil, err
	}
	if null, isNull := nullArgumentHere(ctx); isNull {
		return nil, null.at(graphql.GetPath(ctx))
	}
	key, err := orderKey(id, site, edition)
	if err != nil {
		return nil, err
	}
	result, err := load(ctx, key, loader.Base)()
	return result.Order, err
}

// Orders resolves Query.orders: as many orders as ids, in their order.
func (r queryResolver) Orders(ctx context.Context, ids []string, site upstream.WebSite, edition upstream.Edition) ([]*upstream.Order, error) {
	if null, isNull := nullArgumentHere(ctx); isNull && !null.below {
		return nil, null.err()
	}
	return r.await(ctx, r.load(ctx, len(ids), func(place int) (upstream.Key, error) {
		return orderKey(ids[place], site, edition)
	})), nil
}
