package cache

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/cache/shared"
)

// deployment is some instances that share a cache and an upstream.
type deployment struct {
	*testing.T
	fake      *fake
	shared    *shared.Fake
	connected []*shared.FakeInstance
	instances []*Cache
}

// deploy runs a test on instances in virtual time.
func deploy(t *testing.T, count int, test func(d *deployment)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &deployment{T: t, fake: &fake{}, shared: &shared.Fake{}}
		for range count {
			connected := d.shared.Instance()
			options := defaults()
			options.Shared, options.HashKey = connected, []byte("one for all instances")
			instance, err := New(d.fake, options)
			if err != nil {
				t.Fatal(err)
			}
			defer instance.Close()
			d.connected, d.instances = append(d.connected, connected), append(d.instances, instance)
		}
		test(d)
		synctest.Wait()
	})
}

// outcome is what a request gets.
type outcome struct {
	version upstream.Version
	err     error
	usage   upstream.Usage
}

// ask asks an instance for the order 1, or another one.
func (d *deployment) ask(instance int, needs upstream.Needs, change ...func(*upstream.Request)) outcome {
	request := upstream.Request{
		Key: upstream.Key{ID: 1}, Needs: needs, Caller: &upstream.Caller{Tenant: "me"}, Meter: &upstream.Meter{},
		Freshness: upstream.Freshness{ArrivedAt: time.Now()},
	}
	for _, apply := range change {
		apply(&request)
	}
	result, err := d.instances[instance].Order(context.Background(), request)
	checkFreshUntil(d.T, result)
	return outcome{result.Version, err, request.Meter.Usage()}
}

func noCache(request *upstream.Request) { request.Freshness.NoCache = true }

// askAll asks each instance so many times at once.
func (d *deployment) askAll(times int, needs func(n int) upstream.Needs) (outcomes []outcome) {
	var group sync.WaitGroup
	outcomes = make([]outcome, times*len(d.instances))
	for i := range outcomes {
		group.Go(func() { outcomes[i] = d.ask(i%len(d.instances), needs(i/len(d.instances))) })
	}
	group.Wait()
	return outcomes
}

func (d *deployment) wantCalls(want int) {
	d.Helper()
	if calls := len(d.fake.calls); calls != want {
		d.Errorf("%d calls, want %d", calls, want)
	}
}

func nothing(int) upstream.Needs { return upstream.Needs{} }

func TestOneCallForAllInstances(t *testing.T) {
	deploy(t, 3, func(d *deployment) {
		calls, hits := 0, 0
		for i, got := range d.askAll(100, nothing) {
			if got.err != nil || got.version == 0 {
				t.Fatalf("request %d: %+v", i, got)
			}
			calls, hits = calls+got.usage.Calls, hits+got.usage.Hits
		}
		d.wantCalls(1)
		if calls != 1 || hits != 200 {
			t.Errorf("%d calls and %d hits on the bills, want 1 and 200", calls, hits)
		}
		for i := range 3 {
			if got := d.ask(i, upstream.Needs{}); got.usage.Hits != 1 || got.err != nil {
				t.Errorf("instance %d afterwards: %+v", i, got)
			}
		}
		d.wantCalls(1)
	})
}

func TestDifferentNeedsInDifferentInstances(t *testing.T) {
	domains := []upstream.Domains{upstream.DomainOrderInvoice, upstream.DomainNativeLogistics, upstream.DomainRateDetail}
	deploy(t, 3, func(d *deployment) {
		for i, got := range d.askAll(30, func(n int) upstream.Needs { return upstream.Needs{Domains: domains[n%3]} }) {
			if got.err != nil || got.version == 0 {
				t.Errorf("request %d: %+v", i, got)
			}
		}
		if calls := len(d.fake.calls); calls > 3 {
			t.Errorf("%d calls, want 3 at most", calls)
		}
		before := len(d.fake.calls)
		for i := range 3 {
			if got := d.ask(i, upstream.Needs{Domains: domains[0] | domains[1] | domains[2]}); got.err != nil || got.usage.Calls > 0 {
				t.Errorf("instance %d afterwards: %+v", i, got)
			}
		}
		d.wantCalls(before) // the last call united them all
	})
}

