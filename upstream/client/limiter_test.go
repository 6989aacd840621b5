package client

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 100 * time.Millisecond}
		client := wire.client(t, Options{Concurrency: 4})
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				if err := order(client); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if state := client.State(); state.InFlight != 4 || state.Waiting != 6 {
			t.Errorf("state %+v, want 4 in flight and 6 waiting", state)
		}
		group.Wait()
		if state := client.State(); state.InFlight != 0 || state.Waiting != 0 {
			t.Errorf("state %+v, want idle", state)
		}
		if last := wire.started[9].Sub(wire.started[0]); last != 200*time.Millisecond {
			t.Errorf("the last call started after %v, want 200ms", last)
		}
	})
}

// busy fills all places with calls of one request, and returns when they are under way.
func busy(t *testing.T, group *sync.WaitGroup, client *Client, calls int) *upstream.Meter {
	t.Helper()
	request := testRequest()
	for range calls {
		group.Go(func() {
			if _, err := client.Order(context.Background(), request); err != nil {
				t.Errorf("a call of an admitted request failed: %v", err)
			}
		})
	}
	synctest.Wait()
	return request.Meter
}

func TestNewRequestIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 3 * time.Second}
		client := wire.client(t, Options{Concurrency: 2})
		if err := order(client); err != nil { // now calls are known to take 3 s
			t.Fatal(err)
		}
		var group sync.WaitGroup
		busy(t, &group, client, 2)
		begun := time.Now()
		request := testRequest()
		_, err := client.Order(t.Context(), request)
		refused := checkFailure(t, err, upstream.KindOverloaded)
		if time.Since(begun) != 0 || refused.RetryAfter != 3*time.Second {
			t.Errorf("refused after %v with %v, want at once with 3s", time.Since(begun), refused.RetryAfter)
		}
		if counts := request.Meter.Usage(); counts != (upstream.Usage{}) {
			t.Errorf("the refused request is billed %+v", counts)
		}
		group.Wait()
	})
}

func TestNewRequestIsAdmittedWhenItsTurnIsNear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 3 * time.Second}
		client := wire.client(t, Options{Concurrency: 1})
		if err := order(client); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		busy(t, &group, client, 1)
		time.Sleep(2100 * time.Millisecond)
		if err := order(client); err != nil {
			t.Errorf("0.9s before a place gets free: %v", err)
		}
		group.Wait()
	})
}

// TestNewRequestWaitsOneSecondAtMost has no earlier calls to estimate from.
func TestNewRequestWaitsOneSecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 3 * time.Second}
		client := wire.client(t, Options{Concurrency: 1})
		var group sync.WaitGroup
		busy(t, &group, client, 1)
		begun := time.Now()
		checkFailure(t, order(client), upstream.KindOverloaded)
		if waited := time.Since(begun); waited != maxFirstWait {
			t.Errorf("refused after %v, want %v", waited, maxFirstWait)
		}
		// The call under way is late by now, so the next request need not wait to know.
		time.Sleep(100 * time.Millisecond)
		begun = time.Now()
		checkFailure(t, order(client), upstream.KindOverloaded)
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("refused after %v, want at once", waited)
		}
		group.Wait()
	})
}

func TestAdmittedRequestWaitsToItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 2 * time.Second}
		client := wire.client(t, Options{Concurrency: 1})
		request := testRequest()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var done, late int
		var mu sync.Mutex
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				_, err := client.Order(ctx, request)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done++
				case upstream.KindOf(err) == upstream.KindTimeout:
					late++
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if done != 2 || late != 3 {
			t.Errorf("%d orders and %d timeouts, want 2 and 3", done, late)
		}
		if calls := request.Meter.Usage().Calls; calls != 3 {
			t.Errorf("%d calls on the bill, want 3: two answered and one cut off", calls)
		}
	})
}

