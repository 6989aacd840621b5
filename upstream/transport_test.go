package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// wire is an http.RoundTripper that a test answers by itself. It reports to the client's trace like
// the real one. Within a synctest bubble its delays take no time.
type wire struct {
	delay time.Duration
	// answer returns the status and body for the n-th call, from 1; status 0 fails before a
	// connection came about, -1 after the request was written.
	answer func(n int32) (status int, body string)
	header http.Header
	calls  atomic.Int32

	mutex   sync.Mutex
	started []time.Time
}

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	n := w.calls.Add(1)
	w.mutex.Lock()
	w.started = append(w.started, time.Now())
	w.mutex.Unlock()
	status, body := http.StatusOK, `{"status":0}`
	if w.answer != nil {
		status, body = w.answer(n)
	}
	if status == 0 {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
	trace := httptrace.ContextClientTrace(request.Context())
	trace.GotConn(httptrace.GotConnInfo{})
	trace.WroteRequest(httptrace.WroteRequestInfo{})
	if err := sleep(request.Context(), w.delay); err != nil {
		return nil, err
	}
	if status < 0 {
		return nil, io.EOF
	}
	return &http.Response{StatusCode: status, Header: w.header, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (w *wire) always(status int, body string) *wire {
	w.answer = func(int32) (int, string) { return status, body }
	return w
}

func (w *wire) client(t *testing.T, options Options) *Client {
	t.Helper()
	options.URL, options.Transport = "http://upstream.example/", w
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func order(client *Client) error {
	_, err := client.Order(context.Background(), testRequest())
	return err
}

func TestRetryTable(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		body   string
		kind   Kind
		calls  int32 // with two retries
	}{
		{"no connection", 0, "", KindUnavailable, 3},
		{"broken after the request", -1, "", KindUnavailable, 1},
		{"101", 200, `{"status":101}`, KindTimeout, 1},
		{"200", 200, `{"status":200}`, KindUpstreamError, 1},
		{"HTTP 500", 500, "", KindUnavailable, 1},
		{"HTTP 502", 502, "", KindUnavailable, 1},
		{"HTTP 503", 503, "", KindUnavailable, 1},
		{"HTTP 429", 429, "", KindRateLimited, 1},
		{"100", 200, `{"status":100}`, KindBadUserInput, 1},
		{"103", 200, `{"status":103}`, KindAccountNotFound, 1},
		{"203", 200, `{"status":203}`, KindUnsupported, 1},
		{"204", 200, `{"status":204}`, KindPermissionOrQuota, 1},
		{"302", 200, `{"status":302}`, KindShopNotAuthorized, 1},
		{"HTML", 200, `<html>`, KindBadResponse, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := (&wire{}).always(test.status, test.body)
				request := testRequest()
				_, err := wire.client(t, Options{Retries: 2}).Order(t.Context(), request)
				checkFailure(t, err, test.kind)
				if calls := wire.calls.Load(); calls != test.calls {
					t.Errorf("%d attempts, want %d", calls, test.calls)
				}
				written := 1
				if test.status == 0 {
					written = 0
				}
				if got := request.Scope.Usage.Counts().Calls; got != written {
					t.Errorf("%d calls on the bill, want %d", got, written)
				}
			})
		})
	}
}

func TestRetryIsJitteredAndHelps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{answer: func(n int32) (int, string) {
			if n == 1 {
				return 0, ""
			}
			return 200, `{"status":0}`
		}}
		request := testRequest()
		if _, err := wire.client(t, Options{Retries: 1}).Order(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if wait := wire.started[1].Sub(wire.started[0]); wait < retryDelay/2 || wait > retryDelay*3/2 {
			t.Errorf("the retry came after %v", wait)
		}
		if calls := request.Scope.Usage.Counts().Calls; calls != 1 {
			t.Errorf("%d calls on the bill, want 1", calls)
		}
	})
}

func TestRetryEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := (&wire{}).always(0, "")
		ctx, cancel := context.WithTimeout(t.Context(), retryDelay/4)
		defer cancel()
		_, err := wire.client(t, Options{Retries: 5}).Order(ctx, testRequest())
		checkFailure(t, err, KindUnavailable)
		if calls := wire.calls.Load(); calls != 1 {
			t.Errorf("%d attempts, want 1", calls)
		}
	})
}

func TestAttemptTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: time.Hour}
		begun := time.Now()
		request := testRequest()
		_, err := wire.client(t, Options{Timeout: 2 * time.Second, Retries: 1}).Order(t.Context(), request)
		checkFailure(t, err, KindTimeout)
		if took := time.Since(begun); took != 2*time.Second || wire.calls.Load() != 1 {
			t.Errorf("%d attempts in %v", wire.calls.Load(), took)
		}
		if calls := request.Scope.Usage.Counts().Calls; calls != 1 {
			t.Errorf("%d calls on the bill, want 1", calls)
		}
	})
}

