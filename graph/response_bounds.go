package graph

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/graph/limits"
	"ordergraph/graph/projection"
)

// responseBounds bounds the size of each response's data, and the number of its errors about malformed
// values.
type responseBounds struct{ maxResponse int }

var (
	_ graphql.HandlerExtension     = responseBounds{}
	_ graphql.OperationInterceptor = responseBounds{}
)

// ExtensionName names the extension.
func (responseBounds) ExtensionName() string { return "ResponseBounds" }

// Validate has nothing to check.
func (responseBounds) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation adds the error that stands for the malformed values beyond the bound.
func (b responseBounds) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	written := projection.NewResponse(b.maxResponse, &limits.Error{Limit: limits.MaxResponse, Maximum: b.maxResponse})
	respond := next(projection.WithResponse(ctx, written))
	return func(ctx context.Context) *graphql.Response {
		response := respond(ctx)
		if unlisted := written.UnlistedBadValues(); response != nil && unlisted > 0 {
			message := fmt.Sprintf("The upstream sent %d more values that can't be read.", unlisted)
			response.Errors = append(response.Errors, explained(codeUpstreamBadData, message, map[string]any{"retryable": false}))
		}
		return response
	}
}
