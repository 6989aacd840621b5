package cache

import (
	"cmp"
	"sync/atomic"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/cache/shared"
)

// snapshot is one version of an order, as a call brought it. What it holds is never changed.
type snapshot struct {
	key key
	// version is that of the call: a higher one was written later.
	version upstream.Version
	held    upstream.Needs
	// fetchedAt is when the answer had been read, in nanoseconds since 1970.
	fetchedAt  int64
	points     int // that the call cost
	freshUntil time.Time
	// compressed is the answer in its small form.
	compressed []byte

	// name is that in the shared cache. epoch is the one in which the copy was read or confirmed last, newest
	// the highest version that has answered since: see obtain.go.
	name   shared.Name
	epoch  atomic.Uint64
	newest atomic.Uint64
}

// answered notes that a call with a version was answered. It may be called on nil. The mutex storing is held.
func (s *snapshot) answered(version upstream.Version) {
	if s != nil {
		s.newest.Store(max(s.newest.Load(), uint64(version)))
	}
}

// newSnapshot returns a copy of what a call brought.
func newSnapshot(k key, result upstream.Result, body []byte) *snapshot {
	return &snapshot{
		key:        k,
		version:    result.Version,
		held:       result.Held,
		fetchedAt:  result.FetchedAt.UnixNano(),
		points:     result.Points,
		freshUntil: result.FreshUntil,
		compressed: upstream.CompressAnswer(body),
	}
}

// fresh reports whether the copy, which may be nil, may be served without asking the upstream.
func (s *snapshot) fresh(now time.Time) bool {
	return s != nil && now.Before(s.freshUntil) && !s.outdated()
}

// outdated reports whether a newer call is known to have been answered.
func (s *snapshot) outdated() bool { return upstream.Version(s.newest.Load()) > s.version }

// serves reports whether the copy, which may be nil, answers a request without a call, if it is confirmed.
func (s *snapshot) serves(l *lookup, now time.Time) bool {
	return s != nil && !s.outdated() && now.Before(s.freshUntil.Add(l.Freshness.MaxStale)) &&
		!l.Freshness.NoCache && !s.olderThan(l.Freshness.MaxAge, now) && s.held.Covers(l.Needs)
}

// olderThan reports whether the copy is too old for a request with that maximum; 0 is none.
func (s *snapshot) olderThan(maxAge time.Duration, now time.Time) bool {
	return maxAge > 0 && now.Sub(time.Unix(0, s.fetchedAt)) > maxAge
}

// confirmed reports whether this instance has been told of everything newer than the copy.
func (c *Cache) confirmed(s *snapshot) bool { return c.isCurrent(s.epoch.Load()) }

// isCurrent reports whether all has been told since the beginning of an epoch, or there is nobody who tells.
func (c *Cache) isCurrent(epoch uint64) bool {
	if c.options.Shared == nil {
		return true
	}
	current, up := c.options.Shared.State()
	return !up || epoch == current
}

// keepUntil returns when the copy is of no use any longer, not even in an outage.
func (s *snapshot) keepUntil(options Options) time.Time {
	return s.freshUntil.Add(options.StaleIfError)
}

// hit returns the answer that a copy gives with its order, and counts it. One that may not be the newest passes for
// stale.
func (c *Cache) hit(s *snapshot, l *lookup, order *upstream.Order, now time.Time) upstream.Result {
	counts, freshUntil, source := upstream.Usage{Hits: 1}, s.freshUntil, upstream.SourceMemory
	if !s.fresh(now) || !c.confirmed(s) {
		counts.Stale, source = 1, upstream.SourceStale
		if now.Before(freshUntil) {
			freshUntil = now
			order = withFreshUntil(order, now)
		}
	}
	l.Meter.Add(counts)
	return upstream.Result{
		Order:      order,
		Held:       s.held,
		FetchedAt:  time.Unix(0, s.fetchedAt).UTC(),
		FreshUntil: freshUntil,
		Version:    s.version,
		Points:     s.points,
		Source:     source,
	}
}

// timeToLive returns how long an order is fresh after it was fetched.
func (o Options) timeToLive(order *upstream.Order) time.Duration {
	if order.IsFinal() {
		return o.TTLClosed
	}
	return o.TTL
}

// withFreshUntil returns the order with another time until which it is served: it may be shared already.
func withFreshUntil(order *upstream.Order, freshUntil time.Time) *upstream.Order {
	dated := *order
	dated.FreshUntil = freshUntil.UTC()
	return &dated
}

// Serves reports whether Order would answer from exactly these copies, and they are fresh. An answer made of them may then
// be given in their place: it is as new, and as permitted, as they are.
//
// A copy that was dropped to make room is not served either, though it may be the newest: nothing
// tells that any longer.
func (c *Cache) Serves(caller *upstream.Caller, freshness upstream.Freshness, copies []upstream.Copy) bool {
	now := time.Now()
	tenant, receivedAt := c.Tenant(caller), cmp.Or(freshness.ReceivedAt, freshness.ArrivedAt, now)
	for _, copied := range copies {
		k := key{tenant, copied.Key}
		denied, _ := c.negative.find(k, receivedAt, now)
		if s := c.memory.get(k); denied != nil || !s.fresh(now) || s.olderThan(freshness.MaxAge, now) || s.version != copied.Version || !c.confirmed(s) {
			return false
		}
	}
	return true
}

// Tenant names the caller by the hash under which its copies are kept.
func (c *Cache) Tenant(caller *upstream.Caller) upstream.TenantHash {
	return caller.TenantHash(c.tenants)
}
