package graph

import (
	"errors"

	"ordergraph/graph/httpapi"
	"ordergraph/graph/respcache"
	"ordergraph/upstream"
)

// responses are whole answers: what httpapi asks for, as respcache keeps it.
type responses struct {
	cache *respcache.Cache[*httpapi.Whole]
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
	return responses{respcache.New[*httpapi.Whole](copies, int(options.ResponseCacheSize))}, nil
}

// Find returns an answer that is as good as executing the request now.
func (r responses) Find(scope *upstream.Scope, request httpapi.Request) *httpapi.Whole {
	return whole(r.cache.Find(scope, respcache.Request(request)))
}

// FindOperation returns an answer that is as good as executing the operation now.
func (r responses) FindOperation(scope *upstream.Scope, operation httpapi.OperationDigest, request httpapi.Request) *httpapi.Whole {
	return whole(r.cache.FindOperation(scope, respcache.Operation(operation), respcache.Request(request)))
}

func whole(entry *respcache.Entry[*httpapi.Whole]) *httpapi.Whole {
	if entry == nil {
		return nil
	}
	return entry.Value()
}

// Keep remembers complete answers without errors, made of nothing but copies of orders.
func (r responses) Keep(scope *upstream.Scope, operation httpapi.OperationDigest, request httpapi.Request, answer *httpapi.Answer) {
	copies, complete := scope.Shown.Copies()
	if !complete || answer.Data == nil || len(answer.Errors) > 0 || len(answer.Extensions) > 0 ||
		answer.Operation.Type != "query" {
		return
	}
	kept := httpapi.NewWhole(answer, len(copies))
	entry := respcache.NewEntry(respcache.Answer[*httpapi.Whole]{
		Value: kept, Bytes: kept.Bytes(), Copies: copies, FreshUntil: answer.FreshUntil,
	})
	kept.Grow = func(bytes int) bool { return r.cache.Grow(entry, bytes) }
	r.cache.Keep(scope, respcache.Operation(operation), respcache.Request(request), entry)
}
