package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

// checkOpen fails the test unless err is the refusal of a breaker that opened just now.
func checkOpen(t *testing.T, err error, outage bool) {
	t.Helper()
	refused := checkFailure(t, err, upstream.KindUnavailable)
	if !errors.Is(refused, errBreakerOpen) || refused.RetryAfter != breakerDelay || refused.Outage != outage {
		t.Errorf("refused with %+v", refused)
	}
}

// streak makes calls that fail, each for an order of its own, until a breaker should be open.
func streak(t *testing.T, client *Client, tenant func(i int) upstream.Secret) {
	t.Helper()
	for i := range breakerStreak {
		if err := orderOf(client, tenant(i)); err == nil || errors.Is(err, errBreakerOpen) {
			t.Fatalf("call %d: %v", i, err)
		}
	}
}

func sameCaller(int) upstream.Secret { return "bad" }

func manyCallers(i int) upstream.Secret { return upstream.Secret(fmt.Sprintf("caller %d", i)) }

func TestEndpointBreaker(t *testing.T) {
	for name, status := range map[string]int{"no connection": 0, "broken": -1, "HTTP 500": 500, "HTTP 503": 503, "hangs": 200} {
		for callers, tenant := range map[string]func(int) upstream.Secret{"one caller": sameCaller, "many callers": manyCallers} {
			t.Run(name+" "+callers, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					wire := (&fakeWire{}).always(status, "")
					if status == 200 {
						wire.delay = time.Hour
					}
					client := wire.client(t, Options{})
					streak(t, client, tenant)
					checkOpen(t, orderOf(client, tenant(0)), true)
					checkOpen(t, orderOf(client, "another"), true)
					if calls := wire.calls.Load(); calls != breakerStreak || client.State().Breaker != "open" {
						t.Errorf("%d calls, state %+v", calls, client.State())
					}
					time.Sleep(breakerDelay)
					if client.State().Breaker != "half-open" {
						t.Errorf("after the delay: %+v", client.State())
					}
					wire.delay = 0
					wire.always(200, `{"status":0}`)
					for _, tenant := range []upstream.Secret{"another", tenant(0)} {
						if err := orderOf(client, tenant); err != nil || client.State().Breaker != "closed" {
							t.Errorf("after the delay, %s: %v, %+v", tenant.Reveal(), err, client.State())
						}
					}
				})
			})
		}
	}
}

// TestOwnBreaker: what the upstream says may be about one token, so that it closes nothing to others.
func TestOwnBreaker(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		opens  bool
		outage bool
	}{
		{200, `{"status":101}`, true, true},
		{200, `{"status":200}`, true, true},
		{200, `<html>`, true, true},
		{200, ``, true, true},
		{200, `{"status":0,`, true, true},
		{200, `{"status":0,"msg":"请求超时,请重试"}`, true, true},
		{200, `{"status":0,"success":false,"message":"系统错误,请联系客服"}`, true, true},
		{200, `{"message":"Unauthorized"}`, true, false},
		{200, `{"status":0,"data":{"base_info":{"id":5}}}`, true, false},
		{302, ``, true, false},
		{400, `{"error_code":"gw.ParamMissing"}`, true, false},
		{404, `<html>`, true, false},

		{200, `{"status":100}`, false, false},
		{200, `{"status":103}`, false, false},
		{200, `{"status":203}`, false, false},
		{200, `{"status":204}`, false, false},
		{200, `{"status":302}`, false, false},
		{200, `{"code":401,"msg":"token无效"}`, false, false},
		{401, `{"message":"Unauthorized"}`, false, false},
		{403, ``, false, false},
		{429, ``, false, false},
	} {
		t.Run(fmt.Sprint(test.status, test.body), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &fakeWire{answerTo: func(token string) (int, string) {
					if token == "bad" {
						return test.status, test.body
					}
					return 200, `{"status":0}`
				}}
				client := wire.client(t, Options{})
				for range 3 { // also each time that a trial may pass
					streak(t, client, sameCaller)
					if test.opens {
						checkOpen(t, orderOf(client, "bad"), test.outage)
					} else {
						streak(t, client, sameCaller)
					}
					if err := orderOf(client, "good"); err != nil || client.State().Breaker != "closed" {
						t.Fatalf("another caller gets %v, state %+v", err, client.State())
					}
					if !test.opens {
						continue
					}
					time.Sleep(breakerDelay)
					if err := orderOf(client, "bad"); err == nil || errors.Is(err, errBreakerOpen) {
						t.Fatalf("the trial gets %v", err)
					}
					checkOpen(t, orderOf(client, "bad"), test.outage)
					time.Sleep(breakerDelay)
					answer := wire.answerTo
					wire.answerTo = func(string) (int, string) { return 200, `{"status":0}` }
					if err := orderOf(client, "bad"); err != nil {
						t.Fatalf("after the upstream recovered: %v", err)
					}
					wire.answerTo = answer
				}
			})
		})
	}
}