func TestARefreshReachesAllInstances(t *testing.T) {
	deploy(t, 3, func(d *deployment) {
		d.askAll(1, nothing)
		fresh := d.ask(0, upstream.Needs{}, noCache)
		synctest.Wait()
		for i := range 3 {
			if got := d.ask(i, upstream.Needs{}); got.version != fresh.version || got.usage.Hits != 1 {
				t.Errorf("instance %d: %+v, want version %d", i, got, fresh.version)
			}
		}
		d.wantCalls(2)
	})
}

// What another instance has paid for is at hand; what one is paying for is not.
func TestOnlyIfCachedReadsTheSharedCache(t *testing.T) {
	onlyIfCached := func(request *upstream.Request) { request.Freshness.OnlyIfCached = true }
	deploy(t, 2, func(d *deployment) {
		notCached := func(instance int, change ...func(*upstream.Request)) {
			t.Helper()
			got := d.ask(instance, upstream.Needs{}, append(change, onlyIfCached)...)
			if upstream.KindOf(got.err) != upstream.KindNotCached || got.usage != (upstream.Usage{}) {
				t.Errorf("%+v", got)
			}
		}
		notCached(1)
		var group sync.WaitGroup
		group.Go(func() { d.ask(0, upstream.Needs{}) })
		synctest.Wait()
		notCached(0)
		notCached(1)
		group.Wait()
		synctest.Wait()
		for i := range 2 {
			if got := d.ask(i, upstream.Needs{}, onlyIfCached); got.err != nil || got.usage != (upstream.Usage{Hits: 1}) {
				t.Errorf("instance %d: %+v", i, got)
			}
		}
		notCached(1, noCache)
		d.connected[1].Disconnect()
		notCached(1)
		d.connected[1].Connect()
		synctest.Wait()
		time.Sleep(DefaultTTL)
		notCached(1)
		stale := func(request *upstream.Request) { request.Freshness.MaxStale = time.Minute }
		if got := d.ask(1, upstream.Needs{}, onlyIfCached, stale); got.err != nil || got.usage != (upstream.Usage{Hits: 1, Stale: 1}) {
			t.Errorf("%+v", got)
		}
		d.wantCalls(1)
	})
}

// A copy of another instance that is too old for one who waits for it answers those alone whom it is not.
func TestMaxAgeHoldsForCopiesOfOtherInstances(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		d.ask(0, upstream.Needs{})
		time.Sleep(10 * time.Second)
		young := func(request *upstream.Request) { request.Freshness.MaxAge = 5 * time.Second }
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() { d.ask(1, upstream.Needs{}) })
			group.Go(func() {
				if got := d.ask(1, upstream.Needs{}, young); got.err != nil || got.usage.Hits != 0 {
					t.Errorf("%+v", got)
				}
			})
		}
		group.Wait()
		d.wantCalls(2)
	})
}

func TestARefreshIsFoundAfterTheEventWasLost(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		d.askAll(1, nothing)
		d.connected[1].Disconnect()
		fresh := d.ask(0, upstream.Needs{}, noCache)
		if got := d.ask(1, upstream.Needs{}); got.version == fresh.version || got.usage.Hits != 1 {
			t.Errorf("while it is away: %+v", got)
		}
		d.connected[1].Connect()
		synctest.Wait()
		if got := d.ask(1, upstream.Needs{}); got.version != fresh.version || got.usage.Calls != 0 {
			t.Errorf("back again: %+v, want version %d", got, fresh.version)
		}
		d.connected[1].Disconnect()
		d.connected[1].Connect()
		if got := d.ask(1, upstream.Needs{}); got.version != fresh.version || got.usage.Hits != 1 {
			t.Errorf("confirmed: %+v", got)
		}
		d.shared.Flush()
		d.connected[1].Disconnect()
		d.connected[1].Connect()
		if got := d.ask(1, upstream.Needs{}); got.version != fresh.version || got.usage.Hits != 1 {
			t.Errorf("confirmed by an empty cache: %+v", got)
		}
		d.wantCalls(2)
	})
}

