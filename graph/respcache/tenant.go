package respcache

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"hash"
	"sync"

	"ordergraph/upstream"
)

// tenant is a keyed hash of a caller's token: nobody without the key, which never leaves the process,
// can tell which token it is of, nor find a token with a given hash.
type tenant [sha256.Size]byte

// tenants hashes tokens.
type tenants struct {
	hashes *sync.Pool // of *keyedHash
}

type keyedHash struct {
	hash.Hash
	buffer []byte
}

func newTenants() tenants {
	secret := make([]byte, sha256.Size)
	_, _ = rand.Read(secret) // never fails: it ends the program instead
	return tenants{hashes: &sync.Pool{New: func() any {
		return &keyedHash{Hash: hmac.New(sha256.New, secret)}
	}}}
}

// of hashes a token byte by byte: those that differ by case or by a space are different callers.
func (t tenants) of(token upstream.Secret) (hashed tenant) {
	keyed := t.hashes.Get().(*keyedHash)
	defer t.hashes.Put(keyed)
	keyed.Reset()
	keyed.buffer = append(keyed.buffer[:0], token.Reveal()...)
	keyed.Write(keyed.buffer)
	clear(keyed.buffer)
	keyed.buffer = keyed.Sum(keyed.buffer[:0])
	copy(hashed[:], keyed.buffer)
	return hashed
}
