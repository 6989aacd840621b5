package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
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
		if refused.Header().Get("Retry-After") != "1" || refused.code() != codes.RateLimited || refused.body.Errors[0].Extensions["retryable"] != true {
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
	limit := newRateLimit(0.1, nil)
	now := time.Now()
	if _, admitted := limit.take("1", now); !admitted {
		t.Error("the first request is refused")
	}
	if wait, admitted := limit.take("1", now.Add(time.Second)); admitted || wait != 9*time.Second {
		t.Errorf("admitted %v, wait %v", admitted, wait)
	}
	if _, admitted := limit.take("1", now.Add(10*time.Second)); !admitted {
		t.Error("refused after the time it named")
	}
}

func TestRateLimitMemoryIsBounded(t *testing.T) {
	limit := newRateLimit(1, nil)
	now := time.Now()
	for caller := range uint64(maxCallers + 1000) {
		limit.take(strconv.FormatUint(caller, 10), now)
	}
	if len(limit.next) != maxCallers {
		t.Errorf("%d callers, want %d", len(limit.next), maxCallers)
	}
	// Callers whose time has passed make room before anybody who is still limited.
	later := now.Add(time.Hour)
	for caller := range uint64(maxCallers) {
		limit.take(strconv.FormatUint(caller+1_000_000, 10), later)
	}
	if len(limit.next) > maxCallers {
		t.Errorf("%d callers", len(limit.next))
	}
}

// calling answers like an upstream that knows the given tokens, and counts its calls: as many as the operation
// has aliases.
func calling(calls *int, known ...string) exec {
	return func(ctx context.Context, operation *graphql.OperationContext) *graphql.Response {
		s := scope.From(ctx)
		if operation.Operation.Name == "free" {
			return &graphql.Response{Data: json.RawMessage(`{}`)}
		}
		made := len(operation.Operation.SelectionSet)
		*calls += made
		s.Meter.Add(upstream.Usage{Calls: made})
		if slices.Contains(known, s.Caller.Authorization.Reveal()) {
			s.Provenance.Add(upstream.Key{}, upstream.Result{Order: &upstream.Order{}, FreshUntil: time.Now()})
			return &graphql.Response{Data: json.RawMessage(`{"wide":"x"}`)}
		}
		refused := &gqlerror.Error{Message: "m", Extensions: map[string]any{"code": "PERMISSION_DENIED"}}
		return &graphql.Response{Data: json.RawMessage(`{"wide":null}`), Errors: gqlerror.List{refused}}
	}
}

// Who makes up tokens is limited by the address, and does not slow down a good caller behind the same one.
func TestMadeUpTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		handler := serve(t, Options{RateLimit: 5}, calling(&calls, "good", "good too"))
		ask := func(token, address, document string) *reply {
			r := post(query(document), "Authorization", token)
			r.RemoteAddr = address
			return send(t, handler, r)
		}
		const order, free = `{wide}`, `query free{wide}`
		if got := ask("good", "192.0.2.1:1", order); got.Code != http.StatusOK {
			t.Fatalf("the good caller: %d", got.Code)
		}
		time.Sleep(time.Second)
		calls = 0
		refused := 0
		for second := range 10 {
			for i := range 200 {
				got := ask(fmt.Sprintf("made up %d-%d", second, i), "192.0.2.1:"+strconv.Itoa(1000+i), order)
				switch {
				case got.Code == http.StatusTooManyRequests && got.Header().Get("Retry-After") != "" && got.code() == codes.RateLimited:
					refused++
				case got.Code != http.StatusOK:
					t.Fatalf("%d %s", got.Code, got.Body)
				}
				// What costs no call is not limited by the address.
				if got := ask(fmt.Sprintf("free %d-%d", second, i), "192.0.2.2:1", free); got.Code != http.StatusOK {
					t.Fatalf("without a call: %d", got.Code)
				}
			}
			// Not slowed: the good one has its own limit alone. Another address is another one.
			for range 5 {
				if got := ask("good", "192.0.2.1:2", order); got.Code != http.StatusOK {
					t.Errorf("the good caller is held up: %d", got.Code)
				}
			}
			time.Sleep(time.Second)
		}
		if made := calls - 50; made > 5+5*10 || made < 5*10 {
			t.Errorf("%d calls of made up tokens in 10 s at 5 a second, %d refused", made, refused)
		}
		if got := ask("good too", "198.51.100.1:1", order); got.Code != http.StatusOK {
			t.Errorf("a new caller at another address: %d", got.Code)
		}
	})
}

