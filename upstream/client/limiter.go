package client

import (
	"cmp"
	"container/list"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"ordergraph/upstream"
)

const (
	// maxFirstWait is how long a GraphQL request may wait for its first call to start. A request that
	// has started waits for its further calls as long as its own deadline allows.
	maxFirstWait = time.Second
	// shareFor is how long no caller may have more than half of the places after one with less than
	// that had to wait. Without it, a loud caller would take all places again in each moment in which
	// nobody else waits, and whoever comes once a second would find none each time.
	shareFor = 5 * time.Second
	// maxInterval bounds the time between two calls, so that no sum of them overflows.
	maxInterval = 365 * 24 * time.Hour
	// maxLateness is how late a call that waits for the rate may start without being missed in the rate:
	// timers fire late.
	maxLateness = 10 * time.Millisecond
)

var errOverloaded = errors.New("too many calls wait for their turn")

// Rate is a rate that several clients share. It is safe for concurrent use.
type Rate interface {
	// Reserve returns how long it is until a call may start, which nobody else may then, where two calls are so much
	// time apart. An error says that it can't be asked now.
	Reserve(ctx context.Context, apart time.Duration) (wait time.Duration, err error)
	// Instances returns how many clients share it, as far as it is known.
	Instances() int
}

// limiter bounds the calls in flight and spreads their starts where a rate is set, and is fair to the
// callers: each has a queue of its own, and a free place goes to the caller with the fewest calls in
// flight, among equals to the one whose turn is longest ago.
//
// A semaphore and a token bucket would do for one caller. With several, a first-come queue gives all places
// to whoever asks for most; so does a semaphore for each caller, as soon as there are as many loud callers as
// shares. And Retry-After has to be true, which takes knowing what is in flight and what waits.
//
// Nothing is reserved ahead: a call that waits has neither a place nor a part of the rate, so that one
// that leaves its queue has nothing to give back, and the estimates for the others are true at once. Of a rate that
// clients share, one start at a time is reserved for whoever is first then: so the clients take turns.
type limiter struct {
	places int
	// share is the number of places that one caller may have while others want some.
	share int
	// interval is the time between two starts; 0 where no rate is set.
	interval time.Duration
	timeout  time.Duration
	// shared is asked before each start; nil where no rate is set or no other client shares it.
	shared Rate

	mu       sync.Mutex
	inFlight map[*slot]struct{}
	// callers are those with calls in flight or waiting, and queues those of them with calls waiting, the
	// one whose turn is longest ago first.
	callers map[uint64]*callerQueue
	queues  []*callerQueue
	// next is when the rate allows the next call; the past where it allows one now.
	next time.Time
	// asking says that the shared rate is being asked, reserved that it allows a call at next. pace is the time
	// between two calls of this client, which is more than interval where others start some, too.
	asking, reserved bool
	pace             time.Duration
	// timer calls wake at next, if a call waits for the rate.
	timer *time.Timer
	// sharedUntil is until when no caller may have more than its share.
	sharedUntil time.Time
	// meanDuration is how long a place is taken: a moving mean over about the last five calls.
	meanDuration time.Duration
}

// slot is one call: first in the queue of its caller, then in flight.
type slot struct {
	caller *callerQueue
	// started is closed when the call may start.
	started   chan struct{}
	startedAt time.Time
	element   *list.Element // in the queue
}

// callerQueue is what the limiter knows of one caller.
type callerQueue struct {
	id       uint64
	inFlight int
	waiting  list.List // of *slot
}

func newLimiter(concurrency int, rate float64, shared Rate, timeout time.Duration) *limiter {
	l := &limiter{
		places:   concurrency,
		share:    max(1, concurrency/2),
		timeout:  timeout,
		inFlight: map[*slot]struct{}{},
		callers:  map[uint64]*callerQueue{},
	}
	if rate > 0 {
		l.interval = time.Duration(max(1, min(float64(time.Second)/rate, float64(maxInterval))))
		l.pace, l.shared = l.interval, shared
	}
	return l
}

// admit acquires a slot for a call of a GraphQL request. If the request's first call would wait longer
// than maxFirstWait, it is refused with KindOverloaded, and so is every other call of that request.
func (l *limiter) admit(ctx context.Context, request *upstream.Meter, caller uint64) (s *slot, err error) {
	err = request.Admit(ctx, func(first bool) (err error) {
		var maxWait time.Duration
		if first {
			maxWait = maxFirstWait
		}
		s, err = l.acquire(ctx, caller, maxWait)
		return err
	})
	return s, err
}

