package cache

import (
	"sync"

	"ordergraph/upstream"
)

// front bounds how many of the copies are kept ready, as Go structs, beside their compressed answers.
//
// It gives a second chance: a hand goes round, takes from each copy the mark that its last use left,
// and drops the order of one that has no mark. So an order that is asked for once makes way for
// those that are asked for again, and a use costs no lock.
type front struct {
	mutex  sync.Mutex
	budget int64
	used   int64
	ready  []*snapshot
	hand   int
}

// add keeps the order of a compressed copy ready, unless there can be no room for it.
func (f *front) add(s *snapshot, order *upstream.Order, bytes int64) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if s.place > 0 || bytes > f.budget {
		return
	}
	for f.used+bytes > f.budget {
		f.advance()
	}
	s.order.Store(order)
	s.readyBytes = bytes
	f.used += bytes
	f.ready = append(f.ready, s)
	s.place = len(f.ready)
}

// advance moves the hand by one copy.
func (f *front) advance() {
	if f.hand >= len(f.ready) {
		f.hand = 0
	}
	if s := f.ready[f.hand]; s.touched.Swap(false) {
		f.hand++
	} else {
		f.drop(s)
	}
}

// remove drops the order of a copy that is no longer kept.
func (f *front) remove(s *snapshot) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if s.place > 0 {
		f.drop(s)
	}
}

func (f *front) drop(s *snapshot) {
	last := f.ready[len(f.ready)-1]
	f.ready[s.place-1], last.place = last, s.place
	f.ready[len(f.ready)-1] = nil
	f.ready = f.ready[:len(f.ready)-1]
	f.used -= s.readyBytes
	s.place = 0
	s.order.Store(nil)
}
