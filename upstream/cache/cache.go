// Package cache keeps orders, so that what was paid for once is not paid for again.
//
// Cache decorates upstream.Orders. It answers from its copy of an order where that is fresh and
// holds everything needed; it lets requests for the same order share one call; it remembers for a
// moment that the upstream refused a caller; and it serves an old copy when the upstream fails.
// Whatever it remembers belongs to one tenant and is never shown to another.
//
//	Order ── refusals ── memory ── flights ── upstream
//	         (refusal.go) (memory.go) (flight.go)
package cache

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"ordergraph/upstream"
)

// Defaults of Options, as the settings have them.
const (
	DefaultSize         = 256 << 20
	DefaultTTL          = 30 * time.Second
	DefaultTTLClosed    = 10 * time.Minute
	DefaultStaleIfError = time.Hour
	DefaultCallTimeout  = 15 * time.Second
)

// Options configure a Cache. Zero sizes and durations mean what they say, because 0 is a setting of
// its own; only CallTimeout, HashKey and Now have defaults here.
type Options struct {
	// Size bounds the memory for copies of orders, in bytes. 0 keeps no copies; calls are shared,
	// refusals remembered and freshness computed all the same.
	Size int64
	// TTL is how long a copy of an open order is fresh; 0 is never.
	TTL time.Duration
	// TTLClosed is how long a copy of an order in a final status (success, cancelled, terminated)
	// is fresh; 0 is never.
	TTLClosed time.Duration
	// StaleIfError is how long past its freshness a copy may be served when the upstream fails; 0
	// is never.
	StaleIfError time.Duration
	// CallTimeout bounds a call. It replaces the deadline of the request that started the call: a
	// call that is paid for is finished even if nobody waits for it any longer. Default 15 s.
	CallTimeout time.Duration
	// HashKey is the secret under which tenants are hashed. Default: random for each process.
	HashKey []byte
	// Now returns the time. Default: time.Now.
	Now func() time.Time
}

func (o Options) check() error {
	for name, value := range map[string]int64{
		"Size": o.Size, "TTL": int64(o.TTL), "TTLClosed": int64(o.TTLClosed),
		"StaleIfError": int64(o.StaleIfError), "CallTimeout": int64(o.CallTimeout),
	} {
		if value < 0 {
			return fmt.Errorf("cache: %s is negative", name)
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	o.CallTimeout = cmp.Or(o.CallTimeout, DefaultCallTimeout)
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.HashKey) == 0 {
		o.HashKey = make([]byte, 32)
		_, _ = rand.Read(o.HashKey) // never fails: it ends the program instead
	}
	return o
}

// Cache is an upstream.Orders that remembers. New makes one; Close ends it.
type Cache struct {
	orders   upstream.Orders
	options  Options
	keys     *keyring
	level    level
	refusals *refusals
	flights  flights
}

var (
	_ upstream.Orders = (*Cache)(nil)
	_ upstream.Copies = (*Cache)(nil)
	_ upstream.AtHand = (*Cache)(nil)
)

// level is a place that keeps copies. It is safe for concurrent use, except that put and close are
// called one at a time.
type level interface {
	// get returns the copy under k, fresh or not, or nil. It must not block: it is called under a
	// lock.
	get(k key) *snapshot
	// order returns the order of a copy that get returned. It may take some work.
	order(s *snapshot) (*upstream.Order, error)
	// put keeps a copy, or not: when it returns, get shows either the copy or none newer. The body is
	// the answer that the copy is of, or nil where only the order is known.
	put(s *snapshot, body []byte)
	close()
}

// New returns a Cache in front of orders. The caller must Close it.
func New(orders upstream.Orders, options Options) (*Cache, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	options = options.withDefaults()
	c := &Cache{
		orders:   orders,
		options:  options,
		keys:     newKeyring(options.HashKey),
		level:    nothing{},
		refusals: newRefusals(),
		flights:  flights{byKey: map[key][]*flight{}, turn: make(chan struct{}, 1)},
	}
	if options.Size > 0 {
		memory, err := newMemory(options)
		if err != nil {
			return nil, fmt.Errorf("cache: %w", err)
		}
		c.level = memory
	}
	return c, nil
}

// Close breaks off the calls under way and drops everything. An Order that is asked for later
// fails.
func (c *Cache) Close() {
	if c.flights.close() {
		c.level.close()
	}
}

// question is one request with what the cache needs to know of it.
type question struct {
	upstream.Request
	key       key
	arrivedAt time.Time
	// stopped is why no call may be made, or nil.
	stopped *upstream.Error
}

// Order returns the order from a copy, from a call that is under way, or from a call of its own.
// Every error is, or wraps, an *upstream.Error.
func (c *Cache) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	q, now := c.ask(request)
	hidden, stopped := c.refusals.find(q.key, q.arrivedAt, now)
	if hidden != nil {
		return upstream.Result{}, hidden
	}
	q.stopped = stopped
	if s := c.served(&q, now); s != nil {
		return c.serve(&q, s, now)
	}
	result, err := c.fetch(ctx, &q)
	if err != nil {
		return c.serveStale(&q, err)
	}
	return result, nil
}

