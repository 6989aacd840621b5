package cache

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
		total := upstream.Usage{}
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
		first := b.later(asking{needs: needs(upstream.DomainNativeLogistics|upstream.DomainRateDetail, "a")})
		joined := b.later(asking{needs: needs(upstream.DomainRateDetail)})
		other := b.later(asking{needs: needs(upstream.DomainOrderInvoice)})
		b.expect(first(), "call 1", "", oneCall)
		b.expect(joined(), "call 1", "", nothingCounted)
		b.expect(other(), "call 2", "", oneCall)
		want := needs(upstream.DomainNativeLogistics|upstream.DomainRateDetail|upstream.DomainOrderInvoice, "a")
		if got := b.lastNeeds(); got.Domains != want.Domains || !slices.Equal(got.AttributeKeys, want.AttributeKeys) {
			b.Errorf("asked for %v, want the union %v", got, want)
		}
		b.expect(b.ask(asking{needs: want}), "call 2", "", oneHit)
	})
}

func TestOlderCallDoesNotReplaceCopy(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.act = taking(5*time.Second, time.Second)
		older := b.later(asking{needs: needs(upstream.DomainRateDetail)})
		newer := b.later(asking{needs: needs(upstream.DomainOrderInvoice)})
		b.expect(newer(), "call 2", "", oneCall)
		b.expect(b.ask(asking{needs: needs(upstream.DomainRateDetail)}), "call 2", "", oneHit)
		b.expect(older(), "call 1", "", oneCall)
		b.expect(b.ask(asking{needs: needs(upstream.DomainRateDetail | upstream.DomainOrderInvoice)}), "call 2", "", oneHit)
		synctest.Wait()
		b.expect(b.ask(asking{needs: needs(upstream.DomainRateDetail | upstream.DomainOrderInvoice)}), "call 2", "", oneHit)
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
		b.expect(starter(), "", "timeout", oneCall)
		b.expect(joiner(), "", "timeout", nothingCounted)
		b.expect(b.ask(asking{ctx: ctx, id: 2}), "", "timeout", nothingCounted)
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
		b.expect(b.ask(asking{ctx: ctx}), "call 1", "", upstream.Usage{Calls: 1, Hits: 1, Stale: 1})
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
					if got.kind() != "internal" || strings.Contains(got.err.Error(), "13800000000") {
						b.Errorf("got %v", got.err)
					}
				}
				b.set(func(f *fake) { f.act = nil })
				b.expect(b.ask(asking{}), "call 2", "", oneCall)
			})
		})
	}
}

// Nobody pays for what was just brought: there is the call to join until there is its copy.
func TestNobodyPaysForWhatWasJustBrought(t *testing.T) {
	var calls atomic.Int64
	cache, err := New(ordersFunc(func(_ context.Context, request upstream.Request) (upstream.Result, error) {
		request.Begin()
		calls.Add(1)
		return answer(request, "", 1), nil
	}), defaults())
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	for id := range upstream.OrderID(500) {
		var running sync.WaitGroup
		for range 4 {
			running.Go(func() {
				if _, err := cache.Order(t.Context(), upstream.Request{Key: upstream.Key{ID: id + 1}, Caller: &upstream.Caller{}, Meter: &upstream.Meter{}}); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		if made := calls.Load(); made != int64(id+1) {
			t.Fatalf("%d calls for %d orders", made, id+1)
		}
	}
}

// However calls for one order overlap, the copy that stays is that of the latest version.
func TestLatestVersionStays(t *testing.T) {
	cache, err := New(ordersFunc(func(_ context.Context, request upstream.Request) (upstream.Result, error) {
		if !request.Begin() {
			return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout}
		}
		return answer(request, "", 1), nil
	}), defaults())
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	for id := range upstream.OrderID(200) {
		request := upstream.Request{Key: upstream.Key{ID: id + 1}, Caller: &upstream.Caller{}}
		var mu sync.Mutex
		var latest upstream.Version
		var running sync.WaitGroup
		for range 8 {
			running.Go(func() {
				request := request
				request.Meter, request.Freshness = &upstream.Meter{}, upstream.Freshness{NoCache: true, ArrivedAt: time.Now()}
				result, err := cache.Order(t.Context(), request)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				latest = max(latest, result.Version)
			})
		}
		running.Wait()
		request.Meter, request.Freshness = &upstream.Meter{}, upstream.Freshness{}
		if result, err := cache.Order(t.Context(), request); err != nil || result.Version != latest {
			t.Fatalf("order %d: version %d and %v, want %d", id+1, result.Version, err, latest)
		}
	}
}

// What a later version answered is not undone by an older call that comes late, also if that answer was
// not kept.
func TestOlderCallDoesNotUndoAnAnswerThatIsNotKept(t *testing.T) {
	options := defaults()
	options.TTL, options.StaleIfError = 0, 0
	for name, newer := range map[string]struct {
		status string
		order  *upstream.Order
		note   string
	}{
		"not worth keeping": {"waitbuyerpay", &upstream.Order{}, "call 2"},
		"no such order":     {"success", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, options, func(b *bench) {
				slow := taking(5*time.Second, time.Second, time.Second)
				b.status = "success" // which would be fresh for minutes
				b.act = func(ctx context.Context, call int) (upstream.Result, error) {
					result, err := slow(ctx, call)
					if call == 2 {
						result.Order = newer.order
					}
					return result, err
				}
				older := b.later(asking{needs: needs(upstream.DomainRateDetail)})
				b.set(func(f *fake) { f.status = newer.status })
				b.expect(b.ask(asking{needs: needs(upstream.DomainOrderInvoice)}), newer.note, "", oneCall)
				b.expect(older(), "call 1", "", oneCall)
				b.expect(b.ask(asking{}), "call 3", "", oneCall)
			})
		})
	}
}

