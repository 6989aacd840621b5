package cache

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/cache/shared"
)

// Between memory and the upstream there may be a cache that several instances share: see package shared for what
// they do with it. To this instance a read from it is a call like any other: one for all requests that wait for
// it, and it ends with what another instance has paid for, or at the upstream.
//
// A copy serves while this instance would know of a newer one. It is told of each newer one (listener), also while
// calls are under way, whose copies are then outdated when they come. What it may not have been told it asks for:
// a copy has the epoch that began before the copy was asked for, and is confirmed before it serves in a later one.
//
// What may have been told in vain is harmless in one direction only, so both levels replace a copy by a higher
// version alone, and a version is given before the call it belongs to is written.

const (
	// maxRounds bounds how often a call asks the shared cache before it goes to the upstream by itself.
	maxRounds = 8
	// agedLease is the age from which a lease is acquired anew just before the request is written: others may
	// have written theirs in the meantime, and what was asked last is newest.
	agedLease = 20 * time.Millisecond
)

// obtain brings the answer to a call, as a copy if another instance has paid for it.
func (c *Cache) obtain(ctx context.Context, call *call, request upstream.Request) (*snapshot, upstream.Result, error) {
	alone := func() (*snapshot, upstream.Result, error) {
		result, err := c.orders.Order(ctx, request)
		return nil, result, err
	}
	if c.options.Shared == nil || c.memory == nil {
		return alone()
	}
	epoch, up := c.options.Shared.State()
	call.epoch = epoch
	if !up {
		return alone()
	}
	if !call.noCache {
		if s := c.memory.get(call.key); s.serves(&lookup{Request: upstream.Request{Needs: call.wanted}}, time.Now()) {
			newest, err := c.options.Shared.Confirm(ctx, call.name, shared.Version(s.version))
			if err != nil {
				return alone()
			}
			if newest {
				s.epoch.Store(epoch)
				return s, upstream.Result{}, nil
			}
		}
	}
	watch := c.options.Shared.Watch(call.name)
	defer watch.Stop()
	var seen shared.Seen
	if s := c.memory.get(call.key); s != nil {
		seen.Copy = shared.Version(s.version)
	}
	waitedFor := shared.Version(0)
	for range maxRounds {
		acquired, err := c.options.Shared.Acquire(ctx, call.name, seen, encodeNeeds(request.Needs))
		switch {
		case err != nil:
			return alone()
		case acquired.Version != 0:
			result, err := c.lead(ctx, call, request, acquired.Version)
			return nil, result, err
		}
		if stored := acquired.Copy; stored.Version != 0 {
			s, err := c.decodeCopy(call.key, upstream.Version(stored.Version), stored.Value, time.Now())
			if err == nil {
				s.name = call.name
				s.epoch.Store(epoch)
				if s.fresh(time.Now()) && s.held.Covers(call.wanted) && !call.noCache {
					return c.adopt(call, s), upstream.Result{}, nil
				}
				if s.fresh(time.Now()) {
					request.Needs = c.unite(request.Needs, s.held)
				}
			}
			seen.Copy = stored.Version
		}
		if lease := acquired.Lease; lease.Version != 0 {
			needs, err := decodeNeeds(lease.Needs)
			switch {
			case lease.Failure != nil && lease.Version == waitedFor:
				return c.failed(lease.Failure)
			case lease.Failure == nil && err == nil && needs.Covers(call.wanted) && !call.noCache:
				waitedFor = lease.Version
				if failure := watch.Wait(ctx, lease.Version); failure != nil {
					return c.failed(failure)
				}
			default:
				seen.Lease = lease.Version
				if err == nil {
					request.Needs = c.unite(request.Needs, needs)
				}
			}
		}
		if ctx.Err() != nil {
			return nil, upstream.Result{}, outOfTime(ctx)
		}
	}
	return alone()
}

// failed returns what another instance was told in place of an order: nothing, if there is none.
func (c *Cache) failed(encoded []byte) (*snapshot, upstream.Result, error) {
	_, _, failure, err := decodeFailure(encoded)
	switch {
	case err != nil:
		return nil, upstream.Result{}, &upstream.Error{Kind: upstream.KindInternal, Cause: err}
	case failure != nil:
		return nil, upstream.Result{}, failure
	}
	return nil, upstream.Result{}, nil
}

