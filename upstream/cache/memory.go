package cache

import (
	"errors"
	"fmt"
	"hash/maphash"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"ordergraph/upstream"
	"ordergraph/upstream/cache/shared"
	"ordergraph/upstream/lru"
)

const (
	// documentedBytes is what a copy of an order of the documented size costs. It only sizes the frequency
	// counters.
	documentedBytes = 2 << 10
	// readyShare is the divisor of the memory that gives the part for orders that are kept ready. They are
	// hundreds of small objects each, through which every garbage collection goes.
	readyShare = 32
	// overheadBytes is what ristretto spends on an entry: its slots in the maps of values, of costs and
	// of expiry times, at their usual load.
	overheadBytes = 250
)

// memory keeps copies in this process, bounded in bytes. Most orders are asked for once, so a copy is the
// compressed answer; the orders of those that are asked for again are ready beside it, as Go structs.
//
// A nil memory is empty.
type memory struct {
	options Options
	seed    maphash.Seed
	ready   *lru.Cache[*snapshot, *upstream.Order]

	// lookups are counted by their results, entries and evictions as ristretto tells of them.
	lookups   lookups
	entries   atomic.Int64
	evictions atomic.Uint64

	// closing keeps ristretto from being closed while it is read, which it does not survive.
	closing sync.RWMutex
	copies  *ristretto.Cache[uint64, *snapshot]

	// named are the copies that have a name in the shared cache.
	naming sync.Mutex
	named  map[shared.Name]*snapshot
}

func newMemory(options Options) (*memory, error) {
	readyBytes := options.Size / readyShare
	ready := lru.New[*snapshot, *upstream.Order](int(readyBytes), nil)
	m := &memory{options: options, seed: maphash.MakeSeed(), ready: ready, named: map[shared.Name]*snapshot{}}
	var err error
	m.copies, err = ristretto.NewCache(&ristretto.Config[uint64, *snapshot]{
		NumCounters:        max(1000, 10*options.Size/documentedBytes),
		MaxCost:            options.Size - readyBytes,
		BufferItems:        64,
		IgnoreInternalCost: true, // overheadBytes is it
		OnExit:             m.exited,
		OnEvict:            m.evicted,
	})
	return m, err
}

// exited is called with each copy that leaves, which includes those that were not worth a place.
func (m *memory) exited(s *snapshot) {
	if s != nil {
		m.entries.Add(-1)
		m.removed(s)
	}
}

// evicted is called with each copy that makes room, or whose time is up.
func (m *memory) evicted(item *ristretto.Item[*snapshot]) {
	if s := item.Value; s != nil && time.Now().Before(s.keepUntil(m.options)) {
		m.evictions.Add(1)
	}
}

// removed forgets what is kept beside a copy.
func (m *memory) removed(s *snapshot) {
	m.ready.Remove(s)
	m.naming.Lock()
	defer m.naming.Unlock()
	if m.named[s.name] == s {
		delete(m.named, s.name)
	}
}

// find returns the copy with a name in the shared cache, or nil.
func (m *memory) find(name shared.Name) *snapshot {
	if m == nil {
		return nil
	}
	m.naming.Lock()
	defer m.naming.Unlock()
	return m.named[name]
}

// get returns the copy under k, fresh or not, or nil.
func (m *memory) get(k key) *snapshot {
	if m == nil {
		return nil
	}
	m.closing.RLock()
	defer m.closing.RUnlock()
	// Two keys may have one hash: only the whole key tells.
	if s, found := m.copies.Get(m.hash(k)); found && s.key == k {
		return s
	}
	return nil
}

// order returns the order of a copy: the one that is ready, or else a new one from the compressed answer.
func (m *memory) order(s *snapshot) (*upstream.Order, error) {
	if order, found := m.ready.Get(s); found {
		return order, nil
	}
	answer, err := upstream.DecompressAnswer(s.compressed, s.key.order, time.Unix(0, s.fetchedAt))
	if err == nil && answer.Order == nil {
		err = errors.New("the answer has no order")
	}
	if err != nil {
		return nil, &upstream.Error{Kind: upstream.KindInternal, Cause: fmt.Errorf("reading a copy: %w", err)}
	}
	answer.Order.FreshUntil = s.freshUntil.UTC()
	m.ready.Put(s, answer.Order, bytesOf(answer.Order))
	if m.get(s.key) != s {
		m.ready.Remove(s) // the copy has gone in the meantime
	}
	return answer.Order, nil
}

// replace puts a copy in place of the one under k, and returns when that can be found or was not worth its
// place. Nil, or a copy that no longer serves anybody, leaves none. One is replaced at a time: ristretto takes
// the deletion of what was there for one of a copy that is set before that is done.
func (m *memory) replace(k key, s *snapshot) {
	if m == nil {
		return
	}
	hash := m.hash(k)
	var timeToLive time.Duration
	if s != nil {
		timeToLive = time.Until(s.keepUntil(m.options))
	}
	if timeToLive <= 0 { // for ristretto, zero is for ever
		m.copies.Del(hash)
		return
	}
	set := func() {
		if m.copies.SetWithTTL(hash, s, int64(overheadBytes+bytesOf(s)), timeToLive) {
			m.entries.Add(1)
		}
		m.copies.Wait()
	}
	set()
	if m.copies.RemainingCost() < 0 {
		// A copy that replaces a smaller one makes no room for itself. A new one does.
		m.copies.Del(hash)
		set()
	}
	if s.name != (shared.Name{}) {
		m.naming.Lock()
		m.named[s.name] = s
		m.naming.Unlock()
		if m.get(k) != s {
			m.removed(s) // it had no place, or has gone in the meantime
		}
	}
}

// close drops everything. Nothing may be replaced any more.
func (m *memory) close() {
	if m != nil {
		m.closing.Lock()
		defer m.closing.Unlock()
		m.copies.Close()
	}
}

func (m *memory) hash(k key) uint64 { return maphash.Comparable(m.seed, k) }

// bytesOf returns the memory of what a pointer points to and all that it owns.
func bytesOf(pointer any) int {
	value := reflect.ValueOf(pointer).Elem()
	return allocated(int(value.Type().Size())) + referred(value)
}

// referred returns the memory that a value refers to, without the value itself. A pointer in an
// unexported field leads back to what was counted, or to what all orders share.
func referred(value reflect.Value) (bytes int) {
	switch value.Kind() {
	case reflect.String:
		return allocated(value.Len())
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() || !value.CanInterface() {
			return 0
		}
		return allocated(int(value.Elem().Type().Size())) + referred(value.Elem())
	case reflect.Slice:
		bytes = allocated(value.Cap() * int(value.Type().Elem().Size()))
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return bytes
		}
		for i := range value.Len() {
			bytes += referred(value.Index(i))
		}
	case reflect.Struct:
		for i := range value.NumField() {
			bytes += referred(value.Field(i))
		}
	}
	return bytes
}

// allocated returns about what an allocation of that many bytes takes. Go rounds up to classes of
// sizes that are 16 bytes apart at first, and later about an eighth of the size.
func allocated(size int) int {
	switch {
	case size <= 8:
		return size
	case size <= 256:
		return (size + 15) &^ 15
	default:
		return size + size/16
	}
}
