package client

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

func TestRetryAfter(t *testing.T) {
	for _, test := range []struct {
		name, header string
		status       int
		kind         upstream.Kind
		lasts        time.Duration
	}{
		{"429", "7", 429, upstream.KindRateLimited, 7 * time.Second},
		{"503", "7", 503, upstream.KindUnavailable, 7 * time.Second},
		{"503 with a date", "Sat, 01 Jan 2000 00:00:09 GMT", 503, upstream.KindUnavailable, 9 * time.Second},
		{"503 for days", "1000000", 503, upstream.KindUnavailable, maxCooldown},
		{"503 without", "", 503, upstream.KindUnavailable, 0},
		{"503 with nonsense", "soon", 503, upstream.KindUnavailable, 0},
		{"503 with the past", "Fri, 31 Dec 1999 00:00:00 GMT", 503, upstream.KindUnavailable, 0},
		{"503 negative", "-5", 503, upstream.KindUnavailable, 0},
		{"500", "7", 500, upstream.KindUnavailable, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := (&fakeWire{header: http.Header{"Retry-After": {test.header}}}).always(test.status, "")
				client := wire.client(t, Options{})
				checkFailure(t, order(client), test.kind)
				wire.always(200, `{"status":0}`)
				if err := orderOf(client, "another"); err != nil {
					t.Errorf("another caller gets %v", err)
				}
				if test.lasts == 0 {
					if err := order(client); err != nil {
						t.Errorf("the same caller gets %v", err)
					}
					return
				}
				before := wire.calls.Load()
				refused := checkFailure(t, order(client), test.kind)
				if refused.RetryAfter != test.lasts || wire.calls.Load() != before || refused.Outage != (test.status == 503) {
					t.Errorf("%+v with %d calls, want %v with none", refused, wire.calls.Load()-before, test.lasts)
				}
				time.Sleep(test.lasts)
				if err := order(client); err != nil {
					t.Errorf("after the cooldown: %v", err)
				}
			})
		})
	}
}

// TestTwoCallersCoolTheEndpointDown: what HTTP 503 tells two callers holds for all, as long as for both.
func TestTwoCallersCoolTheEndpointDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{}
		client := wire.client(t, Options{})
		say := func(tenant upstream.Secret, seconds int) {
			t.Helper()
			wire.header = http.Header{"Retry-After": {fmt.Sprint(seconds)}}
			wire.always(503, "")
			checkFailure(t, orderOf(client, tenant), upstream.KindUnavailable)
			wire.always(200, `{"status":0}`)
		}
		say("a", 3)
		if err := orderOf(client, "c"); err != nil {
			t.Errorf("one caller was told to wait, another gets %v", err)
		}
		time.Sleep(3 * time.Second)
		say("a", 20) // the same caller again, after its time
		if err := orderOf(client, "c"); err != nil {
			t.Errorf("one caller was told twice to wait, another gets %v", err)
		}
		say("b", 10)
		before := wire.calls.Load()
		for tenant, wait := range map[upstream.Secret]time.Duration{"a": 20 * time.Second, "b": 10 * time.Second, "c": 10 * time.Second} {
			if refused := checkFailure(t, orderOf(client, tenant), upstream.KindUnavailable); refused.RetryAfter != wait || !refused.Outage {
				t.Errorf("%s: %+v, want %v", tenant.Reveal(), refused, wait)
			}
		}
		if wire.calls.Load() != before {
			t.Error("a call was made")
		}
		time.Sleep(10 * time.Second)
		for _, tenant := range []upstream.Secret{"b", "c"} {
			if err := orderOf(client, tenant); err != nil {
				t.Errorf("after the cooldown, %s: %v", tenant.Reveal(), err)
			}
		}
		checkFailure(t, orderOf(client, "a"), upstream.KindUnavailable)
	})
}

// TestCooldownsInServiceMode: in service mode HTTP 429 speaks for our token, and so for all; HTTP 503
// for one client as long as no other one hears it.
func TestCooldownsInServiceMode(t *testing.T) {
	for status, others := range map[int]bool{429: true, 503: false} {
		synctest.Test(t, func(t *testing.T) {
			wire := (&fakeWire{header: http.Header{"Retry-After": {"9"}}}).always(status, "")
			client := wire.client(t, Options{Token: "ours"})
			if err := orderOf(client, "a"); err == nil {
				t.Fatal("no error")
			}
			wire.always(200, `{"status":0}`)
			if err := orderOf(client, "b"); (err != nil) != others {
				t.Errorf("HTTP %d: another client gets %v", status, err)
			}
		})
	}
}

// TestCooldownsAreBounded: however many tokens are told to wait, the next one waits too.
func TestCooldownsAreBounded(t *testing.T) {
	for _, status := range []int{429, 503} {
		synctest.Test(t, func(t *testing.T) {
			wire := (&fakeWire{header: http.Header{"Retry-After": {"60"}}}).always(status, "")
			client := wire.client(t, Options{})
			// Each one waits until the one before it may call again, so that no two are told together.
			for i := range maxCooldowns + 10 {
				if err := orderOf(client, manyCallers(i)); err == nil {
					t.Fatal("no error")
				}
				if status == 503 {
					time.Sleep(maxCooldown)
				}
			}
			if calls := wire.calls.Load(); calls != maxCooldowns+10 {
				t.Errorf("HTTP %d: %d of the callers called", status, calls)
			}
			before := wire.calls.Load()
			for range 10 {
				if err := orderOf(client, "told to wait"); err == nil {
					t.Fatal("no error")
				}
			}
			if calls := wire.calls.Load() - before; calls != 1 {
				t.Errorf("HTTP %d: %d calls of 10", status, calls)
			}
			for _, kept := range []int{client.transport.cooldowns.tokens.Size(), client.transport.cooldowns.callers.Size()} {
				if kept > maxCooldowns {
					t.Errorf("%d cooldowns are kept", kept)
				}
			}
		})
	}
}

// TestCooldownInUseIsKept: one that keeps asking must not be pushed out by others.
func TestCooldownInUseIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := (&fakeWire{header: http.Header{"Retry-After": {"60"}}}).always(429, "")
		client := wire.client(t, Options{})
		others := maxCooldowns + 10
		for i := range others {
			if i%1000 == 0 {
				checkFailure(t, orderOf(client, "keeps asking"), upstream.KindRateLimited)
			}
			checkFailure(t, orderOf(client, manyCallers(i)), upstream.KindRateLimited)
		}
		checkFailure(t, orderOf(client, "keeps asking"), upstream.KindRateLimited)
		if calls := int(wire.calls.Load()) - others; calls != 1 {
			t.Errorf("the one that keeps asking made %d calls", calls)
		}
	})
}
