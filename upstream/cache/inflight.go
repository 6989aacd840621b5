package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"ordergraph/upstream"
)

// A call is made for one order, and any number of requests may wait for it.
//
//	waiting ──> written ──> complete
//	   │
//	   └──────> abandoned
//
// A call that waits, for the circuit breaker, its turn or the rate, has cost nothing yet. It is abandoned
// when the last request that waits for it leaves, and gives back what it waited for. A call whose request
// was written is paid for: it is finished and its answer is kept, whoever still waits. Which of the two
// happens is decided under one lock, where the client asks for leave to write (begin) and where a request
// leaves (leave). An abandoned call is out of the table, so that nobody joins it any more.
//
// A call gets its version when it is written, not when it is wanted: it may wait long for its turn, and
// what was asked last is newest. The same instant decides whether a request that takes no copies may join:
// it may if it arrived before the call was written, and so it may join every call that still waits.
//
// The copy is stored before the call completes. At any moment there is either the call to join or its copy,
// so that nobody pays again for what was just brought. Calls for one order store one at a time, and one
// that completes late doesn't replace what a later version answered: a copy, that there is no such order,
// or an order that is not worth keeping. The calls of an order remember the latest version that answered
// for as long as one of them is under way.

// closeWait is how long Close lets the calls that were written go on.
const closeWait = 5 * time.Second

var (
	errClosed    = errors.New("the cache is closed")
	errNoReturn  = errors.New("the call did not return")
	errBillEnded = errors.New("the request has ended")
)

// call is one upstream call for an order.
type call struct {
	key key
	// needs is what the call asks for.
	needs upstream.Needs
	// usage is the bill of the request that started the call.
	usage *upstream.Meter
	// siblings are the calls for the same order, this one among them.
	siblings *siblings
	cancel   context.CancelFunc

	// waiters is the number of requests that wait for the call. It is guarded by inflight.mu, and so are
	// version and writtenAt until done is closed.
	waiters int
	// version is 0 until the call is written.
	version   upstream.Version
	writtenAt time.Time

	// done is closed when the call has ended; result and err are not changed after that.
	done   chan struct{}
	result upstream.Result
	err    error
}

// siblings are the calls under way for one order.
type siblings struct {
	calls []*call // in the order of their starts

	// storing is held while a copy is stored.
	storing sync.Mutex
	// answered is the latest version that brought an answer, guarded by storing.
	answered upstream.Version
}

// inflight is the table of the calls under way that were not abandoned.
type inflight struct {
	mu      sync.Mutex
	byKey   map[key]*siblings
	version upstream.Version // the last one given
	closed  bool
	running sync.WaitGroup
}

// source is what answers a request: a copy, or a call.
type source struct {
	copied *snapshot
	call   *call
	// started says that this request started the call, and pays for it.
	started bool
}

// joinOrStart finds a copy that serves l or a call to wait for, or starts a call. Who gets a call must
// wait for it.
func (c *Cache) joinOrStart(ctx context.Context, l *lookup) (source, error) {
	c.inflight.mu.Lock()
	defer c.inflight.mu.Unlock()
	now := c.options.Now()
	// The store is asked again: what was under way a moment ago may be there by now.
	held := c.store.get(l.key)
	if held.serves(l, now) {
		return source{copied: held}, nil
	}
	if l.noFetch != nil {
		return source{}, l.noFetch
	}
	if under := c.inflight.byKey[l.key]; under != nil {
		for _, call := range slices.Backward(under.calls) {
			if call.answers(l) {
				call.waiters++
				return source{call: call}, nil
			}
		}
	}
	started, err := c.start(ctx, l, held, now)
	return source{call: started, started: true}, err
}

// answers reports whether the request of l may wait for the call.
func (call *call) answers(l *lookup) bool {
	if l.Freshness.NoCache && call.version != 0 && !call.writtenAt.After(l.arrivedAt) {
		return false
	}
	return call.needs.Covers(l.Needs)
}

// fetchNeeds returns what a call for l asks for: also for what the fresh copy has and what other calls
// will bring, so that the copy it leaves lacks nothing and is of one moment.
func (c *Cache) fetchNeeds(l *lookup, held *snapshot, now time.Time) upstream.Needs {
	needs := l.Needs
	if held != nil && held.fresh(now) {
		needs = c.unite(needs, held.held)
	}
	if under := c.inflight.byKey[l.key]; under != nil {
		for _, call := range under.calls {
			needs = c.unite(needs, call.needs)
		}
	}
	needs.Domains = needs.Domains.Asked()
	return needs
}

// unite adds to needs what others need: of their attribute keys, the first in alphabetical order, as many
// as MaxAttributeKeys leaves room for. What is kept of an order would otherwise grow with every request
// that names new keys.
func (c *Cache) unite(needs, others upstream.Needs) upstream.Needs {
	room := c.options.MaxAttributeKeys - len(needs.AttributeKeys)
	var added []string
	for _, key := range others.AttributeKeys {
		if len(added) >= room {
			break
		}
		if _, found := slices.BinarySearch(needs.AttributeKeys, key); !found {
			added = append(added, key)
		}
	}
	return needs.Union(upstream.Needs{Domains: others.Domains, AttributeKeys: added})
}

