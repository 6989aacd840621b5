package cache

import (
	"cmp"
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
	"ordergraph/upstream/cache/shared"
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
// leaves (wait). An abandoned call is out of the table, so that nobody joins it any more.
//
// A call gets its version when it is written, not when it is wanted: it may wait long for its turn, and
// what was asked last is newest. The same instant decides whether a request that takes no copies may join:
// it may if it arrived before the call was written, and so it may join every call that still waits, if that is
// certain to go to the upstream (call.leads).
//
// The copy is stored before the call completes. At any moment there is either the call to join or its copy,
// so that nobody pays again for what was just brought. A call that answers marks those of its order that were
// written before it and are still under way: they are outdated, nobody joins them any more, and they replace
// nothing, neither a copy, nor that there is no such order, nor that it is not worth keeping.

// closeWait is how long Close lets the calls that were written go on.
const closeWait = 5 * time.Second

var (
	errClosed    = errors.New("the cache is closed")
	errNoReturn  = errors.New("the call did not return")
	errBillEnded = errors.New("the request has ended")
)

// inflight is the table of the calls under way that were not abandoned.
type inflight struct {
	mu      sync.Mutex
	calls   map[key][]*call  // of each order in the order of their starts
	version upstream.Version // the last one given
	closed  bool
	running sync.WaitGroup
	// storing is held while it is decided what is newest, and that is stored. It is taken before mu.
	storing sync.Mutex
}

// call is one upstream call for an order.
type call struct {
	key  key
	name shared.Name
	// needs is what the call asks for, wanted what the request that started it needs.
	needs, wanted upstream.Needs
	// freshness is that of the request that started the call, for copies of other instances too.
	freshness upstream.Freshness
	// meter is that of the request that started the call, and pays for it.
	meter  *upstream.Meter
	ctx    context.Context
	cancel context.CancelFunc

	// The next seven are guarded by inflight.mu. waiters is the number of requests that wait for the call.
	waiters int
	// version is 0 until the call is written.
	version   upstream.Version
	writtenAt time.Time
	// newest is the highest version that has answered, here or in another instance.
	newest upstream.Version
	// leads says that the call ends at the upstream, and not with what another instance asked for before;
	// granted is the version that the shared cache gave it, 0 if this instance gives it.
	leads   bool
	granted shared.Version
	// ended says that the call is out of the table, and hears of no newer ones any more.
	ended bool

	// epoch is that of the shared cache when the call began to ask it.
	epoch atomic.Uint64
	// leases, which the call's goroutine alone uses, are what the shared cache granted.
	leases []shared.Version

	// done is closed when the call has ended; what is below is not changed after that. copied is what another
	// instance has paid for.
	done   chan struct{}
	copied *snapshot
	result upstream.Result
	err    error
}

// joinOrStart finds a copy that serves l or a call to wait for, or starts a call. Who gets a call must
// wait for it.
func (c *Cache) joinOrStart(ctx context.Context, l *lookup) (*snapshot, *call, error) {
	c.inflight.mu.Lock()
	defer c.inflight.mu.Unlock()
	now := time.Now()
	// The memory is asked again: what was under way a moment ago may be there by now.
	held := c.memory.get(l.key)
	if held.serves(l, now) && c.confirmed(held) {
		return held, nil, nil
	}
	if l.noFetch != nil {
		return nil, nil, l.noFetch
	}
	for _, call := range slices.Backward(c.inflight.calls[l.key]) {
		if c.answers(call, l) {
			call.waiters++
			return nil, call, nil
		}
	}
	needs := l.Needs
	if held.fresh(now) {
		needs = c.unite(needs, held.held)
	}
	call, err := c.start(ctx, l, needs)
	return nil, call, err
}

// answers reports whether the request of l may wait for the call.
func (c *Cache) answers(call *call, l *lookup) bool {
	written := call.version != 0
	switch {
	case written && (call.version < call.newest || !c.isCurrent(call.epoch.Load())):
		return false // there is, or may be, a newer copy
	case l.Freshness.NoCache && (!call.leads || written && !call.writtenAt.After(l.arrivedAt)):
		return false
	case !call.leads && admitsOlder(call.freshness, l.Freshness):
		return false // it may end with a copy that is too old for this one
	}
	return call.needs.Covers(l.Needs)
}

// admitsOlder reports whether a copy may be good enough for the one request and too old for the other.
func admitsOlder(one, other upstream.Freshness) bool {
	return one.MaxStale > other.MaxStale || other.MaxAge > 0 && (one.MaxAge == 0 || one.MaxAge > other.MaxAge)
}

// start starts a call for needs that the request of l pays for. It asks for what other calls will bring, too,
// and the needs have what a fresh copy holds: the copy that it leaves lacks nothing and is of one moment. It
// takes over the values of ctx and nothing else of it. The mutex is held.
func (c *Cache) start(ctx context.Context, l *lookup, needs upstream.Needs) (*call, error) {
	switch {
	case c.inflight.closed:
		return nil, &upstream.Error{Kind: upstream.KindUnavailable, Cause: errClosed, Outage: true}
	case ctx.Err() != nil:
		return nil, outOfTime(ctx)
	case !l.Meter.CallStarted():
		return nil, &upstream.Error{Kind: upstream.KindTimeout, Cause: errBillEnded}
	}
	for _, call := range c.inflight.calls[l.key] {
		needs = c.unite(needs, call.needs)
	}
	needs.Domains = needs.Domains.Asked()
	detached, cancel := context.WithCancel(context.WithoutCancel(ctx))
	started := &call{
		key:       l.key,
		name:      c.nameOf(l.key),
		needs:     needs,
		wanted:    l.Needs,
		freshness: l.Freshness,
		meter:     l.Meter,
		ctx:       detached,
		cancel:    cancel,
		leads:     l.Freshness.NoCache || c.options.Shared == nil,
		waiters:   1,
		done:      make(chan struct{}),
	}
	if held := c.memory.get(l.key); held != nil {
		started.newest = upstream.Version(held.newest.Load())
	}
	c.inflight.calls[l.key] = append(c.inflight.calls[l.key], started)
	request := l.Request
	request.Needs = needs
	request.Begin = func() bool { return c.begin(started) }
	c.inflight.running.Go(func() { c.run(detached, started, request) })
	return started, nil
}

// unite adds to needs what others need: of their attribute keys, the first in alphabetical order, as many
// as MaxAttributeKeys leaves room for. What is kept of an order would otherwise grow with every request
// that names new keys.
func (c *Cache) unite(needs, others upstream.Needs) upstream.Needs {
	added := slices.DeleteFunc(slices.Clone(others.AttributeKeys), func(key string) bool {
		_, found := slices.BinarySearch(needs.AttributeKeys, key)
		return found
	})
	room := max(0, c.options.MaxAttributeKeys-len(needs.AttributeKeys))
	return needs.Union(upstream.Needs{Domains: others.Domains, AttributeKeys: added[:min(room, len(added))]})
}

// begin gives the call its version and reports whether its request may be written. It is asked again where
// the client tries again, because no connection came about.
func (c *Cache) begin(call *call) bool {
	c.inflight.mu.Lock()
	defer c.inflight.mu.Unlock()
	if call.waiters == 0 || c.inflight.closed {
		c.inflight.forget(call)
		return false
	}
	now := time.Now()
	call.version = upstream.Version(call.granted)
	if call.granted == 0 {
		// The clock lets versions be as good as those that the shared cache gives while it is there.
		call.version = max(c.inflight.version+1, upstream.Version(now.UnixMicro()))
	}
	c.inflight.version = max(c.inflight.version, call.version)
	call.writtenAt = now
	return true
}

// wait waits for the call's answer as long as ctx allows.
func (c *Cache) wait(ctx context.Context, call *call) (upstream.Result, error) {
	select {
	case <-call.done:
		return call.result, call.err
	case <-ctx.Done():
	}
	c.inflight.mu.Lock()
	defer c.inflight.mu.Unlock()
	call.waiters--
	if call.waiters == 0 && call.version == 0 {
		c.inflight.forget(call)
		call.cancel()
	}
	return upstream.Result{}, outOfTime(ctx)
}

// run makes the call, keeps what it says, and then tells those who wait.
func (c *Cache) run(ctx context.Context, call *call, request upstream.Request) {
	defer c.complete(call) // even if the call ends its goroutine: nobody may wait for ever
	defer c.shareFailure(ctx, call)
	defer func() {
		if value := recover(); value != nil {
			call.err = &upstream.Error{Kind: upstream.KindInternal, Cause: panicError(value)}
		}
	}()
	call.err = &upstream.Error{Kind: upstream.KindInternal, Cause: errNoReturn}
	copied, result, err := c.obtain(ctx, call, request)
	switch {
	case err != nil:
		c.negative.add(call.key, err, time.Now())
		call.err = err
	case copied != nil || !call.leads:
		call.copied, call.err = copied, nil
	default:
		if call.version == 0 {
			c.begin(call) // for Orders that never asked
		}
		call.result, call.err = c.keep(call, result), nil
	}
}

// keep completes the result of a call and stores its copy, unless it is outdated. Success without an order
// is an answer too: the copy before it is out of date.
func (c *Cache) keep(call *call, result upstream.Result) upstream.Result {
	body := result.Body
	result.Body = nil // the callers have the order
	var copied *snapshot
	if result.Order != nil {
		result.FetchedAt = cmp.Or(result.FetchedAt, time.Now().UTC())
		result.FreshUntil = result.FetchedAt.Add(c.options.timeToLive(result.Order))
		result.Order = withFreshUntil(result.Order, result.FreshUntil)
		if c.memory != nil && body != nil {
			result.Version = call.version
			copied = newSnapshot(call.key, result, body)
			copied.name = call.name
			copied.epoch.Store(call.epoch.Load())
		}
	}
	c.share(call, result, copied)
	c.inflight.storing.Lock()
	defer c.inflight.storing.Unlock()
	c.memory.get(call.key).answered(call.version)
	if c.inflight.isNewest(call) {
		c.memory.replace(call.key, copied)
	}
	return result
}

// isNewest says that a call brought an answer, and reports whether no later call has, as far as is known.
func (i *inflight) isNewest(call *call) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answered(call.key, call.version)
	return call.version >= call.newest && !call.ended
}

