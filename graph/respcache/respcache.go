// Package respcache keeps stored responses, so that a request that comes again need not be parsed, validated
// and executed again.
//
// A stored response is found by its caller and its operation, however that was written ([DigestOf]). Each
// request that found it so is remembered as an alias: the same bytes find it without being parsed.
//
// It is served only while the orders it shows would be served from the very same copies: [Copies] is asked
// each time. So nothing needs to be dropped when an order is fetched again, expires, or is refused; and a
// response can't outlive what it was made of.
package respcache

import (
	"bytes"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
	"ordergraph/upstream/lru"
)

const (
	// aliasBytes is what each alias takes besides the bytes of its request, in bytes.
	aliasBytes = 192
	// maxAliases bounds the aliases of one response; the oldest go first.
	maxAliases = 8
)

// Copies is what the cache of orders says of its copies. It must be safe for concurrent use.
type Copies interface {
	// Serves reports whether these copies would be served to the caller now: each is fresh, none was
	// replaced or dropped, and no refusal of the upstream hides one. It says nothing of Freshness.NoCache.
	Serves(caller *upstream.Caller, freshness upstream.Freshness, copies []upstream.Copy) bool
	// Tenant names the caller. No two tenants share a name.
	Tenant(caller *upstream.Caller) upstream.TenantHash
}

// Request is a request as it came, before anything in it was parsed.
type Request struct {
	// Raw is the body of a POST, or the query string of a GET. The cache copies what it keeps of it. Empty
	// bytes are no alias.
	Raw []byte
	// Get says that it came by GET.
	Get bool
	// Generation is that of the trusted documents: under another one the same bytes may name another document.
	Generation uint32
}

// Cache keeps stored responses within its size in bytes; the least recently used go first. A nil one keeps
// none. Safe for concurrent use.
type Cache struct {
	copies Copies
	size   int
	seed   maphash.Seed

	hits, misses, expired, bypassed atomic.Uint64

	// mu guards the aliases too, and what each response says of its place here.
	mu        sync.Mutex
	responses *lru.Cache[key, *StoredResponse]
	aliases   map[uint64]*alias
}

// caller is who asks, as far as a response depends on it.
type caller struct {
	tenant upstream.TenantHash
	// routerTrusted callers may read fields that others may not.
	routerTrusted bool
}

type key struct {
	caller
	operation Digest
}

// alias is a request that finds a response by its bytes. It is never changed.
type alias struct {
	hash uint64
	aliasKey
	generation uint32
	raw        []byte
	response   *StoredResponse
}

// aliasKey is all of a request but its bytes.
type aliasKey struct {
	caller
	get bool
}

// New returns a Cache of the given size in bytes for responses that show orders of copies.
func New(copies Copies, size int) *Cache {
	c := &Cache{copies: copies, size: size, seed: maphash.MakeSeed(), aliases: map[uint64]*alias{}}
	c.responses = lru.New[key](size, func(stored *StoredResponse) {
		for _, a := range stored.aliases {
			delete(c.aliases, a.hash)
		}
		stored.kept, stored.aliases = false, nil
	})
	return c
}

// Get returns the response to a request that came before with the same bytes from the same caller, nil if there
// is none. There is none for a request that wants no copies (Freshness.NoCache).
func (c *Cache) Get(s *scope.Scope, request Request) *StoredResponse {
	if c == nil || s.Freshness.NoCache {
		return nil // GetOperation counts it
	}
	by := aliasKey{c.callerOf(s), request.Get}
	hash := c.hash(by, request.Raw)
	c.mu.Lock()
	a, found := c.aliases[hash]
	if found {
		c.responses.Get(a.response.key) // it was used
	}
	c.mu.Unlock()
	// Two requests may have one hash: only the whole key tells.
	if !found || a.aliasKey != by || a.generation != request.Generation || !bytes.Equal(a.raw, request.Raw) {
		return nil
	}
	if !c.valid(s, a.response) {
		return nil // GetOperation forgets it
	}
	c.hits.Add(1)
	return a.response
}