func TestFailuresAreShared(t *testing.T) {
	for name, test := range map[string]struct {
		failure      error
		later, kinds int // calls when all ask again, and for how many orders
	}{
		"a refusal of the tenant": {&upstream.Error{Kind: upstream.KindPermissionDenied, Status: 204}, 0, 0},
		"a refusal of the order":  {&upstream.Error{Kind: upstream.KindAccountNotFound, Status: 103}, 0, 0},
		"an outage":               {&upstream.Error{Kind: upstream.KindUnavailable, Outage: true}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			deploy(t, 3, func(d *deployment) {
				d.fake.fail = test.failure
				for i, got := range d.askAll(100, nothing) {
					if upstream.KindOf(got.err) != upstream.KindOf(test.failure) || upstream.IsOutage(got.err) != upstream.IsOutage(test.failure) {
						t.Fatalf("request %d: %+v", i, got)
					}
				}
				d.wantCalls(1)
				time.Sleep(3 * time.Second)
				d.askAll(10, nothing)
				d.wantCalls(1 + test.later)
			})
		})
	}
}

// Of many requests at once some are so slow that the call has ended before they look for it.
func TestARefusalAnswersWhoWasTooSlowToWaitForIt(t *testing.T) {
	for name, test := range map[string]struct {
		failure error
		change  func(*upstream.Request)
		calls   int
	}{
		"a refusal":                {&upstream.Error{Kind: upstream.KindAccountNotFound, Status: 103}, func(*upstream.Request) {}, 1},
		"an outage":                {&upstream.Error{Kind: upstream.KindUnavailable, Outage: true}, func(*upstream.Request) {}, 2},
		"a request without a time": {&upstream.Error{Kind: upstream.KindAccountNotFound, Status: 103}, func(r *upstream.Request) { r.Freshness.ArrivedAt = time.Time{} }, 2},
		"a request for no copies":  {&upstream.Error{Kind: upstream.KindAccountNotFound, Status: 103}, noCache, 2},
		"a later request": {
			&upstream.Error{Kind: upstream.KindBadUserInput, Status: 100}, func(r *upstream.Request) { r.Freshness.ArrivedAt = time.Now() }, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			deploy(t, 2, func(d *deployment) {
				d.connected[1].Disconnect() // so that it is not told
				arrived := time.Now()
				d.fake.act = func(context.Context, int) (upstream.Result, error) {
					time.Sleep(100 * time.Millisecond)
					return upstream.Result{}, test.failure
				}
				d.ask(0, upstream.Needs{})
				synctest.Wait() // until the others are told
				d.connected[1].Connect()
				got := d.ask(1, upstream.Needs{}, func(r *upstream.Request) { r.Freshness.ArrivedAt = arrived }, test.change)
				if upstream.KindOf(got.err) != upstream.KindOf(test.failure) {
					t.Errorf("%+v", got)
				}
				d.wantCalls(test.calls)
			})
		})
	}
}

func TestNoSuchOrderIsShared(t *testing.T) {
	deploy(t, 3, func(d *deployment) {
		d.fake.act = func(context.Context, int) (upstream.Result, error) {
			time.Sleep(time.Second)
			return upstream.Result{}, nil
		}
		for i, got := range d.askAll(50, nothing) {
			if got.err != nil || got.version != 0 {
				t.Fatalf("request %d: %+v", i, got)
			}
		}
		d.wantCalls(1)
	})
}

func TestWithoutTheSharedCacheEachPaysForItself(t *testing.T) {
	deploy(t, 3, func(d *deployment) {
		for _, connected := range d.connected {
			connected.Disconnect()
		}
		for i, got := range d.askAll(10, nothing) {
			if got.err != nil {
				t.Fatalf("request %d: %+v", i, got)
			}
		}
		d.wantCalls(3)
	})
}

// TestALeaderThatGoesAway wants the others to go on when its lease has ended.
func TestALeaderThatGoesAway(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		d.fake.latency = 10 * time.Second
		go d.ask(0, upstream.Needs{})
		synctest.Wait()
		d.connected[0].Disconnect()
		d.fake.set(func(f *fake) { f.latency = time.Second })
		began := time.Now()
		if got := d.ask(1, upstream.Needs{}); got.err != nil || time.Since(began) > 2500*time.Millisecond {
			t.Errorf("after %v: %+v", time.Since(began), got)
		}
		d.wantCalls(2)
	})
}

