package transport

import (
	"container/list"
	"sync"
)

// lru keeps what strangers can make us remember, within bounds: the least recently used go first. Safe for
// concurrent use.
type lru[V any] struct {
	maxEntries, maxBytes int

	mu      sync.Mutex
	entries map[string]*list.Element
	recent  *list.List // of lruEntry[V], the latest in front
	bytes   int
}

type lruEntry[V any] struct {
	key   string
	value V
	bytes int
}

func newLRU[V any](maxEntries, maxBytes int) *lru[V] {
	return &lru[V]{maxEntries: maxEntries, maxBytes: maxBytes, entries: map[string]*list.Element{}, recent: list.New()}
}

func (c *lru[V]) get(key string) (value V, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, found := c.entries[key]
	if !found {
		return value, false
	}
	c.recent.MoveToFront(element)
	return element.Value.(lruEntry[V]).value, true
}

// add keeps a value that takes the given bytes besides its key, unless it is worth the place of several
// others. A key's first value stays.
func (c *lru[V]) add(key string, value V, bytes int) {
	if bytes > c.maxBytes/8 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, found := c.entries[key]; found {
		c.recent.MoveToFront(element)
		return
	}
	added := lruEntry[V]{key, value, len(key) + bytes}
	c.entries[key] = c.recent.PushFront(added)
	c.bytes += added.bytes
	for c.recent.Len() > c.maxEntries || c.bytes > c.maxBytes {
		oldest := c.recent.Remove(c.recent.Back()).(lruEntry[V])
		delete(c.entries, oldest.key)
		c.bytes -= oldest.bytes
	}
}