// GetOperation returns the response to an operation that came before from the same caller, nil if there is none,
// and makes the request one more alias of it.
func (c *Cache) GetOperation(s *scope.Scope, operation Digest, request Request) *StoredResponse {
	if c == nil {
		return nil
	}
	if s.Freshness.NoCache {
		c.bypassed.Add(1)
		return nil
	}
	by := c.callerOf(s)
	stored, found := c.responses.Get(key{by, operation})
	if !found {
		c.misses.Add(1)
		return nil
	}
	valid := c.valid(s, stored)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !valid {
		c.expired.Add(1)
		if stored.kept {
			c.responses.Remove(stored.key)
		}
		return nil
	}
	c.hits.Add(1)
	c.addAlias(stored, by, request)
	return stored
}

// Put keeps the response to an operation in place of an earlier one, with the request as its first alias,
// unless it shows no order, is not fresh or too large. A response is given to one Put.
func (c *Cache) Put(s *scope.Scope, operation Digest, request Request, stored *StoredResponse) {
	if c == nil || len(stored.Copies) == 0 || !time.Now().Before(stored.FreshUntil) {
		return
	}
	by := c.callerOf(s)
	c.mu.Lock()
	defer c.mu.Unlock()
	stored.cache, stored.key, stored.size = c, key{by, operation}, stored.Bytes()
	stored.kept = stored.size+aliasBytes+len(request.Raw) <= c.size
	if stored.kept {
		c.responses.Put(stored.key, stored, stored.size)
		c.addAlias(stored, by, request)
	}
}

// grow counts bytes that a response is about to take in addition, and reports whether it may: it is still kept,
// and there is room.
func (c *Cache) grow(stored *StoredResponse, bytes int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !stored.kept || stored.size+bytes > c.size {
		return false
	}
	c.resize(stored, bytes)
	return true
}

// valid reports whether a response may be served now.
func (c *Cache) valid(s *scope.Scope, stored *StoredResponse) bool {
	return time.Now().Before(stored.FreshUntil) && c.copies.Serves(s.Caller, s.Freshness, stored.Copies)
}

// Stats returns what the cache holds and did.
func (c *Cache) Stats() lru.Stats {
	stats := c.responses.Stats()
	stats.Hits, stats.Misses, stats.Expired, stats.Bypassed = c.hits.Load(), c.misses.Load(), c.expired.Load(), c.bypassed.Load()
	return stats
}

func (c *Cache) callerOf(s *scope.Scope) caller {
	return caller{c.copies.Tenant(s.Caller), s.RouterTrusted}
}

func (c *Cache) hash(by aliasKey, raw []byte) uint64 {
	return maphash.Bytes(c.seed, raw) ^ maphash.Comparable(c.seed, by)
}

// addAlias gives a response that is kept one more alias, which may have been another one's.
func (c *Cache) addAlias(stored *StoredResponse, by caller, request Request) {
	if len(request.Raw) == 0 || !stored.kept || stored.size+aliasBytes+len(request.Raw) > c.size {
		return
	}
	a := &alias{aliasKey: aliasKey{by, request.Get}, generation: request.Generation, raw: bytes.Clone(request.Raw), response: stored}
	a.hash = c.hash(a.aliasKey, a.raw)
	if known, found := c.aliases[a.hash]; found {
		c.dropAlias(known)
	}
	if len(stored.aliases) == maxAliases {
		c.dropAlias(stored.aliases[0])
	}
	c.aliases[a.hash] = a
	stored.aliases = append(stored.aliases, a)
	c.resize(stored, aliasBytes+len(a.raw))
}

func (c *Cache) dropAlias(a *alias) {
	delete(c.aliases, a.hash)
	a.response.aliases = slices.DeleteFunc(a.response.aliases, func(other *alias) bool { return other == a })
	c.resize(a.response, -aliasBytes-len(a.raw))
}

func (c *Cache) resize(stored *StoredResponse, bytes int) {
	stored.size += bytes
	c.responses.Resize(stored.key, stored.size)
}
