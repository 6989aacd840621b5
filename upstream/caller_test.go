package upstream

import (
	"sync"
	"testing"
)

// counter hashes a token to how often it was asked, and to its own mark.
type counter struct {
	mark  byte
	asked byte
}

func (c *counter) HashTenant(token Secret) TenantHash {
	c.asked++
	return TenantHash{c.mark, token.Reveal()[0]}
}

func TestTenantIsHashedOnce(t *testing.T) {
	a, b := &counter{mark: 1}, &counter{mark: 2}
	caller := &Caller{Tenant: "x"}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if got := caller.TenantHash(a); got != (TenantHash{1, 'x'}) {
				t.Errorf("hash %v", got)
			}
		})
	}
	group.Wait()
	if a.asked != 1 {
		t.Errorf("hashed %d times", a.asked)
	}
	if got := caller.TenantHash(b); got != (TenantHash{2, 'x'}) {
		t.Errorf("another hasher's hash was taken: %v", got)
	}
}