// adopt keeps a copy that another instance has paid for, unless this one has a newer one.
func (c *Cache) adopt(call *call, s *snapshot) *snapshot {
	c.inflight.storing.Lock()
	defer c.inflight.storing.Unlock()
	if held := c.memory.get(call.key); held == nil || held.version < s.version {
		c.memory.replace(call.key, s)
	}
	if c.inflight.knowsNewer(call, s.version) {
		s.outdated.Store(true)
	}
	return s
}

// lead makes the call that a lease was granted for, and tells the other instances how it ended.
func (c *Cache) lead(ctx context.Context, call *call, request upstream.Request, version shared.Version) (result upstream.Result, err error) {
	ended := false
	defer func() {
		if !ended { // a panic
			c.options.Shared.Fail(call.name, version, nil)
		}
	}()
	acquiredAt, begin := time.Now(), request.Begin
	c.inflight.grant(call, version)
	request.Begin = func() bool {
		if time.Since(acquiredAt) > agedLease {
			again, err := c.options.Shared.Acquire(ctx, call.name, shared.Seen{Copy: version, Lease: version}, encodeNeeds(request.Needs))
			if err == nil && again.Version != 0 {
				version, acquiredAt = again.Version, time.Now()
				c.inflight.grant(call, version)
			}
		}
		return begin()
	}
	result, err = c.orders.Order(ctx, request)
	ended = true
	if err != nil {
		failure := encodeFailure(call.key, err, time.Now())
		if !c.inflight.wasWritten(call) {
			failure = nil // whoever waits makes the call
		}
		c.options.Shared.Fail(call.name, version, failure)
	}
	return result, err
}

// share tells the other instances what a call brought that a lease was granted for: the copy, nil if it is not kept,
// or that there is no such order.
func (c *Cache) share(call *call, result upstream.Result, copied *snapshot) {
	if call.granted == 0 {
		return
	}
	var value, failure []byte
	var keep time.Duration
	switch {
	case result.Order == nil:
		failure = encodeFailure(call.key, nil, time.Now())
	case copied != nil:
		value, keep = encodeCopy(copied), time.Until(copied.keepUntil(c.options))
	}
	name, version := call.name, call.granted
	c.inflight.running.Go(func() { c.options.Shared.Complete(name, version, value, keep, failure) })
}

// grant notes the version that the shared cache gave a call.
func (i *inflight) grant(call *call, version shared.Version) {
	i.mu.Lock()
	defer i.mu.Unlock()
	call.granted = version
}

func (i *inflight) wasWritten(call *call) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return call.version != 0
}

// knowsNewer reports whether a call with a higher version has answered since call began.
func (i *inflight) knowsNewer(call *call, version upstream.Version) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return call.newest > version
}

// listener hears of what other instances, and this one, tell all.
type listener struct{ *Cache }

// Completed marks what is older than a call that was answered.
func (l listener) Completed(name shared.Name, version shared.Version) {
	if s := l.memory.find(name); s != nil && s.version < upstream.Version(version) {
		s.outdated.Store(true)
	}
	l.inflight.mu.Lock()
	defer l.inflight.mu.Unlock()
	for _, calls := range l.inflight.calls {
		for _, call := range calls {
			if call.name == name {
				call.newest = max(call.newest, upstream.Version(version))
			}
		}
	}
}

// Failed remembers a refusal.
func (l listener) Failed(encoded []byte) {
	about, at, failure, err := decodeFailure(encoded)
	if err == nil && failure != nil {
		l.negative.add(about, failure, slices.MinFunc([]time.Time{at, time.Now()}, time.Time.Compare))
	}
}

// nameOf returns the name of an order in the shared cache.
func (c *Cache) nameOf(k key) (name shared.Name) {
	if c.options.Shared == nil {
		return name
	}
	data := make([]byte, 0, 32)
	data = append(data, k.tenant[:]...)
	data = binary.BigEndian.AppendUint64(data, uint64(k.order.ID))
	data = append(data, byte(k.order.Site), byte(k.order.Edition))
	return c.options.Shared.Name("order", data)
}
