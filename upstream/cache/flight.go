package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ordergraph/upstream"
)

var errClosed = errors.New("the cache is closed")

// flight is one call for an order, which any number of requests may wait for. It goes on when they
// stop waiting: it is paid for.
//
// A flight with a copy stays among the others until the copy can be found in the level. Without
// that, a request that comes in between would pay again.
type flight struct {
	key       key
	sequence  uint64
	startedAt time.Time
	// asks is what the call asks for.
	asks   upstream.Needs
	cancel context.CancelFunc
	// done is closed when result, err and landed are set; they are never changed after that.
	done   chan struct{}
	result upstream.Result
	err    error
	// landed is the copy that the call brought, or nil. It is guarded by flights.mutex until done is
	// closed.
	landed *snapshot
}

// flights are the calls under way and those whose copy is being stored.
type flights struct {
	mutex    sync.Mutex
	byKey    map[key][]*flight // in the order of their starts
	sequence uint64
	closed   bool
	running  sync.WaitGroup
	// storing is the number of flights whose copy is being stored.
	storing atomic.Int64
	// turn is taken while a copy is put into the level, so that one that started earlier does not
	// replace one that started later. It is never waited for while mutex is held.
	turn chan struct{}
}

// passage is how one request gets its answer: from a copy, or from a flight.
type passage struct {
	snapshot *snapshot
	flight   *flight
	// started says that this request started the flight, and pays for it.
	started bool
}

// board finds a copy or a flight that answers q, or starts a flight.
func (c *Cache) board(ctx context.Context, q *question) (passage, error) {
	c.flights.mutex.Lock()
	defer c.flights.mutex.Unlock()
	now := c.options.Now()
	// The level is asked again: what was under way a moment ago may have been stored by now.
	held := c.newestLocked(q.key)
	if held.serves(q, now) {
		return passage{snapshot: held}, nil
	}
	if q.stopped != nil {
		return passage{}, q.stopped
	}
	for _, f := range slices.Backward(c.flights.byKey[q.key]) {
		if f.answers(q) {
			return passage{flight: f}, nil
		}
	}
	if c.flights.closed {
		return passage{}, &upstream.Error{Kind: upstream.KindUnavailable, Cause: errClosed, Outage: true}
	}
	if ctx.Err() != nil {
		return passage{}, outOfTime(ctx)
	}
	return passage{flight: c.start(ctx, q, c.asks(q, held, now), now), started: true}, nil
}

// answers tells whether q may wait for the flight. One that has landed is left to the copy it
// brought, whose freshness counts; but to a request that wants no copies it is a call like any
// other, if it started late enough.
func (f *flight) answers(q *question) bool {
	if q.noCache() {
		return f.startedAt.After(q.arrivedAt) && f.asks.Covers(q.Needs)
	}
	return f.landed == nil && f.asks.Covers(q.Needs)
}

// asks returns what a call for q asks for: also for what the fresh copy has and what other flights
// will bring, so that the copy it leaves lacks nothing and is of one moment.
func (c *Cache) asks(q *question, held *snapshot, now time.Time) upstream.Needs {
	asks := q.Needs
	if held != nil && held.fresh(now) {
		asks = asks.Union(held.held)
	}
	for _, f := range c.flights.byKey[q.key] {
		if f.landed == nil {
			asks = asks.Union(f.asks)
		}
	}
	asks.Domains = asks.Domains.Asked()
	return asks
}

// newest returns the copy of the latest call, fresh or not, or nil.
func (c *Cache) newest(k key) *snapshot {
	c.flights.mutex.Lock()
	defer c.flights.mutex.Unlock()
	return c.newestLocked(k)
}

func (c *Cache) newestLocked(k key) *snapshot {
	newest := c.level.get(k)
	for _, f := range c.flights.byKey[k] {
		if f.landed != nil && (newest == nil || f.landed.sequence > newest.sequence) {
			newest = f.landed
		}
	}
	return newest
}

// start starts a call that the request of q pays for. It takes over the values of ctx and nothing
// else of it.
func (c *Cache) start(ctx context.Context, q *question, asks upstream.Needs, now time.Time) *flight {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.options.CallTimeout)
	c.flights.sequence++
	f := &flight{
		key:       q.key,
		sequence:  c.flights.sequence,
		startedAt: now,
		asks:      asks,
		cancel:    cancel,
		done:      make(chan struct{}),
	}
	c.flights.byKey[q.key] = append(c.flights.byKey[q.key], f)
	request := q.Request
	request.Needs = asks
	c.flights.running.Go(func() {
		defer cancel()
		growStack(0)
		c.fly(detached, f, request)
	})
	return f
}

