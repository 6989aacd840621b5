// Package respcache remembers whole answers, so that a request that comes again need not be parsed,
// validated and executed again.
//
// An answer has many names: each is the bytes of a request and how it came. A request with a new name
// has to be parsed, and then finds the answer by its operation, however that was written; its bytes
// become one more name.
//
// An answer belongs to its caller, and is served only while the orders it shows would be served from
// the very same copies: upstream.Copies is asked each time. So nothing needs to be dropped when an
// order is refetched, expires, or is refused; and an answer can't outlive what it was made of.
package respcache

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

const (
	// entryBytes is what an entry costs besides its value, its copies and its names, in bytes: the
	// structs, the list element and the slot in the map.
	entryBytes = 512
	// copyBytes is what each copy costs that an answer shows, nameBytes what each name costs besides
	// the bytes of the request.
	copyBytes = 32
	nameBytes = 192
	// maxNames bounds the names of one answer; the oldest go first.
	maxNames = 8
)

// Request is a request as it came, before anything in it was parsed.
type Request struct {
	// Raw is the body of a POST, or the query string of a GET. Empty names nothing.
	Raw []byte
	// Get tells whether it came by GET.
	Get bool
}

// Operation names what a request asks for, however it is written: a digest of the document without
// what does not matter in it, the name of its operation and the variables.
type Operation [sha256.Size]byte

// Answer is what there is to remember.
type Answer[A any] struct {
	// Value is what Get returns. It is shared between requests: never change it.
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
	copies upstream.Copies
	budget int
	seed   maphash.Seed

	mu      sync.Mutex
	names   map[uint64]*name[A]
	entries map[operationKey]*Entry[A]
	recent  *list.List // of *Entry[A], the latest in front
	used    int
}

// Entry is an answer that is, or was, remembered. NewEntry makes one.
type Entry[A any] struct {
	answer Answer[A]
	key    operationKey

	// The rest is guarded by the cache's mutex. element is nil unless the entry is kept.
	element *list.Element
	names   []*name[A]
	bytes   int
}

// Value returns what was kept. It is shared between requests: never change it.
func (e *Entry[A]) Value() A { return e.answer.Value }

// name finds an entry by the bytes of a request. It is never changed.
type name[A any] struct {
	hash  uint64
	key   nameKey
	raw   []byte
	entry *Entry[A]
}

// caller is who asks, as far as an answer depends on it.
type caller struct {
	tenant upstream.TenantHash
	// routerTrusted callers may read fields that others may not.
	routerTrusted bool
}

// nameKey is all of a request but its bytes.
type nameKey struct {
	caller
	get bool
}

type operationKey struct {
	caller
	operation Operation
}

// New returns a Cache of at most the given bytes for answers that show orders of copies.
func New[A any](copies upstream.Copies, bytes int) *Cache[A] {
	return &Cache[A]{
		copies: copies, budget: bytes, seed: maphash.MakeSeed(),
		names: map[uint64]*name[A]{}, entries: map[operationKey]*Entry[A]{}, recent: list.New(),
	}
}

// Get returns the answer to a request that came before with the same bytes from the same caller, nil
// if there is none. There is none for a request that wants no copies (upstream.Freshness.NoCache).
func (c *Cache[A]) Get(s *scope.Scope, request Request) *Entry[A] {
	if s.Freshness.NoCache {
		return nil
	}
	key := c.nameOf(s, request)
	n := c.findName(c.hash(key, request.Raw))
	// Two requests may have one hash: only the whole key tells.
	if n == nil || n.key != key || !bytes.Equal(n.raw, request.Raw) {
		return nil
	}
	return c.served(s, n.entry)
}

// GetOperation returns the answer to an operation that came before from the same caller, nil if
// there is none, and remembers the request as one more name of it. The request's bytes are copied.
func (c *Cache[A]) GetOperation(s *scope.Scope, operation Operation, request Request) *Entry[A] {
	if s.Freshness.NoCache {
		return nil
	}
	e := c.findEntry(operationKey{c.callerOf(s), operation})
	if e == nil || c.served(s, e) == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addName(e, c.newName(s, request))
	c.shrink(time.Now())
	return e
}

// NewEntry returns an entry for Put.
func NewEntry[A any](answer Answer[A]) *Entry[A] { return &Entry[A]{answer: answer} }