// answered marks the calls under way for an order that are older than an answer. The mutex is held.
func (i *inflight) answered(k key, version upstream.Version) {
	i.version = max(i.version, version)
	for _, call := range i.calls[k] {
		call.newest = max(call.newest, version)
	}
}

// complete ends the call and tells those who wait.
func (c *Cache) complete(call *call) {
	call.cancel()
	// First, so that those who paid for it find a bill that is whole.
	call.meter.CallEnded()
	c.inflight.mu.Lock()
	defer c.inflight.mu.Unlock()
	c.inflight.forget(call)
	close(call.done)
}

// forget removes a call from the table, if it is there.
func (i *inflight) forget(gone *call) {
	gone.ended = true
	i.calls[gone.key] = slices.DeleteFunc(i.calls[gone.key], func(other *call) bool { return other == gone })
	if len(i.calls[gone.key]) == 0 {
		delete(i.calls, gone.key)
	}
}

// close lets no call start or be written any more, waits a moment for those that were written, and breaks
// off the rest.
func (i *inflight) close() {
	i.mu.Lock()
	i.closed = true
	for _, calls := range i.calls {
		for _, call := range calls {
			if call.version == 0 {
				call.cancel()
			} else {
				defer time.AfterFunc(closeWait, call.cancel).Stop()
			}
		}
	}
	i.mu.Unlock()
	i.running.Wait()
}

// panicError describes a panic without its value, unless that is an error of the Go runtime: others
// may hold personal data.
func panicError(value any) error {
	if fault, ok := value.(runtime.Error); ok {
		return fmt.Errorf("panic: %w\n%s", fault, debug.Stack())
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
