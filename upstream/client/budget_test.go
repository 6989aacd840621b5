package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

// budgets reads budgets as the settings have them.
func budgets(t *testing.T, texts ...string) (list []Budget) {
	t.Helper()
	for _, text := range texts {
		budget, err := ParseBudget(text)
		if err != nil || budget.String() != text {
			t.Fatalf("%q: %v, %v", text, budget, err)
		}
		list = append(list, budget)
	}
	return list
}

// exhausted returns the refusal of a call for want of points, or nil.
func exhausted(err error) *upstream.Error {
	if failure, ok := errors.AsType[*upstream.Error](err); ok && failure.Kind == upstream.KindBudgetExhausted {
		return failure
	}
	return nil
}

func costing(points int) string {
	return fmt.Sprintf(`{"status":0,"data":{"deduct_money":%d}}`, points)
}

func TestParseBudget(t *testing.T) {
	budgets(t, "1/hour", "500/day", "1000000000/month")
	for _, text := range []string{"", "5", "/day", "0/day", "-1/day", "1.5/day", "1000000001/day", "99999999999999999999999/day", "5/week", "5/Day", "5/day/", "5 /day"} {
		if budget, err := ParseBudget(text); err == nil {
			t.Errorf("%q is %v", text, budget)
		}
	}
}

func TestABudgetHoldsForCallsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 100 * time.Millisecond}
		client := wire.client(t, Options{Budgets: Budgets{All: budgets(t, "50/day")}})
		for day := range 3 {
			var resetAt time.Time
			refused := 0
			for _, err := range orderAll(client, 200) {
				failure := exhausted(err)
				if failure == nil {
					continue
				}
				refused++
				resetAt = failure.ResetAt
				if !failure.Outage || failure.Kind.Retryable() || failure.RetryAfter <= 0 {
					t.Errorf("%+v", failure)
				}
			}
			if calls := int(wire.calls.Load()); calls != 50*(day+1) || refused != 150 {
				t.Errorf("day %d: %d calls, %d refused", day, calls, refused)
			}
			time.Sleep(time.Until(resetAt) - time.Nanosecond)
			if exhausted(order(client)) == nil {
				t.Error("the window ended too early")
			}
			time.Sleep(time.Nanosecond)
		}
	})
}

// A bubble begins at 2000-01-01 00:00 UTC.
func TestBudgetWindows(t *testing.T) {
	for window, want := range map[string]string{
		"1/hour": "2000-01-01T09:00:00+08:00", "1/day": "2000-01-02T00:00:00+08:00", "1/month": "2000-02-01T00:00:00+08:00",
	} {
		synctest.Test(t, func(t *testing.T) {
			client := new(fakeWire).client(t, Options{Budgets: Budgets{All: budgets(t, window, "5/hour")}})
			if err := order(client); err != nil {
				t.Fatal(err)
			}
			if failure := exhausted(order(client)); failure == nil || failure.ResetAt.Format(time.RFC3339) != want {
				t.Errorf("%s: %+v", window, failure)
			}
		})
	}
}

func TestWhatACallCosts(t *testing.T) {
	for name, test := range map[string]struct {
		status  int
		body    string
		retries int
		more    int // calls that a budget of 10 then still allows at a price of 1 that nobody tells
	}{
		"a price":                 {200, costing(4), 0, 1}, // the next two may cost as much, and the second does not fit
		"nothing":                 {200, costing(0), 0, 10},
		"no price":                {200, `{"status":0}`, 0, 9},
		"a refusal with a price":  {200, `{"status":103,"data":{"deduct_money":4}}`, 0, 6},
		"a refusal without":       {200, `{"status":103}`, 0, 9},
		"rubbish":                 {200, `<html>`, 0, 9},
		"a reset":                 {-1, "", 0, 9},
		"no connection":           {0, "", 0, 10},
		"no connection, retried":  {0, "", 1, 10},
		"more than everything":    {200, costing(1 << 30), 0, 0},
		"a price that is no sum":  {200, `{"status":0,"data":{"deduct_money":-4}}`, 0, 9},
		"a price in another form": {200, `{"status":0,"data":{"deduct_money":"4.0"}}`, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := new(fakeWire).always(test.status, test.body)
				client := wire.client(t, Options{Retries: test.retries, Budgets: Budgets{All: budgets(t, "10/day")}})
				_ = order(client)
				wire.always(200, `{"status":0}`)
				calls := wire.calls.Load()
				for range 20 {
					_ = order(client)
				}
				if more := int(wire.calls.Load() - calls); more != test.more {
					t.Errorf("%d more calls, want %d", more, test.more)
				}
			})
		})
	}
}

