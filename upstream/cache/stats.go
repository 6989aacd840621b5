package cache

import (
	"sync/atomic"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/lru"
)

// lookupResult is how looking for a copy ended.
type lookupResult int

const (
	hit lookupResult = iota
	missed
	expired  // there is one that is too old, outdated, or not known to be the newest
	partial  // there is one that lacks parts
	bypassed // the request takes no copies
)

// whyNot returns why a copy, which may be nil, does not serve a request.
func whyNot(s *snapshot, l *lookup, now time.Time) lookupResult {
	switch {
	case l.Freshness.NoCache:
		return bypassed
	case s == nil:
		return missed
	case !s.held.Covers(l.Needs):
		return partial
	default:
		return expired
	}
}

// lookups counts them by how they ended.
type lookups [bypassed + 1]atomic.Uint64

func (l *lookups) stats() lru.Stats {
	return lru.Stats{
		Hits: l[hit].Load(), Misses: l[missed].Load(), Expired: l[expired].Load(), Partial: l[partial].Load(), Bypassed: l[bypassed].Load(),
	}
}

func (m *memory) count(result lookupResult) {
	if m != nil {
		m.lookups[result].Add(1)
	}
}

// SharedStats returns how look-ups in the shared cache ended: those that memory could not answer.
func (c *Cache) SharedStats() lru.Stats { return c.sharedLookups.stats() }

// RefusalStats is what is remembered of refusals.
type RefusalStats struct {
	// OfTenants and OfOrders are how many are remembered, some of which hold no longer.
	OfTenants, OfOrders int64
	// Remembered is how many were learnt since the start, by their kind.
	Remembered map[upstream.Kind]uint64
}

// RefusalKinds are the kinds of refusals that are remembered.
func RefusalKinds() (kinds []upstream.Kind) {
	for _, rule := range refusalRules {
		kinds = append(kinds, rule.kind)
	}
	return kinds
}

// ForgetRefusals drops what is remembered of refusals: the next request asks the upstream again. Other instances go on
// remembering.
func (c *Cache) ForgetRefusals() { c.negative.forget() }

// RefusalStats returns what is remembered now.
func (c *Cache) RefusalStats() RefusalStats {
	stats := RefusalStats{
		OfTenants: c.negative.tenants.Stats().Entries, OfOrders: c.negative.orders.Stats().Entries, Remembered: map[upstream.Kind]uint64{},
	}
	for i, rule := range refusalRules {
		stats.Remembered[rule.kind] = c.negative.learnt[i].Load()
	}
	return stats
}

// Stats returns what the memory for copies holds and did. Whole responses that were made of copies look none up.
func (c *Cache) Stats() lru.Stats {
	m := c.memory
	if m == nil {
		return lru.Stats{}
	}
	m.closing.RLock()
	defer m.closing.RUnlock()
	stats := m.lookups.stats()
	stats.Evictions, stats.Limit, stats.Entries = m.evictions.Load(), m.options.Size, m.entries.Load()
	stats.Size = m.copies.MaxCost() - m.copies.RemainingCost() + int64(m.ready.Size())
	return stats
}
