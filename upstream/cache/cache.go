// Package cache keeps orders, so that what was paid for once is not paid for again.
//
// [Cache] decorates [upstream.Orders]. A request passes three tables, and ends at the first that has an
// answer:
//
//	Order ── negative ── memory ── inflight ── upstream
//
// Each is in the file of its name.
//
//   - negative: refusals of the upstream, for a moment. Most deny a tenant its copies as well: whoever may
//     not see an order upstream may not see it here. QUOTA_EXHAUSTED says nothing about permission, and so
//     it only stops calls.
//   - memory: copies, compressed, and the orders of the most used ones ready.
//   - inflight: calls under way, which whoever needs no more than they bring may join.
//
// Whether that is right is decided by three things, and all code here is about them.
//
// What is newest? What was asked last. A call gets its version at the moment when its request is written,
// because it may wait long before. A copy has the version of its call, and never replaces a later one;
// whoever keeps what was made of a copy names it by its version ([Cache.Serves]).
//
// Whose is it? Everything has a key that begins with a keyed hash of the tenant, and two tenants share
// neither copies nor calls nor refusals.
//
// What may hide a failure? Only an outage may be answered from a copy, a stale one within bounds or one that
// lacks some of the parts; what the upstream answered is shown. A request that takes no copies gets none
// then, either.
package cache

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/cache/shared"
)

// Defaults of Options, as the settings have them.
const (
	DefaultSize         = 256 << 20
	DefaultTTL          = 30 * time.Second
	DefaultTTLClosed    = 10 * time.Minute
	DefaultStaleIfError = time.Hour

	DefaultMaxAttributeKeys = 100
)

// Options configure a Cache. Zero sizes and durations mean what they say, because 0 is a setting of
// its own; only MaxAttributeKeys and HashKey have defaults here.
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
	// MaxAttributeKeys bounds the keys of extra attributes that a copy holds beyond those that its own
	// request needs. A call asks for the needed keys first and then, in alphabetical order, for as many
	// of those that the copy before it has or other calls ask for; the copy then lacks the rest. 0 is
	// DefaultMaxAttributeKeys.
	MaxAttributeKeys int
	// HashKey is the key under which tenants are hashed in memory. Default: random for each process. Instances that
	// share a cache need the same one.
	HashKey []byte
	// Joined is told when a request has waited since began for a call that another one had started, with the contexts
	// of both; nil is nobody. It must not wait.
	Joined func(ctx, call context.Context, key upstream.Key, began time.Time)
	// Shared is what the instances share; nil is nothing. The Cache starts and closes it. It is not used, nor
	// started, without memory for copies.
	Shared shared.Cache
}

