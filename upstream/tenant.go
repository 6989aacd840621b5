package upstream

import "sync"

// TenantHash is a keyed hash of a tenant's token: nobody without the key can tell which token it is
// of, nor find a token with a given hash.
type TenantHash [16]byte

// TenantHasher hashes tokens under a key of its own.
type TenantHasher interface {
	HashTenant(token Secret) TenantHash
}

// hashedTenant is the hash of a scope's tenant. The zero value holds none.
type hashedTenant struct {
	mu   sync.Mutex
	by   TenantHasher
	hash TenantHash
}

// TenantHash returns the hash of the tenant, and remembers it for as long as the scope lives: it is
// needed more than once in each request. Don't change Tenant afterwards. Safe for concurrent use.
func (s *Scope) TenantHash(by TenantHasher) TenantHash {
	s.hashed.mu.Lock()
	defer s.hashed.mu.Unlock()
	if s.hashed.by != by {
		s.hashed.by, s.hashed.hash = by, by.HashTenant(s.Tenant)
	}
	return s.hashed.hash
}
