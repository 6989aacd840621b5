package respcache

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

// kitchen is where requests for one operation are executed, a second each.
type kitchen struct {
	*testing.T
	cache    *Cache[string]
	keep     bool
	executed atomic.Int64
}

// ask asks as a handler does, and returns what it was answered with: a remembered answer, "own", or
// "" if ctx ended before.
func (k *kitchen) ask(ctx context.Context, scope *upstream.Scope) string {
	found, leave := k.cache.Share(ctx, scope, operation("one"), raw("1"))
	defer leave()
	if found != nil {
		return found.Value()
	}
	if ctx.Err() != nil {
		return ""
	}
	k.executed.Add(1)
	time.Sleep(time.Second)
	if k.keep {
		k.cache.Keep(scope, operation("one"), raw("1"), NewEntry(of("kept")))
	}
	return "own"
}

// later asks in another goroutine.
func (k *kitchen) later(ctx context.Context, scope *upstream.Scope) (answer func() string) {
	answers := make(chan string, 1)
	go func() { answers <- k.ask(ctx, scope) }()
	synctest.Wait()
	return func() string { return <-answers }
}

func inKitchen(t *testing.T, keep bool, test func(k *kitchen)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := &kitchen{T: t, cache: New[string](newShelf(), 1<<20), keep: keep}
		test(k)
		if len(k.cache.flights) > 0 {
			t.Errorf("%d flights have not landed", len(k.cache.flights))
		}
	})
}

func (k *kitchen) expect(answer func() string, want string, at time.Duration, since time.Time) {
	k.Helper()
	if got := answer(); got != want || time.Since(since) != at {
		k.Errorf("got %q after %v, want %q after %v", got, time.Since(since), want, at)
	}
}

func TestConcurrentRequestsShareOneExecution(t *testing.T) {
	inKitchen(t, true, func(k *kitchen) {
		start, scope := time.Now(), &upstream.Scope{Tenant: "a"}
		first := k.later(k.Context(), scope)
		second, third := k.later(k.Context(), scope), k.later(k.Context(), &upstream.Scope{Tenant: "a"})
		k.expect(first, "own", time.Second, start)
		k.expect(second, "kept", time.Second, start)
		k.expect(third, "kept", time.Second, start)
		k.expect(k.later(k.Context(), scope), "kept", time.Second, start)
		if executed := k.executed.Load(); executed != 1 {
			t.Errorf("executed %d times", executed)
		}
	})
}

// An answer that is not kept was in vain for those who waited: they execute all at once.
func TestNobodyWaitsTwice(t *testing.T) {
	inKitchen(t, false, func(k *kitchen) {
		start, scope := time.Now(), &upstream.Scope{Tenant: "a"}
		first, second, third := k.later(k.Context(), scope), k.later(k.Context(), scope), k.later(k.Context(), scope)
		k.expect(first, "own", time.Second, start)
		k.expect(second, "own", 2*time.Second, start)
		k.expect(third, "own", 2*time.Second, start)
		k.expect(k.later(k.Context(), scope), "own", 3*time.Second, start)
	})
}

func TestWhoNeverWaits(t *testing.T) {
	for name, scope := range map[string]*upstream.Scope{
		"another caller":   {Tenant: "b"},
		"a trusted router": {Tenant: "a", RouterTrusted: true},
		"no copies":        {Tenant: "a", NoCache: true},
	} {
		t.Run(name, func(t *testing.T) {
			inKitchen(t, true, func(k *kitchen) {
				start := time.Now()
				first := k.later(k.Context(), &upstream.Scope{Tenant: "a"})
				time.Sleep(time.Second / 2)
				k.expect(k.later(k.Context(), scope), "own", 3*time.Second/2, start)
				k.expect(first, "own", 3*time.Second/2, start)
			})
		})
	}
}

func TestWaitingEndsWithTheRequest(t *testing.T) {
	inKitchen(t, true, func(k *kitchen) {
		start, scope := time.Now(), &upstream.Scope{Tenant: "a"}
		first := k.later(k.Context(), scope)
		ctx, cancel := context.WithTimeout(k.Context(), time.Second/4)
		defer cancel()
		impatient, patient := k.later(ctx, scope), k.later(k.Context(), scope)
		k.expect(impatient, "", time.Second/4, start)
		k.expect(first, "own", time.Second, start)
		k.expect(patient, "kept", time.Second, start)
	})
}
