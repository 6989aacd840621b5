package client

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/lru"
)

// A circuit breaker opens when half of at least 20 calls within 10 s failed, or 8 in a row, and lets a
// trial pass 5 s later.
const (
	breakerCalls  = 20
	breakerPeriod = 10 * time.Second
	breakerStreak = 8
	breakerDelay  = 5 * time.Second
	// maxBreakerCalls is how many calls a breaker remembers.
	maxBreakerCalls = 128
	// maxBreakers is how many callers have a breaker of their own at once.
	maxBreakers = 1024
)

var errBreakerOpen = errors.New("the circuit breaker is open")

// outcome is what a call says about the upstream.
type outcome uint8

const (
	// gaveUp says nothing: the call was not made, or not waited for long enough.
	gaveUp outcome = iota
	succeeded
	// failedOnce is a failure that counts once for each order, since it may be the order's own fault.
	failedOnce
	failed
)

// breakerCall is one call as a breaker sees it.
type breakerCall struct {
	tenant  uint64
	order   upstream.Key
	outcome outcome
	// outage says that a failure was an outage. The zero value is a failure that was answered.
	outage bool
	at     time.Time
}

// breakers keep calls from an upstream that fails. The endpoint's own counts failures of the transport:
// while it is open, nobody has a call to lose. Whatever else goes wrong may be about one token, so that
// it counts for the caller alone.
//
// Common breakers know calls and no callers: in front of many tenants, whoever has one order that always
// fails, and asks for it often enough, would close the endpoint to all. That is why this one counts an order
// once, a caller for half of a streak while others are answered, and a failed trial against its caller.
type breakers struct {
	endpoint *breaker
	mu       sync.Mutex
	// own are the breakers of the callers whose calls failed.
	own *lru.Cache[uint64, *breaker]
}

func newBreakers() *breakers {
	return &breakers{endpoint: &breaker{}, own: lru.New[uint64, *breaker](maxBreakers, nil)}
}

// breakerPermits is the right to make one call, to be given to record.
type breakerPermits struct{ endpoint, own breakerPermit }

// await returns nil when it is worth asking acquire, and an error for a call that would be refused. It
// waits while a call is on trial: the upstream may just have recovered.
func (b *breakers) await(ctx context.Context, tenant uint64) error {
	for {
		_, verdict, err := b.try(tenant, false)
		if verdict == nil {
			return err
		}
		select {
		case <-verdict:
		case <-ctx.Done():
			return outOfTime(ctx, "the circuit breaker's trial")
		}
	}
}

// acquire returns permits for a call, or false while another call is on trial.
func (b *breakers) acquire(tenant uint64) (permits breakerPermits, acquired bool, err error) {
	permits, verdict, err := b.try(tenant, true)
	return permits, verdict == nil, err
}

func (b *breakers) try(tenant uint64, take bool) (permits breakerPermits, verdict <-chan struct{}, err error) {
	if own := b.ownOf(tenant, false); own != nil {
		if permits.own, verdict, err = own.try(tenant, take); verdict != nil || err != nil {
			return permits, verdict, err
		}
	}
	if permits.endpoint, verdict, err = b.endpoint.try(tenant, take); verdict != nil || err != nil {
		permits.own.record(breakerCall{})
	}
	return permits, verdict, err
}

// record takes permits back and counts how their call went.
func (b *breakers) record(permits breakerPermits, call breakerCall) {
	if permits.own.breaker == nil && call.outcome >= failedOnce {
		permits.own.breaker = b.ownOf(call.tenant, true)
	}
	permits.own.record(call)
	if call.outcome == failed {
		call.outcome = succeeded // the endpoint has answered
	}
	permits.endpoint.record(call)
}

// ownOf returns the caller's own breaker, or nil if it has none and none is to be made.
func (b *breakers) ownOf(tenant uint64, make bool) *breaker {
	b.mu.Lock()
	defer b.mu.Unlock()
	own, found := b.own.Get(tenant)
	if !found && make {
		own = &breaker{}
		b.own.Put(tenant, own, 1)
	}
	return own
}

// breaker is a circuit breaker that no single order opens, and no single caller while others are
// answered. Where nobody else was answered of late, one caller's failures with many orders open it for
// all: nothing tells them from an outage, and the next trial may be anybody's. The zero value is closed.
//
// Open, it refuses all calls. Half-open, it lets one call pass on trial while the others wait for the
// verdict instead of failing. A trial that succeeds closes it. One that fails refuses its caller alone,
// and the next trial is another caller's: only if that fails too, it opens again. Else whoever is
// first at each trial, with an order that fails for its own reasons, would keep it open for all.
type breaker struct {
	mu sync.Mutex
	// openUntil is when it becomes half-open; zero while it is closed.
	openUntil time.Time
	// outage says that nothing but outages opened it, so that its refusals are outages too.
	outage bool
	// verdict is closed when the call on trial has ended; nil while there is none.
	verdict chan struct{}
	// barred is the caller whose trial failed, and until when.
	barred struct {
		tenant uint64
		until  time.Time
	}
	// generation counts the openings and closings: a call that was permitted before the last one says
	// nothing about now.
	generation int
	// opened, trials and closed count its changes.
	opened, trials, closed uint64
	// calls are the last ones since it closed, the newest last. Of each order it holds one failedOnce.
	calls []breakerCall
	// answered are the two callers who were answered last.
	answered [2]struct {
		tenant uint64
		at     time.Time
	}
}

