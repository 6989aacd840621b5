package transport

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/graph/internal/httpx"
	"ordergraph/graph/respcache"
	"ordergraph/upstream"
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

// executeOnce executes a query unless its response is stored. That of introspection depends on nothing but the
// operation, and is the same for all callers who may introspect.
func (h *Handler) executeOnce(ctx context.Context, operation *graphql.OperationContext, request respcache.Request, x *requestState) *httpError {
	introspective := introspects(operation)
	if !introspective && h.responses == nil {
		return h.respond(ctx, operation, x)
	}
	digest, ok := respcache.DigestOf(operation)
	if !ok {
		return h.respond(ctx, operation, x)
	}
	var stored *respcache.StoredResponse
	if introspective {
		stored, _ = h.introspections.Get(digest)
	} else {
		stored = h.responses.GetOperation(&x.scope, digest, request)
	}
	if stored != nil {
		x.stored = stored
		return nil
	}
	refused := h.respond(ctx, operation, x)
	if refused != nil || x.answer == nil || x.answer.Data == nil || len(x.answer.Errors) > 0 || len(x.answer.Extensions) > 0 {
		return refused
	}
	if introspective {
		x.stored = newStoredResponse(x, nil)
		// The compressed body, which is made when somebody asks for it, takes no more than the plain one.
		h.introspections.Put(digest, x.stored, 2*x.stored.Bytes())
	} else if copies, complete := x.scope.Provenance.Copies(); complete {
		h.responses.Put(&x.scope, digest, request, newStoredResponse(x, copies))
	}
	return nil
}

// newStoredResponse returns what is sent in place of the answer from now on, which shows the given copies.
func newStoredResponse(x *requestState, copies []upstream.Copy) *respcache.StoredResponse {
	again := answer{Data: x.answer.Data, Executed: true, Usage: upstream.Usage{Hits: len(copies)}}
	var body bytes.Buffer
	body.Grow(len(again.Data) + 128) // it is kept, and should have no room left over
	again.appendHead(&body, "", 0)
	head := body.Len()
	body.Write(again.Data)
	again.appendTail(&body)
	return &respcache.StoredResponse{
		Body: body.Bytes(), Data: body.Bytes()[head : head+len(again.Data)], OperationName: x.scope.OperationName, Trusted: x.scope.Trusted, OperationHash: x.operationHash,
		Copies: copies, FreshUntil: x.answer.FreshUntil,
	}
}

// sendStored sends a stored response, as send does an answer that was executed.
func (h *Handler) sendStored(w http.ResponseWriter, r *http.Request, x *requestState) {
	stored := x.stored
	x.status = http.StatusOK
	if x.operationType == "" { // known by its bytes alone
		x.operationType, x.operationHash = string(ast.Query), stored.OperationHash
		x.scope.OperationName, x.scope.Trusted = stored.OperationName, stored.Trusted
	}
	x.scope.Meter.Add(upstream.Usage{Hits: len(stored.Copies)})
	header := w.Header()
	if len(stored.Copies) > 0 {
		setCaching(header, stored.CacheControl(time.Now()))
		if r.Method == http.MethodGet && httpx.NotModified(w, r, stored.EntityTag()) {
			x.status = http.StatusNotModified
			return
		}
	} else {
		setCaching(header, nil)
	}
	header["Content-Type"] = contentTypes[x.media]
	compressed := len(stored.Body) >= smallestCompressed && httpx.AcceptsGzip(r)
	if compressed {
		header["Content-Encoding"] = gzipEncoding
	}
	body := stored.Encoded(compressed)
	header["Content-Length"] = body.Length
	w.WriteHeader(x.status)
	// A caller who has hung up gets nothing; there is nobody to tell.
	_, _ = w.Write(body.Bytes)
}
