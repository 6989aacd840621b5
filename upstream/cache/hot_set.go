package cache

import (
	"sync"

	"ordergraph/upstream"
)

// hotSet bounds how many of the copies are kept ready, as Go structs, beside their compressed answers.
//
// It gives a second chance: a hand goes round, takes from each copy the mark that its last use left,
// and drops the order of one that has no mark. So an order that is asked for once makes way for
// those that are asked for again, and a use costs no lock.
type hotSet struct {
	mu     sync.Mutex
	budget int64
	used   int64
	ready  []*snapshot
	hand   int
}

// add keeps the order of a compressed copy ready, unless there can be no room for it.
func (f *hotSet) add(s *snapshot, order *upstream.Order, bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.index > 0 || bytes > f.budget {
		return
	}
	for f.used+bytes > f.budget {
		f.advance()
	}
	s.order.Store(order)
	s.readyBytes = bytes
	f.used += bytes
	f.ready = append(f.ready, s)
	s.index = len(f.ready)
}

// advance moves the hand by one copy.
func (f *hotSet) advance() {
	if f.hand >= len(f.ready) {
		f.hand = 0
	}
	if s := f.ready[f.hand]; s.referenced.Swap(false) {
		f.hand++
	} else {
		f.drop(s)
	}
}

// remove drops the order of a copy that is no longer kept.
func (f *hotSet) remove(s *snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.index > 0 {
		f.drop(s)
	}
}

func (f *hotSet) drop(s *snapshot) {
	last := f.ready[len(f.ready)-1]
	f.ready[s.index-1], last.index = last, s.index
	f.ready[len(f.ready)-1] = nil
	f.ready = f.ready[:len(f.ready)-1]
	f.used -= s.readyBytes
	s.index = 0
	s.order.Store(nil)
}
