package cache

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

// noOrder answers with success but without an order.
func noOrder(context.Context, int) (upstream.Result, error) { return upstream.Result{}, nil }

// taking lets each call take its own time.
func taking(latencies ...time.Duration) func(context.Context, int) (upstream.Result, error) {
	return func(ctx context.Context, call int) (upstream.Result, error) {
		if err := sleep(ctx, latencies[call-1]); err != nil {
			return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout, Outage: true, Cause: err}
		}
		return upstream.Result{Order: &upstream.Order{}}, nil // the fake makes it a proper one
	}
}

func TestColdRequestsShareOneCall(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		replies := make(chan reply)
		for range 50 {
			go func() { replies <- b.ask(asking{}) }()
		}
		total := upstream.Counts{}
		for range 50 {
			got := <-replies
			if got.note() != "call 1" {
				b.Errorf("got %+v", got)
			}
			total.Calls += got.counts.Calls
			total.Hits += got.counts.Hits
		}
		if total != oneCall {
			b.Errorf("all together cost %+v, want one call", total)
		}
	})
}

func TestJoinsOnlyWhatCovers(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		first := b.later(asking{needs: needs(upstream.NativeLogistics|upstream.RateDetail, "a")})
		joined := b.later(asking{needs: needs(upstream.RateDetail)})
		other := b.later(asking{needs: needs(upstream.OrderInvoice)})
		b.expect(first(), "call 1", "", oneCall)
		b.expect(joined(), "call 1", "", nothingCounted)
		b.expect(other(), "call 2", "", oneCall)
		want := needs(upstream.NativeLogistics|upstream.RateDetail|upstream.OrderInvoice, "a")
		if got := b.lastNeeds(); got.Domains != want.Domains || !slices.Equal(got.AttributeKeys, want.AttributeKeys) {
			b.Errorf("asked for %v, want the union %v", got, want)
		}
		b.expect(b.ask(asking{needs: want}), "call 2", "", oneHit)
	})
}

func TestOlderFlightDoesNotReplaceCopy(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.act = taking(5*time.Second, time.Second)
		older := b.later(asking{needs: needs(upstream.RateDetail)})
		newer := b.later(asking{needs: needs(upstream.OrderInvoice)})
		b.expect(newer(), "call 2", "", oneCall)
		b.expect(b.ask(asking{needs: needs(upstream.RateDetail)}), "call 2", "", oneHit)
		b.expect(older(), "call 1", "", oneCall)
		b.expect(b.ask(asking{needs: needs(upstream.RateDetail | upstream.OrderInvoice)}), "call 2", "", oneHit)
		synctest.Wait()
		b.expect(b.ask(asking{needs: needs(upstream.RateDetail | upstream.OrderInvoice)}), "call 2", "", oneHit)
	})
}

func TestNoCacheJoinsOnlyLaterCalls(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.latency = 10 * time.Second
		early := time.Now()
		time.Sleep(time.Second)
		first := b.later(asking{})
		time.Sleep(time.Second)
		waited := b.later(asking{noCache: true, arrivedAt: early})
		own := b.later(asking{noCache: true})
		b.expectCalls(2)
		time.Sleep(time.Second)
		b.expect(first(), "call 1", "", oneCall)
		b.expect(waited(), "call 1", "", nothingCounted)
		b.expect(own(), "call 2", "", oneCall)
		b.expect(b.ask(asking{}), "call 2", "", oneHit)
	})
}

func TestCallersHangUp(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		ctx, hangUp := context.WithCancel(b.Context())
		starter, joiner := b.later(asking{ctx: ctx}), b.later(asking{ctx: ctx})
		hangUp()
		b.expect(starter(), "", "UPSTREAM_TIMEOUT", oneCall)
		b.expect(joiner(), "", "UPSTREAM_TIMEOUT", nothingCounted)
		b.expect(b.ask(asking{ctx: ctx, id: 2}), "", "UPSTREAM_TIMEOUT", nothingCounted)
		synctest.Wait()
		b.expectCalls(1)
		time.Sleep(2 * time.Second)
		b.expect(b.ask(asking{}), "call 1", "", oneHit)
		b.expect(b.ask(asking{ctx: ctx}), "call 1", "", oneHit)
	})
}

func TestDeadlineOfWaiterServesStale(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.ask(asking{})
		time.Sleep(time.Minute)
		b.set(func(f *fake) { f.latency = 10 * time.Second })
		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		defer cancel()
		b.expect(b.ask(asking{ctx: ctx}), "call 1", "", upstream.Counts{Calls: 1, Hits: 1, Stale: 1})
	})
}

func TestCallTimeout(t *testing.T) {
	options := defaults()
	options.CallTimeout = 3 * time.Second
	inBubble(t, options, func(b *bench) {
		b.latency = time.Hour
		started := time.Now()
		b.expect(b.ask(asking{}), "", "UPSTREAM_TIMEOUT", oneCall)
		if took := time.Since(started); took != 3*time.Second {
			b.Errorf("took %v", took)
		}
	})
}

func TestPanics(t *testing.T) {
	for _, test := range []struct {
		name  string
		panic func()
	}{
		{"runtime error", func() { _ = []int{}[len(t.Name())] }},
		{"value", func() { panic("13800000000") }},
		{"goexit", runtime.Goexit},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, defaults(), func(b *bench) {
				b.act = func(ctx context.Context, _ int) (upstream.Result, error) {
					if err := sleep(ctx, time.Second); err != nil {
						return upstream.Result{}, err
					}
					test.panic()
					return upstream.Result{}, nil
				}
				starter, joiner := b.later(asking{}), b.later(asking{})
				for _, got := range []reply{starter(), joiner()} {
					if got.kind() != "INTERNAL_SERVER_ERROR" || strings.Contains(got.err.Error(), "13800000000") {
						b.Errorf("got %v", got.err)
					}
				}
				b.set(func(f *fake) { f.act = nil })
				b.expect(b.ask(asking{}), "call 2", "", oneCall)
			})
		})
	}
}

