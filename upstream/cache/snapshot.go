package cache

import (
	"sync/atomic"
	"time"

	"ordergraph/upstream"
)

// snapshot is a copy of an order as one call brought it. What it says is never changed; only whether
// its order is at hand.
type snapshot struct {
	key key
	// version is that of the call: a higher one was written later.
	version upstream.Version
	held    upstream.Needs
	// fetchedAt is when the answer had been read, in nanoseconds since 1970.
	fetchedAt  int64
	freshUntil time.Time

	// order is nil while there is only the compressed answer.
	order atomic.Pointer[upstream.Order]
	// compressed is the answer in its small form. It is set before the order can be dropped.
	compressed []byte

	// referenced, index and readyBytes belong to hotSet: whether the order was used lately, where it
	// stands (0: nowhere), and what it takes.
	referenced atomic.Bool
	index      int
	readyBytes int64
}

// newSnapshot returns a copy of what a call brought.
func newSnapshot(k key, result upstream.Result) *snapshot {
	s := &snapshot{
		key:        k,
		version:    result.Version,
		held:       result.Held,
		fetchedAt:  result.FetchedAt.UnixNano(),
		freshUntil: result.FreshUntil,
	}
	s.order.Store(result.Order)
	return s
}

// fresh reports whether the copy may be served without asking the upstream.
func (s *snapshot) fresh(now time.Time) bool { return now.Before(s.freshUntil) }

// serves reports whether the copy, which may be nil, answers a request without a call.
func (s *snapshot) serves(l *lookup, now time.Time) bool {
	return s != nil && !l.Freshness.NoCache && s.fresh(now) && s.held.Covers(l.Needs)
}

// keepUntil returns when the copy is of no use any longer, not even in an outage.
func (s *snapshot) keepUntil(staleIfError time.Duration) time.Time {
	return s.freshUntil.Add(staleIfError)
}

// result returns the answer that the copy gives, with the order as the store has it.
func (s *snapshot) result(order *upstream.Order) upstream.Result {
	return upstream.Result{
		Order:      order,
		Held:       s.held,
		FetchedAt:  time.Unix(0, s.fetchedAt).UTC(),
		FreshUntil: s.freshUntil,
		Version:    s.version,
	}
}

// timeToLive returns how long an order is fresh after it was fetched.
func (o Options) timeToLive(order *upstream.Order) time.Duration {
	switch order.Status.String() {
	case "SUCCESS", "CANCELLED", "TERMINATED":
		return o.TTLClosed
	default:
		return o.TTL
	}
}
