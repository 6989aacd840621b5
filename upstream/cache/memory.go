package cache

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/dgraph-io/ristretto/v2"
)

// typicalBytes is what an order of the documented size costs. It only sizes the frequency counters.
const typicalBytes = 2 << 10

// memory is the level in this process: bounded in bytes, the least used copies go first.
type memory struct {
	seed         maphash.Seed
	staleIfError time.Duration
	now          func() time.Time

	// mutex keeps ristretto from being closed while it is used, which it does not survive.
	mutex  sync.RWMutex
	closed bool
	copies *ristretto.Cache[uint64, *snapshot]
}

func newMemory(options Options) (*memory, error) {
	copies, err := ristretto.NewCache(&ristretto.Config[uint64, *snapshot]{
		NumCounters:        max(1000, 10*options.Size/typicalBytes),
		MaxCost:            options.Size,
		BufferItems:        64,
		IgnoreInternalCost: true, // snapshot.bytes includes it
	})
	if err != nil {
		return nil, err
	}
	return &memory{
		seed:         maphash.MakeSeed(),
		staleIfError: options.StaleIfError,
		now:          options.Now,
		copies:       copies,
	}, nil
}

func (m *memory) get(k key) *snapshot {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	if m.closed {
		return nil
	}
	// Two keys may have one hash: only the whole key tells.
	if s, found := m.copies.Get(m.hash(k)); found && s.key == k {
		return s
	}
	return nil
}

// put returns when the copy can be found, or was not worth keeping. A copy that no longer serves
// anybody is not kept: without a time to live it would stay for ever.
func (m *memory) put(s *snapshot) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	timeToLive := s.keepUntil(m.staleIfError).Sub(m.now())
	if m.closed || timeToLive <= 0 {
		return
	}
	hash, cost := m.hash(s.key), s.bytes()
	m.copies.SetWithTTL(hash, s, cost, timeToLive)
	m.copies.Wait()
	if m.copies.RemainingCost() >= 0 {
		return
	}
	// A copy that replaces a smaller one makes no room for itself. A new one does.
	m.copies.Del(hash)
	m.copies.SetWithTTL(hash, s, cost, timeToLive)
	m.copies.Wait()
}

func (m *memory) close() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.closed = true
	m.copies.Close()
}

func (m *memory) hash(k key) uint64 { return maphash.Comparable(m.seed, k) }
