package transport

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

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
func (h *Handler) executeOnce(ctx context.Context, operation *graphql.OperationContext, request respcache.Request, x *requestState) result {
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
		return result{stored: stored}
	}
	res := h.respond(ctx, operation, x)
	if res.answer == nil || res.answer.Data == nil || len(res.answer.Errors) > 0 || len(res.answer.Extensions) > 0 {
		return res
	}
	if introspective {
		stored = newStoredResponse(res.answer.Data, nil, x)
		// The compressed body, which is made when somebody asks for it, takes no more than the plain one.
		h.introspections.Put(digest, stored, 2*stored.Bytes())
		return result{stored: stored}
	}
	if copies, complete := x.scope.Provenance.Copies(); complete {
		stored = newStoredResponse(res.answer.Data, copies, x)
		stored.FreshUntil = res.answer.FreshUntil
		h.responses.Put(&x.scope, digest, request, stored)
	}
	return res
}

// newStoredResponse returns what is sent in place of an answer that shows the given copies.
func newStoredResponse(data []byte, copies []upstream.Copy, x *requestState) *respcache.StoredResponse {
	again := Answer{Data: data, Executed: true, Counts: upstream.Usage{Hits: len(copies)}}
	ends := getBuffer()
	defer putBuffer(ends)
	again.appendHead(ends, "", 0)
	head := ends.Len()
	again.appendTail(ends)
	body := slices.Concat(ends.Bytes()[:head], data, ends.Bytes()[head:])
	return &respcache.StoredResponse{
		Body: body, Data: body[head : head+len(data)], Copies: copies, OperationName: x.operation.Name,
	}
}

// sendStored sends a stored response, as send does one that was executed.
func (h *Handler) sendStored(w http.ResponseWriter, r *http.Request, x *requestState, stored *respcache.StoredResponse) {
	x.status, x.operation = http.StatusOK, Operation{"query", stored.OperationName}
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
