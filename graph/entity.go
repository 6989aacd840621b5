package graph

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/graph/internal/generated"
	"ordergraph/upstream"
)

// orderTypename is the __typename of the only entities that we resolve.
const orderTypename = "Order"

var _ generated.FederationResolver = queryResolver{}

// Entities resolves Query._entities: as many entities as representations, in their order. One that
// is malformed, fails or isn't trusted is nil, with an error.
func (r queryResolver) Entities(ctx context.Context, representations []any) []generated.Entity {
	entities := make([]generated.Entity, len(representations))
	if err := r.admits(ctx); err != nil {
		addErrorAt(ctx, graphql.GetPath(ctx), err)
		return entities
	}
	if null, isNull := nullArgumentHere(ctx); isNull && !null.below {
		addErrorAt(ctx, graphql.GetPath(ctx), null.err())
		return entities
	}
	thunks := r.load(ctx, len(representations), func(place int) (upstream.Key, error) {
		return representedKey(representations[place])
	})
	for i, order := range r.await(ctx, thunks) {
		if order != nil {
			entities[i] = order
		}
	}
	return entities
}

// Service resolves Query._service.
func (r queryResolver) Service(ctx context.Context) (generated.Service, error) {
	if err := r.admits(ctx); err != nil {
		return generated.Service{}, err
	}
	return generated.Service{Sdl: r.sdl}, nil
}

// representedKey names the order of a router's representation. It must say which site: the two
// have orders of the same numbers. Entities are V1.
func representedKey(representation any) (upstream.Key, error) {
	fields, isObject := representation.(map[string]any)
	if !isObject {
		return upstream.Key{}, badInput("A representation is an object with __typename and the fields of a key.")
	}
	if fields["__typename"] != orderTypename {
		return upstream.Key{}, badInput("This subgraph resolves entities of the __typename Order only.")
	}
	id, ok := representedID(fields["id"])
	if !ok {
		return upstream.Key{}, badInput("A representation of an Order needs an id: a string, or a number with every digit.")
	}
	var site upstream.WebSite
	if err := site.UnmarshalGQL(fields["webSite"]); err != nil {
		return upstream.Key{}, badInput("A representation of an Order needs a webSite: CN_1688 or ALIBABA.")
	}
	return orderKey(id, site, upstream.EditionV1)
}

// representedID reads an id without ever making a float64 of it, which would lose digits.
func representedID(value any) (id string, ok bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case int64:
		return strconv.FormatInt(value, 10), true
	default:
		return "", false
	}
}