// breakerPermit is the right to make one call. The zero value is one of no breaker.
type breakerPermit struct {
	breaker    *breaker
	generation int
	trial      bool
}

// report says what the breaker is doing.
func (b *breaker) report(state *State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	state.Opened, state.HalfOpened, state.Closed = b.opened, b.trials, b.closed
	switch {
	case b.openUntil.IsZero():
		state.Breaker = "closed"
	case time.Now().Before(b.openUntil):
		state.Breaker = "open"
	default:
		state.Breaker = "half-open"
	}
}

// try returns a permit, an error, or what is closed when it is worth trying again. The permit for a
// trial is not given unless it is to be taken.
func (b *breaker) try(tenant uint64, take bool) (permit breakerPermit, verdict <-chan struct{}, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	refusedUntil := b.openUntil
	if b.barred.tenant == tenant && b.barred.until.After(refusedUntil) {
		refusedUntil = b.barred.until
	}
	switch {
	case now.Before(refusedUntil):
		refusal := unavailable(errBreakerOpen, refusedUntil.Sub(now))
		refusal.Outage = b.outage
		return permit, nil, refusal
	case b.openUntil.IsZero():
		return breakerPermit{breaker: b, generation: b.generation}, nil, nil
	case b.verdict != nil:
		return permit, b.verdict, nil
	case !take:
		return permit, nil, nil
	default:
		b.verdict = make(chan struct{})
		b.trials++
		return breakerPermit{breaker: b, generation: b.generation, trial: true}, nil, nil
	}
}

// record takes the permit back and counts how its call went.
func (p breakerPermit) record(call breakerCall) {
	b := p.breaker
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.trial {
		close(b.verdict)
		b.verdict = nil
	}
	if call.outcome == gaveUp {
		return
	}
	if call.outcome == succeeded {
		b.noteAnswer(call)
	}
	switch {
	case p.trial:
		b.judge(call)
	case p.generation == b.generation:
		b.count(call)
	}
}

// judge ends a trial. As with all methods from here on, mu is held.
func (b *breaker) judge(call breakerCall) {
	b.outage = b.outage && call.outage
	switch {
	case call.outcome == succeeded:
		b.change(time.Time{})
	case b.barred.until.IsZero() || b.barred.tenant == call.tenant:
		b.barred.tenant, b.barred.until = call.tenant, call.at.Add(breakerDelay)
	default:
		b.change(call.at.Add(breakerDelay))
	}
}

// change opens the breaker until the given time, or closes it.
func (b *breaker) change(openUntil time.Time) {
	b.openUntil = openUntil
	if openUntil.IsZero() {
		b.closed++
	} else {
		b.opened++
	}
	b.barred.until = time.Time{}
	b.calls = nil
	b.generation++
}

// count remembers a call and opens the breaker if too many have failed.
func (b *breaker) count(call breakerCall) {
	if call.outcome == failedOnce {
		b.calls = slices.DeleteFunc(b.calls, func(earlier breakerCall) bool {
			return earlier.outcome == failedOnce && earlier.order == call.order
		})
	}
	if len(b.calls) == maxBreakerCalls {
		b.calls = append(b.calls[:0], b.calls[maxBreakerCalls/2:]...)
	}
	b.calls = append(b.calls, call)
	if call.outcome == succeeded {
		return
	}
	if tooMany, outage := b.failures(call.at); tooMany {
		b.outage = outage
		b.change(call.at.Add(breakerDelay))
	}
}

// failures reports whether too many calls have failed, and whether nothing but outages are among the
// failures. While others are answered, one caller makes up half of a streak at most.
func (b *breaker) failures(now time.Time) (tooMany, outage bool) {
	var streak, recent, recentFailures int
	ofTenant := map[uint64]int{}
	inStreak, outage := true, true
	for _, call := range slices.Backward(b.calls) {
		isRecent := now.Sub(call.at) <= breakerPeriod
		inStreak = inStreak && call.outcome != succeeded
		if !isRecent && !inStreak {
			break
		}
		if call.outcome != succeeded {
			ofTenant[call.tenant]++
			if ofTenant[call.tenant] > breakerStreak/2 && b.answersOthers(call.tenant, now) {
				continue
			}
			outage = outage && call.outage
		}
		if inStreak {
			streak++
		}
		if isRecent {
			recent++
			if call.outcome != succeeded {
				recentFailures++
			}
		}
	}
	return streak >= breakerStreak || recent >= breakerCalls && 2*recentFailures >= recent, outage
}

// noteAnswer remembers who was answered.
func (b *breaker) noteAnswer(call breakerCall) {
	if b.answered[0].tenant != call.tenant {
		b.answered[1] = b.answered[0]
	}
	b.answered[0].tenant, b.answered[0].at = call.tenant, call.at
}

// answersOthers reports whether anybody else was answered of late.
func (b *breaker) answersOthers(tenant uint64, now time.Time) bool {
	for _, answer := range b.answered {
		if answer.tenant != tenant && now.Sub(answer.at) <= breakerPeriod {
			return true
		}
	}
	return false
}
