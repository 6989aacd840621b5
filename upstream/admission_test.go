package upstream

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: 100 * time.Millisecond}
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
func busy(t *testing.T, group *sync.WaitGroup, client *Client, calls int) *Scope {
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
	return request.Scope
}

func TestNewRequestIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: 3 * time.Second}
		client := wire.client(t, Options{Concurrency: 2})
		if err := order(client); err != nil { // now calls are known to take 3 s
			t.Fatal(err)
		}
		var group sync.WaitGroup
		busy(t, &group, client, 2)
		begun := time.Now()
		request := testRequest()
		_, err := client.Order(t.Context(), request)
		refused := checkFailure(t, err, KindOverloaded)
		if time.Since(begun) != 0 || refused.RetryAfter != 3*time.Second {
			t.Errorf("refused after %v with %v, want at once with 3s", time.Since(begun), refused.RetryAfter)
		}
		if counts := request.Scope.Usage.Counts(); counts != (Counts{}) {
			t.Errorf("the refused request is billed %+v", counts)
		}
		group.Wait()
	})
}

func TestNewRequestIsAdmittedWhenItsTurnIsNear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: 3 * time.Second}
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
		wire := &wire{delay: 3 * time.Second}
		client := wire.client(t, Options{Concurrency: 1})
		var group sync.WaitGroup
		busy(t, &group, client, 1)
		begun := time.Now()
		checkFailure(t, order(client), KindOverloaded)
		if waited := time.Since(begun); waited != maxFirstWait {
			t.Errorf("refused after %v, want %v", waited, maxFirstWait)
		}
		// The call under way is late by now, so the next request need not wait to know.
		time.Sleep(100 * time.Millisecond)
		begun = time.Now()
		checkFailure(t, order(client), KindOverloaded)
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("refused after %v, want at once", waited)
		}
		group.Wait()
	})
}

func TestAdmittedRequestWaitsToItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: 2 * time.Second}
		client := wire.client(t, Options{Concurrency: 1})
		request := testRequest()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var done, late int
		var mutex sync.Mutex
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				_, err := client.Order(ctx, request)
				mutex.Lock()
				defer mutex.Unlock()
				switch {
				case err == nil:
					done++
				case KindOf(err) == KindTimeout:
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
		if calls := request.Scope.Usage.Counts().Calls; calls != 3 {
			t.Errorf("%d calls on the bill, want 3: two answered and one cut off", calls)
		}
	})
}

// TestRefusedRequestIsRefusedWhole refuses the calls that came while the first one waited.
func TestRefusedRequestIsRefusedWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: 3 * time.Second}
		client := wire.client(t, Options{Concurrency: 1})
		var group sync.WaitGroup
		busy(t, &group, client, 1)
		request := testRequest()
		for range 3 {
			group.Go(func() {
				_, err := client.Order(t.Context(), request)
				checkFailure(t, err, KindOverloaded)
			})
		}
		group.Wait()
		if _, err := client.Order(t.Context(), request); KindOf(err) != KindOverloaded {
			t.Errorf("a later call of the refused request gets %v", err)
		}
	})
}

func TestFirstCallThatLeavesRefusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: 600 * time.Millisecond}
		client := wire.client(t, Options{Concurrency: 1})
		var group sync.WaitGroup
		busy(t, &group, client, 1)
		request := testRequest()
		ctx, cancel := context.WithCancel(t.Context())
		group.Go(func() {
			_, err := client.Order(ctx, request)
			checkFailure(t, err, KindTimeout)
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
		wire := &wire{}
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
		client := (&wire{}).client(t, Options{Rate: 2})
		refused := 0
		for _, err := range orderAll(client, 10) {
			if KindOf(err) == KindOverloaded {
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
		client := (&wire{}).client(t, Options{Rate: 0.1})
		request := testRequest()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := client.Order(ctx, request); err != nil {
			t.Fatal(err)
		}
		_, err := client.Order(ctx, request)
		checkFailure(t, err, KindTimeout)
		if !errors.Is(err, context.DeadlineExceeded) || client.State().InFlight != 0 {
			t.Errorf("got %v, state %+v", err, client.State())
		}
	})
}