// TestAnswersAreNotHiddenByOutages: a breaker that also counted answers does not stand for an outage.
func TestAnswersAreNotHiddenByOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(n int32) (int, string) {
			if n == 3 {
				return 404, ``
			}
			return 200, `<html>`
		}}
		client := wire.client(t, Options{})
		streak(t, client, sameCaller)
		checkOpen(t, orderOf(client, "bad"), false)
	})
}

// TestOneOrderOpensNothing: an order on which the upstream fails each time is that order's fault,
// whoever asks for it.
func TestOneOrderOpensNothing(t *testing.T) {
	for name, between := range map[string]int{"in a row": 0, "half of the calls": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &fakeWire{}
				client := wire.client(t, Options{})
				for i := range 3 * breakerCalls {
					wire.always(502, "")
					request := requestOf(manyCallers(i % 5))
					request.Key = documentedKey
					_, err := client.Order(t.Context(), request)
					if failure := checkFailure(t, err, upstream.KindUnavailable); errors.Is(failure, errBreakerOpen) {
						t.Fatalf("call %d: %v", i, err)
					}
					wire.always(200, `{"status":0}`)
					for range between {
						if err := orderOf(client, manyCallers(i%5)); err != nil {
							t.Fatalf("another order: %v", err)
						}
					}
				}
				if err := order(client); err != nil || client.State().Breaker != "closed" {
					t.Errorf("another order: %v, state %+v", err, client.State())
				}
			})
		})
	}
}

// TestOneCallerOpensItsOwn: while others are answered, one caller's failures are its own, however many
// its orders are.
func TestOneCallerOpensItsOwn(t *testing.T) {
	for name, calls := range map[string]int{"in a row": 40, "one by one": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &fakeWire{answerTo: func(token string) (int, string) {
					if token == "bad" {
						return 500, ``
					}
					return 200, `{"status":0}`
				}}
				client := wire.client(t, Options{})
				refused := 0
				for range 60 {
					if err := orderOf(client, "good"); err != nil || client.State().Breaker != "closed" {
						t.Fatalf("the other caller gets %v, state %+v", err, client.State())
					}
					for range calls {
						if errors.Is(orderOf(client, "bad"), errBreakerOpen) {
							refused++
						}
					}
					time.Sleep(time.Second / 10)
				}
				if refused < 50 {
					t.Errorf("%d calls of the caller were refused", refused)
				}
			})
		})
	}
}

func TestBreakerOpensAtHalf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(n int32) (int, string) {
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
		checkOpen(t, order(client), true)
		checkOpen(t, orderOf(client, "another"), true)
	})
}

func TestBreakerForgetsOldFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(n int32) (int, string) {
			if n%2 == 0 {
				return 500, ""
			}
			return 200, `{"status":0}`
		}}
		client := wire.client(t, Options{})
		for range 20 * breakerCalls {
			if err := order(client); errors.Is(err, errBreakerOpen) {
				t.Fatal("the breaker opened at one call a second")
			}
			time.Sleep(time.Second)
		}
	})
}

func TestBreakerIgnoresCallersWhoLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 10 * time.Second}
		client := wire.client(t, Options{})
		for range 2 * breakerStreak {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(4*time.Second, cancel)
			_, err := client.Order(ctx, requestOf("caller"))
			checkFailure(t, err, upstream.KindTimeout)
		}
		if state := client.State(); state.Breaker != "closed" || state.InFlight != 0 {
			t.Errorf("state %+v", state)
		}
	})
}

// TestBreakerIgnoresCallsWithoutTime: a call that has less time than its timeout, because it waited for
// most of what its request has, says nothing about the upstream. Many of them end at the same moment.
func TestBreakerIgnoresCallsWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 10 * time.Second}
		client := wire.client(t, Options{})
		for range 2 * breakerStreak {
			ctx, cancel := context.WithTimeout(t.Context(), DefaultTimeout/2)
			_, err := client.Order(ctx, requestOf("caller"))
			checkFailure(t, err, upstream.KindTimeout)
			cancel()
		}
		if state := client.State(); state.Breaker != "closed" {
			t.Errorf("state %+v", state)
		}
	})
}

// openBreaker fails calls until the breaker is open, then waits until it lets a trial pass.
func openBreaker(t *testing.T, wire *fakeWire, client *Client) {
	t.Helper()
	wire.always(500, "")
	for i := range breakerStreak {
		checkFailure(t, orderOf(client, manyCallers(i)), upstream.KindUnavailable)
	}
	time.Sleep(breakerDelay)
}

func TestHalfOpenBreakerMakesOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 100 * time.Millisecond}
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
		wire := &fakeWire{delay: 100 * time.Millisecond}
		client := wire.client(t, Options{})
		openBreaker(t, wire, client)
		before := wire.calls.Load()
		for _, err := range orderAll(client, 50) {
			if failure := checkFailure(t, err, upstream.KindUnavailable); !failure.Outage {
				t.Error("no outage")
			}
		}
		if calls := wire.calls.Load() - before; calls != 1 {
			t.Errorf("%d calls, want the trial alone", calls)
		}
	})
}

// TestTwoCallersOpenTheBreakerAgain: as long as the upstream fails, each delay costs two trials.
func TestTwoCallersOpenTheBreakerAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{}
		client := wire.client(t, Options{})
		openBreaker(t, wire, client)
		for range 3 {
			before := wire.calls.Load()
			for i := range 50 {
				checkFailure(t, orderOf(client, manyCallers(i)), upstream.KindUnavailable)
			}
			if calls := wire.calls.Load() - before; calls != 2 || client.State().Breaker != "open" {
				t.Errorf("%d calls, state %+v", calls, client.State())
			}
			time.Sleep(breakerDelay)
		}
	})
}

// TestOneCallerDoesNotKeepTheBreakerOpen: one that is always the first after the delay, with an order
// that fails for its own reasons, must not end everybody's trial.
func TestOneCallerDoesNotKeepTheBreakerOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: time.Second}
		client := wire.client(t, Options{})
		openBreaker(t, wire, client)
		wire.answerTo = func(token string) (int, string) {
			if token == "bad" {
				return 500, ""
			}
			return 200, `{"status":0}`
		}
		var group sync.WaitGroup
		group.Go(func() { checkFailure(t, orderOf(client, "bad"), upstream.KindUnavailable) })
		synctest.Wait()
		for range 5 {
			group.Go(func() { checkOpen(t, orderOf(client, "bad"), true) })
			group.Go(func() {
				if err := orderOf(client, "good"); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if client.State().Breaker != "closed" {
			t.Errorf("state %+v", client.State())
		}
	})
}

func TestHalfOpenBreakerIsLeftAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: time.Second}
		client := wire.client(t, Options{})
		openBreaker(t, wire, client)
		var group sync.WaitGroup
		group.Go(func() { checkFailure(t, order(client), upstream.KindUnavailable) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := client.Order(ctx, requestOf("caller"))
		checkFailure(t, err, upstream.KindTimeout)
		group.Wait()
	})
}

// TestTrialWithoutVerdict: a trial that is not made, not waited for, or ends in a panic is given back,
// and the next one is made at once.
func TestTrialWithoutVerdict(t *testing.T) {
	for name, trial := range map[string]func(t *testing.T, client *Client){
		"nobody waits any longer": func(t *testing.T, client *Client) {
			request := requestOf("caller")
			request.Begin = func() bool { return false }
			_, err := client.Order(t.Context(), request)
			checkFailure(t, err, upstream.KindTimeout)
		},
		"its caller leaves": func(t *testing.T, client *Client) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			_, err := client.Order(ctx, requestOf("caller"))
			checkFailure(t, err, upstream.KindTimeout)
		},
		"panic": func(t *testing.T, client *Client) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			request := requestOf("caller")
			request.Begin = func() bool { panic("in Begin") }
			_, _ = client.Order(t.Context(), request)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &fakeWire{delay: time.Second}
				client := wire.client(t, Options{})
				openBreaker(t, wire, client)
				wire.always(200, `{"status":0}`)
				var group sync.WaitGroup
				group.Go(func() { trial(t, client) })
				for range 3 {
					group.Go(func() {
						if err := orderOf(client, "another"); err != nil {
							t.Errorf("after the trial: %v", err)
						}
					})
				}
				group.Wait()
				if state := client.State(); state.InFlight != 0 || state.Waiting != 0 || state.Breaker != "closed" {
					t.Errorf("state %+v", state)
				}
			})
		})
	}
}

// TestWaitingForATrialTakesNoPlace: the calls that wait for the verdict of their caller's own breaker
// must not keep the places from the others.
func TestWaitingForATrialTakesNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := (&fakeWire{}).always(200, `<html>`)
		client := wire.client(t, Options{Concurrency: 2})
		streak(t, client, sameCaller)
		time.Sleep(breakerDelay)
		wire.delay = time.Second
		wire.always(200, `{"status":0}`)
		var group sync.WaitGroup
		bill := &upstream.Meter{}
		for range 10 {
			group.Go(func() {
				request := requestOf("bad")
				request.Meter = bill
				if _, err := client.Order(t.Context(), request); err != nil {
					t.Errorf("after the trial: %v", err)
				}
			})
		}
		synctest.Wait()
		begun := time.Now()
		if err := orderOf(client, "good"); err != nil || time.Since(begun) != time.Second {
			t.Errorf("another caller gets %v after %v", err, time.Since(begun))
		}
		group.Wait()
	})
}

func TestLateFailuresDontReopenTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{}
		client := wire.client(t, Options{Timeout: time.Minute})
		// Calls that started before the breaker opened, and fail after it closed again.
		wire.delay = 30 * time.Second
		wire.always(500, "")
		var late sync.WaitGroup
		for range breakerStreak {
			late.Go(func() { checkFailure(t, orderOf(client, "late"), upstream.KindUnavailable) })
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

// TestBreakersAreBounded: what is new takes the place of what is old, and counts.
func TestBreakersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := (&fakeWire{}).always(200, "<html>").client(t, Options{})
		for i := range 3 * maxBreakers {
			checkFailure(t, orderOf(client, manyCallers(i)), upstream.KindBadResponse)
		}
		if kept := client.transport.breakers.own.Size(); kept != maxBreakers {
			t.Errorf("%d breakers are kept", kept)
		}
		streak(t, client, sameCaller)
		checkOpen(t, orderOf(client, "bad"), true)
	})
}
