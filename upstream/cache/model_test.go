package cache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"ordergraph/upstream"
)

// TestAgainstModel lets a few tenants ask for a few orders in random ways, in the midst of random
// failures, and checks every reply by rules that say nothing of how the cache works.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			options := defaults()
			options.StaleIfError = time.Minute
			inBubble(t, options, func(b *bench) {
				m := &model{bench: b, random: rand.New(rand.NewPCG(seed, 0))}
				for range 300 {
					m.step()
				}
				for _, finish := range m.finish {
					finish()
				}
				m.expectCalls(len(m.calls))
			})
		})
	}
}

type model struct {
	*bench
	random *rand.Rand
	// finish waits for the replies and lets go of their contexts.
	finish []func()
	calls  []*modelCall
}

// modelCall is what the upstream knows of a call: who asked for what, and when.
type modelCall struct {
	request upstream.Request
	started time.Time
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
	})
	a := asking{
		tenant:    []string{"a", "A", "a "}[m.random.IntN(3)],
		id:        upstream.OrderID(1 + m.random.IntN(3)),
		needs:     needs(upstream.Domains(m.random.IntN(16))),
		noCache:   m.random.IntN(6) == 0,
		arrivedAt: time.Now(),
	}
	hangsUp := m.random.IntN(6) == 0
	if hangsUp {
		ctx, cancel := context.WithTimeout(m.Context(), time.Duration(m.random.IntN(int(2*time.Second))))
		m.finish = append(m.finish, cancel)
		a.ctx = ctx
	}
	m.fake.mutex.Lock()
	before := len(m.fake.calls)
	m.fake.mutex.Unlock()
	reply := m.later(a)
	m.noteCalls(a, before)
	m.finish = append(m.finish, func() { m.check(a, reply(), hangsUp) })
}

// noteCalls remembers the calls that a request started, at most one.
func (m *model) noteCalls(a asking, before int) {
	m.fake.mutex.Lock()
	defer m.fake.mutex.Unlock()
	started := m.fake.calls[before:]
	if len(started) > 1 {
		m.Errorf("%+v started %d calls", a, len(started))
	}
	for _, call := range started {
		m.calls = append(m.calls, &modelCall{request: call, started: a.arrivedAt})
		if !call.Needs.Covers(a.needs) {
			m.Errorf("%+v asked for %v", a, call.Needs)
		}
	}
}

// check checks one reply.
func (m *model) check(a asking, got reply, hungUp bool) {
	if got.err != nil {
		if kind := upstream.KindOf(got.err); kind == upstream.KindTimeout && !hungUp {
			m.Errorf("%+v: %v", a, got.err)
		}
		return
	}
	var number int
	if _, err := fmt.Sscanf(got.note(), "call %d", &number); err != nil || number > len(m.calls) {
		m.Errorf("%+v got %q", a, got.note())
		return
	}
	call := m.calls[number-1]
	if string(call.request.Scope.Tenant.Reveal()) != a.tenant || call.request.Key.ID != a.id {
		m.Errorf("%+v got the order of %q, %d", a, call.request.Scope.Tenant.Reveal(), call.request.Key.ID)
	}
	if !got.Held.Covers(a.needs) || !call.request.Needs.Covers(got.Held) {
		m.Errorf("%+v got %v from a call for %v", a, got.Held, call.request.Needs)
	}
	if a.noCache && call.started.Before(a.arrivedAt) {
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
