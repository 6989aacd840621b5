package upstream

import (
	"context"
	"sync"
	"time"
)

// Scope is what one GraphQL request brings to its upstream calls: who asks, how fresh the answers
// must be, and the bill.
type Scope struct {
	// Authorization is the header value that goes upstream in pass-through mode, unchanged.
	Authorization Secret
	// Tenant partitions everything that remembers: the whole Authorization value in pass-through
	// mode, the client token in service mode. It is never stored, only a keyed hash of it.
	Tenant Secret
	// ArrivedAt is when the request arrived. A refusal of the upstream that was learnt later does
	// not hold for it.
	ArrivedAt time.Time
	// NoCache asks for answers from upstream that were started after ArrivedAt: no copy of any kind
	// is served.
	NoCache bool
	// RequestID names the GraphQL request in logs, errors and the header X-Request-Id.
	RequestID string
	// RouterTrusted says that the caller proved to be the router of a federated graph, with the
	// router secret.
	RouterTrusted bool
	// Usage gathers the cost. The zero value is ready.
	Usage Usage
	// Shown gathers how fresh the orders are that the answer shows. The zero value is ready.
	Shown Shown

	admission admission
	hashed    hashedTenant
}

// Usage counts what one GraphQL request cost; extensions.upstream shows it. Safe for concurrent use.
type Usage struct {
	mutex  sync.Mutex
	counts Counts
}

// Counts is a reading of Usage.
type Counts struct {
	// Calls is the number of upstream calls that the request started and whose request was written.
	Calls int `json:"calls"`
	// Points is the sum of their deduct_money (消耗点券), 0 where the upstream named none.
	Points int `json:"points"`
	// Hits is the number of distinct orders served from a cache, stale ones included.
	Hits int `json:"hits"`
	// Stale is the number of those served past their freshness.
	Stale int `json:"stale"`
}

// Add adds c to the bill.
func (u *Usage) Add(c Counts) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.counts.Calls += c.Calls
	u.counts.Points += c.Points
	u.counts.Hits += c.Hits
	u.counts.Stale += c.Stale
}

// Counts returns the bill so far. A call that the request no longer waits for may still be added.
func (u *Usage) Counts() Counts {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	return u.counts
}

// Shown is which orders the answer to one GraphQL request shows, as far as those need to know who keep
// answers. Safe for concurrent use.
type Shown struct {
	mutex      sync.Mutex
	any        bool
	freshUntil time.Time
	copies     []Copy
	// unnamed says that the answer depends on something else than copies.
	unnamed bool
}

// Note adds an order that is fresh until the given time; the zero time stands for an order that was
// never fresh.
func (s *Shown) Note(freshUntil time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.note(freshUntil)
	s.unnamed = true
}

// NoteResult adds what Orders answered about an order, be it that there is none.
func (s *Shown) NoteResult(key Key, result Result) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if result.Order != nil {
		s.note(result.FreshUntil)
	}
	if result.Order == nil || result.Copy == 0 {
		s.unnamed = true
		return
	}
	s.copies = append(s.copies, Copy{Key: key, Number: result.Copy})
}

// Copies returns the copies that the answer shows, or false if it depends on more than copies: an
// order that was not found, or that nobody keeps. Don't change them.
func (s *Shown) Copies() (copies []Copy, complete bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.copies, !s.unnamed && len(s.copies) > 0
}

func (s *Shown) note(freshUntil time.Time) {
	if !s.any || freshUntil.Before(s.freshUntil) {
		s.freshUntil = freshUntil
	}
	s.any = true
}

// FreshUntil returns until when all orders shown are fresh, which is in the past if one of them is
// stale, and whether any order is shown.
func (s *Shown) FreshUntil() (until time.Time, any bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.freshUntil, s.any
}

type scopeKey struct{}

// WithScope returns a context that carries scope.
func WithScope(ctx context.Context, scope *Scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, scope)
}

// ScopeFrom returns the scope that ctx carries, or an empty one: an anonymous caller.
func ScopeFrom(ctx context.Context) *Scope {
	if scope, ok := ctx.Value(scopeKey{}).(*Scope); ok {
		return scope
	}
	return &Scope{}
}
