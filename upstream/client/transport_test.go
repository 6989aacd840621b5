package client

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

// fakeWire is an http.RoundTripper that a test answers by itself. It reports to the client's trace like
// the real one. Within a synctest bubble its delays take no time.
type fakeWire struct {
	delay time.Duration
	// answer returns the status and body for the n-th call, from 1; status 0 fails before a
	// connection came about, -1 after the request was written.
	answer func(n int32) (status int, body string)
	// answerTo, if set, replaces answer: it returns the status and body for the token.
	answerTo func(token string) (status int, body string)
	header   http.Header
	calls    atomic.Int32

	mu      sync.Mutex
	started []time.Time
	// inFlight are the calls under way of each token, and most the most that there ever were.
	inFlight, most map[string]int
}

func (w *fakeWire) RoundTrip(request *http.Request) (*http.Response, error) {
	n, token := w.calls.Add(1), request.Header.Get("Authorization")
	w.begin(token)
	defer w.end(token)
	status, body := http.StatusOK, `{"status":0}`
	switch {
	case w.answerTo != nil:
		status, body = w.answerTo(token)
	case w.answer != nil:
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

func (w *fakeWire) begin(token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started = append(w.started, time.Now())
	if w.inFlight == nil {
		w.inFlight, w.most = map[string]int{}, map[string]int{}
	}
	w.inFlight[token]++
	w.most[token] = max(w.most[token], w.inFlight[token])
}

func (w *fakeWire) end(token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inFlight[token]--
}

func (w *fakeWire) always(status int, body string) *fakeWire {
	w.answer, w.answerTo = func(int32) (int, string) { return status, body }, nil
	return w
}

func (w *fakeWire) client(t *testing.T, options Options) *Client {
	t.Helper()
	options.URL, options.Transport = "http://upstream.example/", w
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// lastOrder is the id of the last order that a test asked for.
var lastOrder atomic.Int64

// requestOf returns a caller's request for an order that nobody has asked for yet.
func requestOf(tenant upstream.Secret) upstream.Request {
	return upstream.Request{
		Key:    upstream.Key{ID: upstream.OrderID(lastOrder.Add(1))},
		Caller: &upstream.Caller{Authorization: tenant, Tenant: tenant},
		Meter:  &upstream.Meter{},
	}
}

// orderOf asks for one order for a caller.
func orderOf(client *Client, tenant upstream.Secret) error {
	_, err := client.Order(context.Background(), requestOf(tenant))
	return err
}

// order asks for one order for a caller that is always the same.
func order(client *Client) error { return orderOf(client, "caller's token") }

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

func TestRetryTable(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		body   string
		kind   upstream.Kind
		calls  int32 // with two retries
	}{
		{"no connection", 0, "", upstream.KindUnavailable, 3},
		{"broken after the request", -1, "", upstream.KindUnavailable, 1},
		{"101", 200, `{"status":101}`, upstream.KindTimeout, 1},
		{"200", 200, `{"status":200}`, upstream.KindUpstreamError, 1},
		{"HTTP 500", 500, "", upstream.KindUnavailable, 1},
		{"HTTP 502", 502, "", upstream.KindUnavailable, 1},
		{"HTTP 503", 503, "", upstream.KindUnavailable, 1},
		{"HTTP 429", 429, "", upstream.KindRateLimited, 1},
		{"100", 200, `{"status":100}`, upstream.KindBadUserInput, 1},
		{"103", 200, `{"status":103}`, upstream.KindAccountNotFound, 1},
		{"203", 200, `{"status":203}`, upstream.KindUnsupported, 1},
		{"204", 200, `{"status":204}`, upstream.KindPermissionOrQuota, 1},
		{"302", 200, `{"status":302}`, upstream.KindShopNotAuthorized, 1},
		{"HTML", 200, `<html>`, upstream.KindBadResponse, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := (&fakeWire{}).always(test.status, test.body)
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
				if got := request.Meter.Usage().Calls; got != written {
					t.Errorf("%d calls on the bill, want %d", got, written)
				}
			})
		})
	}
}

func TestRetryIsJitteredAndHelps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(n int32) (int, string) {
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
		if calls := request.Meter.Usage().Calls; calls != 1 {
			t.Errorf("%d calls on the bill, want 1", calls)
		}
	})
}

