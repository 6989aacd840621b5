package graph

import (
	"errors"

	"ordergraph/graph/httpapi"
	"ordergraph/graph/respcache"
	"ordergraph/upstream"
)

// responses are whole answers: what httpapi asks for, as respcache keeps it.
type responses struct {
	cache *respcache.Cache[*httpapi.StoredResponse]
}

var errNoCopies = errors.New("ResponseCacheSize needs Orders that tell which copies they serve")

// newResponses returns what remembers whole answers, nil for nothing.
func newResponses(options Options) (httpapi.Responses, error) {
	if options.ResponseCacheSize <= 0 {
		return nil, nil
	}
	copies, ok := options.Orders.(upstream.Copies)
	if !ok {
		return nil, errNoCopies
	}
	return responses{respcache.New[*httpapi.StoredResponse](copies, int(options.ResponseCacheSize))}, nil
}

// Get returns an answer that is as good as executing the request now.
func (r responses) Get(scope *upstream.Scope, request httpapi.Request) *httpapi.StoredResponse {
	return whole(r.cache.Get(scope, respcache.Request(request)))
}

// GetOperation returns an answer that is as good as executing the operation now.
func (r responses) GetOperation(scope *upstream.Scope, operation httpapi.OperationDigest, request httpapi.Request) *httpapi.StoredResponse {
	return whole(r.cache.GetOperation(scope, respcache.Operation(operation), respcache.Request(request)))
}

func whole(entry *respcache.Entry[*httpapi.StoredResponse]) *httpapi.StoredResponse {
	if entry == nil {
		return nil
	}
	return entry.Value()
}

// Put remembers complete answers without errors, made of nothing but copies of orders.
func (r responses) Put(scope *upstream.Scope, operation httpapi.OperationDigest, request httpapi.Request, answer *httpapi.Answer) {
	copies, complete := scope.Provenance.Copies()
	if !complete || answer.Data == nil || len(answer.Errors) > 0 || len(answer.Extensions) > 0 ||
		answer.Operation.Type != "query" {
		return
	}
	kept := httpapi.NewStoredResponse(answer, len(copies))
	entry := respcache.NewEntry(respcache.Answer[*httpapi.StoredResponse]{
		Value: kept, Bytes: kept.Bytes(), Copies: copies, FreshUntil: answer.FreshUntil,
	})
	kept.Grow = func(bytes int) bool { return r.cache.Grow(entry, bytes) }
	r.cache.Put(scope, respcache.Operation(operation), respcache.Request(request), entry)
}