// TestWhatCannotBeReadIsAMiss wants it to be replaced by one call.
func TestWhatCannotBeReadIsAMiss(t *testing.T) {
	for name, value := range map[string][]byte{"garbage": []byte("garbage"), "nothing": nil, "another format": {9, 0, 0}} {
		t.Run(name, func(t *testing.T) {
			deploy(t, 2, func(d *deployment) {
				d.ask(0, upstream.Needs{})
				synctest.Wait() // the copy is shared after the answer
				tenant := d.instances[1].Tenant(&upstream.Caller{Tenant: "me"})
				d.shared.Overwrite(d.instances[1].nameOf(key{tenant, upstream.Key{ID: 1}}), value)
				for range 2 {
					if got := d.ask(1, upstream.Needs{}); got.err != nil {
						t.Errorf("%+v", got)
					}
				}
				d.wantCalls(2)
			})
		})
	}
}

// name is that of the order 1 for all instances.
func (d *deployment) name() shared.Name {
	tenant := d.instances[0].Tenant(&upstream.Caller{Tenant: "me"})
	return d.instances[0].nameOf(key{tenant, upstream.Key{ID: 1}})
}

// later asks without waiting; the returned function waits.
func (d *deployment) later(instance int, needs upstream.Needs, change ...func(*upstream.Request)) func() outcome {
	outcomes := make(chan outcome, 1)
	go func() { outcomes <- d.ask(instance, needs, change...) }()
	synctest.Wait()
	return func() outcome { return <-outcomes }
}

// TestASlowCallIsSharedToo wants nobody to lose patience with a call that takes long.
func TestASlowCallIsSharedToo(t *testing.T) {
	deploy(t, 3, func(d *deployment) {
		d.fake.latency = 20 * time.Second
		for i, got := range d.askAll(10, nothing) {
			if got.err != nil {
				t.Fatalf("request %d: %+v", i, got)
			}
		}
		d.wantCalls(1)
	})
}

// TestACallThatWaitsIsSharedToo wants those who wait to hear how a call ended that acquired its lease anew before
// it was written.
func TestACallThatWaitsIsSharedToo(t *testing.T) {
	for name, failure := range map[string]error{
		"an order":  nil,
		"a refusal": &upstream.Error{Kind: upstream.KindAccountNotFound, Status: 103},
		"an outage": &upstream.Error{Kind: upstream.KindUnavailable, Outage: true},
	} {
		t.Run(name, func(t *testing.T) {
			deploy(t, 3, func(d *deployment) {
				d.fake.queue, d.fake.latency, d.fake.fail = 100*time.Millisecond, 20*time.Millisecond, failure
				for i, got := range d.askAll(10, nothing) {
					if upstream.KindOf(got.err) != upstream.KindOf(failure) {
						t.Fatalf("request %d: %+v", i, got)
					}
				}
				d.wantCalls(1)
			})
		})
	}
}

// TestWhatIsAskedLastIsNewest lets a call wait for its turn while another instance takes over, asks and is answered.
func TestWhatIsAskedLastIsNewest(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		d.fake.queue = 5 * time.Second
		first := d.later(0, upstream.Needs{}, noCache)
		d.fake.set(func(f *fake) { f.queue = 0 })
		between := d.ask(1, upstream.Needs{}, noCache)
		last := first()
		if last.version <= between.version {
			t.Errorf("version %d was asked after version %d", last.version, between.version)
		}
		synctest.Wait()
		for i := range 2 {
			if got := d.ask(i, upstream.Needs{}); got.version != last.version || got.usage.Calls > 0 {
				t.Errorf("instance %d: %+v, want version %d", i, got, last.version)
			}
		}
	})
}

// TestAnOlderCallDoesNotReplaceACopyOfAnotherInstance lets an instance read a copy before it is told of it.
func TestAnOlderCallDoesNotReplaceACopyOfAnotherInstance(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		d.shared.Delay = func() time.Duration { return time.Minute }
		d.fake.latency = 5 * time.Second
		older := d.later(0, upstream.Needs{})
		d.fake.set(func(f *fake) { f.latency = time.Second })
		wide := upstream.Needs{Domains: upstream.DomainOrderInvoice}
		newer := d.ask(1, wide, noCache)
		synctest.Wait()
		if got := d.ask(0, wide); got.version != newer.version {
			t.Errorf("%+v, want version %d", got, newer.version)
		}
		older()
		if got := d.ask(0, upstream.Needs{}); got.version != newer.version || got.usage.Hits != 1 {
			t.Errorf("after the older call: %+v, want version %d", got, newer.version)
		}
	})
}

