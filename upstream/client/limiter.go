package client

import (
	"container/heap"
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
)

var errOverloaded = errors.New("too many calls wait for their turn")

// limiter bounds the calls in flight and spreads their starts where a rate is set, and is fair to the
// callers: each has a queue of its own, and a free place goes to the caller with the fewest calls in
// flight, among equals to the one whose turn is longest ago.
//
// Nothing is reserved ahead: a call that waits has neither a place nor a part of the rate, so that one
// that leaves its queue has nothing to give back, and the estimates for the others are true at once.
type limiter struct {
	places int
	// share is the number of places that one caller may have while others want some.
	share int
	// interval is the time between two starts; 0 where no rate is set.
	interval time.Duration
	timeout  time.Duration

	mu       sync.Mutex
	inFlight map[*slot]struct{}
	// callers are those with calls in flight or waiting.
	callers map[uint64]*callerQueue
	queues  callerQueues
	waiting int
	// turns counts how often a caller began to wait, or a call of one that waits started or ended, to
	// tell whose turn is longest ago.
	turns uint64
	// next is when the rate allows the next call; the past where it allows one now.
	next time.Time
	// timer calls wake at wakeAt, which is zero when that is not needed.
	timer  *time.Timer
	wakeAt time.Time
	// sharedUntil is until when no caller may have more than its share.
	sharedUntil time.Time
	// meanDuration is how long a place is taken: a moving mean over about the last five calls.
	meanDuration time.Duration
}

// slot is one call: first in the queue of its caller, then in flight.
type slot struct {
	caller *callerQueue
	// ready is closed when the call may start; nil where it need not wait.
	ready     chan struct{}
	waiting   *list.Element // nil when it has left the queue
	startedAt time.Time
	// before and after are what limiter.next was before this call started, and what it became.
	before, after time.Time
}

// callerQueue is what the limiter knows of one caller.
type callerQueue struct {
	id       uint64
	inFlight int
	waiting  list.List // of *slot
	turn     uint64
	index    int // in callerQueues, if anything waits
}

// callerQueues is a heap of the callers with calls that wait; the first one is next.
type callerQueues []*callerQueue

func (q callerQueues) Len() int { return len(q) }

func (q callerQueues) Less(i, j int) bool {
	if q[i].inFlight != q[j].inFlight {
		return q[i].inFlight < q[j].inFlight
	}
	return q[i].turn < q[j].turn
}

func (q callerQueues) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *callerQueues) Push(caller any) {
	caller.(*callerQueue).index = len(*q)
	*q = append(*q, caller.(*callerQueue))
}

func (q *callerQueues) Pop() any {
	last := len(*q) - 1
	caller := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return caller
}

