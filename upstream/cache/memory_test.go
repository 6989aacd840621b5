package cache

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"testing"
	"time"

	"ordergraph/upstream"
)

var fixtures = []string{
	"01_seed_sample_repaired.json", "02_multi_stage.json", "04_credit_order.json", "07_cancelled_order.json",
}

// fixtureAbout returns a fixture as an answer about the order id. The documents' own numbers went
// through a float and differ from the text.
func fixtureAbout(t testing.TB, name string, id upstream.OrderID) []byte {
	t.Helper()
	body := fixture(t, name)
	for _, member := range []string{`"id_of_str": "(\d+)"`, `"id": (\d{16,})`} {
		if found := regexp.MustCompile(member).FindSubmatch(body); found != nil {
			body = bytes.ReplaceAll(body, found[1], []byte(id.String()))
		}
	}
	return body
}

func decoded(t testing.TB, body []byte, id upstream.OrderID, fetchedAt time.Time) *upstream.Order {
	t.Helper()
	answer, err := upstream.DecodeAnswer(body, upstream.Key{ID: id}, fetchedAt)
	if err != nil || answer.Order == nil {
		t.Fatalf("order %v: %v", answer.Order, err)
	}
	return answer.Order
}

// newTestMemory returns a store and a function that puts an answer into it.
func newTestMemory(t testing.TB, size int64) (*memory, func(body []byte, id upstream.OrderID) *snapshot) {
	t.Helper()
	m, err := newMemory(Options{Size: size, StaleIfError: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.close)
	version := upstream.Version(0)
	return m, func(body []byte, id upstream.OrderID) *snapshot {
		now := time.Now().UTC()
		version++
		s := newSnapshot(key{order: upstream.Key{ID: id}}, upstream.Result{
			FetchedAt: now, FreshUntil: now.Add(time.Minute), Version: version,
		}, upstream.CompactAnswer(bytes.Clone(body)))
		m.replace(s.key, s)
		return s
	}
}

func TestCopyIsTheSameOrder(t *testing.T) {
	m, put := newTestMemory(t, 1<<20)
	for _, name := range fixtures {
		const id = 987654321
		s := put(fixtureAbout(t, name, id), id)
		first := decoded(t, fixtureAbout(t, name, id), id, time.Unix(0, s.fetchedAt))
		first.FreshUntil = s.freshUntil.UTC()
		again, err := m.order(m.get(s.key))
		if err != nil {
			t.Fatal(err)
		}
		if again == first || !reflect.DeepEqual(again, first) {
			t.Errorf("%s: got %+v, want a new order equal to %+v", name, again, first)
		}
		if ready, err := m.order(s); err != nil || ready != again {
			t.Errorf("%s: the order is not kept ready: %v", name, err)
		}
	}
}

func TestCopyOfAnotherHashedAlike(t *testing.T) {
	m, put := newTestMemory(t, 1<<20)
	s := put(fixtureAbout(t, fixtures[0], 1), 1)
	s.key.tenant[0]++ // as if both had one hash
	if got := m.get(key{order: upstream.Key{ID: 1}}); got != nil {
		t.Errorf("got the copy of %+v", got.key)
	}
}

func TestDamagedCopyIsAnError(t *testing.T) {
	m, put := newTestMemory(t, 1<<20)
	noOrder := upstream.CompressAnswer([]byte(`{"status":0,"data":{}}`))
	for _, compressed := range [][]byte{{}, {0xff}, noOrder} {
		s := put(fixtureAbout(t, fixtures[0], 1), 1)
		s.compressed = compressed
		if order, err := m.order(s); order != nil || upstream.KindOf(err) != upstream.KindInternal || err == nil {
			t.Errorf("%q: got %v and %v", compressed, order, err)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	const size = 64 << 10
	m, put := newTestMemory(t, size)
	check := func(id upstream.OrderID) {
		if left, used := m.copies.RemainingCost(), m.ready.Size(); left < 0 || used > size/readyShare {
			t.Fatalf("order %d: %d bytes over the bound, %d bytes of orders kept ready", id, -left, used)
		}
	}
	kept := 0
	for id := range upstream.OrderID(200) {
		put(fixtureAbout(t, fixtures[int(id)%len(fixtures)], id+1), id+1)
		check(id)
	}
	largest := 0
	m.copies.IterValues(func(s *snapshot) bool {
		kept++
		largest = max(largest, overheadBytes+bytesOf(s))
		return false
	})
	if kept < 20 || m.copies.RemainingCost() > int64(largest) {
		t.Errorf("%d orders are kept, %d bytes left", kept, m.copies.RemainingCost())
	}
	// Orders that grow when they are fetched again must make room too.
	for id := range upstream.OrderID(200) {
		if m.get(key{order: upstream.Key{ID: id + 1}}) != nil {
			put(fixtureAbout(t, fixtures[1], id+1), id+1)
			check(id)
		}
	}
}

func TestReadyOrdersAreThoseInUse(t *testing.T) {
	const size = 1536 << 10
	m, put := newTestMemory(t, size)
	use := func(s *snapshot) {
		if _, err := m.order(s); err != nil {
			t.Fatal(err)
		}
	}
	hot := put(fixtureAbout(t, fixtures[0], 1), 1)
	if m.isReady(hot) {
		t.Error("an order is ready that was never asked for again")
	}
	use(hot)
	capacity := size / readyShare / m.ready.Size()
	if capacity < 5 {
		t.Fatalf("room for %d orders is too little to test", capacity)
	}
	for id := range upstream.OrderID(5 * capacity) {
		use(hot)
		use(put(fixtureAbout(t, fixtures[0], id+2), id+2))
		if !m.isReady(hot) {
			t.Fatalf("order %d drove out one that is always in use", id)
		}
	}
	ready, bytes := 0, 0
	m.copies.IterValues(func(s *snapshot) bool {
		if order, found := m.ready.Get(s); found {
			ready++
			bytes += bytesOf(order)
		}
		return false
	})
	if bytes != m.ready.Size() || ready < capacity-1 {
		t.Errorf("%d orders of %d bytes are ready; %d were counted", ready, bytes, m.ready.Size())
	}
}

func (m *memory) isReady(s *snapshot) bool {
	_, found := m.ready.Get(s)
	return found
}

func TestOrderGoesWithItsCopy(t *testing.T) {
	m, put := newTestMemory(t, 1<<20)
	s := put(fixtureAbout(t, fixtures[0], 1), 1)
	if _, err := m.order(s); err != nil || !m.isReady(s) {
		t.Fatalf("want an order that is ready, got %v", err)
	}
	replacing := put(fixtureAbout(t, fixtures[1], 1), 1)
	if _, err := m.order(replacing); err != nil {
		t.Fatal(err)
	}
	if m.isReady(s) || !m.isReady(replacing) {
		t.Error("want the order of the later copy alone")
	}
	m.replace(s.key, nil)
	if m.isReady(replacing) || m.ready.Size() != 0 {
		t.Error("the order of a copy that is gone is still ready")
	}
}

func TestHugeOrderIsNotKeptReady(t *testing.T) {
	const size = 64 << 10
	m, put := newTestMemory(t, size)
	body := fmt.Appendf(nil, `{"status":0,"data":{"result":{"base_info":{"status":"success","remark":"%s"}}}}`,
		bytes.Repeat([]byte("x"), size/readyShare))
	s := put(body, 1)
	if m.get(s.key) != s {
		t.Fatal("want the copy")
	}
	if order, err := m.order(s); err != nil || len(order.OrderNote) != size/readyShare || m.isReady(s) {
		t.Errorf("got %v", err)
	}
}

// TestAccountedBytes compares what is accounted with what the heap says.
func TestAccountedBytes(t *testing.T) {
	const orders = 300
	for _, name := range fixtures {
		body := fixtureAbout(t, name, 1)
		kept := make([]*upstream.Order, orders)
		before := heapBytes()
		for i := range kept {
			kept[i] = decoded(t, body, 1, time.Now())
		}
		measured := (heapBytes() - before) / orders
		sizes := int64(bytesOf(kept[0]))
		runtime.KeepAlive(kept)
		t.Logf("%s: a decoded order takes %d bytes, accounted %d", name, measured, sizes)
		if sizes < measured*85/100 || sizes > measured*125/100 {
			t.Errorf("%s: accounted %d bytes for an order of %d", name, sizes, measured)
		}
	}
}

func heapBytes() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