// start starts a call that the request of l pays for. It takes over the values of ctx and nothing else of
// it. The mutex is held.
func (c *Cache) start(ctx context.Context, l *lookup, held *snapshot, now time.Time) (*call, error) {
	switch {
	case c.inflight.closed:
		return nil, &upstream.Error{Kind: upstream.KindUnavailable, Cause: errClosed, Outage: true}
	case ctx.Err() != nil:
		return nil, outOfTime(ctx)
	case !l.Meter.CallStarted():
		return nil, &upstream.Error{Kind: upstream.KindTimeout, Cause: errBillEnded}
	}
	detached, cancel := context.WithCancel(context.WithoutCancel(ctx))
	started := &call{
		key:     l.key,
		needs:   c.fetchNeeds(l, held, now),
		usage:   l.Meter,
		cancel:  cancel,
		waiters: 1,
		done:    make(chan struct{}),
	}
	c.inflight.add(started)
	request := l.Request
	request.Needs = started.needs
	request.Begin = func() bool { return c.begin(started) }
	c.inflight.running.Go(func() { c.run(detached, started, request) })
	return started, nil
}

// begin gives the call its version and reports whether its request may be written. It is asked again where
// the client tries again, because no connection came about.
func (c *Cache) begin(call *call) bool {
	c.inflight.mu.Lock()
	defer c.inflight.mu.Unlock()
	if call.waiters == 0 || c.inflight.closed {
		c.inflight.abandon(call)
		return false
	}
	c.inflight.number(call, c.options.Now())
	return true
}

// leave takes back that a request waits for the call.
func (c *Cache) leave(call *call) {
	c.inflight.mu.Lock()
	defer c.inflight.mu.Unlock()
	call.waiters--
	if call.waiters == 0 && call.version == 0 {
		c.inflight.abandon(call)
	}
}

// wait waits for the call's answer as long as ctx allows.
func (c *Cache) wait(ctx context.Context, call *call) (upstream.Result, error) {
	select {
	case <-call.done:
		return call.result, call.err
	case <-ctx.Done():
		c.leave(call)
		return upstream.Result{}, outOfTime(ctx)
	}
}

// run makes the call and stores what it brings.
func (c *Cache) run(ctx context.Context, call *call, request upstream.Request) {
	defer c.complete(call) // even if the call ends its goroutine: nobody may wait for ever
	defer func() {
		if value := recover(); value != nil {
			call.result = upstream.Result{}
			call.err = &upstream.Error{Kind: upstream.KindInternal, Cause: panicError(value)}
		}
	}()
	call.err = &upstream.Error{Kind: upstream.KindInternal, Cause: errNoReturn}
	result, err := c.orders.Order(ctx, request)
	if err != nil {
		call.err = err
		c.negative.add(call.key, err, c.options.Now())
		return
	}
	call.result, call.err = c.keep(call, result), nil
}

// keep completes the result of a call and stores it, unless a later version has answered. Success without
// an order is an answer too: the copy before it is out of date.
func (c *Cache) keep(call *call, result upstream.Result) upstream.Result {
	now := c.options.Now()
	body := result.Body
	result.Body = nil // the callers have the order
	version := c.versionOf(call, now)
	var copied *snapshot
	if result.Order != nil {
		if result.FetchedAt.IsZero() {
			result.FetchedAt = now.UTC()
		}
		result.FreshUntil = result.FetchedAt.Add(c.options.timeToLive(result.Order))
		if c.options.Size > 0 {
			result.Version = version
			copied = newSnapshot(call.key, result)
			copied.compress(body)
		}
	}
	siblings := call.siblings
	siblings.storing.Lock()
	defer siblings.storing.Unlock()
	if siblings.answered > version {
		return result
	}
	siblings.answered = version
	if copied == nil {
		c.store.remove(call.key)
	} else {
		c.store.put(copied)
	}
	return result
}

// versionOf returns the version of a call that has been answered. Orders that never asked for leave to
// write get it now.
func (c *Cache) versionOf(call *call, now time.Time) upstream.Version {
	c.inflight.mu.Lock()
	defer c.inflight.mu.Unlock()
	if call.version == 0 {
		c.inflight.number(call, now)
	}
	return call.version
}

// complete ends the call and tells those who wait.
func (c *Cache) complete(call *call) {
	call.cancel()
	// First, so that those who paid for it find a bill that is whole.
	call.usage.CallEnded()
	c.inflight.mu.Lock()
	defer c.inflight.mu.Unlock()
	c.inflight.remove(call)
	close(call.done)
}

func (i *inflight) number(call *call, now time.Time) {
	i.version++
	call.version, call.writtenAt = i.version, now
}

func (i *inflight) add(call *call) {
	under := i.byKey[call.key]
	if under == nil {
		under = &siblings{}
		i.byKey[call.key] = under
	}
	under.calls = append(under.calls, call)
	call.siblings = under
}

// abandon ends a call that was not written.
func (i *inflight) abandon(call *call) {
	i.remove(call)
	call.cancel()
}

// remove forgets a call, if it was not forgotten before.
func (i *inflight) remove(gone *call) {
	under := gone.siblings
	under.calls = slices.DeleteFunc(under.calls, func(other *call) bool { return other == gone })
	if len(under.calls) == 0 && i.byKey[gone.key] == under {
		delete(i.byKey, gone.key)
	}
}

// close lets no call start or be written any more, waits a moment for those that were written, and breaks
// off the rest. It returns false if it was called before.
func (i *inflight) close() bool {
	first := i.breakOff(func(call *call) bool { return call.version == 0 })
	late := time.AfterFunc(closeWait, func() { i.breakOff(func(*call) bool { return true }) })
	defer late.Stop()
	i.running.Wait()
	return first
}

// breakOff closes the table and ends some of its calls. It returns false if the table was closed before.
func (i *inflight) breakOff(which func(*call) bool) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	first := !i.closed
	i.closed = true
	for _, under := range i.byKey {
		for _, call := range under.calls {
			if which(call) {
				call.cancel()
			}
		}
	}
	return first
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

func outOfTime(ctx context.Context) error {
	return &upstream.Error{
		Kind:   upstream.KindTimeout,
		Outage: true,
		Cause:  fmt.Errorf("the request ended before its call: %w", context.Cause(ctx)),
	}
}
