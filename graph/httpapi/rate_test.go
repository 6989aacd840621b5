package httpapi

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := serve(t, Options{RateLimit: 2}, nil)
		ask := func(token, address string) *reply {
			r := post(query(`{wide}`), "Authorization", token)
			r.RemoteAddr = address
			r.Header.Set("X-Forwarded-For", "10.9.8."+token)
			return send(t, handler, r)
		}
		expect := func(what string, got *reply, status int) {
			t.Helper()
			if got.Code != status {
				t.Errorf("%s: status %d, want %d", what, got.Code, status)
			}
		}
		expect("first", ask("Bearer a", "192.0.2.1:1"), 200)
		expect("second", ask("Bearer a", "192.0.2.1:2"), 200)
		refused := ask("Bearer a", "192.0.2.2:1")
		expect("third", refused, http.StatusTooManyRequests)
		if refused.Header().Get("Retry-After") != "1" || refused.code() != codeRateLimited || refused.body.Errors[0].Extensions["retryable"] != true {
			t.Errorf("%v %s", refused.Header(), refused.Body)
		}
		expect("another token", ask("Bearer b", "192.0.2.1:1"), 200)
		expect("no token", ask("", "192.0.2.1:1"), 200)
		expect("no token again", ask("", "192.0.2.1:2"), 200)
		expect("no token, too often", ask("", "192.0.2.1:3"), http.StatusTooManyRequests)
		expect("no token, other address", ask("", "192.0.2.3:1"), 200)
		time.Sleep(500 * time.Millisecond)
		expect("half a second later", ask("Bearer a", "192.0.2.1:1"), 200)
		expect("but one only", ask("Bearer a", "192.0.2.1:1"), http.StatusTooManyRequests)
	})
}

func TestRateLimitOfLessThanOneASecond(t *testing.T) {
	limit := newRateLimit(0.1)
	now := time.Now()
	if _, admitted := limit.take(1, now); !admitted {
		t.Error("the first request is refused")
	}
	if wait, admitted := limit.take(1, now.Add(time.Second)); admitted || wait != 9*time.Second {
		t.Errorf("admitted %v, wait %v", admitted, wait)
	}
	if _, admitted := limit.take(1, now.Add(10*time.Second)); !admitted {
		t.Error("refused after the time it named")
	}
}

func TestRateLimitMemoryIsBounded(t *testing.T) {
	limit := newRateLimit(1)
	now := time.Now()
	for caller := range uint64(maxCallers + 1000) {
		limit.take(caller, now)
	}
	if len(limit.next) != maxCallers {
		t.Errorf("%d callers, want %d", len(limit.next), maxCallers)
	}
	// Callers whose time has passed make room before anybody who is still limited.
	later := now.Add(time.Hour)
	for caller := range uint64(maxCallers) {
		limit.take(caller+1_000_000, later)
	}
	if len(limit.next) > maxCallers {
		t.Errorf("%d callers", len(limit.next))
	}
}