// TestRefusedRequestIsRefusedWhole refuses the calls that came while the first one waited.
func TestRefusedRequestIsRefusedWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 3 * time.Second}
		client := wire.client(t, Options{Concurrency: 1})
		var group sync.WaitGroup
		busy(t, &group, client, 1)
		request := testRequest()
		for range 3 {
			group.Go(func() {
				_, err := client.Order(t.Context(), request)
				checkFailure(t, err, upstream.KindOverloaded)
			})
		}
		group.Wait()
		if _, err := client.Order(t.Context(), request); upstream.KindOf(err) != upstream.KindOverloaded {
			t.Errorf("a later call of the refused request gets %v", err)
		}
	})
}

func TestFirstCallThatLeavesRefusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 600 * time.Millisecond}
		client := wire.client(t, Options{Concurrency: 1})
		var group sync.WaitGroup
		busy(t, &group, client, 1)
		request := testRequest()
		ctx, cancel := context.WithCancel(t.Context())
		group.Go(func() {
			_, err := client.Order(ctx, request)
			checkFailure(t, err, upstream.KindTimeout)
		})
		synctest.Wait()
		cancel()
		if _, err := client.Order(t.Context(), request); err != nil {
			t.Error(err)
		}
		group.Wait()
	})
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{}
		client := wire.client(t, Options{Rate: 2})
		var group sync.WaitGroup
		busy(t, &group, client, 5)
		group.Wait()
		for i, at := range wire.started {
			if after := at.Sub(wire.started[0]); after != time.Duration(i)*500*time.Millisecond {
				t.Errorf("call %d started after %v", i, after)
			}
		}
	})
}

func TestRateRefusesNewRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := (&fakeWire{}).client(t, Options{Rate: 2})
		refused := 0
		for _, err := range orderAll(client, 10) {
			if upstream.KindOf(err) == upstream.KindOverloaded {
				refused++
			} else if err != nil {
				t.Error(err)
			}
		}
		// At once, after half a second and after one.
		if refused != 7 {
			t.Errorf("%d of 10 requests were refused, want 7", refused)
		}
	})
}

func TestRateIsLeftAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := (&fakeWire{}).client(t, Options{Rate: 0.1})
		request := testRequest()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := client.Order(ctx, request); err != nil {
			t.Fatal(err)
		}
		_, err := client.Order(ctx, request)
		checkFailure(t, err, upstream.KindTimeout)
		if !errors.Is(err, context.DeadlineExceeded) || client.State().InFlight != 0 {
			t.Errorf("got %v, state %+v", err, client.State())
		}
	})
}

// loud asks for n orders at once in one request of a caller, and returns how to wait for them. They may
// end in time or be cancelled with ctx, but not fail otherwise.
func loud(t *testing.T, ctx context.Context, client *Client, tenant upstream.Secret, n int) (wait func()) {
	t.Helper()
	var group sync.WaitGroup
	bill := &upstream.Meter{}
	for range n {
		request := requestOf(tenant)
		request.Meter = bill
		group.Go(func() {
			if _, err := client.Order(ctx, request); err != nil && ctx.Err() == nil {
				t.Errorf("%s: %v", tenant.Reveal(), err)
			}
		})
	}
	synctest.Wait()
	return group.Wait
}

// TestCallersWhoLeaveHoldNothing: calls that only wait for the rate take nothing of it along.
func TestCallersWhoLeaveHoldNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 10 * time.Millisecond}
		client := wire.client(t, Options{Rate: 5})
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		defer cancel()
		wait := loud(t, ctx, client, "loud", 50)
		wait()
		if state := client.State(); state.InFlight != 0 || state.Waiting != 0 || wire.calls.Load() != 1 {
			t.Errorf("state %+v after %d calls", state, wire.calls.Load())
		}
		for range 10 {
			begun := time.Now()
			if err := orderOf(client, "quiet"); err != nil || time.Since(begun) > 210*time.Millisecond {
				t.Errorf("another caller gets %v after %v", err, time.Since(begun))
			}
		}
	})
}