// TestNobodyJoinsACallOlderThanWhatIsKnown wants the newer copy for who arrives later.
func TestNobodyJoinsACallOlderThanWhatIsKnown(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		d.fake.latency = 5 * time.Second
		older := d.later(0, upstream.Needs{})
		d.fake.set(func(f *fake) { f.latency = time.Second })
		newer := d.ask(1, upstream.Needs{}, noCache)
		synctest.Wait()
		if got := d.ask(0, upstream.Needs{}); got.version != newer.version || got.usage.Hits != 1 {
			t.Errorf("%+v, want version %d", got, newer.version)
		}
		older()
		d.wantCalls(2)
	})
}

// TestAnAnswerThatIsNotStoredIsNewestToo lets an instance miss that there is no such order any more.
func TestAnAnswerThatIsNotStoredIsNewestToo(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		d.askAll(1, nothing)
		d.connected[1].Disconnect()
		d.fake.act = func(context.Context, int) (upstream.Result, error) { return upstream.Result{}, nil }
		d.ask(0, upstream.Needs{}, noCache)
		synctest.Wait()
		d.connected[1].Connect()
		if got := d.ask(1, upstream.Needs{}); got.version != 0 || got.err != nil {
			t.Errorf("%+v, want no order", got)
		}
	})
}

// TestAFailureThatCannotBeReadIsNone wants a call in its place.
func TestAFailureThatCannotBeReadIsNone(t *testing.T) {
	other := encodeFailure(key{order: upstream.Key{ID: 2}}, nil, time.Now())
	for name, failure := range map[string][]byte{"garbage": []byte("garbage"), "of another order": other, "of another release": []byte(`{"kind":"NEWER"}`)} {
		t.Run(name, func(t *testing.T) {
			deploy(t, 2, func(d *deployment) {
				held, err := d.connected[1].Acquire(d.Context(), d.name(), shared.Seen{}, encodeNeeds(upstream.Needs{}))
				if err != nil {
					t.Fatal(err)
				}
				waiting := d.later(0, upstream.Needs{})
				d.connected[1].Fail(d.name(), held.Version, failure)
				if got := waiting(); got.err != nil || got.version == 0 {
					t.Errorf("%+v, want an order", got)
				}
				d.wantCalls(1)
			})
		})
	}
}

// TestCopiesThatAreNeverFreshAreShared wants those who wait for a call to get its answer, as in one instance.
func TestCopiesThatAreNeverFreshAreShared(t *testing.T) {
	for name, stale := range map[string]time.Duration{"kept for an outage": time.Hour, "not kept": 0} {
		t.Run(name, func(t *testing.T) {
			deploy(t, 3, func(d *deployment) {
				for _, instance := range d.instances {
					instance.options.TTL, instance.options.StaleIfError, instance.memory.options = 0, stale, instance.options
				}
				for i, got := range d.askAll(10, nothing) {
					if got.err != nil || got.version == 0 {
						t.Fatalf("request %d: %+v", i, got)
					}
				}
				d.wantCalls(1)
				d.ask(0, upstream.Needs{})
				synctest.Wait() // until then the call can be joined
				d.ask(1, upstream.Needs{})
				d.wantCalls(3)
			})
		})
	}
}

// TestNoCacheJoinsACallThatWillBeMade wants it to pay for no other one.
func TestNoCacheJoinsACallThatWillBeMade(t *testing.T) {
	for name, connected := range map[string]bool{"connected": true, "not connected": false} {
		t.Run(name, func(t *testing.T) {
			deploy(t, 1, func(d *deployment) {
				if !connected {
					d.connected[0].Disconnect()
				}
				d.fake.queue = time.Second
				first := d.later(0, upstream.Needs{})
				time.Sleep(time.Millisecond)
				if got := d.ask(0, upstream.Needs{}, noCache); got.err != nil || got.version != first().version {
					t.Errorf("%+v", got)
				}
				d.wantCalls(1)
			})
		})
	}
}

