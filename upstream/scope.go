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
	// ArrivedAt is when the request began to arrive: answers to a request with NoCache are of calls
	// that were written later.
	ArrivedAt time.Time
	// ReceivedAt is when the whole request had arrived, its body included; zero means at ArrivedAt. A
	// refusal of the upstream holds for every request that was not received when it was learnt, so that
	// a slow body evades none, and for no other, so that one order spoils none of the same request.
	ReceivedAt time.Time
	// Deadline is until when the request waits for its orders; zero is for ever.
	Deadline time.Time
	// NoCache asks for answers from upstream: no copy of any kind is served.
	NoCache bool
	// RequestID names the GraphQL request in logs, errors and the header X-Request-Id.
	RequestID string
	// RouterTrusted says that the caller proved to be the router of a federated graph, with the
	// router secret.
	RouterTrusted bool
	// Admission decides whether the request's calls may wait for their turn. The zero value is ready.
	Admission Admission
	// Meter gathers the cost. The zero value is ready.
	Meter Meter
	// Provenance gathers how fresh the orders are that the answer shows. The zero value is ready.
	Provenance Provenance

	hashed hashedTenant
}

// Meter counts what one GraphQL request cost; extensions.upstream shows it. Safe for concurrent use.
//
// A call may outlive its request: it is paid for, and so it is finished. Whoever starts calls that may
// do so says when they start and end, and whoever needs the whole cost gets it from Close.
type Meter struct {
	mu     sync.Mutex
	counts Usage
	// underWay is the number of calls that have started and not ended.
	underWay int
	closed   bool
	// settled is set while Close waits for calls.
	settled func(Usage)
}

// Usage is a reading of Meter.
type Usage struct {
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
func (m *Meter) Add(c Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts.Calls += c.Calls
	m.counts.Points += c.Points
	m.counts.Hits += c.Hits
	m.counts.Stale += c.Stale
}

// Usage returns the bill so far. Calls that are under way may still be added.
func (m *Meter) Usage() Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts
}

// CallStarted says that a call starts which may be added to the bill, and reports whether it may: after
// Close it must not be made. CallEnded must follow.
func (m *Meter) CallStarted() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.underWay++
	return true
}

// CallEnded says that a call that CallStarted let start will add nothing more.
func (m *Meter) CallEnded() {
	m.mu.Lock()
	m.underWay--
	settled, counts := m.settled, m.counts
	if m.underWay > 0 || settled == nil {
		m.mu.Unlock()
		return
	}
	m.settled = nil
	m.mu.Unlock()
	settled(counts)
}

// Close lets no further call start, and passes the whole bill to settled when the calls under way have
// ended: at once, or on the goroutine of the last of them, which settled must not hold up.
func (m *Meter) Close(settled func(Usage)) {
	m.mu.Lock()
	m.closed = true
	counts := m.counts
	if m.underWay > 0 {
		m.settled = settled
		m.mu.Unlock()
		return
	}
	m.mu.Unlock()
	settled(counts)
}

// Provenance is which orders the answer to one GraphQL request shows, as far as those need to know who keep
// answers. Safe for concurrent use.
type Provenance struct {
	mu         sync.Mutex
	any        bool
	freshUntil time.Time
	copies     []Copy
	// uncacheable says that the answer depends on something else than copies.
	uncacheable bool
}

// Note adds an order that is fresh until the given time; the zero time stands for an order that was
// never fresh.
func (s *Provenance) Note(freshUntil time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(freshUntil)
	s.uncacheable = true
}

// NoteResult adds what Orders answered about an order, be it that there is none.
func (s *Provenance) NoteResult(key Key, result Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if result.Order != nil {
		s.note(result.FreshUntil)
	}
	if result.Order == nil || result.Version == 0 || result.Missing != nil {
		s.uncacheable = true
		return
	}
	s.copies = append(s.copies, Copy{Key: key, Version: result.Version})
}

// Copies returns the copies that the answer shows, or false if it depends on more than copies: an
// order that was not found, or that nobody keeps. Don't change them.
func (s *Provenance) Copies() (copies []Copy, complete bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.copies, !s.uncacheable && len(s.copies) > 0
}

func (s *Provenance) note(freshUntil time.Time) {
	if !s.any || freshUntil.Before(s.freshUntil) {
		s.freshUntil = freshUntil
	}
	s.any = true
}

// FreshUntil returns until when all orders shown are fresh, which is in the past if one of them is
// stale, and whether any order is shown.
func (s *Provenance) FreshUntil() (until time.Time, any bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