// AtHand answers from a copy whose order is ready.
func (c *Cache) AtHand(request upstream.Request) (result upstream.Result, found bool) {
	q, now := c.ask(request)
	if hidden, _ := c.refusals.find(q.key, q.arrivedAt, now); hidden != nil {
		return result, false
	}
	s := c.served(&q, now)
	if s == nil || s.order.Load() == nil {
		return result, false
	}
	result, err := c.serve(&q, s, now)
	return result, err == nil
}

func (c *Cache) ask(request upstream.Request) (q question, now time.Time) {
	now = c.options.Now()
	q = question{Request: request, key: c.keys.of(request), arrivedAt: request.Scope.ArrivedAt}
	if q.arrivedAt.IsZero() {
		q.arrivedAt = now
	}
	return q, now
}

// served returns the copy that answers q without a call, nil if there is none. While copies are being
// stored, the level may still show their predecessors, and board knows.
func (c *Cache) served(q *question, now time.Time) *snapshot {
	if c.flights.storing.Load() > 0 {
		return nil
	}
	if s := c.level.get(q.key); s.serves(q, now) {
		return s
	}
	return nil
}

// fetch answers from a flight. One that was refused for lack of capacity made no call: whoever had
// only joined it may have been let in already, and so tries once more.
func (c *Cache) fetch(ctx context.Context, q *question) (upstream.Result, error) {
	passage, err := c.board(ctx, q)
	if err != nil {
		return upstream.Result{}, err
	}
	result, err := c.travel(ctx, q, passage)
	if err == nil || passage.started || upstream.KindOf(err) != upstream.KindOverloaded {
		return result, err
	}
	if passage, err = c.board(ctx, q); err != nil {
		return upstream.Result{}, err
	}
	return c.travel(ctx, q, passage)
}

// serve answers from a copy and counts the hit.
func (c *Cache) serve(q *question, s *snapshot, now time.Time) (upstream.Result, error) {
	order, err := c.level.order(s)
	if err != nil {
		return upstream.Result{}, err
	}
	counts := upstream.Counts{Hits: 1}
	if !s.fresh(now) {
		counts.Stale = 1
	}
	q.Scope.Usage.Add(counts)
	return s.result(order), nil
}

// serveStale answers from a copy after a call that failed, if the failure is an outage and the copy
// not too old. A refusal is an answer: no copy may hide it.
func (c *Cache) serveStale(q *question, failure error) (upstream.Result, error) {
	if q.noCache() || !upstream.IsOutage(failure) {
		return upstream.Result{}, failure
	}
	now := c.options.Now()
	s := c.newest(q.key)
	if s == nil || !s.held.Covers(q.Needs) || !now.Before(s.keepUntil(c.options.StaleIfError)) {
		return upstream.Result{}, failure
	}
	result, err := c.serve(q, s, now)
	if err != nil {
		return upstream.Result{}, errors.Join(failure, err)
	}
	return result, nil
}

// noCache tells whether no copy may be served.
func (q *question) noCache() bool { return q.Scope.NoCache }

// nothing is a level that keeps nothing.
type nothing struct{}

func (nothing) get(key) *snapshot                          { return nil }
func (nothing) order(s *snapshot) (*upstream.Order, error) { return s.order.Load(), nil }
func (nothing) put(*snapshot, []byte)                      {}
func (nothing) close()                                     {}