// Put remembers the answer to an operation, in place of an earlier one, and the request as its first
// name. The request's bytes are copied. An entry is given to Put once.
func (c *Cache[A]) Put(s *scope.Scope, operation Operation, request Request, e *Entry[A]) {
	now := time.Now()
	if len(e.answer.Copies) == 0 || !now.Before(e.answer.FreshUntil) {
		return
	}
	bytes := entryBytes + e.answer.Bytes + copyBytes*len(e.answer.Copies)
	if bytes+nameBytes+len(request.Raw) > c.budget {
		return
	}
	e.key = operationKey{c.callerOf(s), operation}
	first := c.newName(s, request)
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, found := c.entries[e.key]; found {
		c.remove(old)
	}
	c.entries[e.key] = e
	e.element = c.recent.PushFront(e)
	c.resize(e, bytes)
	c.addName(e, first)
	c.shrink(now)
}

// Grow counts bytes that the value of an entry is about to take in addition. It returns false if it
// must not: the entry is no longer kept, or there is no room.
func (c *Cache[A]) Grow(e *Entry[A], bytes int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.element == nil || e.bytes+bytes > c.budget {
		return false
	}
	c.recent.MoveToFront(e.element)
	c.resize(e, bytes)
	c.shrink(time.Now())
	return true
}

func (c *Cache[A]) callerOf(s *scope.Scope) caller {
	return caller{tenant: c.copies.Tenant(s.Caller), routerTrusted: s.RouterTrusted}
}

func (c *Cache[A]) nameOf(s *scope.Scope, request Request) nameKey {
	return nameKey{caller: c.callerOf(s), get: request.Get}
}

func (c *Cache[A]) hash(key nameKey, raw []byte) uint64 {
	return maphash.Bytes(c.seed, raw) ^ maphash.Comparable(c.seed, key)
}

// newName returns a name for an entry yet to be told, nil for a request that names nothing.
func (c *Cache[A]) newName(s *scope.Scope, request Request) *name[A] {
	if len(request.Raw) == 0 {
		return nil
	}
	n := &name[A]{key: c.nameOf(s, request), raw: bytes.Clone(request.Raw)}
	n.hash = c.hash(n.key, n.raw)
	return n
}

func (c *Cache[A]) findName(hash uint64) *name[A] {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, found := c.names[hash]
	if !found {
		return nil
	}
	c.recent.MoveToFront(n.entry.element)
	return n
}

func (c *Cache[A]) findEntry(key operationKey) *Entry[A] {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, found := c.entries[key]
	if !found {
		return nil
	}
	c.recent.MoveToFront(e.element)
	return e
}

// served returns the entry if it may be served now, and forgets it otherwise.
func (c *Cache[A]) served(s *scope.Scope, e *Entry[A]) *Entry[A] {
	if time.Now().Before(e.answer.FreshUntil) && c.copies.Serves(s.Caller, s.Freshness, e.answer.Copies) {
		return e
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(e)
	return nil
}

// addName gives a kept entry one more name, which may have been another entry's.
func (c *Cache[A]) addName(e *Entry[A], added *name[A]) {
	if added == nil || e.element == nil || e.bytes+nameBytes+len(added.raw) > c.budget {
		return
	}
	if known, found := c.names[added.hash]; found {
		c.dropName(known)
	}
	if len(e.names) == maxNames {
		c.dropName(e.names[0])
	}
	added.entry = e
	c.names[added.hash] = added
	e.names = append(e.names, added)
	c.resize(e, nameBytes+len(added.raw))
}

func (c *Cache[A]) dropName(n *name[A]) {
	delete(c.names, n.hash)
	n.entry.names = slices.DeleteFunc(n.entry.names, func(other *name[A]) bool { return other == n })
	c.resize(n.entry, -nameBytes-len(n.raw))
}

func (c *Cache[A]) resize(e *Entry[A], bytes int) {
	e.bytes += bytes
	c.used += bytes
}

// shrink forgets what is beyond the budget, and what has expired as far as it was not used lately.
func (c *Cache[A]) shrink(now time.Time) {
	for last := c.recent.Back(); last != nil; last = c.recent.Back() {
		e := last.Value.(*Entry[A])
		if c.used <= c.budget && now.Before(e.answer.FreshUntil) {
			return
		}
		c.remove(e)
	}
}

// remove forgets an entry with all its names, if it is still kept.
func (c *Cache[A]) remove(e *Entry[A]) {
	if e.element == nil {
		return
	}
	for _, n := range e.names {
		delete(c.names, n.hash)
	}
	delete(c.entries, e.key)
	c.recent.Remove(e.element)
	c.used -= e.bytes
	e.element, e.names = nil, nil
}