// TestRateIsShared: a caller waits behind one call of each other caller, not behind their queues.
func TestRateIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 10 * time.Millisecond}
		client := wire.client(t, Options{Rate: 5})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		wait := loud(t, ctx, client, "loud", 40)
		for range 5 {
			begun := time.Now()
			if err := orderOf(client, "quiet"); err != nil || time.Since(begun) > 410*time.Millisecond {
				t.Errorf("another caller gets %v after %v", err, time.Since(begun))
			}
			time.Sleep(150 * time.Millisecond)
		}
		refused := checkFailure(t, orderOf(client, "loud"), upstream.KindOverloaded)
		if waiting := client.State().Waiting; refused.RetryAfter < time.Duration(waiting)*200*time.Millisecond-200*time.Millisecond {
			t.Errorf("the loud caller is told to wait %v, with %d calls before", refused.RetryAfter, waiting)
		}
		wait()
		if calls := wire.calls.Load(); calls < 25 || calls > 27 {
			t.Errorf("%d calls in 5 s", calls)
		}
	})
}

// fakeRate is a rate that several clients share.
type fakeRate struct {
	mu   sync.Mutex
	due  time.Time
	away bool
	asks int
}

func (r *fakeRate) Reserve(_ context.Context, apart time.Duration) (wait time.Duration, err error) {
	time.Sleep(time.Millisecond) // the way there
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asks++
	if r.away {
		return 0, errors.New("away")
	}
	now := time.Now()
	if earliest := now.Add(-apart); r.due.Before(earliest) {
		r.due = earliest
	}
	wait = max(0, r.due.Sub(now))
	r.due = r.due.Add(apart)
	return wait, nil
}

func (r *fakeRate) Instances() int { return 3 }

// shareRate lets clients start calls for three seconds, and returns when they did, all of them together, and how
// many calls each of them made.
func shareRate(t *testing.T, rate *fakeRate, clients int) (started []time.Time, each []int32) {
	t.Helper()
	var wires []*fakeWire
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var group sync.WaitGroup
	for range clients {
		wire := &fakeWire{delay: 10 * time.Millisecond}
		wires = append(wires, wire)
		client := wire.client(t, Options{Rate: 50, SharedRate: rate})
		request := testRequest() // which is admitted by its first call
		for range 200 {
			group.Go(func() { _, _ = client.Order(ctx, request) })
		}
	}
	group.Wait()
	time.Sleep(time.Second) // until nobody asks
	for _, wire := range wires {
		started, each = append(started, wire.started...), append(each, wire.calls.Load())
	}
	slices.SortFunc(started, time.Time.Compare)
	return started, each
}

func TestARateThatClientsShare(t *testing.T) {
	for _, clients := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			rate := &fakeRate{}
			started, each := shareRate(t, rate, clients)
			if least := slices.Min(each); int(least) < 145/clients/2 {
				t.Errorf("the clients started %v calls", each)
			}
			if len(started) < 145 || len(started) > 152 {
				t.Errorf("%d clients started %d calls in 3 s at 50 a second", clients, len(started))
			}
			for i, at := range started {
				within := 0
				for _, other := range started[i:] {
					if other.Sub(at) < time.Second {
						within++
					}
				}
				if within > 51 {
					t.Fatalf("%d clients started %d calls within a second", clients, within)
				}
			}
			rate.mu.Lock()
			defer rate.mu.Unlock()
			if most := len(started) + clients; rate.asks > most {
				t.Errorf("%d clients asked %d times for %d calls", clients, rate.asks, len(started))
			}
		})
	}
}

func TestARateThatCannotBeAskedIsDivided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if started, _ := shareRate(t, &fakeRate{away: true}, 3); len(started) < 140 || len(started) > 153 {
			t.Errorf("%d calls in 3 s at 50 a second", len(started))
		}
	})
}

func TestASharedRateRefusesNewRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate := &fakeRate{}
		wire := &fakeWire{delay: 10 * time.Millisecond}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var group sync.WaitGroup
		var clients []*Client
		for range 4 {
			client := wire.client(t, Options{Rate: 8, SharedRate: rate})
			clients = append(clients, client)
			request := testRequest()
			for range 40 {
				group.Go(func() { _, _ = client.Order(ctx, request) })
			}
		}
		time.Sleep(5 * time.Second)
		// Two calls a second are left for each client, and some 30 wait.
		_, err := clients[0].Order(ctx, testRequest())
		refused := checkFailure(t, err, upstream.KindOverloaded)
		if waiting := clients[0].State().Waiting; refused.RetryAfter < time.Duration(waiting)*300*time.Millisecond {
			t.Errorf("a new request is told to wait %v, with %d calls before it at two a second", refused.RetryAfter, waiting)
		}
		group.Wait()
		time.Sleep(time.Second) // until nobody asks
	})
}

func TestWhoLeavesASharedRateHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := (&fakeWire{}).client(t, Options{Rate: 1, SharedRate: &fakeRate{}})
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Microsecond) // while the rate is asked
		defer cancel()
		if _, err := client.Order(ctx, testRequest()); err == nil {
			t.Error("it was answered")
		}
		time.Sleep(5 * time.Second)
		if err := order(client); err != nil {
			t.Error(err)
		}
		if state := client.State(); state.InFlight != 0 || state.Waiting != 0 {
			t.Errorf("%+v", state)
		}
		time.Sleep(time.Second) // until nobody asks
	})
}

// TestQuietCallerBesideALoudOne asks for single orders while another caller's many orders run.
func TestQuietCallerBesideALoudOne(t *testing.T) {
	for _, concurrency := range []int{1, 2, 3, 4, 5, 64} {
		synctest.Test(t, func(t *testing.T) {
			const takes = 400 * time.Millisecond
			wire := &fakeWire{delay: takes}
			client := wire.client(t, Options{Concurrency: concurrency})
			wait := loud(t, t.Context(), client, "loud", 10*concurrency)
			time.Sleep(takes / 4)
			for i := 0; client.State().Waiting > 0; i++ {
				begun := time.Now()
				if err := orderOf(client, "quiet"); err != nil {
					t.Errorf("concurrency %d: the quiet caller gets %v", concurrency, err)
				}
				// One call of the other's may have to end; later there is always a place.
				limit := takes
				if i == 0 || concurrency == 1 {
					limit = 2 * takes
				}
				if took := time.Since(begun); took > limit {
					t.Errorf("concurrency %d: order %d took %v", concurrency, i, took)
				}
				time.Sleep(takes / 5)
			}
			wait()
		})
	}
}

func TestCallersShareThePlaces(t *testing.T) {
	for _, concurrency := range []int{1, 2, 3, 5, 8} {
		synctest.Test(t, func(t *testing.T) {
			wire := &fakeWire{delay: time.Second}
			client := wire.client(t, Options{Concurrency: concurrency})
			waitA := loud(t, t.Context(), client, "a", 6*concurrency)
			if most := wire.most["a"]; most != concurrency {
				t.Errorf("concurrency %d: %d calls of one caller who is alone", concurrency, most)
			}
			time.Sleep(100 * time.Millisecond)
			waitB := loud(t, t.Context(), client, "b", 3*concurrency)
			time.Sleep(1400 * time.Millisecond)
			wire.mu.Lock()
			wire.most["a"] = 0
			wire.mu.Unlock()
			time.Sleep(1100 * time.Millisecond) // all that run have started since both are there
			wire.mu.Lock()
			a, b := wire.most["a"], wire.most["b"]
			wire.mu.Unlock()
			if share := max(1, concurrency/2); a > share || b > share || a == 0 && concurrency > 1 {
				t.Errorf("concurrency %d: %d and %d calls at once", concurrency, a, b)
			}
			waitB()
			waitA()
			time.Sleep(shareFor)
			loud(t, t.Context(), client, "a", concurrency)()
			if most := wire.most["a"]; most != concurrency {
				t.Errorf("concurrency %d: %d calls of one caller who is alone again", concurrency, most)
			}
		})
	}
}