// While the price rises, the budget is exceeded by the rise for each call in flight; after that it holds: no call is
// made that costs more than the whole budget.
func TestBudgetWhilePricesChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := (&fakeWire{delay: time.Second}).always(200, costing(3))
		client := wire.client(t, Options{Concurrency: 4, Budgets: Budgets{All: budgets(t, "20/hour")}})
		orderAll(client, 4)
		refused := slices.DeleteFunc(orderAll(client, 10), func(err error) bool { return exhausted(err) == nil })
		if wire.calls.Load() != 6 || len(refused) != 8 {
			t.Errorf("%d calls for 3 points each, of 20, %d refused", wire.calls.Load(), len(refused))
		}
		wire.always(200, costing(100))
		time.Sleep(time.Hour)
		_ = order(client)
		before := wire.calls.Load()
		time.Sleep(time.Hour)
		if failure := exhausted(order(client)); failure == nil || wire.calls.Load() != before {
			t.Errorf("%d calls for 100 points each, of 20", wire.calls.Load()-before)
		}
	})
}

// A call whose answer does not say what it cost has cost as much as the last one that said so, also one that was under
// way when it did.
func TestWhatNobodySaysCostsTheLastPrice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: time.Second, answer: func(n int32) (int, string) { return 200, []string{costing(3), "<html>"}[n-1] }}
		client := wire.client(t, Options{Budgets: Budgets{All: budgets(t, "20/hour")}})
		go order(client) //nolint:errcheck // it is the first
		time.Sleep(time.Second / 2)
		_ = order(client)
		if spent := client.Budgets(nil)[0].Spent; spent != 6 {
			t.Errorf("%d points, want 6", spent)
		}
	})
}

func TestBudgetsOfClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := new(fakeWire)
		client := wire.client(t, Options{Budgets: Budgets{
			All: budgets(t, "12/day"), Each: budgets(t, "2/hour", "3/day"),
			Named: map[string][]Budget{"shop": budgets(t, "5/day")},
		}})
		ask := func(name string, tenant upstream.Secret, want int) {
			t.Helper()
			before := wire.calls.Load()
			for range 10 {
				request := requestOf(tenant)
				request.Caller.Client = name
				_, _ = client.Order(context.Background(), request)
			}
			if got := int(wire.calls.Load() - before); got != want {
				t.Errorf("%d calls for %q %q, want %d", got, name, tenant.Reveal(), want)
			}
		}
		ask("", "a", 2)
		ask("", "b", 2)
		ask("erp", "c", 2)
		ask("erp", "another token of erp", 0)
		time.Sleep(time.Hour)
		ask("", "a", 1)
		ask("shop", "a", 5)
		ask("", "b", 0) // all is spent
		time.Sleep(24 * time.Hour)
		ask("", "b", 2)
	})
}

// What waits has reserved its points, and gives them back when it leaves.
func TestACallThatIsNotMadeCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: time.Second}
		client := wire.client(t, Options{Concurrency: 1, Budgets: Budgets{All: budgets(t, "2/day")}})
		go order(client) //nolint:errcheck // it is made
		synctest.Wait()
		ctx, leave := context.WithCancel(t.Context())
		go client.Order(ctx, requestOf("caller's token")) //nolint:errcheck // it is not made
		synctest.Wait()
		if exhausted(order(client)) == nil {
			t.Error("a point was not reserved")
		}
		leave()
		synctest.Wait()
		abandoned := requestOf("caller's token")
		abandoned.Begin = func() bool { return false }
		if _, err := client.Order(t.Context(), abandoned); exhausted(err) != nil {
			t.Error("a point was not given back")
		}
		if err := order(client); err != nil || wire.calls.Load() != 2 {
			t.Errorf("%v, %d calls", err, wire.calls.Load())
		}
	})
}

