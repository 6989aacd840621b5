// Package respcache remembers whole answers, so that a request that comes again need not be parsed,
// validated and executed again.
//
// An answer is found by the bytes of its request and by its caller, and served only while the orders
// it shows would be served from the very same copies: upstream.Copies is asked each time. So nothing
// needs to be dropped when an order is refetched, expires, or is refused; and an answer can't outlive
// what it was made of.
package respcache

import (
	"bytes"
	"container/list"
	"hash/maphash"
	"sync"
	"time"

	"ordergraph/upstream"
)

// entryBytes is what an entry costs besides its request, its answer and its copies, in bytes: the
// structs, the list element and the slot in the map.
const entryBytes = 512

// copyBytes is what each copy costs that an answer shows.
const copyBytes = 32

// Request is what an answer depends on, besides the caller.
type Request struct {
	// Raw is the body of a POST, or the query string of a GET.
	Raw []byte
	// Get tells whether it came by GET.
	Get bool
}

// Answer is what Keep is given to remember.
type Answer[A any] struct {
	// Value is what Find returns. It is shared between requests: never change it.
	Value A
	// Bytes is the memory that Value takes.
	Bytes int
	// Copies are the orders it shows; without any it is not kept.
	Copies []upstream.Copy
	// FreshUntil is until when all of them are fresh.
	FreshUntil time.Time
}

// Cache remembers answers, bounded in bytes; the least recently used go first. It starts no
// goroutines. New makes one.
type Cache[A any] struct {
	copies  upstream.Copies
	budget  int
	seed    maphash.Seed
	tenants tenants

	mutex   sync.Mutex
	entries map[uint64]*list.Element
	recent  *list.List // of *entry[A], the latest in front
	used    int
}

// entry is never changed once it can be found.
type entry[A any] struct {
	hash    uint64
	key     key
	request []byte
	answer  Answer[A]
	bytes   int
}

// key is all of a request but its bytes.
type key struct {
	tenant tenant
	get    bool
	// routerTrusted callers may read fields that others may not.
	routerTrusted bool
}

// New returns a Cache of at most the given bytes for answers that show orders of copies.
func New[A any](copies upstream.Copies, bytes int) *Cache[A] {
	return &Cache[A]{
		copies: copies, budget: bytes, seed: maphash.MakeSeed(), tenants: newTenants(),
		entries: map[uint64]*list.Element{}, recent: list.New(),
	}
}

// Find returns the answer to a request that came before with the same bytes from the same caller.
// There is none for a request that wants no copies (Scope.NoCache).
func (c *Cache[A]) Find(scope *upstream.Scope, request Request) (value A, found bool) {
	if scope.NoCache {
		return value, false
	}
	k := c.keyOf(scope, request)
	e := c.find(c.hash(k, request.Raw))
	// Two requests may have one hash: only the whole key tells.
	if e == nil || e.key != k || !bytes.Equal(e.request, request.Raw) {
		return value, false
	}
	if !time.Now().Before(e.answer.FreshUntil) || !c.copies.Serves(scope, e.answer.Copies) {
		c.drop(e)
		return value, false
	}
	return e.answer.Value, true
}

// Keep remembers the answer to a request, in place of an earlier one. The request's bytes are copied.
func (c *Cache[A]) Keep(scope *upstream.Scope, request Request, answer Answer[A]) {
	now := time.Now()
	if len(answer.Copies) == 0 || !now.Before(answer.FreshUntil) {
		return
	}
	e := &entry[A]{key: c.keyOf(scope, request), answer: answer}
	e.bytes = entryBytes + len(request.Raw) + answer.Bytes + copyBytes*len(answer.Copies)
	if e.bytes > c.budget {
		return
	}
	e.request = bytes.Clone(request.Raw)
	e.hash = c.hash(e.key, e.request)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if old, found := c.entries[e.hash]; found {
		c.remove(old)
	}
	c.entries[e.hash] = c.recent.PushFront(e)
	c.used += e.bytes
	c.shrink(now)
}

func (c *Cache[A]) keyOf(scope *upstream.Scope, request Request) key {
	return key{tenant: c.tenants.of(scope.Tenant), get: request.Get, routerTrusted: scope.RouterTrusted}
}

func (c *Cache[A]) hash(k key, raw []byte) uint64 {
	return maphash.Bytes(c.seed, raw) ^ maphash.Comparable(c.seed, k)
}

func (c *Cache[A]) find(hash uint64) *entry[A] {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	element, found := c.entries[hash]
	if !found {
		return nil
	}
	c.recent.MoveToFront(element)
	return element.Value.(*entry[A])
}

// drop forgets an entry, unless another has taken its place.
func (c *Cache[A]) drop(e *entry[A]) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if element, found := c.entries[e.hash]; found && element.Value.(*entry[A]) == e {
		c.remove(element)
	}
}

// shrink forgets what is beyond the budget, and what has expired as far as it was not used lately.
func (c *Cache[A]) shrink(now time.Time) {
	for last := c.recent.Back(); last != nil; last = c.recent.Back() {
		if c.used <= c.budget && now.Before(last.Value.(*entry[A]).answer.FreshUntil) {
			return
		}
		c.remove(last)
	}
}

func (c *Cache[A]) remove(element *list.Element) {
	e := c.recent.Remove(element).(*entry[A])
	delete(c.entries, e.hash)
	c.used -= e.bytes
}
