package cache

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
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
	return key{request.Caller.TenantHash(k), request.Key}
}

// HashTenant hashes the token byte by byte, after its length. Tokens that differ by case or by a space
// are different tenants.
func (k *keyring) HashTenant(token upstream.Secret) (t upstream.TenantHash) {
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