func TestOverloadOfAnotherIsTriedOnce(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.act = func(ctx context.Context, call int) (upstream.Result, error) {
			if call == 1 {
				time.Sleep(time.Second)
				return upstream.Result{}, &upstream.Error{Kind: upstream.KindOverloaded}
			}
			return upstream.Result{Order: &upstream.Order{}}, nil
		}
		refused, admitted := b.later(asking{}), b.later(asking{})
		b.expect(refused(), "", "OVERLOADED", oneCall)
		b.expect(admitted(), "call 2", "", oneCall)
	})
}

// slowLevel keeps copies for ever, and takes its time to store them.
type slowLevel struct {
	nothing
	takes  time.Duration
	mutex  sync.Mutex
	copies map[key]*snapshot
}

func (l *slowLevel) get(k key) *snapshot {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.copies[k]
}

func (l *slowLevel) put(s *snapshot, _ []byte) {
	time.Sleep(l.takes)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.copies[s.key] = s
}

func (b *bench) storeSlowly(takes time.Duration) {
	b.cache.level.close()
	b.cache.level = &slowLevel{takes: takes, copies: map[key]*snapshot{}}
}

func TestCopyIsServedWhileItIsStored(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.storeSlowly(10 * time.Second)
		b.expect(b.ask(asking{}), "call 1", "", oneCall)
		b.expect(b.ask(asking{}), "call 1", "", oneHit)
		before := time.Now()
		time.Sleep(time.Second)
		b.expect(b.ask(asking{noCache: true}), "call 2", "", oneCall)
		b.expect(b.ask(asking{}), "call 2", "", oneHit)
		b.expect(b.ask(asking{noCache: true, arrivedAt: before}), "call 2", "", nothingCounted)
		time.Sleep(9 * time.Second) // the first copy is stored, the second isn't
		b.expect(b.ask(asking{}), "call 2", "", oneHit)
		time.Sleep(12 * time.Second)
		b.expect(b.ask(asking{}), "call 2", "", oneHit)
		b.expectCalls(2)
	})
}

func TestLateOldFlightIsNotServedWhileItWaits(t *testing.T) {
	options := defaults()
	options.CallTimeout = time.Minute
	inBubble(t, options, func(b *bench) {
		b.storeSlowly(10 * time.Second)
		b.act = taking(25*time.Second, time.Second, time.Second)
		older := b.later(asking{needs: needs(upstream.RateDetail)})
		b.expect(b.ask(asking{needs: needs(upstream.OrderInvoice)}), "call 2", "", oneCall)
		time.Sleep(20 * time.Second)
		b.ask(asking{id: 2}) // stored from 22 s to 32 s: the older flight waits for that
		b.expect(older(), "call 1", "", oneCall)
		b.expect(b.ask(asking{needs: needs(upstream.RateDetail)}), "call 2", "", oneHit)
	})
}

func TestStaleCopyIsNotServedWhileItIsStored(t *testing.T) {
	options := defaults()
	options.TTL = 0
	inBubble(t, options, func(b *bench) {
		b.storeSlowly(10 * time.Second)
		b.expect(b.ask(asking{}), "call 1", "", oneCall)
		b.expect(b.ask(asking{}), "call 2", "", oneCall)
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindTimeout, Outage: true} })
		b.expect(b.ask(asking{}), "call 2", "", upstream.Counts{Calls: 1, Hits: 1, Stale: 1})
		time.Sleep(DefaultStaleIfError)
		b.expect(b.ask(asking{}), "", "UPSTREAM_TIMEOUT", oneCall)
	})
}

func TestQuotaServesCopyWhileItIsStored(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.storeSlowly(10 * time.Second)
		b.ask(asking{})
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindQuotaExhausted} })
		b.ask(asking{id: 2})
		b.expect(b.ask(asking{}), "call 1", "", oneHit)
	})
}

func TestCopyIsVisibleAtOnce(t *testing.T) {
	cache, err := New(&fake{latency: 1}, defaults())
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	b := &bench{T: t, cache: cache}
	for id := range upstream.OrderID(500) {
		if got := b.ask(asking{id: id + 1}); got.counts != oneCall {
			t.Fatalf("order %d: %+v", id, got)
		}
		if got := b.ask(asking{id: id + 1}); got.counts != oneHit {
			t.Fatalf("order %d again: %+v", id, got)
		}
	}
}

func TestClose(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.latency = time.Hour
		waiting := b.later(asking{})
		b.cache.Close()
		b.expect(waiting(), "", "UPSTREAM_TIMEOUT", oneCall)
		b.expect(b.ask(asking{}), "", "UPSTREAM_UNAVAILABLE", nothingCounted)
		b.cache.Close()
	})
}

func TestStarterPays(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		type traced struct{}
		b.act = func(ctx context.Context, _ int) (upstream.Result, error) {
			if ctx.Value(traced{}) != "starter" {
				return upstream.Result{}, fmt.Errorf("the call lost the values of its request")
			}
			return upstream.Result{Order: &upstream.Order{}}, nil
		}
		b.expect(b.ask(asking{ctx: context.WithValue(b.Context(), traced{}, "starter")}), "call 1", "", oneCall)
	})
}