func (o Options) check() error {
	for name, value := range map[string]int64{
		"Size": o.Size, "TTL": int64(o.TTL), "TTLClosed": int64(o.TTLClosed),
		"StaleIfError": int64(o.StaleIfError), "MaxAttributeKeys": int64(o.MaxAttributeKeys),
	} {
		if value < 0 {
			return fmt.Errorf("cache: %s is negative", name)
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	o.MaxAttributeKeys = cmp.Or(o.MaxAttributeKeys, DefaultMaxAttributeKeys)
	if len(o.HashKey) == 0 {
		o.HashKey = make([]byte, 32)
		_, _ = rand.Read(o.HashKey) // never fails: it ends the program instead
	}
	return o
}

// Cache is an [upstream.Orders] that remembers. [New] makes one; [Cache.Close] ends it.
//
// A call that was written is finished even if nobody waits for it any longer, so the Orders behind it must
// bound the time that a call takes.
type Cache struct {
	orders   upstream.Orders
	options  Options
	tenants  *tenantHasher
	memory   *memory // nil keeps no copies
	negative *negativeCache
	inflight inflight
	// sharedLookups are those in the shared cache.
	sharedLookups lookups
}

var _ upstream.Orders = (*Cache)(nil)

// New returns a Cache in front of orders. The caller must Close it.
func New(orders upstream.Orders, options Options) (*Cache, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	options = options.withDefaults()
	c := &Cache{
		orders:   orders,
		options:  options,
		tenants:  newTenantHasher(options.HashKey),
		negative: newNegativeCache(negativeBudget),
		inflight: inflight{calls: map[key][]*call{}},
	}
	if options.Size > 0 {
		var err error
		if c.memory, err = newMemory(options); err != nil {
			return nil, fmt.Errorf("cache: %w", err)
		}
	}
	if c.memory == nil {
		c.options.Shared = nil
	}
	if c.options.Shared != nil {
		c.options.Shared.Start(listener{c})
	}
	return c, nil
}

// Close lets no further call be written, waits a few seconds at most for those that were, and drops
// everything. An Order that is asked for later fails.
func (c *Cache) Close() {
	c.inflight.close()
	if c.options.Shared != nil {
		c.options.Shared.Close()
	}
	c.memory.close()
}

// lookup is one request with what the cache needs to know of it.
type lookup struct {
	upstream.Request
	key key
	// arrivedAt is before every call that may be joined without wanting a copy.
	arrivedAt time.Time
	// noFetch is why no call may be made, or nil.
	noFetch *upstream.Error
}

// Order returns the order from a copy, from a call that is under way, or from a call of its own.
// Every error is, or wraps, an [*upstream.Error].
func (c *Cache) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	if err := request.Check(); err != nil {
		return upstream.Result{}, err
	}
	l, now, denied := c.newLookup(request, c.negative.find)
	if denied != nil {
		return upstream.Result{}, denied
	}
	s := c.memory.get(l.key)
	if s.serves(&l, now) {
		confirmed := c.confirmed(s)
		if !confirmed && (l.noFetch != nil || l.Freshness.OnlyIfCached) {
			confirmed, _ = c.confirm(ctx, s) // there will be no call to do it
		}
		if confirmed {
			c.memory.count(hit)
			return c.serve(&l, s, now)
		}
	}
	c.memory.count(whyNot(s, &l, now))
	if l.Freshness.OnlyIfCached {
		return c.serveOnly(ctx, &l)
	}
	result, err := c.fetch(ctx, &l)
	if err != nil {
		return c.serveAfter(&l, err)
	}
	return result, nil
}

// Peek answers from a copy whose order is ready.
func (c *Cache) Peek(request upstream.Request) (result upstream.Result, found bool) {
	if request.Check() != nil {
		return result, false
	}
	l, now, denied := c.newLookup(request, c.negative.find)
	if denied != nil {
		return result, false
	}
	s := c.memory.get(l.key)
	if !s.serves(&l, now) || !c.confirmed(s) {
		return result, false
	}
	order, found := c.memory.ready.Get(s)
	if !found {
		return result, false
	}
	c.memory.count(hit)
	return c.hit(s, &l, order, now), true
}

// newLookup returns what is to be known of a request, or the refusal that denies it everything.
func (c *Cache) newLookup(request upstream.Request, find func(k key, receivedAt, now time.Time) (denied, noFetch *upstream.Error)) (l lookup, now time.Time, denied *upstream.Error) {
	now = time.Now()
	l = lookup{
		Request:   request,
		key:       key{c.Tenant(request.Caller), request.Key},
		arrivedAt: cmp.Or(request.Freshness.ArrivedAt, now),
	}
	l.Freshness.MaxStale = min(l.Freshness.MaxStale, c.options.StaleIfError)
	denied, l.noFetch = find(l.key, cmp.Or(request.Freshness.ReceivedAt, l.arrivedAt), now)
	return l, now, denied
}

// fetch answers from a call. One that was refused for lack of capacity cost nothing, and was refused to
// the request that pays for it: one that had only joined it tries once more. So does one that had joined a call
// which ended with a copy of another instance, if that brings less than the call was for or is outdated by now.
func (c *Cache) fetch(ctx context.Context, l *lookup) (upstream.Result, error) {
	for again := true; ; {
		s, call, err := c.joinOrStart(ctx, l)
		switch {
		case err != nil:
			return upstream.Result{}, err
		case s != nil:
			return c.serve(l, s, time.Now())
		}
		began := time.Now()
		result, err := c.wait(ctx, call)
		if c.options.Joined != nil && call.meter != l.Meter {
			c.options.Joined(ctx, call.ctx, l.Request.Key, began)
		}
		if call.meter != l.Meter {
			result.Source = upstream.SourceShared
		}
		if err == nil && call.copied != nil {
			if s := call.copied; s.held.Covers(l.Needs) && !s.outdated() && c.confirmed(s) {
				result, err = c.serve(l, s, time.Now())
				if result.Source == upstream.SourceMemory {
					result.Source = upstream.SourceRedis
				}
				return result, err
			}
			continue
		}
		if upstream.KindOf(err) != upstream.KindOverloaded || call.meter == l.Meter || !again {
			return result, err
		}
		again = false
	}
}

// serveOnly answers from what the shared cache has, or not at all.
func (c *Cache) serveOnly(ctx context.Context, l *lookup) (upstream.Result, error) {
	// What is found is not kept: nothing would tell that it is outdated.
	if s, _ := c.look(ctx, l); s.serves(l, time.Now()) {
		return c.serve(l, s, time.Now())
	}
	return upstream.Result{}, &upstream.Error{Kind: upstream.KindNotCached}
}

// serve answers from a copy.
func (c *Cache) serve(l *lookup, s *snapshot, now time.Time) (upstream.Result, error) {
	order, err := c.memory.order(s)
	if err != nil {
		return upstream.Result{}, err
	}
	return c.hit(s, l, order, now), nil
}

// serveAfter answers from a copy after a call that failed, if the failure is an outage and the copy not too
// old. Everything else is an answer: no copy may hide it. A copy that lacks some of the parts answers for
// the others. That the time of the request is up counts as an outage: it gets what there is.
func (c *Cache) serveAfter(l *lookup, failure error) (upstream.Result, error) {
	if l.Freshness.NoCache || !upstream.IsOutage(failure) {
		return upstream.Result{}, failure
	}
	now := time.Now()
	s := c.memory.get(l.key)
	if s == nil || !s.held.Covers(upstream.Needs{AttributeKeys: l.Needs.AttributeKeys}) ||
		!now.Before(s.keepUntil(c.options)) || s.olderThan(l.Freshness.MaxAge, now) {
		return upstream.Result{}, failure
	}
	result, err := c.serve(l, s, now)
	if err != nil {
		return upstream.Result{}, errors.Join(failure, err)
	}
	if !s.held.Covers(l.Needs) {
		result.Missing = failure
	}
	return result, nil
}
