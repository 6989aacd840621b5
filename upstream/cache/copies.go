package cache

import "ordergraph/upstream"

// Serves reports whether Order would answer from exactly these copies. An answer made of them may then
// be given in their place: it is as new, and as permitted, as they are.
//
// A copy that was dropped to make room is not served either, though it may be the newest: nothing
// tells that any longer.
func (c *Cache) Serves(caller *upstream.Caller, freshness upstream.Freshness, copies []upstream.Copy) bool {
	now := c.options.Now()
	_, receivedAt := instants(freshness, now)
	tenant := caller.TenantHash(c.keys)
	for _, copied := range copies {
		k := key{tenant, copied.Key}
		if denied, _ := c.negative.find(k, receivedAt, now); denied != nil {
			return false
		}
		if s := c.store.get(k); s == nil || s.version != copied.Version || !s.fresh(now) {
			return false
		}
	}
	return true
}

// Tenant names the caller by the hash under which its copies are kept.
func (c *Cache) Tenant(caller *upstream.Caller) upstream.TenantHash { return caller.TenantHash(c.keys) }
