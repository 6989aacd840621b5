package upstream

// Version numbers the copies of an order: the answer to what was asked later has a higher one. 0 is no copy.
type Version uint64

// Copy names one copy of an order among all that a cache ever had.
type Copy struct {
	Key     Key
	Version Version
}

// Copies is what Orders offer that keep copies, so that what was made of copies can be kept too, and
// is dropped with them.
type Copies interface {
	// Serves reports whether Order would answer a request of the caller from exactly these copies now, if
	// they hold what it needs: each is fresh, none was replaced or dropped, and no refusal of the
	// upstream hides one. An implementation must be safe for concurrent use. It says nothing of
	// Freshness.NoCache.
	Serves(caller *Caller, freshness Freshness, copies []Copy) bool
	// Tenant names the caller, for whoever keeps what was made of copies. No two tenants share a name.
	Tenant(caller *Caller) TenantHash
}
