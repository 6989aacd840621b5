package cache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

// TestAgainstModel lets a few tenants ask for a few orders in random ways, in the midst of random
// failures, waits and clients that leave, and checks every reply by rules that say nothing of how the
// cache works.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			options := defaults()
			options.StaleIfError = time.Minute
			inBubble(t, options, func(b *bench) {
				m := &model{bench: b, random: rand.New(rand.NewPCG(seed, 0)), orders: map[modelOrder]*modelState{}}
				b.fake.writing = m.write
				for range 300 {
					m.step()
				}
				m.requests.Wait()
				for _, check := range m.checks {
					check()
				}
				m.checkBills()
			})
		})
	}
}

type model struct {
	*bench
	random   *rand.Rand
	requests sync.WaitGroup
	// mu guards the rest.
	mu     sync.Mutex
	orders map[modelOrder]*modelState
	calls  []modelCall
	checks []func()
	bills  []reply
}

// modelOrder is an order as one tenant sees it.
type modelOrder struct {
	tenant string
	id     upstream.OrderID
}

// modelState is what is known of an order at some moment.
type modelState struct {
	// waiting is the number of requests that wait for an answer.
	waiting int
	// seen is the latest call, in the order in which they were written, of which somebody has the answer.
	seen int
}

// modelCall is what the upstream knows of a call: who asked for what, and when.
type modelCall struct {
	order   modelOrder
	needs   upstream.Needs
	written time.Time
}

func (m *model) state(order modelOrder) *modelState {
	if m.orders[order] == nil {
		m.orders[order] = &modelState{}
	}
	return m.orders[order]
}

// write notes a call that is written: somebody must wait for it.
func (m *model) write(request upstream.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	order := modelOrder{request.Caller.Tenant.Reveal(), request.Key.ID}
	m.calls = append(m.calls, modelCall{order, request.Needs, time.Now()})
	if m.state(order).waiting == 0 {
		m.Errorf("call %d for %+v is paid for nobody", len(m.calls), order)
	}
}

// step lets some time pass and a request arrive.
func (m *model) step() {
	time.Sleep([]time.Duration{1, time.Millisecond, time.Second, 7 * time.Second, 40 * time.Second}[m.random.IntN(5)])
	failures := []error{
		nil, nil, nil, nil,
		&upstream.Error{Kind: upstream.KindUnavailable, Outage: true},
		&upstream.Error{Kind: upstream.KindRateLimited},
	}
	m.set(func(f *fake) {
		f.fail = failures[m.random.IntN(len(failures))]
		f.latency = time.Duration(1 + m.random.IntN(int(5*time.Second)))
		f.points = m.random.IntN(4)
		f.queue = 0
		if m.random.IntN(3) == 0 {
			f.queue = time.Duration(m.random.IntN(int(4 * time.Second)))
		}
	})
	a := asking{
		tenant:    []string{"a", "A", "a "}[m.random.IntN(3)],
		id:        upstream.OrderID(1 + m.random.IntN(3)),
		needs:     needs(upstream.Domains(m.random.IntN(16))),
		noCache:   m.random.IntN(6) == 0,
		arrivedAt: time.Now(),
	}
	cancel := context.CancelFunc(func() {})
	hangsUp := m.random.IntN(4) == 0
	if hangsUp {
		a.ctx, cancel = context.WithTimeout(m.Context(), time.Duration(m.random.IntN(int(4*time.Second))))
	}
	m.requests.Go(func() {
		defer cancel()
		order := modelOrder{a.tenant, a.id}
		m.mu.Lock()
		state := m.state(order)
		state.waiting++
		seen := state.seen
		m.mu.Unlock()
		got := m.ask(a)
		m.mu.Lock()
		defer m.mu.Unlock()
		state.waiting--
		number := got.call()
		state.seen = max(state.seen, number)
		m.bills = append(m.bills, got)
		m.checks = append(m.checks, func() { m.check(a, got, number, seen, hangsUp) })
	})
	synctest.Wait()
}

// call is the number of the call that brought the order; 0 without one.
func (r reply) call() (number int) {
	_, _ = fmt.Sscanf(r.note(), "call %d", &number)
	return number
}

// check checks one reply; seen is what was seen of the order when its request arrived.
func (m *model) check(a asking, got reply, number, seen int, hungUp bool) {
	if got.err != nil {
		if kind := upstream.KindOf(got.err); kind == upstream.KindTimeout && !hungUp {
			m.Errorf("%+v: %v", a, got.err)
		}
		return
	}
	if number == 0 || number > len(m.calls) {
		m.Errorf("%+v got %q", a, got.note())
		return
	}
	call := m.calls[number-1]
	if call.order != (modelOrder{a.tenant, a.id}) {
		m.Errorf("%+v got the order of %+v", a, call.order)
	}
	// Only an outage leaves parts out, and only a copy does.
	partial := upstream.IsOutage(got.Missing) && got.counts.Hits > 0
	if got.Held.Covers(a.needs) == partial || !call.needs.Covers(got.Held) {
		m.Errorf("%+v got %v from a call for %v", a, got.Held, call.needs)
	}
	if got.counts.Hits > 0 && number < seen {
		m.Errorf("%+v got a copy of call %d after call %d was seen", a, number, seen)
	}
	if a.noCache && call.written.Before(a.arrivedAt) {
		m.Errorf("%+v got an answer from before it arrived", a)
	}
	if a.noCache && got.counts.Hits > 0 {
		m.Errorf("%+v got a copy", a)
	}
	age := a.arrivedAt.Sub(got.FetchedAt)
	switch {
	case got.counts.Stale > 0 && age >= DefaultTTL+time.Minute:
		m.Errorf("%+v got a copy that is %v old", a, age)
	case got.counts.Stale == 0 && age >= DefaultTTL:
		m.Errorf("%+v got a copy that is %v old and not called stale", a, age)
	}
}

// checkBills compares the sum of all bills, also of those who left, with the calls.
func (m *model) checkBills() {
	calls, points := 0, 0
	for _, got := range m.bills {
		bill := got.bill()
		if bill.Calls > 1 {
			m.Errorf("one request for one order made %d calls", bill.Calls)
		}
		calls, points = calls+bill.Calls, points+bill.Points
	}
	if calls != len(m.calls) || points != m.spent {
		m.Errorf("the bills are of %d calls and %d points, want %d and %d", calls, points, len(m.calls), m.spent)
	}
}