// A call belongs to the window in which it started.
func TestACallAtTheEndOfAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{delay: 2 * time.Second}
		client := wire.client(t, Options{Budgets: Budgets{All: budgets(t, "1/hour", "3/day")}})
		time.Sleep(time.Hour - time.Second)
		for range 2 {
			if err := order(client); err != nil {
				t.Error(err)
			}
		}
		if exhausted(order(client)) == nil || wire.calls.Load() != 2 {
			t.Errorf("%d calls", wire.calls.Load())
		}
	})
}

func TestNoticesOfBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notices []string
		client := new(fakeWire).client(t, Options{Budgets: Budgets{
			All: budgets(t, "10/hour"), Each: budgets(t, "4/day"), Named: map[string][]Budget{"shop": budgets(t, "1000/day")},
			Notice: func(n Notice) {
				notices = append(notices, fmt.Sprint(n.Client, " ", n.Percent, " % of ", n.Budget, ": ", n.Spent))
			},
		}})
		for range 6 {
			_ = order(client)
		}
		for range 8 {
			request := requestOf("another")
			request.Caller.Client = "shop"
			_, _ = client.Order(t.Context(), request)
		}
		want := []string{
			"tenant 50 % of 4/day: 2", "tenant 100 % of 4/day: 4",
			" 50 % of 10/hour: 5", " 80 % of 10/hour: 8", " 100 % of 10/hour: 10",
		}
		if !slices.Equal(notices, want) {
			t.Errorf("%q", notices)
		}
	})
}

func TestBudgetsTellWhatIsSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := new(fakeWire).always(200, costing(2))
		client := wire.client(t, Options{Budgets: Budgets{
			All: budgets(t, "9/hour", "100/day"), Each: budgets(t, "4/day"), Named: map[string][]Budget{"shop": budgets(t, "6/month")},
		}})
		state := func() (text string) {
			for _, s := range client.Budgets([]string{"shop", "erp"}) {
				text += fmt.Sprintf("%q %d of %v until %s, %d refused\n", s.Client, s.Spent, s.Budget, s.ResetAt.Format(time.RFC3339), client.BudgetRefusals(s.Client))
			}
			return text
		}
		if price := client.Price(); price != 1 {
			t.Errorf("a call is said to cost %d before one was made", price)
		}
		for range 4 {
			request := requestOf("a")
			request.Caller.Client = "shop"
			_, _ = client.Order(t.Context(), request)
		}
		_, _ = client.Order(t.Context(), requestOf("b"))
		_, _ = client.Order(t.Context(), requestOf("b"))
		if got, want := state(), `"" 8 of 9/hour until 2000-01-01T09:00:00+08:00, 1 refused
"" 8 of 100/day until 2000-01-02T00:00:00+08:00, 1 refused
"shop" 6 of 6/month until 2000-02-01T00:00:00+08:00, 1 refused
"erp" 0 of 4/day until 2000-01-02T00:00:00+08:00, 0 refused
`; got != want || client.Price() != 2 {
			t.Errorf("a call costs %d:\n%s", client.Price(), got)
		}
		time.Sleep(time.Hour)
		if got := client.Budgets(nil); got[0].Spent != 0 || got[1].Spent != 8 {
			t.Errorf("%+v", got)
		}
	})
}

// Of more clients than there are accounts, those that spent least are forgotten.
func TestAccountsAreBounded(t *testing.T) {
	l := newLedger(Budgets{Each: []Budget{{5, Day}}})
	for i := range 3 * maxAccounts / 2 {
		by := caller{tenant: uint64(i + 1)}
		for range 1 + i%2 {
			reserved, err := l.reserve(by)
			if err != nil {
				t.Fatal(err)
			}
			l.settle(reserved, Attempt{Written: true})
		}
	}
	if len(l.clients) > maxAccounts {
		t.Errorf("%d accounts", len(l.clients))
	}
	for i := 1; i < 1000; i += 2 {
		if _, found := l.clients[accountKey{tenant: uint64(i + 1)}]; !found {
			t.Fatal("one that spent much was forgotten")
		}
	}
}

func BenchmarkBudget(b *testing.B) {
	l := newLedger(Budgets{All: []Budget{{maxBudget, Day}, {maxBudget, Month}}, Each: []Budget{{maxBudget, Day}}})
	b.ReportAllocs()
	for b.Loop() {
		reserved, _ := l.reserve(caller{tenant: 1})
		l.settle(reserved, Attempt{Written: true})
	}
}
