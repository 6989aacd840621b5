package client

import "container/list"

// lru is a table of bounded size: what is new takes the place of what was used least recently. It is
// not safe for concurrent use.
type lru[K comparable, V any] struct {
	size  int
	byKey map[K]*list.Element
	order list.List // of lruEntry, the most recently used first
}

type lruEntry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](size int) *lru[K, V] {
	return &lru[K, V]{size: size, byKey: map[K]*list.Element{}}
}

// get returns what is kept under a key, which counts as a use.
func (l *lru[K, V]) get(key K) (value V, found bool) {
	element, found := l.byKey[key]
	if !found {
		return value, false
	}
	l.order.MoveToFront(element)
	return element.Value.(lruEntry[K, V]).value, true
}

func (l *lru[K, V]) put(key K, value V) {
	if element, found := l.byKey[key]; found {
		element.Value = lruEntry[K, V]{key, value}
		l.order.MoveToFront(element)
		return
	}
	if l.order.Len() >= l.size {
		delete(l.byKey, l.order.Remove(l.order.Back()).(lruEntry[K, V]).key)
	}
	l.byKey[key] = l.order.PushFront(lruEntry[K, V]{key, value})
}

func (l *lru[K, V]) remove(key K) {
	if element, found := l.byKey[key]; found {
		l.order.Remove(element)
		delete(l.byKey, key)
	}
}
