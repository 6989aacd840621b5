package graph

import (
	"errors"

	"ordergraph/graph/internal/scope"
	"ordergraph/graph/respcache"
	"ordergraph/graph/transport"
	"ordergraph/upstream"
)

// responses are whole answers: what transport asks for, as respcache keeps it.
type responses struct {
	cache *respcache.Cache[*transport.StoredResponse]
}

var errNoCopies = errors.New("ResponseCacheSize needs Orders that tell which copies they serve")

// newResponses returns what remembers whole answers, nil for nothing.
func newResponses(options Options) (transport.Responses, error) {
	if options.ResponseCacheSize <= 0 {
		return nil, nil
	}
	copies, ok := options.Orders.(upstream.Copies)
	if !ok {
		return nil, errNoCopies
	}
	return responses{respcache.New[*transport.StoredResponse](copies, int(options.ResponseCacheSize))}, nil
}

// Get returns an answer that is as good as executing the request now.
func (r responses) Get(s *scope.Scope, request transport.Request) *transport.StoredResponse {
	return whole(r.cache.Get(s, respcache.Request(request)))
}

// GetOperation returns an answer that is as good as executing the operation now.
func (r responses) GetOperation(s *scope.Scope, operation transport.OperationDigest, request transport.Request) *transport.StoredResponse {
	return whole(r.cache.GetOperation(s, respcache.Operation(operation), respcache.Request(request)))
}

func whole(entry *respcache.Entry[*transport.StoredResponse]) *transport.StoredResponse {
	if entry == nil {
		return nil
	}
	return entry.Value()
}

// Put remembers complete answers without errors, made of nothing but copies of orders.
func (r responses) Put(s *scope.Scope, operation transport.OperationDigest, request transport.Request, answer *transport.Answer) {
	copies, complete := s.Provenance.Copies()
	if !complete || answer.Data == nil || len(answer.Errors) > 0 || len(answer.Extensions) > 0 ||
		answer.Operation.Type != "query" {
		return
	}
	kept := transport.NewStoredResponse(answer, len(copies))
	entry := respcache.NewEntry(respcache.Answer[*transport.StoredResponse]{
		Value: kept, Bytes: kept.Bytes(), Copies: copies, FreshUntil: answer.FreshUntil,
	})
	kept.Grow = func(bytes int) bool { return r.cache.Grow(entry, bytes) }
	r.cache.Put(s, respcache.Operation(operation), respcache.Request(request), entry)
}
