package cache

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"regexp"
	"runtime"
	"testing"
	"time"

	"ordergraph/upstream"
)

// documented answers every call with the documented order.
type documented struct{ body []byte }

func (d documented) Order(_ context.Context, request upstream.Request) (upstream.Result, error) {
	body := bytes.ReplaceAll(d.body, []byte(`1111111111111111111`), []byte(request.Key.ID.String()))
	now := time.Now().UTC()
	answer, err := upstream.DecodeAnswer(body, request.Key, now)
	return upstream.Result{Order: answer.Order, Held: request.Needs, Body: upstream.CompactAnswer(body), FetchedAt: now}, err
}

func newBenchCache(b *testing.B) *Cache {
	cache, err := New(documented{fixtureAbout(b, fixtures[0], 1111111111111111111)}, Options{
		Size: DefaultSize, TTL: time.Hour, TTLClosed: time.Hour, StaleIfError: time.Hour,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(cache.Close)
	return cache
}

func benchRequest(id upstream.OrderID) upstream.Request {
	return upstream.Request{
		Key:       upstream.Key{ID: id},
		Needs:     upstream.Needs{Domains: upstream.DomainNativeLogistics},
		Caller:    &upstream.Caller{Tenant: "Bearer 0123456789abcdef0123456789abcdef"},
		Freshness: upstream.Freshness{ArrivedAt: time.Now()},
		Meter:     &upstream.Meter{},
	}
}

func mustOrder(b *testing.B, cache *Cache, request upstream.Request) {
	if _, err := cache.Order(b.Context(), request); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkHit is a hit on an order that is kept ready.
func BenchmarkHit(b *testing.B) {
	cache := newBenchCache(b)
	mustOrder(b, cache, benchRequest(1))
	cache.inflight.running.Wait()
	b.ReportAllocs()
	b.RunParallel(func(loop *testing.PB) {
		request := benchRequest(1)
		for loop.Next() {
			mustOrder(b, cache, request)
		}
	})
}

// BenchmarkHitCompressed is a hit on an order of which only the compressed answer is kept.
func BenchmarkHitCompressed(b *testing.B) {
	cache := newBenchCache(b)
	mustOrder(b, cache, benchRequest(1))
	cache.inflight.running.Wait()
	request := benchRequest(1)
	s := cache.memory.get(key{cache.Tenant(request.Caller), request.Key})
	b.ReportAllocs()
	for b.Loop() {
		cache.memory.ready.Remove(s)
		mustOrder(b, cache, request)
	}
}

// BenchmarkMiss is a call and its copy, with an upstream that only decodes.
func BenchmarkMiss(b *testing.B) {
	cache := newBenchCache(b)
	request := benchRequest(1)
	b.ReportAllocs()
	for b.Loop() {
		request.Key.ID++
		mustOrder(b, cache, request)
	}
}

func BenchmarkTenant(b *testing.B) {
	hasher := newTenantHasher(make([]byte, 32))
	request := benchRequest(1)
	b.ReportAllocs()
	for b.Loop() {
		hasher.HashTenant(request.Caller.Tenant)
	}
}

// BenchmarkReadyBytes is what accounting for an order costs that is made ready, and what it takes.
func BenchmarkReadyBytes(b *testing.B) {
	order := decoded(b, fixtureAbout(b, fixtures[0], 1), 1, time.Now())
	b.ReportAllocs()
	var bytes int
	for b.Loop() {
		bytes = bytesOf(order)
	}
	b.ReportMetric(float64(bytes), "bytes")
}

// BenchmarkBytesPerOrder fills a cache with 20,000 orders of the documented size, whose ids, amounts,
// texts and times differ, and reports what one is accounted at and what it takes on the heap.
func BenchmarkBytesPerOrder(b *testing.B) {
	const orders = 20_000
	for b.Loop() { // one round takes longer than a benchmark usually lasts
		body := fixtureAbout(b, fixtures[0], 1111111111111111111)
		m, put := newTestMemory(b, DefaultSize)
		before := heapBytes()
		for id := range upstream.OrderID(orders) {
			put(varied(body, id+1_000_000_000_000_000_000), id+1_000_000_000_000_000_000)
		}
		heap := heapBytes() - before
		accounted := DefaultSize - DefaultSize/readyShare - m.copies.RemainingCost()
		b.ReportMetric(float64(accounted)/orders, "accounted-B/order")
		b.ReportMetric(float64(heap)/orders, "heap-B/order")
		runtime.KeepAlive(m)
	}
}

var (
	seed   = maphash.MakeSeed()
	digits = regexp.MustCompile(`\d{4,}`)
)

// varied gives an answer the order's id, and changes its other numbers and the minutes of its times,
// so that no order looks like its neighbours. A number that comes twice is the same twice afterwards.
func varied(body []byte, id upstream.OrderID) []byte {
	return digits.ReplaceAllFunc(body, func(number []byte) []byte {
		switch string(number) {
		case "1111111111111111111":
			return fmt.Append(nil, id)
		case "1688", "0700", "0800": // a domain, and offsets
			return number
		}
		random := rand.New(rand.NewPCG(uint64(id), maphash.Bytes(seed, number)))
		number = bytes.Clone(number)
		from, to, highest := 1, len(number), 9
		if bytes.HasPrefix(number, []byte("20")) && len(number) >= 14 { // a time
			from, to, highest = 10, 14, 5
		}
		for i := from; i < to; i++ {
			number[i] = byte('0' + random.IntN(highest+1))
		}
		return number
	})
}