// Success without an order is an answer: the copy from before is out of date.
func TestNoOrderDropsTheCopy(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.expect(b.ask(asking{}), "call 1", "", oneCall)
		b.set(func(f *fake) { f.act = noOrder })
		b.expect(b.ask(asking{noCache: true}), "", "", oneCall)
		b.expect(b.ask(asking{}), "", "", oneCall)
	})
}

func TestWaitingCallEndsWithItsLastWaiter(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.queue = 10 * time.Second
		ctx, hangUp := context.WithCancel(b.Context())
		limited, cancel := context.WithTimeout(b.Context(), 2*time.Second)
		defer cancel()
		starter, joiner := b.later(asking{ctx: ctx}), b.later(asking{ctx: limited})
		hangUp()
		left := starter()
		b.expect(left, "", "timeout", nothingCounted)
		b.expectWaiting(1)
		b.expect(joiner(), "", "timeout", nothingCounted) // its deadline has passed
		b.expectWaiting(0)
		if bill := left.bill(); bill != nothingCounted {
			b.Errorf("a call that was not made cost %+v", bill)
		}
		time.Sleep(time.Minute)
		b.expectCalls(0)
		if left := len(b.cache.inflight.calls); left > 0 {
			b.Errorf("%d orders have calls under way", left)
		}
	})
}

// Of twenty calls of one request that leaves, those that were written are finished and kept, and on its bill.
func TestOnlyWrittenCallsOutliveTheirRequest(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.latency, b.points = 5*time.Second, 3
		ctx, hangUp := context.WithCancel(b.Context())
		var replies []func() reply
		for id := range upstream.OrderID(20) {
			b.set(func(f *fake) { f.queue = time.Duration(id) * time.Second })
			replies = append(replies, b.later(asking{ctx: ctx, id: id + 1}))
		}
		time.Sleep(2500 * time.Millisecond) // 0, 1 and 2 are written
		hangUp()
		for id, got := range replies {
			left := got()
			if left.kind() != "timeout" {
				b.Errorf("order %d: %+v", id+1, left)
			}
			want := upstream.Usage{}
			if id < 3 {
				want = upstream.Usage{Calls: 1, Points: 3}
			}
			if bill := left.bill(); bill != want {
				b.Errorf("order %d cost %+v, want %+v", id+1, bill, want)
			}
		}
		b.expectWaiting(0)
		time.Sleep(time.Minute / 4)
		b.expectCalls(3)
		for id := range upstream.OrderID(3) {
			b.expect(b.ask(asking{id: id + 1}), fmt.Sprint("call ", id+1), "", oneHit)
		}
	})
}

// An abandoned call may take a while to notice.
func TestNobodyJoinsAnAbandonedCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		cache, err := New(ordersFunc(func(ctx context.Context, request upstream.Request) (upstream.Result, error) {
			if sleep(ctx, 10*time.Second) != nil {
				time.Sleep(time.Minute)
			}
			if !request.Begin() {
				return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout}
			}
			calls++
			return answer(request, "", calls), nil
		}), defaults())
		if err != nil {
			t.Fatal(err)
		}
		defer cache.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		request := upstream.Request{Key: upstream.Key{ID: 1}, Caller: &upstream.Caller{}, Meter: &upstream.Meter{}}
		if _, err := cache.Order(ctx, request); upstream.KindOf(err) != upstream.KindTimeout {
			t.Errorf("got %v", err)
		}
		came := time.Now()
		if result, err := cache.Order(t.Context(), request); err != nil || result.Order == nil || time.Since(came) != 10*time.Second {
			t.Errorf("got %v and %v after %v, want a call of its own", result.Order, err, time.Since(came))
		}
		cache.inflight.running.Wait()
		if calls != 1 {
			t.Errorf("%d calls were made", calls)
		}
	})
}

