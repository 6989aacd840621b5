package graph

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/graph/httpapi"
	"ordergraph/graph/loader"
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

// Share lets concurrent requests for one operation share one execution. Where the answer will not be
// kept it lets each execute.
func (r responses) Share(ctx context.Context, scope *upstream.Scope, operation httpapi.OperationDigest, request httpapi.Request) (*httpapi.Whole, func()) {
	until, _ := scope.Shown.FreshUntil()
	if _, complete := scope.Shown.Copies(); !complete || !time.Now().Before(until) {
		return nil, func() {}
	}
	found, leave := r.cache.Share(ctx, scope, respcache.Operation(operation), respcache.Request(request))
	return whole(found), leave
}

// awaiting loads the orders of an operation before its execution begins, so that requests can share
// the execution without ever sharing, or delaying, a call.
type awaiting struct{}

var (
	_ graphql.HandlerExtension     = awaiting{}
	_ graphql.OperationInterceptor = awaiting{}
)

// ExtensionName names the extension.
func (awaiting) ExtensionName() string { return "OrdersFirst" }

// Validate has nothing to check.
func (awaiting) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation waits for the planned orders.
func (awaiting) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	loader.Await(ctx)
	return next(ctx)
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