// Calls count, not requests.
func TestCallsOfUnknownCallersCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		handler := serve(t, Options{RateLimit: 5}, calling(&calls, "good"))
		number := 0
		ask := func(document string) int {
			number++
			return send(t, handler, post(query(document), "Authorization", strconv.Itoa(number))).Code
		}
		if status := ask(`{` + strings.Repeat("a:wide b:wide c:wide d:wide e:wide ", 2) + `}`); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		time.Sleep(time.Second) // for the five calls of the burst
		if status := ask(`{wide}`); status != http.StatusTooManyRequests {
			t.Errorf("after twice as many calls as the limit: %d", status)
		}
		time.Sleep(200 * time.Millisecond)
		if status := ask(`{wide}`); status != http.StatusOK {
			t.Errorf("when they are paid off: %d", status)
		}
		// The good caller's own calls, however many, are not counted once it was answered.
		good := func() int {
			return send(t, handler, post(query(`{a:wide b:wide c:wide d:wide e:wide f:wide}`), "Authorization", "good")).Code
		}
		time.Sleep(10 * time.Second)
		for range 5 {
			if status := good(); status != http.StatusOK {
				t.Errorf("the good caller: %d", status)
			}
		}
		if status := ask(`{wide}`); status != http.StatusOK {
			t.Errorf("beside the good caller: %d", status)
		}
	})
}

// Two requests at the same moment can't use the same room.
func TestCallsAreReserved(t *testing.T) {
	limit := newRateLimit(5, nil)
	r := post("")
	admitted := 0
	var reserved []reservation
	for i := range 200 {
		held, _, ok := limit.admit(r, upstream.Secret(strconv.Itoa(i)), false)
		if ok {
			admitted++
			reserved = append(reserved, held)
		}
	}
	if admitted != 5 {
		t.Errorf("%d requests at once", admitted)
	}
	for _, held := range reserved {
		limit.settle(held, 0, false)
	}
	if _, _, ok := limit.admit(r, "one more", false); !ok {
		t.Error("what was given back is gone")
	}
	if _, _, ok := newRateLimit(5, nil).admit(r, "t", true); !ok {
		t.Error("an authenticated caller is refused")
	}
}

func TestAddresses(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:80": "192.0.2.1", "[::ffff:192.0.2.1]:80": "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:80": "2001:db8:1:2::/64", "[2001:db8:1:2::1]:81": "2001:db8:1:2::/64", "[fe80::1%eth0]:80": "fe80::/64", "pipe": "pipe",
	} {
		if got := addressOf(&http.Request{RemoteAddr: remote}); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}

func TestKnownCallersAreBounded(t *testing.T) {
	limit := newRateLimit(1, nil)
	for caller := range uint64(maxCallers + 1000) {
		limit.settle(reservation{made: true, caller: caller}, 1, true)
	}
	if len(limit.known) != maxCallers || !limit.knows(maxCallers+999) {
		t.Errorf("%d callers, the last one known: %v", len(limit.known), limit.knows(maxCallers+999))
	}
}

// fakeRates are rates that several instances share.
type fakeRates struct {
	mu    sync.Mutex
	due   map[string]time.Time
	away  bool
	asked atomic.Int32
}

