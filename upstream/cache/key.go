package cache

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"

	"ordergraph/upstream"
)

// tenant names a tenant by a keyed hash of its token.
type tenant = upstream.TenantHash

// key names one order as one tenant sees it. It is compared whole wherever it is looked up. An id
// of 0, which no order has, names the tenant itself.
type key struct {
	tenant  tenant
	id      upstream.OrderID
	site    upstream.WebSite
	edition upstream.Edition
}

// ofTenant returns the key of the tenant itself.
func (k key) ofTenant() key { return key{tenant: k.tenant} }

// keyring makes keys.
type keyring struct {
	hashes sync.Pool // of *keyedHash
}

type keyedHash struct {
	hash.Hash
	buffer []byte
}

func newKeyring(secret []byte) *keyring {
	return &keyring{hashes: sync.Pool{New: func() any {
		return &keyedHash{Hash: hmac.New(sha256.New, secret)}
	}}}
}

// of returns the key of the order that a request asks for.
func (k *keyring) of(request upstream.Request) key {
	return key{
		tenant:  request.Scope.TenantHash(k),
		id:      request.Key.ID,
		site:    request.Key.Site,
		edition: request.Key.Edition,
	}
}

// HashTenant hashes the token byte by byte, after its length. Tokens that differ by case or by a space
// are different tenants.
func (k *keyring) HashTenant(token upstream.Secret) (t tenant) {
	keyed := k.hashes.Get().(*keyedHash)
	defer k.hashes.Put(keyed)
	keyed.Reset()
	keyed.buffer = binary.BigEndian.AppendUint64(keyed.buffer[:0], uint64(len(token)))
	keyed.buffer = append(keyed.buffer, token.Reveal()...)
	keyed.Write(keyed.buffer)
	clear(keyed.buffer)
	keyed.buffer = keyed.Sum(keyed.buffer[:0])
	copy(t[:], keyed.buffer)
	return t
}