// TestRefusedCallerFindsAPlace: Retry-After is the truth, also where calls take longer than a new
// request may wait.
func TestRefusedCallerFindsAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 3 * time.Second}
		client := wire.client(t, Options{Concurrency: 4})
		if err := order(client); err != nil { // now calls are known to take 3 s
			t.Fatal(err)
		}
		wait := loud(t, t.Context(), client, "loud", 40)
		time.Sleep(time.Second)
		refused := checkFailure(t, orderOf(client, "quiet"), upstream.KindOverloaded)
		if refused.RetryAfter != 2*time.Second {
			t.Errorf("the quiet caller is told to wait %v", refused.RetryAfter)
		}
		time.Sleep(refused.RetryAfter)
		begun := time.Now()
		if err := orderOf(client, "quiet"); err != nil || time.Since(begun) != wire.delay {
			t.Errorf("after that time: %v, after %v", err, time.Since(begun))
		}
		wait()
	})
}

// TestLoudCallerIsToldTheTruth: its own new requests wait for its own queue, in its own share.
func TestLoudCallerIsToldTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: time.Second}
		client := wire.client(t, Options{Concurrency: 2})
		if err := order(client); err != nil {
			t.Fatal(err)
		}
		wait := loud(t, t.Context(), client, "loud", 12)
		refused := checkFailure(t, orderOf(client, "loud"), upstream.KindOverloaded)
		if refused.RetryAfter != 6*time.Second {
			t.Errorf("told to wait %v, want 6s", refused.RetryAfter)
		}
		wait()
	})
}

// TestLoudCallerIsToldTheTruthOfItsShare: while others ask too, its queue moves in its own half of the places,
// however many of the others' stay free.
func TestLoudCallerIsToldTheTruthOfItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: time.Second}
		client := wire.client(t, Options{Concurrency: 8})
		if err := order(client); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		loudCalls := loud(t, t.Context(), client, "loud", 40)
		var quietCalls sync.WaitGroup
		quietCalls.Go(func() {
			time.Sleep(100 * time.Millisecond) // the first place is free after 0.9 s, not just when its patience ends
			for time.Since(begun) < 10*time.Second {
				if err := orderOf(client, "quiet"); err != nil {
					t.Error(err)
				}
				time.Sleep(300 * time.Millisecond)
			}
		})
		time.Sleep(1500 * time.Millisecond)
		refused := checkFailure(t, orderOf(client, "loud"), upstream.KindOverloaded)
		asked := time.Now()
		loudCalls()
		last := time.Now().Add(-wire.delay) // when the last call before the refused one's started
		if told := asked.Add(refused.RetryAfter); told.Before(last) || told.After(last.Add(wire.delay)) {
			t.Errorf("told to wait %v, but its queue was empty after %v", refused.RetryAfter, last.Sub(asked))
		}
		quietCalls.Wait()
	})
}

func TestWaitingCallLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: time.Second}
		client := wire.client(t, Options{Concurrency: 1})
		var group sync.WaitGroup
		bill := busy(t, &group, client, 1)
		ctx, cancel := context.WithCancel(t.Context())
		for range 5 {
			group.Go(func() {
				request := requestOf("caller's token")
				request.Meter = bill
				_, err := client.Order(ctx, request)
				if failure := checkFailure(t, err, upstream.KindTimeout); !errors.Is(failure, context.Canceled) {
					t.Errorf("got %v", failure)
				}
			})
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		if state := client.State(); state.Waiting != 0 || state.InFlight != 1 {
			t.Errorf("state %+v", state)
		}
		_, err := client.Order(ctx, testRequest())
		checkFailure(t, err, upstream.KindTimeout)
		group.Wait()
		if calls := wire.calls.Load(); calls != 1 {
			t.Errorf("%d calls", calls)
		}
	})
}

// TestFirstCallIsDecidedByTheNext: where the first call of a request leaves while it waits, the next one
// may wait no longer than a first one.
func TestFirstCallIsDecidedByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 3 * time.Second}
		client := wire.client(t, Options{Concurrency: 1})
		var group sync.WaitGroup
		busy(t, &group, client, 1)
		request := testRequest()
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		group.Go(func() {
			_, err := client.Order(ctx, request)
			checkFailure(t, err, upstream.KindTimeout)
		})
		synctest.Wait()
		begun := time.Now()
		_, err := client.Order(t.Context(), request)
		checkFailure(t, err, upstream.KindOverloaded)
		if took := time.Since(begun); took != 1500*time.Millisecond {
			t.Errorf("refused after %v", took)
		}
		group.Wait()
	})
}

