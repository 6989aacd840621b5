package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// maxIntrospectionBytes bounds the answers to introspection that are kept.
const maxIntrospectionBytes = 16 << 20

// introspects reports whether an operation asks for the schema, and for nothing else.
func introspects(operation *graphql.OperationContext) bool {
	asks := false
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Query"}) {
		switch field.Name {
		case "__schema", "__type":
			asks = true
		case "__typename":
		default:
			return false
		}
	}
	return asks
}

// introspect executes an operation that introspects, unless its answer is kept. The answer depends on
// nothing but the operation, and is the same for all callers who may introspect.
func (h *Handler) introspect(ctx context.Context, operation *graphql.OperationContext, x *requestState) result {
	digest, ok := digestOperation(operation)
	if kept, found := h.introspections.Get(digest); ok && found {
		return result{whole: kept}
	}
	res := h.respond(ctx, operation, x)
	if !ok || res.answer == nil || res.answer.Data == nil || len(res.answer.Errors) > 0 {
		return res
	}
	res.answer.Operation = x.operation
	kept := NewStoredResponse(res.answer, 0)
	// The compressed body, which is made when somebody asks for it, takes no more than the plain one.
	h.introspections.Put(digest, kept, 2*kept.Bytes())
	return result{whole: kept}
}