// growStack makes the goroutine's stack as large as a call needs in one step. By itself it would be
// copied each time that it doubles, which takes as long as reading the answer's JSON.
//
//go:noinline
func growStack(at int) byte {
	var frame [10 << 10]byte
	frame[at] = 1
	return frame[len(frame)-1-at]
}

// fly makes the call, tells those who wait, and stores what it brought.
func (c *Cache) fly(ctx context.Context, f *flight, request upstream.Request) {
	var landed *snapshot
	var body []byte
	// Deferred, so that nobody waits for ever for a call that ends its goroutine.
	defer func() {
		c.land(f, landed)
		if landed != nil {
			// Those who waited go first. Without this, they'd have to be stolen by another processor.
			runtime.Gosched()
			c.store(landed, body)
			c.retire(f)
		}
	}()
	f.err = &upstream.Error{Kind: upstream.KindInternal, Cause: errors.New("the call did not return")}
	f.result, f.err = c.call(ctx, request)
	now := c.options.Now()
	if f.err != nil {
		c.refusals.learn(f.key, f.err, now)
		return
	}
	body, f.result.Body = f.result.Body, nil // the callers have the order
	landed = c.copyOf(f, now)
}

// call makes the call and turns a panic into an error.
func (c *Cache) call(ctx context.Context, request upstream.Request) (result upstream.Result, err error) {
	defer func() {
		if value := recover(); value != nil {
			result, err = upstream.Result{}, &upstream.Error{Kind: upstream.KindInternal, Cause: panicError(value)}
		}
	}()
	return c.orders.Order(ctx, request)
}

// panicError describes a panic without its value, unless that is an error of the Go runtime: others
// may hold personal data.
func panicError(value any) error {
	if runtimeError, ok := value.(interface {
		error
		RuntimeError()
	}); ok {
		return fmt.Errorf("panic: %w\n%s", runtimeError, debug.Stack())
	}
	return fmt.Errorf("panic with a value of type %T\n%s", value, debug.Stack())
}

// copyOf completes the flight's result and returns a copy of it to store, or nil.
func (c *Cache) copyOf(f *flight, now time.Time) *snapshot {
	result := &f.result
	if result.Order == nil {
		return nil
	}
	if result.FetchedAt.IsZero() {
		result.FetchedAt = now.UTC()
	}
	result.FreshUntil = result.FetchedAt.Add(c.options.timeToLive(result.Order))
	if c.options.Size == 0 {
		return nil
	}
	result.Copy = f.sequence
	return newSnapshot(f)
}

// land makes the flight's outcome known. One without a copy is over.
func (c *Cache) land(f *flight, landed *snapshot) {
	c.flights.mutex.Lock()
	defer c.flights.mutex.Unlock()
	f.landed = landed
	if landed == nil {
		c.flights.remove(f)
	} else {
		c.flights.storing.Add(1)
	}
	close(f.done)
}

// store puts a copy into the level, unless the one there is of a later start.
func (c *Cache) store(s *snapshot, body []byte) {
	c.flights.turn <- struct{}{}
	defer func() { <-c.flights.turn }()
	if stored := c.level.get(s.key); stored == nil || stored.sequence < s.sequence {
		c.level.put(s, body)
	}
}

// retire forgets a flight whose copy is stored.
func (c *Cache) retire(f *flight) {
	c.flights.mutex.Lock()
	defer c.flights.mutex.Unlock()
	c.flights.remove(f)
	c.flights.storing.Add(-1)
}

// remove forgets a flight. The mutex is held.
func (f *flights) remove(gone *flight) {
	others := slices.DeleteFunc(f.byKey[gone.key], func(other *flight) bool { return other == gone })
	if len(others) == 0 {
		delete(f.byKey, gone.key)
		return
	}
	f.byKey[gone.key] = others
}

// close breaks off all calls and waits for their ends. It returns false if it was called before.
func (f *flights) close() bool {
	f.mutex.Lock()
	first := !f.closed
	f.closed = true
	for _, ofKey := range f.byKey {
		for _, flight := range ofKey {
			flight.cancel()
		}
	}
	f.mutex.Unlock()
	f.running.Wait()
	return first
}

// travel waits for the answer as long as ctx allows.
func (c *Cache) travel(ctx context.Context, q *question, p passage) (upstream.Result, error) {
	if p.snapshot != nil {
		return c.serve(q, p.snapshot, c.options.Now())
	}
	select {
	case <-p.flight.done:
		return p.flight.result, p.flight.err
	default:
	}
	select {
	case <-p.flight.done:
		return p.flight.result, p.flight.err
	case <-ctx.Done():
		return upstream.Result{}, outOfTime(ctx)
	}
}

func outOfTime(ctx context.Context) error {
	return &upstream.Error{
		Kind:   upstream.KindTimeout,
		Outage: true,
		Cause:  fmt.Errorf("the request ended before its call: %w", context.Cause(ctx)),
	}
}
