// Package lru keeps values up to a total size: what is new takes the place of what was used least recently.
// It is for tables that strangers can fill.
package lru

import (
	"container/list"
	"sync"
)

// Cache is a table of bounded size. Safe for concurrent use. New makes one.
type Cache[K comparable, V any] struct {
	max     int
	dropped func(V)

	mu      sync.Mutex
	entries map[K]*list.Element
	recent  list.List // of *entry[K, V], the most recently used first
	size    int
	// evictions counts what made room.
	evictions uint64
}

// Stats is what a cache holds and did, of this package or another one.
type Stats struct {
	// Hits to Bypassed count the look-ups by how they ended: what was there was too old or lacked something, or
	// was not to be used.
	Hits, Misses, Expired, Partial, Bypassed uint64
	// Evictions counts what made room for something else.
	Evictions uint64
	// Size is what the Entries take, of at most Limit.
	Size, Limit, Entries int64
}

type entry[K comparable, V any] struct {
	key   K
	value V
	size  int
}

// New returns a Cache of at most the given size, in the unit of the sizes that Put and Resize are given.
//
// dropped, unless nil, gets each value that goes: to make room, to make place for another one of its key,
// or by Remove. It must not call the cache.
func New[K comparable, V any](size int, dropped func(V)) *Cache[K, V] {
	if dropped == nil {
		dropped = func(V) {}
	}
	return &Cache[K, V]{max: size, dropped: dropped, entries: map[K]*list.Element{}}
}

// Get returns the value of a key, which counts as a use.
func (c *Cache[K, V]) Get(key K) (value V, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, found := c.entries[key]
	if !found {
		return value, false
	}
	c.recent.MoveToFront(element)
	return element.Value.(*entry[K, V]).value, true
}

// Peek returns the value of a key, which does not count as a use.
func (c *Cache[K, V]) Peek(key K) (value V, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, found := c.entries[key]
	if !found {
		return value, false
	}
	return element.Value.(*entry[K, V]).value, true
}

// Put keeps a value that takes the given size, in place of an earlier one of its key. One that is larger than
// the cache is not kept.
func (c *Cache[K, V]) Put(key K, value V, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(key)
	if size > c.max {
		return
	}
	c.entries[key] = c.recent.PushFront(&entry[K, V]{key, value, size})
	c.size += size
	c.shrink()
}

// Resize changes what the value of a key takes, which counts as a use. One that becomes larger than the cache
// is dropped.
func (c *Cache[K, V]) Resize(key K, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, found := c.entries[key]
	if !found {
		return
	}
	if size > c.max {
		c.remove(key)
		return
	}
	c.recent.MoveToFront(element)
	resized := element.Value.(*entry[K, V])
	c.size += size - resized.size
	resized.size = size
	c.shrink()
}

// Remove drops the value of a key, if there is one.
func (c *Cache[K, V]) Remove(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(key)
}

// Clear removes all values.
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.entries {
		c.remove(key)
	}
}

// Stats returns what the cache holds. It counts no look-ups: what a value is worth its user knows.
func (c *Cache[K, V]) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{Evictions: c.evictions, Size: int64(c.size), Limit: int64(c.max), Entries: int64(len(c.entries))}
}

// Size returns the sum of the sizes of all values.
func (c *Cache[K, V]) Size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}

func (c *Cache[K, V]) shrink() {
	for c.size > c.max {
		c.evictions++
		c.remove(c.recent.Back().Value.(*entry[K, V]).key)
	}
}

func (c *Cache[K, V]) remove(key K) {
	element, found := c.entries[key]
	if !found {
		return
	}
	gone := c.recent.Remove(element).(*entry[K, V])
	delete(c.entries, key)
	c.size -= gone.size
	c.dropped(gone.value)
}