func newLimiter(concurrency int, rate float64, timeout time.Duration) *limiter {
	l := &limiter{
		places:   concurrency,
		share:    max(1, concurrency/2),
		timeout:  timeout,
		inFlight: map[*slot]struct{}{},
		callers:  map[uint64]*callerQueue{},
	}
	if rate > 0 {
		l.interval = time.Duration(max(1, min(float64(time.Second)/rate, float64(maxInterval))))
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
	if err != nil || s.ready == nil {
		return s, err
	}
	var late <-chan time.Time
	if maxWait > 0 {
		timer := time.NewTimer(maxWait)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-s.ready:
		return s, nil
	case <-late:
	case <-ctx.Done():
	}
	return l.leave(ctx, s)
}

// enqueue starts a call that may start at once, and lets another one wait, unless that is too long.
func (l *limiter) enqueue(id uint64, maxWait time.Duration) (*slot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	caller := l.callers[id]
	if caller == nil {
		caller = &callerQueue{id: id}
		l.callers[id] = caller
	}
	othersWait := l.waiting > caller.waiting.Len()
	if caller.inFlight < l.share && (othersWait || len(l.inFlight) == l.places) {
		l.sharedUntil = now.Add(shareFor)
	}
	s := &slot{caller: caller}
	if l.waiting == 0 && l.hasPlace(caller, now) && !l.next.After(now) {
		l.start(s, now, now)
		return s, nil
	}
	if wait := l.estimate(caller, now); maxWait > 0 && wait > maxWait {
		l.forget(caller)
		return nil, overloaded(wait)
	}
	s.ready = make(chan struct{})
	s.waiting = caller.waiting.PushBack(s)
	l.waiting++
	if caller.waiting.Len() == 1 {
		l.turns++
		caller.turn = l.turns
		heap.Push(&l.queues, caller)
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
	case s.waiting != nil:
		l.unqueue(s)
		l.forget(s.caller)
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

func (l *limiter) giveBack(s *slot, now time.Time) {
	if l.next.Equal(s.after) { // no call has started since
		l.next = s.before
	}
	l.end(s, now)
}

// end takes a call out of those in flight. As with all methods from here on, mu is held.
func (l *limiter) end(s *slot, now time.Time) {
	delete(l.inFlight, s)
	s.caller.inFlight--
	if s.caller.waiting.Len() > 0 {
		l.turns++
		s.caller.turn = l.turns
		heap.Fix(&l.queues, s.caller.index)
	}
	l.forget(s.caller)
	l.dispatch(now)
}

// dispatch starts the calls that may start.
func (l *limiter) dispatch(now time.Time) {
	// A timer that is late must not lower the rate.
	due := now
	if !l.wakeAt.IsZero() && !l.wakeAt.After(now) {
		due, l.wakeAt = l.wakeAt, time.Time{}
	}
	for len(l.queues) > 0 {
		// Where the first one may not have a place, none may: the others have as many or more.
		caller := l.queues[0]
		if !l.hasPlace(caller, now) {
			return
		}
		if l.next.After(now) {
			l.wake(l.next)
			return
		}
		s := caller.waiting.Front().Value.(*slot)
		l.turns++
		caller.turn = l.turns
		l.unqueue(s)
		l.start(s, now, due)
		close(s.ready)
	}
}

// hasPlace reports whether a call of the caller may be in flight too.
func (l *limiter) hasPlace(caller *callerQueue, now time.Time) bool {
	return len(l.inFlight) < l.places && caller.inFlight < l.most(now)
}

// most returns how many calls of one caller may be in flight.
func (l *limiter) most(now time.Time) int {
	if now.Before(l.sharedUntil) {
		return l.share
	}
	return l.places
}

func (l *limiter) start(s *slot, now, due time.Time) {
	s.startedAt = now
	s.before = l.next
	if l.interval > 0 {
		if l.next.Before(due) {
			l.next = due
		}
		l.next = l.next.Add(l.interval)
	}
	s.after = l.next
	l.inFlight[s] = struct{}{}
	s.caller.inFlight++
	if s.caller.waiting.Len() > 0 {
		heap.Fix(&l.queues, s.caller.index)
	}
}

// unqueue takes a call out of its queue.
func (l *limiter) unqueue(s *slot) {
	s.caller.waiting.Remove(s.waiting)
	s.waiting = nil
	l.waiting--
	if l.waiting == 0 && l.timer != nil {
		l.timer.Stop()
		l.wakeAt = time.Time{}
	}
	if s.caller.waiting.Len() == 0 {
		heap.Remove(&l.queues, s.caller.index)
	}
}

// forget drops a caller who has no calls left.
func (l *limiter) forget(caller *callerQueue) {
	if caller.inFlight == 0 && caller.waiting.Len() == 0 {
		delete(l.callers, caller.id)
	}
}

// wake lets dispatch be called at the given time.
func (l *limiter) wake(at time.Time) {
	if l.wakeAt.Equal(at) {
		return
	}
	l.wakeAt = at
	if l.timer == nil {
		l.timer = time.AfterFunc(time.Until(at), l.woken)
		return
	}
	l.timer.Reset(time.Until(at))
}

func (l *limiter) woken() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.wakeAt) { // the timer was set anew while it fired
		l.timer.Reset(time.Until(l.wakeAt))
		return
	}
	l.dispatch(now)
}

// load returns how many calls are in flight and how many wait.
func (l *limiter) load() (inFlight, waiting int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.inFlight), l.waiting
}

// estimate returns how long one more call of the caller would wait.
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
		rate := float64(max(0, l.next.Sub(now))) + float64(ahead)*float64(l.interval)
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