func (r *fakeRates) Spend(_ context.Context, used map[string]time.Duration) (map[string]time.Duration, error) {
	time.Sleep(time.Millisecond) // the way there
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return nil, errors.New("away")
	}
	ahead, now := map[string]time.Duration{}, time.Now()
	for name, cost := range used {
		r.asked.Add(1)
		due := r.due[name]
		if due.Before(now) {
			due = now
		}
		r.due[name] = due.Add(cost)
		ahead[name] = due.Add(cost).Sub(now)
	}
	return ahead, nil
}

func TestInstancesShareTheRateOfACaller(t *testing.T) {
	for _, test := range []struct {
		name        string
		away        bool
		least, most int
	}{
		// 50 a second for 10 s, a burst of a second, and what three instances admit in a tenth of one.
		{"together", false, 540, 575},
		{"each for itself", true, 1600, 1660},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rates := &fakeRates{due: map[string]time.Time{}, away: test.away}
				var limits []*rateLimit
				for range 3 {
					limits = append(limits, newRateLimit(50, rates))
				}
				r, admitted, beside := post(""), 0, 0
				for n := range 10_000 { // a thousand a second, two of three by one caller
					time.Sleep(time.Millisecond)
					if _, _, ok := limits[n%3].admit(r, "loud", true); ok {
						admitted++
					}
					if _, _, ok := limits[n%3].admit(r, upstream.Secret(strconv.Itoa(n)), true); ok {
						beside++
					}
				}
				if admitted < test.least || admitted > test.most {
					t.Errorf("%d requests of one caller in 10 s, want %d to %d", admitted, test.least, test.most)
				}
				if beside != 10_000 {
					t.Errorf("%d of 10000 requests of other callers", beside)
				}
				time.Sleep(time.Second)
				for _, limit := range limits {
					limit.mu.Lock()
					if len(limit.used) > 0 || limit.reporting {
						t.Errorf("%d callers are not reported, reporting: %v", len(limit.used), limit.reporting)
					}
					limit.mu.Unlock()
				}
			})
		})
	}
}

func TestReportsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rates := &fakeRates{due: map[string]time.Time{}}
		limit := newRateLimit(50, rates)
		r := post("")
		for n := range maxReported + 500 {
			limit.admit(r, upstream.Secret(strconv.Itoa(n)), true)
		}
		time.Sleep(reportAfter + 2*time.Millisecond)
		if asked := rates.asked.Load(); asked != maxReported {
			t.Errorf("%d callers in the first report, want %d", asked, maxReported)
		}
		time.Sleep(reportAfter + 2*time.Millisecond)
		if asked := rates.asked.Load(); asked != maxReported+500 {
			t.Errorf("%d callers reported", asked)
		}
		time.Sleep(time.Second)
	})
}

// What a request of an unknown caller did not cost is given back in all instances.
func TestWhatIsGivenBackIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rates := &fakeRates{due: map[string]time.Time{}}
		one, other := newRateLimit(5, rates), newRateLimit(5, rates)
		r := post("")
		for n := range 5 {
			held, _, ok := one.admit(r, upstream.Secret("a"+strconv.Itoa(n)), false)
			if !ok {
				t.Fatal("refused")
			}
			one.settle(held, 0, false)
		}
		time.Sleep(time.Second / 2)
		var reserved []reservation
		for n := range 5 {
			held, _, ok := other.admit(r, upstream.Secret("b"+strconv.Itoa(n)), false)
			if !ok {
				t.Errorf("request %d is refused, though the address cost no call", n)
			}
			reserved = append(reserved, held)
		}
		for _, held := range reserved {
			other.settle(held, 2, false)
		}
		time.Sleep(time.Second / 2)
		one.admit(r, "c", false) // it is told with its next report
		time.Sleep(time.Second / 4)
		if _, _, ok := one.admit(r, "d", false); ok {
			t.Error("admitted, though the address cost ten calls elsewhere")
		}
		time.Sleep(time.Second)
	})
}
