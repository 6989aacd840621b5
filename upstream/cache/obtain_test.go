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
		if needs, err := decodeNeeds(record); err == nil && fmt.Sprint(encodeNeeds(needs)) != fmt.Sprint(record) {
			t.Errorf("%v became %v", record, encodeNeeds(needs))
		}
		_, _, _, _ = decodeFailure(record)
		if s, err := c.decodeCopy(key{}, 1, record, time.Now()); err == nil {
			if again, err := c.decodeCopy(key{}, 1, encodeCopy(s), time.Now()); err != nil || again.fetchedAt != s.fetchedAt {
				t.Errorf("%+v, %v", again, err)
			}
		}
	})
}