func TestStarterOfASharedCallMayLeave(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.queue = 10 * time.Second
		ctx, hangUp := context.WithCancel(b.Context())
		starter, joiner := b.later(asking{ctx: ctx}), b.later(asking{})
		hangUp()
		left := starter()
		b.expect(left, "", "timeout", nothingCounted)
		b.expect(joiner(), "call 1", "", nothingCounted)
		if bill := left.bill(); bill != oneCall {
			b.Errorf("the request that started the call paid %+v", bill)
		}
	})
}

// A call that found no connection tries again: it is asked whether anybody still waits, and gets another version.
func TestBeginIsAskedForEachAttempt(t *testing.T) {
	for _, stays := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			cache, err := New(ordersFunc(func(_ context.Context, request upstream.Request) (upstream.Result, error) {
				for request.Begin() {
					if attempts++; attempts == 2 {
						return answer(request, "", attempts), nil
					}
					time.Sleep(2 * time.Second)
				}
				return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout}
			}), defaults())
			if err != nil {
				t.Fatal(err)
			}
			defer cache.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if stays {
				ctx = t.Context()
			}
			defer cancel()
			result, err := cache.Order(ctx, upstream.Request{Key: upstream.Key{ID: 1}, Caller: &upstream.Caller{}, Meter: &upstream.Meter{}})
			cache.inflight.running.Wait()
			switch {
			case stays && (err != nil || attempts != 2 || result.Version < upstream.Version(time.Now().Add(-time.Second).UnixMicro())):
				t.Errorf("version %d, %v after %d attempts", result.Version, err, attempts)
			case !stays && (err == nil || attempts != 1):
				t.Errorf("%d attempts for nobody, %v", attempts, err)
			}
		})
	}
}

type ordersFunc func(context.Context, upstream.Request) (upstream.Result, error)

func (f ordersFunc) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	return f(ctx, request)
}

// What was asked last is newest, and not what was wanted first: a call may wait long for its turn.
func TestCallGetsItsVersionWhenItIsWritten(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.queue = 5 * time.Second
		waits := b.later(asking{needs: needs(upstream.DomainRateDetail)})
		b.set(func(f *fake) { f.queue = 0 })
		b.expect(b.ask(asking{needs: needs(upstream.DomainOrderInvoice)}), "call 1", "", oneCall)
		b.expect(waits(), "call 2", "", oneCall)
		b.expect(b.ask(asking{needs: needs(upstream.DomainRateDetail)}), "call 2", "", oneHit)
	})
}

// A call that still waits for its turn will be written after whoever comes now.
func TestNoCacheJoinsWhatIsNotWritten(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.queue, b.latency = 5*time.Second, 5*time.Second
		first := b.later(asking{})
		time.Sleep(4 * time.Second)
		early := b.later(asking{noCache: true})
		time.Sleep(2 * time.Second)
		late := b.later(asking{noCache: true})
		b.expect(first(), "call 1", "", oneCall)
		b.expect(early(), "call 1", "", nothingCounted)
		b.expect(late(), "call 2", "", oneCall)
	})
}

// A call is refused for lack of capacity to the request that started it, not to those who joined.
func TestOverloadOfAnotherIsTriedOnce(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.queue, b.unwritten = time.Second, &upstream.Error{Kind: upstream.KindOverloaded}
		refused, admitted := b.later(asking{}), b.later(asking{})
		b.set(func(f *fake) { f.unwritten = nil })
		b.expect(refused(), "", "overloaded", nothingCounted)
		b.expect(admitted(), "call 1", "", oneCall)

		b.set(func(f *fake) { f.unwritten = &upstream.Error{Kind: upstream.KindOverloaded} })
		first, second := b.later(asking{id: 2}), b.later(asking{id: 2})
		b.expect(first(), "", "overloaded", nothingCounted)
		b.expect(second(), "", "overloaded", nothingCounted)
	})
}

func TestNoCallStartsForARequestThatHasEnded(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		meter := &upstream.Meter{}
		meter.Close(func(upstream.Usage) {})
		_, err := b.cache.Order(b.Context(), upstream.Request{Key: upstream.Key{ID: 1}, Caller: &upstream.Caller{}, Meter: meter})
		if upstream.KindOf(err) != upstream.KindTimeout {
			b.Errorf("got %v", err)
		}
		b.expectCalls(0)
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

// Close lets the calls that were written end, for a moment, and none that waits.
func TestClose(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.latency = 2 * time.Second
		soon := b.later(asking{})
		b.set(func(f *fake) { f.latency = time.Hour })
		never := b.later(asking{id: 2})
		b.set(func(f *fake) { f.queue = time.Second })
		waiting := b.later(asking{id: 3})
		closed := time.Now()
		b.cache.Close()
		if took := time.Since(closed); took != closeWait {
			b.Errorf("took %v", took)
		}
		b.expect(soon(), "call 1", "", oneCall)
		b.expect(never(), "", "timeout", oneCall)
		b.expect(waiting(), "", "timeout", nothingCounted)
		b.expectCalls(2)
		b.expect(b.ask(asking{id: 4}), "", "unavailable", nothingCounted)
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