// TestCallThatIsNotMadeGivesAllBack: its place, and its part of the rate.
func TestCallThatIsNotMadeGivesAllBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{}
		client := wire.client(t, Options{Concurrency: 1, Rate: 0.5})
		for range 3 {
			request := requestOf("caller")
			request.Begin = func() bool { return false }
			_, err := client.Order(t.Context(), request)
			checkFailure(t, err, upstream.KindTimeout)
		}
		begun := time.Now()
		if err := order(client); err != nil || time.Since(begun) != 0 || client.State().InFlight != 0 {
			t.Errorf("the next call: %v after %v, state %+v", err, time.Since(begun), client.State())
		}
	})
}

func TestPanicGivesThePlaceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := true
		client := (&fakeWire{}).client(t, Options{Concurrency: 1, Observe: func(ctx context.Context) (context.Context, func(Attempt)) {
			if panics {
				panic("in Observe")
			}
			return ctx, func(Attempt) {}
		}})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_ = order(client)
		}()
		panics = false
		if err := order(client); err != nil {
			t.Error(err)
		}
	})
}

// TestRetryHoldsNoPlace: while a call waits for its retry, another one may be made.
func TestRetryHoldsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(n int32) (int, string) {
			if n == 1 {
				return 0, ""
			}
			return 200, `{"status":0}`
		}}
		client := wire.client(t, Options{Concurrency: 1, Retries: 1})
		var group sync.WaitGroup
		group.Go(func() {
			if err := order(client); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		begun := time.Now()
		if err := orderOf(client, "another"); err != nil || time.Since(begun) != 0 {
			t.Errorf("another call: %v after %v", err, time.Since(begun))
		}
		group.Wait()
	})
}

// TestExtremeOptions: neither a rate nor a number of places is too small or too large.
func TestExtremeOptions(t *testing.T) {
	for _, options := range []Options{
		{Rate: 1e-10},
		{Rate: 1e-300},
		{Rate: 5e-324},
		{Rate: 1e300},
		{Rate: math.MaxFloat64},
		{Concurrency: math.MaxInt},
		{Concurrency: math.MaxInt, Rate: 1e-10},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := (&fakeWire{}).client(t, options)
			admitted := testRequest()
			if _, err := client.Order(t.Context(), admitted); err != nil {
				t.Errorf("%+v: %v", options, err)
			}
			for range 5 {
				err := order(client)
				if options.Rate == 0 || options.Rate > 1 {
					if err != nil {
						t.Errorf("%+v: %v", options, err)
					}
					continue
				}
				if refused := checkFailure(t, err, upstream.KindOverloaded); refused.RetryAfter != maxInterval {
					t.Errorf("%+v: told to wait %v", options, refused.RetryAfter)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := client.Order(ctx, admitted)
			if kind := upstream.KindOf(err); (err != nil) != (options.Rate > 0 && options.Rate < 1) || err != nil && kind != upstream.KindTimeout {
				t.Errorf("%+v: a further call gets %v", options, err)
			}
		})
	}
}

// TestHighRate: a timer that is late must not lower the rate, and nobody may call more often after a
// pause.
func TestHighRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{}
		client := wire.client(t, Options{Rate: 1000})
		for range 2 {
			before, begun := wire.calls.Load(), time.Now()
			loud(t, t.Context(), client, "loud", 100)()
			if took := time.Since(begun); wire.calls.Load()-before != 100 || took != 99*time.Millisecond {
				t.Errorf("%d calls in %v", wire.calls.Load()-before, took)
			}
			time.Sleep(time.Second)
		}
	})
}

func BenchmarkLimiter(b *testing.B) {
	l := newLimiter(DefaultConcurrency, 0, nil, DefaultTimeout)
	b.ReportAllocs()
	for b.Loop() {
		var request upstream.Meter
		s, err := l.admit(b.Context(), &request, 1)
		if err != nil {
			b.Fatal(err)
		}
		l.release(s)
	}
}