// TestAnOutageIsAnsweredFromASharedCopy wants a copy that is no longer fresh where the instance has none.
func TestAnOutageIsAnsweredFromASharedCopy(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		before := d.ask(0, upstream.Needs{})
		time.Sleep(2 * DefaultTTL)
		d.fake.fail = &upstream.Error{Kind: upstream.KindUnavailable, Outage: true}
		if got := d.ask(1, upstream.Needs{}); got.err != nil || got.version != before.version || got.usage.Stale != 1 {
			t.Errorf("%+v, want version %d", got, before.version)
		}
		if got := d.ask(1, upstream.Needs{}, noCache); got.err == nil {
			t.Errorf("%+v for no-cache, want an error", got)
		}
	})
}

// TestACallThatIsBrokenOffIsNobodysFailure wants the others to make theirs when an instance ends.
func TestACallThatIsBrokenOffIsNobodysFailure(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		d.fake.latency = time.Minute
		go d.ask(0, upstream.Needs{})
		synctest.Wait()
		d.fake.set(func(f *fake) { f.latency = time.Second })
		waiting := d.later(1, upstream.Needs{})
		d.instances[0].Close()
		if got := waiting(); got.err != nil || got.usage.Calls != 1 {
			t.Errorf("%+v, want an order", got)
		}
	})
}

// TestWithoutQuotaCopiesAreConfirmed wants them served though no call may be made.
func TestWithoutQuotaCopiesAreConfirmed(t *testing.T) {
	deploy(t, 1, func(d *deployment) {
		before := d.ask(0, upstream.Needs{})
		d.fake.fail = &upstream.Error{Kind: upstream.KindQuotaExhausted}
		d.ask(0, upstream.Needs{}, noCache)
		time.Sleep(time.Millisecond)
		d.connected[0].Disconnect()
		d.connected[0].Connect()
		if got := d.ask(0, upstream.Needs{}); got.err != nil || got.version != before.version {
			t.Errorf("%+v, want version %d", got, before.version)
		}
		d.wantCalls(2)
	})
}

// TestAnOutdatedCopyIsStale wants that said where it is served in an outage.
func TestAnOutdatedCopyIsStale(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		d.askAll(1, nothing)
		d.ask(0, upstream.Needs{}, noCache)
		synctest.Wait()
		for _, connected := range d.connected {
			connected.Disconnect()
		}
		d.fake.fail = &upstream.Error{Kind: upstream.KindUnavailable, Outage: true}
		request := upstream.Request{
			Key: upstream.Key{ID: 1}, Caller: &upstream.Caller{Tenant: "me"}, Meter: &upstream.Meter{},
		}
		got, err := d.instances[1].Order(d.Context(), request)
		if err != nil || got.FreshUntil.After(time.Now()) || request.Meter.Usage().Stale != 1 {
			t.Errorf("fresh until %v, %v, %+v", got.FreshUntil, err, request.Meter.Usage())
		}
		checkFreshUntil(t, got)
	})
}

// TestCallsAloneAreNewerThanWhatIsKnown wants the order of calls kept where the shared cache's clock is ahead.
func TestCallsAloneAreNewerThanWhatIsKnown(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		d.shared.NextVersion = func(least shared.Version) shared.Version {
			return max(least, shared.Version(time.Now().Add(time.Minute).UnixMicro()))
		}
		d.ask(0, upstream.Needs{})
		synctest.Wait()
		d.ask(1, upstream.Needs{})
		d.connected[1].Disconnect()
		alone := d.ask(1, upstream.Needs{}, noCache)
		d.connected[1].Connect()
		if got := d.ask(1, upstream.Needs{}); got.version != alone.version || got.usage.Hits != 1 {
			t.Errorf("%+v, want version %d", got, alone.version)
		}
	})
}

// TestPartsOfANewerReleaseAreNotClaimed wants no copy to say that it has what this release can't ask for.
func TestPartsOfANewerReleaseAreNotClaimed(t *testing.T) {
	needs, err := decodeNeeds([]byte{recordFormat, 0xf1})
	if err != nil || needs.Domains != upstream.DomainGuaranteesTerms {
		t.Errorf("%v, %v", needs, err)
	}
}

