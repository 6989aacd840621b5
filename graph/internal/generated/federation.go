// Package generated is gqlgen's output, and this one file by hand: gqlgen binds the fields _entities
// and _service to two methods of its execution context, whose names no other package can give.
package generated

import "context"

// FederationResolver resolves what a router asks of a subgraph. The QueryResolver must be one.
type FederationResolver interface {
	// Entities resolves references to entities, in their order. It has no error: a reference that
	// fails is nil, and the resolver adds its error to the response at its index. A representation
	// is whatever the router sent, an object or not.
	Entities(ctx context.Context, representations []any) []Entity
	// Service returns the schema, for composition.
	Service(ctx context.Context) (Service, error)
}

func (ec *executionContext) __resolve_entities(ctx context.Context, representations []any) []Entity {
	return ec.Resolvers.Query().(FederationResolver).Entities(ctx, representations)
}

func (ec *executionContext) __resolve__service(ctx context.Context) (Service, error) {
	return ec.Resolvers.Query().(FederationResolver).Service(ctx)
}
