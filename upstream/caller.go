package upstream

import "sync"

// Caller is who asks for orders. Don't copy it, nor change it after the first use.
type Caller struct {
	// Authorization is the header value that goes upstream in pass-through mode, unchanged.
	Authorization Secret
	// Tenant partitions everything that remembers: the whole Authorization value in pass-through
	// mode, the client token in service mode. It is never stored, only a keyed hash of it. Callers
	// who need no token are the tenant "".
	Tenant Secret

	// Client is the operator's name for who asks, empty where there is none.
	Client string

	// hash is that of Tenant by the hasher by, which is nil before the first use.
	mu   sync.Mutex
	by   TenantHasher
	hash TenantHash
}

// TenantHash is a keyed hash of a tenant's token: nobody without the key can tell which token it is
// of, nor find a token with a given hash.
type TenantHash [16]byte

// TenantHasher hashes tokens under a key of its own.
type TenantHasher interface {
	HashTenant(token Secret) TenantHash
}

// TenantHash returns the hash of the tenant, and remembers it: it is needed more than once in each request.
// Safe for concurrent use.
func (c *Caller) TenantHash(by TenantHasher) TenantHash {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by != by {
		c.by, c.hash = by, by.HashTenant(c.Tenant)
	}
	return c.hash
}
