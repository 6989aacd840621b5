package cache

import (
	"time"

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

func (m *memory) count(result lookupResult) {
	if m != nil {
		m.lookups[result].Add(1)
	}
}

// Stats returns what the memory for copies holds and did. Whole responses that were made of copies look none up.
func (c *Cache) Stats() lru.Stats {
	m := c.memory
	if m == nil {
		return lru.Stats{}
	}
	m.closing.RLock()
	defer m.closing.RUnlock()
	stats := lru.Stats{
		Hits: m.lookups[hit].Load(), Misses: m.lookups[missed].Load(), Expired: m.lookups[expired].Load(),
		Partial: m.lookups[partial].Load(), Bypassed: m.lookups[bypassed].Load(),
		Evictions: m.evictions.Load(), Limit: m.options.Size, Entries: m.entries.Load(),
	}
	stats.Size = m.copies.MaxCost() - m.copies.RemainingCost() + int64(m.ready.Size())
	return stats
}
