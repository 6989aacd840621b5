package upstream

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// The circuit breaker opens when half of at least 20 calls within 10 s failed, or 8 in a row, and
// lets a trial pass 5 s later.
const (
	breakerRate   = 0.5
	breakerCalls  = 20
	breakerPeriod = 10 * time.Second
	breakerStreak = 8
	breakerDelay  = 5 * time.Second
)

var errBreakerOpen = errors.New("the circuit breaker is open")

// breaker keeps calls from an upstream that is failing. While one call is on trial the others wait
// for its verdict instead of failing: the upstream may just have recovered.
type breaker struct {
	mutex   sync.Mutex
	circuit circuitbreaker.CircuitBreaker[any]
	// streak is the number of failures in a row.
	streak int
	// generation counts the changes of state: the outcome of a call that was permitted before the
	// last one says nothing about the state now.
	generation int
	// changed is closed at the next change of state.
	changed chan struct{}
}

// breakerPermit is the right to make one call, to be given back to record.
type breakerPermit struct{ generation int }

// callOutcome is what a call says about the upstream's health. A refusal is a success.
type callOutcome uint8

const (
	callFailed callOutcome = iota
	callSucceeded
	// callGivenUp says nothing about the upstream: the caller left. A trial must end all the same,
	// and then counts as failed.
	callGivenUp
)

func outcomeOf(err error) callOutcome {
	switch {
	case errors.Is(err, context.Canceled):
		return callGivenUp
	case IsOutage(err):
		return callFailed
	default:
		return callSucceeded
	}
}

func newBreaker() *breaker {
	return &breaker{
		circuit: circuitbreaker.NewBuilder[any]().
			WithFailureRateThreshold(breakerRate, breakerCalls, breakerPeriod).
			WithSuccessThreshold(1).
			WithDelay(breakerDelay).
			Build(),
		changed: make(chan struct{}),
	}
}

func (b *breaker) state() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.circuit.State().String()
}

// refusal returns an error if a call would be refused at once, without taking a permit.
func (b *breaker) refusal() error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if wait := b.circuit.RemainingDelay(); wait > 0 {
		return unavailable(errBreakerOpen, wait)
	}
	return nil
}

// acquire returns a permit, after the verdict if a call is on trial.
func (b *breaker) acquire(ctx context.Context) (breakerPermit, error) {
	for {
		permit, verdict, err := b.try()
		if verdict == nil {
			return permit, err
		}
		select {
		case <-verdict:
		case <-ctx.Done():
			return breakerPermit{}, outOfTime(ctx, "the circuit breaker's trial")
		}
	}
}

// try returns a permit, an error, or a channel that is closed when it is worth trying again.
func (b *breaker) try() (permit breakerPermit, verdict <-chan struct{}, err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	permitted := false
	b.change(func() { permitted = b.circuit.TryAcquirePermit() })
	switch {
	case permitted:
		return breakerPermit{b.generation}, nil, nil
	case b.circuit.IsOpen():
		return breakerPermit{}, nil, unavailable(errBreakerOpen, b.circuit.RemainingDelay())
	default:
		return breakerPermit{}, b.changed, nil
	}
}

// record takes a permit back and counts how its call went.
func (b *breaker) record(permit breakerPermit, outcome callOutcome) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if permit.generation != b.generation || outcome == callGivenUp && b.circuit.IsClosed() {
		return
	}
	b.change(func() {
		if outcome == callSucceeded {
			b.streak = 0
			b.circuit.RecordSuccess()
			return
		}
		b.streak++
		b.circuit.RecordFailure()
		if b.streak >= breakerStreak {
			b.circuit.Open()
		}
	})
}

// change runs operation and tells those who wait if it changed the state.
func (b *breaker) change(operation func()) {
	before := b.circuit.State()
	operation()
	if b.circuit.State() == before {
		return
	}
	b.generation++
	b.streak = 0
	close(b.changed)
	b.changed = make(chan struct{})
}
