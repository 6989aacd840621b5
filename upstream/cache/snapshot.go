package cache

import (
	"time"

	"ordergraph/upstream"
)

// snapshot is a copy of an order as one call brought it. It is never changed.
type snapshot struct {
	key key
	// sequence is the number of the flight: a higher one started later.
	sequence uint64
	held     upstream.Needs
	// fetchedAt is when the answer had been read, in nanoseconds since 1970.
	fetchedAt  int64
	freshUntil time.Time
	order      *upstream.Order
}

func newSnapshot(f *flight, _ []byte) *snapshot {
	return &snapshot{
		key:        f.key,
		sequence:   f.sequence,
		held:       f.result.Held,
		fetchedAt:  f.result.FetchedAt.UnixNano(),
		freshUntil: f.result.FreshUntil,
		order:      f.result.Order,
	}
}

// fresh tells whether the copy may be served without asking the upstream.
func (s *snapshot) fresh(now time.Time) bool { return now.Before(s.freshUntil) }

// serves tells whether the copy, which may be nil, answers a question without a call.
func (s *snapshot) serves(q *question, now time.Time) bool {
	return s != nil && !q.NoCache() && s.fresh(now) && s.held.Covers(q.Needs)
}

// keepUntil returns when the copy is of no use any longer, not even in an outage.
func (s *snapshot) keepUntil(staleIfError time.Duration) time.Time {
	return s.freshUntil.Add(staleIfError)
}

func (s *snapshot) result() (upstream.Result, error) {
	return upstream.Result{
		Order:      s.order,
		Held:       s.held,
		FetchedAt:  time.Unix(0, s.fetchedAt).UTC(),
		FreshUntil: s.freshUntil,
	}, nil
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