// acquire waits until a call of the caller may start: as long as ctx allows, or no longer than maxWait
// if that is not 0. Whoever would have to wait longer is refused at once, with KindOverloaded. The
// slot must be given to release or to cancel.
func (l *limiter) acquire(ctx context.Context, caller uint64, maxWait time.Duration) (*slot, error) {
	if ctx.Err() != nil {
		return nil, outOfTime(ctx, "a free place")
	}
	s, err := l.enqueue(caller, maxWait)
	if err != nil {
		return nil, err
	}
	var late <-chan time.Time
	if maxWait > 0 {
		late = time.After(maxWait)
	}
	select {
	case <-s.started:
		return s, nil
	case <-late:
	case <-ctx.Done():
	}
	return l.leave(ctx, s)
}

// enqueue lets a call wait, which may end at once, unless it would wait too long.
func (l *limiter) enqueue(id uint64, maxWait time.Duration) (*slot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	caller := l.callers[id]
	if caller == nil {
		caller = &callerQueue{id: id}
	}
	othersWait := slices.ContainsFunc(l.queues, func(other *callerQueue) bool { return other != caller })
	if caller.inFlight < l.share && (othersWait || len(l.inFlight) == l.places) {
		l.sharedUntil = now.Add(shareFor)
	}
	if wait := l.estimate(caller, now); maxWait > 0 && wait > maxWait {
		return nil, overloaded(wait)
	}
	if l.shared == nil && len(l.queues) == 0 && l.next.Before(now) {
		l.next = now // what nobody waited for is lost
	}
	s := &slot{caller: caller, started: make(chan struct{})}
	s.element = caller.waiting.PushBack(s)
	l.callers[id] = caller
	if caller.waiting.Len() == 1 {
		l.queues = append(l.queues, caller)
	}
	l.dispatch(now)
	return s, nil
}

// leave takes a call that waited too long out of its queue. One that was let through in the same
// moment may start, unless its ctx has ended.
func (l *limiter) leave(ctx context.Context, s *slot) (*slot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if ctx.Err() == nil {
		l.dispatch(now) // its turn may be at this very moment
	}
	switch {
	case s.startedAt.IsZero():
		s.caller.waiting.Remove(s.element)
		if s.caller.waiting.Len() == 0 {
			l.requeue(s.caller)
		}
	case ctx.Err() == nil:
		return s, nil
	default:
		l.giveBack(s, now)
	}
	if ctx.Err() != nil {
		return nil, outOfTime(ctx, "its turn among other calls")
	}
	return nil, overloaded(l.estimate(s.caller, now))
}

// release gives back the place of a call that was made.
func (l *limiter) release(s *slot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	took := now.Sub(s.startedAt)
	if l.meanDuration == 0 {
		l.meanDuration = took
	}
	l.meanDuration += (took - l.meanDuration) / 5
	l.end(s, now)
}

// cancel gives back the place and the part of the rate of a call that was not made.
func (l *limiter) cancel(s *slot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.giveBack(s, time.Now())
}

// giveBack is cancel. As with all methods from here on, mu is held.
func (l *limiter) giveBack(s *slot, now time.Time) {
	switch {
	case l.shared == nil:
		l.next = l.next.Add(-l.interval)
	case !l.reserved && !l.asking:
		l.reserved, l.next = true, now
	}
	l.end(s, now)
}

// end takes a call out of those in flight.
func (l *limiter) end(s *slot, now time.Time) {
	delete(l.inFlight, s)
	s.caller.inFlight--
	l.requeue(s.caller)
	l.dispatch(now)
}

// requeue puts a caller behind all others whose calls wait, and forgets one who has no calls left.
func (l *limiter) requeue(caller *callerQueue) {
	l.queues = slices.DeleteFunc(l.queues, func(other *callerQueue) bool { return other == caller })
	switch {
	case caller.waiting.Len() > 0:
		l.queues = append(l.queues, caller)
	case caller.inFlight == 0:
		delete(l.callers, caller.id)
	}
}

// dispatch starts the calls that may start.
func (l *limiter) dispatch(now time.Time) {
	for len(l.queues) > 0 {
		caller := slices.MinFunc(l.queues, func(a, b *callerQueue) int { return cmp.Compare(a.inFlight, b.inFlight) })
		if len(l.inFlight) >= l.places || caller.inFlight >= l.most(now) {
			return // nor may another one: it has as many calls in flight, or more
		}
		if l.shared != nil && !l.reserve(now) {
			return
		}
		if l.next.After(now) {
			l.wakeAt(l.next.Sub(now))
			return
		}
		l.reserved = false
		if last := now.Add(-maxLateness); l.next.Before(last) {
			l.next = last
		}
		if l.shared == nil {
			l.next = l.next.Add(l.interval)
		}
		s := caller.waiting.Remove(caller.waiting.Front()).(*slot)
		s.startedAt = now
		l.inFlight[s] = struct{}{}
		caller.inFlight++
		l.requeue(caller)
		close(s.started)
	}
}

