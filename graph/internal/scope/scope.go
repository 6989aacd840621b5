// Package scope holds what belongs to one GraphQL request over HTTP, and carries it through the request's
// context: from where it is read of the HTTP request to where orders are loaded, and back to where the
// answer gets its headers and the log its line.
package scope

import (
	"context"
	"sync"
	"time"

	"ordergraph/upstream"
)

// Scope is what belongs to one GraphQL request.
type Scope struct {
	// Caller is who asks. Without one every order is refused: see [upstream.Request].
	Caller *upstream.Caller
	// Freshness is how new the orders must be.
	Freshness upstream.Freshness
	// Meter gathers what the request's upstream calls cost.
	Meter upstream.Meter
	// Provenance gathers which orders the answer shows.
	Provenance Provenance
	// Deadline is until when the request waits for its orders; zero is for ever.
	Deadline time.Time
	// RequestID names the request in logs, errors and the header X-Request-Id.
	RequestID string
	// DryRun is what loading its orders would take, if it is to be found out and nothing is to be loaded; else nil.
	DryRun *DryRun
	// Trace is told how the request is worked on; nil if it is not traced.
	Trace Trace
	// Slowest is how long the slowest of its calls waited and took.
	Slowest Slowest
	// Client, Trusted and OperationName say who pays and for what, for counting only: see [transport.Operation].
	Client, Trusted string
	// OperationName is the operation's own name, as it was sent; empty until it is known.
	OperationName string
	// RouterTrusted says that the caller proved to be the router of a federated graph, with the
	// router secret.
	RouterTrusted bool
}

// Trace gathers what was done for one request. Its methods may be called at once, and after the request has ended.
type Trace interface {
	// ID is the trace's, in hex.
	ID() string
	// Plan says that the operation was read and planned since began: whether its document was known, how many orders
	// it names and which parts it needs of any of them.
	Plan(began time.Time, known bool, orders int, parts upstream.Domains)
	// Lookup says where orders came from, since began.
	Lookup(began time.Time, tally Tally)
	// Wait says that the request waited since began for the call for an order that another request had started.
	Wait(began time.Time, call Trace, key upstream.Key)
}

// DryRun is what loading the orders of a request would take.
type DryRun struct {
	// Orders are the distinct ones that it names, Hits those that copies would answer, Shared those that calls under
	// way would, and Calls those that calls of its own would. The rest would fail without a call.
	Orders int `json:"orders"`
	Hits   int `json:"hits"`
	Shared int `json:"shared"`
	Calls  int `json:"calls"`
	// Points is what the calls would cost at the price of the last one.
	Points int `json:"points"`
}

// Slowest gathers the longest times of calls.
type Slowest struct {
	mu         sync.Mutex
	wait, took time.Duration
}

// Add adds a call: how long it waited for its turn, and how long the upstream took.
func (s *Slowest) Add(wait, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wait, s.took = max(s.wait, wait), max(s.took, took)
}

// Times returns the longest wait and the longest call.
func (s *Slowest) Times() (wait, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wait, s.took
}

// Order returns the upstream request for an order, on behalf of the caller and at its expense.
func (s *Scope) Order(key upstream.Key, needs upstream.Needs) upstream.Request {
	return upstream.Request{Key: key, Needs: needs, Caller: s.Caller, Freshness: s.Freshness, Meter: &s.Meter}
}

type contextKey struct{}

// With returns a context that carries s.
func With(ctx context.Context, s *Scope) context.Context {
	return context.WithValue(ctx, contextKey{}, s)
}

// From returns what ctx carries. Where that is nothing it is a scope without a caller, who gets nothing that
// needs one.
func From(ctx context.Context) *Scope {
	if s, found := ctx.Value(contextKey{}).(*Scope); found {
		return s
	}
	return &Scope{}
}
