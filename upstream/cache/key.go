package cache

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"

	"ordergraph/upstream"
)

// key names one order as one tenant sees it. It is compared whole wherever it is looked up. An id
// of 0, which no order has, names the tenant itself.
type key struct {
	tenant upstream.TenantHash
	order  upstream.Key
}

// tenantHasher hashes tokens byte by byte. Those that differ by case or by a space are different tenants.
type tenantHasher struct {
	macs sync.Pool // of hash.Hash
}

func newTenantHasher(secret []byte) *tenantHasher {
	return &tenantHasher{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
}

// HashTenant returns the keyed hash of a token.
func (h *tenantHasher) HashTenant(token upstream.Secret) (t upstream.TenantHash) {
	mac := h.macs.Get().(hash.Hash)
	defer h.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte(token.Reveal()))
	copy(t[:], mac.Sum(nil))
	return t
}