// reserve reports whether a start is reserved, and sees to it that one will be. One that nobody used in time is
// lost: it would come on top of those of others.
func (l *limiter) reserve(now time.Time) bool {
	if l.reserved && now.Sub(l.next) <= max(l.interval, maxLateness) {
		return true
	}
	l.reserved = false
	if !l.asking {
		l.asking = true
		go l.ask()
	}
	return false
}

// ask reserves a start. Where the shared rate can't be asked, it is this client's part of it.
func (l *limiter) ask() {
	wait, err := l.shared.Reserve(context.Background(), l.interval)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if err != nil {
		part := float64(l.interval) * float64(max(1, l.shared.Instances()))
		wait = max(0, l.next.Add(time.Duration(min(part, float64(maxInterval)))).Sub(now))
	}
	l.asking, l.reserved, l.next = false, true, now.Add(wait)
	l.pace = max(l.interval, wait) // it is asked as soon as there is a call for it
	l.dispatch(now)
}

// most returns how many calls of one caller may be in flight.
func (l *limiter) most(now time.Time) int {
	if now.Before(l.sharedUntil) {
		return l.share
	}
	return l.places
}

// wakeAt lets dispatch be called after a while.
func (l *limiter) wakeAt(wait time.Duration) {
	if l.timer != nil {
		l.timer.Reset(wait)
		return
	}
	l.timer = time.AfterFunc(wait, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.dispatch(time.Now())
	})
}

// load returns how many calls are in flight and how many wait.
func (l *limiter) load() (inFlight, waiting int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, caller := range l.queues {
		waiting += caller.waiting.Len()
	}
	return len(l.inFlight), waiting
}

// estimate returns how long one more call of the caller would wait: for as many calls to end as come first
// and have no place, for as many of its own to end as exceed what it may have, and for the rate.
func (l *limiter) estimate(caller *callerQueue, now time.Time) time.Duration {
	// The caller's calls when this one starts, if none ends until then. The others' calls that come
	// first are those that find their caller with no more.
	position := caller.inFlight + caller.waiting.Len() + 1
	ahead := caller.waiting.Len()
	for _, other := range l.queues {
		if other != caller {
			ahead += min(other.waiting.Len(), max(0, position-other.inFlight))
		}
	}
	wait := l.estimateEnd(ahead+1-(l.places-len(l.inFlight)), l.places, nil, now)
	if most := l.most(now); position > most {
		wait = max(wait, l.estimateEnd(position-most, most, caller, now))
	}
	if l.interval > 0 {
		rate := float64(max(0, l.next.Sub(now))) + float64(ahead)*float64(l.pace)
		wait = max(wait, time.Duration(min(rate, float64(maxInterval))))
	}
	return wait
}

// estimateEnd returns how long it takes until n of the calls in flight have ended, of one caller or of
// all, if those that end are replaced until there are as many as places.
func (l *limiter) estimateEnd(n, places int, of *callerQueue, now time.Time) time.Duration {
	if n <= 0 {
		return 0
	}
	var remaining []time.Duration
	for s := range l.inFlight {
		if of == nil || s.caller == of {
			remaining = append(remaining, l.remaining(now.Sub(s.startedAt)))
		}
	}
	for len(remaining) < min(n, places) { // those that start at once
		remaining = append(remaining, l.meanDuration)
	}
	slices.Sort(remaining)
	rounds, place := (n-1)/len(remaining), (n-1)%len(remaining)
	return remaining[place] + time.Duration(rounds)*l.meanDuration
}

// remaining guesses how much longer a call takes. One that is late already is thought to be late by
// as much again: an upstream that hangs is not about to answer.
func (l *limiter) remaining(age time.Duration) time.Duration {
	if age <= l.meanDuration {
		return l.meanDuration - age
	}
	return max(0, min(age-l.meanDuration, l.timeout-age))
}

// overloaded returns the refusal of a request that would have to wait.
func overloaded(wait time.Duration) *upstream.Error {
	return &upstream.Error{Kind: upstream.KindOverloaded, Cause: errOverloaded, RetryAfter: max(wait, time.Second)}
}