func TestBreakerOpensAfterAStreak(t *testing.T) {
	for name, failure := range map[string]string{"200": `{"status":200}`, "101": `{"status":101}`, "HTML": `<html>`} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := (&wire{}).always(200, failure)
				client := wire.client(t, Options{})
				for range breakerStreak {
					if err := order(client); errors.Is(err, errBreakerOpen) {
						t.Fatal("the breaker opened early")
					}
				}
				refused := checkFailure(t, order(client), KindUnavailable)
				if !errors.Is(refused, errBreakerOpen) || refused.RetryAfter != breakerDelay {
					t.Errorf("refused with %+v", refused)
				}
				if calls := wire.calls.Load(); calls != breakerStreak || client.State().Breaker != "open" {
					t.Errorf("%d calls, state %+v", calls, client.State())
				}
				time.Sleep(breakerDelay)
				wire.always(200, `{"status":0}`)
				if err := order(client); err != nil || client.State().Breaker != "closed" {
					t.Errorf("after the pause: %v, %+v", err, client.State())
				}
			})
		})
	}
}

func TestBreakerOpensAtHalf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{answer: func(n int32) (int, string) {
			if n%2 == 0 {
				return 500, ""
			}
			return 200, `{"status":0}`
		}}
		client := wire.client(t, Options{})
		for range breakerCalls {
			if err := order(client); errors.Is(err, errBreakerOpen) {
				t.Fatal("the breaker opened early")
			}
		}
		if err := order(client); !errors.Is(err, errBreakerOpen) {
			t.Errorf("after half of %d calls failed: %v", breakerCalls, err)
		}
	})
}

func TestBreakerForgetsOldFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{answer: func(n int32) (int, string) {
			if n%2 == 0 {
				return 500, ""
			}
			return 200, `{"status":0}`
		}}
		client := wire.client(t, Options{})
		for range 5 * breakerCalls {
			if err := order(client); errors.Is(err, errBreakerOpen) {
				t.Fatal("the breaker opened at one call a second")
			}
			time.Sleep(time.Second)
		}
	})
}

func TestBreakerIgnoresRefusals(t *testing.T) {
	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"100": {200, `{"status":100}`}, "103": {200, `{"status":103}`}, "203": {200, `{"status":203}`},
		"204": {200, `{"status":204}`}, "302": {200, `{"status":302}`}, "HTTP 429": {429, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := (&wire{}).always(answer.status, answer.body).client(t, Options{})
				for range 3 * breakerCalls {
					if err := order(client); errors.Is(err, errBreakerOpen) {
						t.Fatal("a refusal opened the breaker")
					}
				}
			})
		})
	}
}

func TestBreakerIgnoresCallersWhoLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: time.Second}
		client := wire.client(t, Options{})
		for range 2 * breakerStreak {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			_, err := client.Order(ctx, testRequest())
			checkFailure(t, err, KindTimeout)
		}
		if state := client.State(); state.Breaker != "closed" || state.InFlight != 0 {
			t.Errorf("state %+v", state)
		}
	})
}

// openBreaker fails calls until the breaker is open, then waits until it lets a trial pass.
func openBreaker(t *testing.T, wire *wire, client *Client) {
	t.Helper()
	wire.always(500, "")
	for range breakerStreak {
		checkFailure(t, order(client), KindUnavailable)
	}
	time.Sleep(breakerDelay)
}

// orderAll asks for n orders at once and returns the errors.
func orderAll(client *Client, n int) []error {
	failures := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { failures[i] = order(client) })
	}
	group.Wait()
	return failures
}

func TestHalfOpenBreakerMakesOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: 100 * time.Millisecond}
		client := wire.client(t, Options{})
		openBreaker(t, wire, client)
		wire.always(200, `{"status":0}`)
		before := wire.calls.Load()
		for _, err := range orderAll(client, 50) {
			if err != nil {
				t.Errorf("after the upstream recovered: %v", err)
			}
		}
		if calls := wire.calls.Load() - before; calls != 50 {
			t.Errorf("%d calls for 50 orders", calls)
		}
		if trial := wire.started[before+1].Sub(wire.started[before]); trial != wire.delay {
			t.Errorf("the second call started %v after the trial", trial)
		}
	})
}

func TestHalfOpenBreakerFailsOthersWithTheTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: 100 * time.Millisecond}
		client := wire.client(t, Options{})
		openBreaker(t, wire, client)
		before := wire.calls.Load()
		for _, err := range orderAll(client, 50) {
			checkFailure(t, err, KindUnavailable)
		}
		if calls := wire.calls.Load() - before; calls != 1 {
			t.Errorf("%d calls, want the trial alone", calls)
		}
	})
}

func TestHalfOpenBreakerIsLeftAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: time.Second}
		client := wire.client(t, Options{})
		openBreaker(t, wire, client)
		var group sync.WaitGroup
		group.Go(func() { checkFailure(t, order(client), KindUnavailable) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := client.Order(ctx, testRequest())
		checkFailure(t, err, KindTimeout)
		group.Wait()
	})
}

// TestTrialThatIsGivenUp ends a trial without a verdict: the breaker must not wait for one for ever.
func TestTrialThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{delay: time.Second}
		client := wire.client(t, Options{})
		openBreaker(t, wire, client)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		_, err := client.Order(ctx, testRequest())
		checkFailure(t, err, KindTimeout)
		time.Sleep(breakerDelay)
		wire.always(200, `{"status":0}`)
		if err := order(client); err != nil {
			t.Errorf("after the next pause: %v", err)
		}
	})
}

func TestLateFailuresDontReopenTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &wire{}
		client := wire.client(t, Options{Timeout: time.Minute})
		// Calls that started before the breaker opened, and fail after it closed again.
		wire.delay = 30 * time.Second
		wire.always(500, "")
		var late sync.WaitGroup
		for range breakerStreak {
			late.Go(func() { checkFailure(t, order(client), KindUnavailable) })
		}
		synctest.Wait()
		wire.delay = 0
		openBreaker(t, wire, client)
		wire.always(200, `{"status":0}`)
		if err := order(client); err != nil {
			t.Fatal(err)
		}
		late.Wait()
		if err := order(client); err != nil {
			t.Errorf("after the late failures: %v", err)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	const other = Secret("another caller's token")
	for _, test := range []struct {
		name, header string
		status       int
		kind         Kind
		pause        time.Duration
		otherToo     bool // whether the pause holds for other tokens
	}{
		{"429", "7", 429, KindRateLimited, 7 * time.Second, false},
		{"503", "7", 503, KindUnavailable, 7 * time.Second, true},
		{"503 with a date", "Sat, 01 Jan 2000 00:00:09 GMT", 503, KindUnavailable, 9 * time.Second, true},
		{"503 for days", "1000000", 503, KindUnavailable, maxPause, true},
		{"503 without", "", 503, KindUnavailable, 0, false},
		{"503 with nonsense", "soon", 503, KindUnavailable, 0, false},
		{"503 with the past", "Fri, 31 Dec 1999 00:00:00 GMT", 503, KindUnavailable, 0, false},
		{"503 negative", "-5", 503, KindUnavailable, 0, false},
		{"500", "7", 500, KindUnavailable, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := (&wire{header: http.Header{"Retry-After": {test.header}}}).always(test.status, "")
				client := wire.client(t, Options{})
				checkFailure(t, order(client), test.kind)
				wire.always(200, `{"status":0}`)

				request := testRequest()
				request.Scope.Authorization = other
				if _, err := client.Order(t.Context(), request); (err != nil) != test.otherToo {
					t.Errorf("another token gets %v", err)
				}
				if test.pause == 0 {
					if err := order(client); err != nil {
						t.Errorf("the same token gets %v", err)
					}
					return
				}
				before := wire.calls.Load()
				paused := checkFailure(t, order(client), test.kind)
				if paused.RetryAfter != test.pause || wire.calls.Load() != before {
					t.Errorf("retry after %v with %d calls, want %v with none", paused.RetryAfter, wire.calls.Load()-before, test.pause)
				}
				time.Sleep(test.pause)
				if err := order(client); err != nil {
					t.Errorf("after the pause: %v", err)
				}
			})
		})
	}
}

func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []Attempt
		type key struct{}
		wire := &wire{delay: time.Second, answer: func(n int32) (int, string) {
			if n == 1 {
				return 0, ""
			}
			return 200, `{"status":103,"data":{"deduct_money":2}}`
		}}
		client := wire.client(t, Options{Retries: 1, Observe: func(ctx context.Context) (context.Context, func(Attempt)) {
			return context.WithValue(ctx, key{}, true), func(attempt Attempt) { seen = append(seen, attempt) }
		}})
		checkFailure(t, order(client), KindAccountNotFound)
		if len(seen) != 2 || seen[0].Written || !seen[1].Written {
			t.Fatalf("observed %+v", seen)
		}
		if last := seen[1]; last.Points != 2 || last.Duration != time.Second || KindOf(last.Err) != KindAccountNotFound {
			t.Errorf("observed %+v", last)
		}
	})
}
