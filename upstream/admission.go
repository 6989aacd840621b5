package upstream

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
)

// maxFirstWait is how long a GraphQL request may wait for its first call to start. A request that
// has started waits for its further calls as long as its own deadline allows.
const maxFirstWait = time.Second

var errOverloaded = errors.New("too many calls wait for their turn")

// turns hands out the places of calls in flight, in the order of asking, and spreads their starts
// evenly where a rate is set.
type turns struct {
	rate    ratelimiter.RateLimiter[any] // nil: no rate
	timeout time.Duration
	// free holds the numbers of the free places.
	free chan int

	mutex sync.Mutex
	// since tells for each place since when it is taken; zero where it is free.
	since   []time.Time
	waiting int
	// typical is how long a place is taken: a moving mean over about the last five calls.
	typical time.Duration
}

func newTurns(concurrency int, rate float64, timeout time.Duration) *turns {
	t := &turns{timeout: timeout, free: make(chan int, concurrency), since: make([]time.Time, concurrency)}
	for place := range concurrency {
		t.free <- place
	}
	if rate > 0 {
		t.rate = ratelimiter.NewSmoothWithMaxRate[any](max(1, time.Duration(float64(time.Second)/rate)))
	}
	return t
}

// enter waits for a turn. The first call of a GraphQL request that would wait too long is refused
// with KindOverloaded, and then every other call of that request too.
func (t *turns) enter(ctx context.Context, scope *Scope) (leave func(), err error) {
	first, decided := scope.admission.begin()
	if first {
		leave, err = t.enterFirst(ctx)
		scope.admission.decide(err)
		return leave, err
	}
	select {
	case <-decided:
	case <-ctx.Done():
		return nil, outOfTime(ctx, "the request's first call")
	}
	if refusal := scope.admission.refusal; refusal != nil {
		return nil, refusal
	}
	return t.enterFurther(ctx)
}

func (t *turns) enterFirst(ctx context.Context) (leave func(), err error) {
	if wait := t.estimate(); wait > maxFirstWait {
		return nil, overloaded(wait)
	}
	begun := time.Now()
	limited, cancel := context.WithTimeoutCause(ctx, maxFirstWait, errOverloaded)
	defer cancel()
	leave, err = t.take(limited)
	if err != nil {
		if context.Cause(limited) == errOverloaded && ctx.Err() == nil {
			return nil, overloaded(t.estimate())
		}
		return nil, err
	}
	if t.rate == nil {
		return leave, nil
	}
	wait := t.rate.TryReservePermit(max(0, maxFirstWait-time.Since(begun)))
	if wait < 0 {
		leave()
		return nil, overloaded(maxFirstWait)
	}
	return t.afterRate(ctx, wait, leave)
}

func (t *turns) enterFurther(ctx context.Context) (leave func(), err error) {
	leave, err = t.take(ctx)
	if err != nil || t.rate == nil {
		return leave, err
	}
	return t.afterRate(ctx, t.rate.ReservePermit(), leave)
}

// afterRate waits until the rate allows the call, and gives the place back if ctx ends first.
func (t *turns) afterRate(ctx context.Context, wait time.Duration, leave func()) (func(), error) {
	if wait > 0 && sleep(ctx, wait) != nil {
		leave()
		return nil, outOfTime(ctx, "the rate of calls")
	}
	return leave, nil
}

// take waits for a free place.
func (t *turns) take(ctx context.Context) (leave func(), err error) {
	t.wait(1)
	defer t.wait(-1)
	select {
	case place := <-t.free:
		return t.occupy(place), nil
	case <-ctx.Done():
		return nil, outOfTime(ctx, "a free place")
	}
}

func (t *turns) wait(change int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.waiting += change
}

// occupy marks a place as taken and returns how to leave it.
func (t *turns) occupy(place int) (leave func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.since[place] = time.Now()
	return func() {
		t.mutex.Lock()
		taken := time.Since(t.since[place])
		if t.typical == 0 {
			t.typical = taken
		}
		t.typical += (taken - t.typical) / 5
		t.since[place] = time.Time{}
		t.mutex.Unlock()
		t.free <- place
	}
}

// load returns how many calls are under way and how many wait.
func (t *turns) load() (inFlight, waiting int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, since := range t.since {
		if !since.IsZero() {
			inFlight++
		}
	}
	return inFlight, t.waiting
}

// estimate returns how long a call that asks now will wait for a place.
func (t *turns) estimate() time.Duration {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	remaining := make([]time.Duration, 0, len(t.since))
	for _, since := range t.since {
		if since.IsZero() {
			remaining = append(remaining, 0)
			continue
		}
		remaining = append(remaining, t.remaining(time.Since(since)))
	}
	slices.Sort(remaining)
	rounds, place := t.waiting/len(remaining), t.waiting%len(remaining)
	return remaining[place] + time.Duration(rounds)*t.typical
}

// remaining guesses how much longer a call takes. One that is late already is thought to be late by
// as much again: an upstream that hangs is not about to answer.
func (t *turns) remaining(age time.Duration) time.Duration {
	if age <= t.typical {
		return t.typical - age
	}
	return max(0, min(age-t.typical, t.timeout-age))
}

// overloaded returns the refusal of a request that would have to wait.
func overloaded(wait time.Duration) *Error {
	return &Error{Kind: KindOverloaded, Cause: errOverloaded, RetryAfter: max(wait, time.Second)}
}

// admission is whether a GraphQL request was let in. Its first call decides; the others wait for
// that. The zero value is ready.
type admission struct {
	mutex   sync.Mutex
	decided chan struct{}
	// refusal is set before decided is closed.
	refusal *Error
}

// begin tells whether this is the request's first call, which must then decide.
func (a *admission) begin() (first bool, decided <-chan struct{}) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.decided != nil {
		return false, a.decided
	}
	a.decided = make(chan struct{})
	return true, a.decided
}

// decide settles the request by how its first call fared. Only an overload refuses it.
func (a *admission) decide(err error) {
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Kind == KindOverloaded {
		a.refusal = refusal
	}
	close(a.decided)
}
