package cache

import (
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"ordergraph/upstream"
)

const (
	// typicalBytes is what an order of the documented size costs. It only sizes the frequency
	// counters.
	typicalBytes = 2 << 10
	// readyShare is the part of the memory, one in so many, for orders that are kept ready. They are
	// hundreds of small objects each, through which every garbage collection goes.
	readyShare = 32
)

// memory is the store in this process: bounded in bytes, the least used copies go first. It keeps
// the answers compressed, and the orders of the most used ones ready.
type memory struct {
	seed         maphash.Seed
	staleIfError time.Duration
	now          func() time.Time
	hot          hotSet

	// mu keeps ristretto from being closed while it is used, which it does not survive.
	mu     sync.RWMutex
	closed bool
	copies *ristretto.Cache[uint64, *snapshot]
}

func newMemory(options Options) (*memory, error) {
	m := &memory{
		seed:         maphash.MakeSeed(),
		staleIfError: options.StaleIfError,
		now:          options.Now,
		hot:          hotSet{budget: options.Size / readyShare},
	}
	var err error
	m.copies, err = ristretto.NewCache(&ristretto.Config[uint64, *snapshot]{
		NumCounters:        max(1000, 10*options.Size/typicalBytes),
		MaxCost:            options.Size - m.hot.budget,
		BufferItems:        64,
		IgnoreInternalCost: true, // snapshot.bytes includes it
		OnExit: func(s *snapshot) {
			if s != nil { // after a deletion there is none
				m.hot.remove(s)
			}
		},
	})
	return m, err
}

func (m *memory) get(k key) *snapshot {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return nil
	}
	// Two keys may have one hash: only the whole key tells.
	if s, found := m.copies.Get(m.hash(k)); found && s.key == k {
		return s
	}
	return nil
}

// order returns the order of a copy: the one at hand, or else a new one from the compressed answer.
func (m *memory) order(s *snapshot) (*upstream.Order, error) {
	if order := s.order.Load(); order != nil {
		if !s.referenced.Load() {
			s.referenced.Store(true)
		}
		return order, nil
	}
	answer, err := upstream.DecompressAnswer(s.compressed, s.key.order, time.Unix(0, s.fetchedAt))
	if err == nil && answer.Order == nil {
		err = errors.New("the answer has no order")
	}
	if err != nil {
		return nil, &upstream.Error{Kind: upstream.KindInternal, Cause: fmt.Errorf("reading a copy: %w", err)}
	}
	m.hot.add(s, answer.Order, orderBytes(answer.Order))
	return answer.Order, nil
}

// put returns when the copy can be found, or was not worth keeping. A copy that no longer serves
// anybody is not kept: without a time to live it would stay for ever.
func (m *memory) put(s *snapshot) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return
	}
	timeToLive := s.keepUntil(m.staleIfError).Sub(m.now())
	if timeToLive <= 0 {
		m.copies.Del(m.hash(s.key))
		return
	}
	m.set(s, timeToLive)
	if m.copies.RemainingCost() < 0 {
		// A copy that replaces a smaller one makes no room for itself. A new one does.
		m.copies.Del(m.hash(s.key))
		m.set(s, timeToLive)
	}
}

func (m *memory) remove(k key) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if !m.closed {
		m.copies.Del(m.hash(k))
	}
}

func (m *memory) set(s *snapshot, timeToLive time.Duration) {
	m.copies.SetWithTTL(m.hash(s.key), s, s.bytes(), timeToLive)
	m.copies.Wait()
}

// compress gives a copy its small form in place of the order. Most orders are asked for once: only one that
// is asked for again is made ready. Where there is no answer to compress, the order itself is kept.
func (s *snapshot) compress(body []byte) {
	if compressed, err := upstream.CompressAnswer(body); err == nil {
		s.compressed = compressed
		s.order.Store(nil)
	}
}

func (m *memory) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.copies.Close()
}

func (m *memory) hash(k key) uint64 { return maphash.Comparable(m.seed, k) }