// TestRetryAsksAgain: whoever asked may have gone since the first attempt.
func TestRetryAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := (&fakeWire{}).always(0, "")
		client := wire.client(t, Options{Retries: 5, Concurrency: 1})
		request := requestOf("caller")
		asked := 0
		request.Begin = func() bool { asked++; return asked < 3 }
		_, err := client.Order(t.Context(), request)
		checkFailure(t, err, upstream.KindTimeout)
		if calls := wire.calls.Load(); asked != 3 || calls != 2 || client.State().InFlight != 0 {
			t.Errorf("asked %d times, %d attempts, state %+v", asked, calls, client.State())
		}
	})
}

func TestRetryEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := (&fakeWire{}).always(0, "")
		ctx, cancel := context.WithTimeout(t.Context(), retryDelay/4)
		defer cancel()
		_, err := wire.client(t, Options{Retries: 5}).Order(ctx, testRequest())
		checkFailure(t, err, upstream.KindUnavailable)
		if calls := wire.calls.Load(); calls != 1 {
			t.Errorf("%d attempts, want 1", calls)
		}
	})
}

func TestAttemptTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: time.Hour}
		begun := time.Now()
		request := testRequest()
		_, err := wire.client(t, Options{Timeout: 2 * time.Second, Retries: 1}).Order(t.Context(), request)
		checkFailure(t, err, upstream.KindTimeout)
		if took := time.Since(begun); took != 2*time.Second || wire.calls.Load() != 1 {
			t.Errorf("%d attempts in %v", wire.calls.Load(), took)
		}
		if calls := request.Meter.Usage().Calls; calls != 1 {
			t.Errorf("%d calls on the bill, want 1", calls)
		}
	})
}

// TestNothingIsLost lets callers do everything at random, with an upstream that does everything, and
// then looks whether all is as it was.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			options := Options{
				Concurrency: 1 + random.IntN(5), Rate: []float64{0, 30, 300}[random.IntN(3)],
				Timeout: time.Second, Retries: 1,
			}
			wire := &fakeWire{delay: 10 * time.Millisecond}
			var mu sync.Mutex
			number := func(n int) int {
				mu.Lock()
				defer mu.Unlock()
				return random.IntN(n)
			}
			wire.answer = func(int32) (int, string) {
				status := []int{0, -1, 200, 200, 200, 200, 200, 404, 429, 500}[number(10)]
				return status, []string{`{"status":0}`, `{"status":101}`, "<html>"}[number(3)]
			}
			client := wire.client(t, options)
			var group sync.WaitGroup
			for range 500 {
				request := requestOf(manyCallers(number(4)))
				request.Begin = func() bool {
					if number(20) == 0 {
						panic("in Begin")
					}
					return number(5) > 0
				}
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Duration(number(3000))*time.Millisecond, cancel)
				group.Go(func() {
					defer cancel()
					defer func() { _ = recover() }()
					_, _ = client.Order(ctx, request)
				})
				time.Sleep(time.Duration(number(10)) * time.Millisecond)
			}
			group.Wait()
			if state := client.State(); state.InFlight != 0 || state.Waiting != 0 || len(client.transport.limiter.callers) != 0 {
				t.Errorf("seed %d: state %+v, %d callers are kept", seed, state, len(client.transport.limiter.callers))
			}
			time.Sleep(2 * breakerDelay)
			wire.always(200, `{"status":0}`)
			for i := range 4 {
				request := requestOf(manyCallers(i))
				for range options.Concurrency {
					group.Go(func() {
						if _, err := client.Order(t.Context(), request); err != nil {
							t.Errorf("seed %d, caller %d: %v", seed, i, err)
						}
					})
				}
			}
			group.Wait()
			if state := client.State(); state.InFlight != 0 || state.Waiting != 0 || state.Breaker != "closed" {
				t.Errorf("seed %d: state %+v", seed, state)
			}
		})
	}
}

func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []Attempt
		type key struct{}
		wire := &fakeWire{delay: time.Second, answer: func(n int32) (int, string) {
			if n == 1 {
				return 0, ""
			}
			return 200, `{"status":103,"data":{"deduct_money":2}}`
		}}
		client := wire.client(t, Options{Retries: 1, Observe: func(ctx context.Context) (context.Context, func(Attempt)) {
			return context.WithValue(ctx, key{}, true), func(attempt Attempt) { seen = append(seen, attempt) }
		}})
		checkFailure(t, order(client), upstream.KindAccountNotFound)
		if len(seen) != 2 || seen[0].Written || !seen[1].Written {
			t.Fatalf("observed %+v", seen)
		}
		if last := seen[1]; last.Points != 2 || last.Duration != time.Second || upstream.KindOf(last.Err) != upstream.KindAccountNotFound {
			t.Errorf("observed %+v", last)
		}
	})
}
