package cache

import (
	"time"

	"ordergraph/upstream"
)

// Serves tells whether Order would answer from exactly these copies. An answer made of them may then
// be given in their place: it is as new, and as permitted, as they are.
//
// A copy that was dropped to make room is not served either, though it may be the newest: nothing
// tells that any longer.
func (c *Cache) Serves(scope *upstream.Scope, copies []upstream.Copy) bool {
	now := c.options.Now()
	arrivedAt := scope.ArrivedAt
	if arrivedAt.IsZero() {
		arrivedAt = now
	}
	k := key{tenant: scope.TenantHash(c.keys)}
	for _, copied := range copies {
		k.id, k.site, k.edition = copied.Key.ID, copied.Key.Site, copied.Key.Edition
		if !c.servesCopy(k, copied.Number, arrivedAt, now) {
			return false
		}
	}
	return true
}

// Tenant names the caller by the hash under which its copies are kept.
func (c *Cache) Tenant(scope *upstream.Scope) upstream.TenantHash { return scope.TenantHash(c.keys) }

func (c *Cache) servesCopy(k key, number uint64, arrivedAt, now time.Time) bool {
	if hidden, _ := c.refusals.find(k, arrivedAt, now); hidden != nil {
		return false
	}
	// While copies are being stored, the level may still show their predecessors.
	var s *snapshot
	if c.flights.storing.Load() == 0 {
		s = c.level.get(k)
	} else {
		s = c.newest(k)
	}
	return s != nil && s.sequence == number && s.fresh(now)
}
