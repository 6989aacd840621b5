package graph

import (
	"bytes"
	"errors"

	"ordergraph/graph/httpapi"
	"ordergraph/graph/respcache"
	"ordergraph/upstream"
)

// responses are whole answers: what httpapi asks for, as respcache keeps it.
type responses struct {
	cache *respcache.Cache[*httpapi.Answer]
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
	return responses{respcache.New[*httpapi.Answer](copies, int(options.ResponseCacheSize))}, nil
}

// Find returns an answer that is as good as executing the request now.
func (r responses) Find(scope *upstream.Scope, request httpapi.Request) *httpapi.Answer {
	answer, _ := r.cache.Find(scope, respcache.Request(request))
	return answer
}

// Keep remembers complete answers without errors, made of nothing but copies of orders. What an answer
// cost is not remembered: the next one costs nothing, and all of its orders are hits.
func (r responses) Keep(scope *upstream.Scope, request httpapi.Request, answer *httpapi.Answer) {
	copies, complete := scope.Shown.Copies()
	if !complete || answer.Data == nil || len(answer.Errors) > 0 || len(answer.Extensions) > 0 ||
		answer.Operation.Type != "query" {
		return
	}
	kept := &httpapi.Answer{
		Data:       bytes.Clone(answer.Data), // without the spare room that it grew in
		Counts:     upstream.Counts{Hits: len(copies)},
		ShowsOrder: true,
		FreshUntil: answer.FreshUntil,
		Operation:  answer.Operation,
	}
	r.cache.Keep(scope, respcache.Request(request), respcache.Answer[*httpapi.Answer]{
		Value: kept, Bytes: len(kept.Data), Copies: copies, FreshUntil: kept.FreshUntil,
	})
}