// TestKeysAreToldApart wants a key with a zero byte not taken for two.
func TestKeysAreToldApart(t *testing.T) {
	needs, err := decodeNeeds(encodeNeeds(upstream.Needs{AttributeKeys: []string{"a\x00b", "c"}}))
	if err != nil || len(needs.AttributeKeys) != 1 || needs.AttributeKeys[0] != "c" {
		t.Errorf("%q, %v", needs, err)
	}
}

// TestALeaseEndsThatCouldNotBeEnded lets a leader be away for the moment in which its call ends.
func TestALeaseEndsThatCouldNotBeEnded(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		leader := d.later(0, upstream.Needs{})
		time.Sleep(time.Second / 2)
		d.connected[0].Disconnect()
		leader()
		synctest.Wait()
		d.connected[0].Connect()
		if got := d.ask(1, upstream.Needs{}); got.err != nil || got.usage.Calls != 1 {
			t.Errorf("%+v", got)
		}
	})
}

// TestNobodyJoinsACallFromBeforeABreak lets an instance be away while a newer call than its own is answered.
func TestNobodyJoinsACallFromBeforeABreak(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		d.connected[0].Disconnect()
		d.fake.latency = 5 * time.Second
		older := d.later(0, upstream.Needs{})
		time.Sleep(time.Millisecond)
		d.fake.set(func(f *fake) { f.latency = time.Second })
		newer := d.ask(1, upstream.Needs{}, noCache)
		synctest.Wait()
		d.connected[0].Connect()
		if got := d.ask(0, upstream.Needs{}); got.version != newer.version || got.usage.Hits != 1 {
			t.Errorf("%+v, want version %d", got, newer.version)
		}
		older()
		if got := d.ask(0, upstream.Needs{}); got.version != newer.version {
			t.Errorf("after the older call: %+v, want version %d", got, newer.version)
		}
	})
}

// TestTheLeaseOfACallEndsThatGoesByAnotherClock lets a call that waited get its version from its instance, whose clock
// is behind that of the shared cache.
func TestTheLeaseOfACallEndsThatGoesByAnotherClock(t *testing.T) {
	deploy(t, 1, func(d *deployment) {
		d.shared.NextVersion = func(least shared.Version) shared.Version {
			return max(least, shared.Version(time.Now().Add(time.Minute).UnixMicro()))
		}
		d.fake.queue = 500 * time.Millisecond
		asked := d.later(0, upstream.Needs{})
		time.Sleep(400 * time.Millisecond)
		d.connected[0].Disconnect()
		time.Sleep(200 * time.Millisecond)
		d.connected[0].Connect()
		if got := asked(); got.err != nil {
			t.Errorf("%+v", got)
		}
		synctest.Wait()
		if leases := d.shared.Leases(); leases != 0 {
			t.Errorf("%d leases remain", leases)
		}
	})
}

func FuzzSharedRecords(f *testing.F) {
	c, err := New(&fake{}, defaults())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(c.Close)
	f.Add(encodeNeeds(upstream.Needs{Domains: 3, AttributeKeys: []string{"a", "b"}}))
	f.Add(encodeFailure(key{}, &upstream.Error{Kind: upstream.KindTimeout}, time.Now()))
	f.Add(encodeFailure(key{}, nil, time.Now()))
	f.Add(encodeCopy(&snapshot{compressed: upstream.CompressAnswer([]byte(`{"data":{"result":{"base_info":{"status":"success"}}}}`))}))
	f.Fuzz(func(t *testing.T, record []byte) {
		if needs, err := decodeNeeds(record); err == nil {
			// All but what only a later release can ask for.
			if again := encodeNeeds(needs); len(again) != len(record) || fmt.Sprint(again[2:]) != fmt.Sprint(record[2:]) || again[1]&^record[1] != 0 {
				t.Errorf("%v became %v", record, again)
			}
		}
		_, _, _, _ = decodeFailure(record)
		if s, err := c.decodeCopy(key{}, 1, record, time.Now()); err == nil {
			if again, err := c.decodeCopy(key{}, 1, encodeCopy(s), time.Now()); err != nil || again.fetchedAt != s.fetchedAt {
				t.Errorf("%+v, %v", again, err)
			}
		}
	})
}
