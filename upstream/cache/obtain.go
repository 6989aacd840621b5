package cache

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/cache/shared"
)

// Between memory and the upstream there may be a cache that several instances share: package shared says what they
// do with it. To this instance a read from it is a call like any other: one for all requests that wait for it, and
// it ends with what another instance has paid for, or at the upstream.
//
// A copy is current, and serves, while this instance would know of a newer one. It hears of newer ones in three ways:
//
//   - It is told of the end of every call in any instance (listener). That marks the copy (snapshot.newest) and the
//     calls under way (call.newest): a copy or a call with a lower version is outdated. It serves nobody who comes
//     later, and replaces nothing, but a copy is kept for outages.
//   - What it may not have been told, because the connection was broken, it asks for. Each connection is an epoch.
//     A copy has the epoch in which it was asked for, or confirmed last: the one that State returned before, as
//     what is told while the question is under way belongs to the copy's future. In a later epoch it is confirmed
//     before it serves, and nobody joins a call of an earlier one.
//   - Its own calls, and the copies that it reads (adopt), tell it too.
//
// That something is newest is decided and stored under one lock (inflight.storing), which who is told takes as
// well: a copy can't be stored between the mark on the calls and the mark on the copies.
//
// Whoever was granted a lease must end it, or all wait until its instance has ended: run does it, whatever has
// happened (share, shareFailure).
//
// Three things are not known. An instance that makes a call without the shared cache tells nobody. If that brings no
// order, nor a copy, the instance forgets with its copy what was newest. And if the shared cache loses its data, the
// copy of a call that was under way then may be taken for the newest by instances that have none.

const (
	// maxRounds bounds how often a call asks the shared cache before it goes to the upstream by itself.
	maxRounds = 8
	// agedLease is the age from which a lease is acquired anew just before the request is written: others may
	// have written theirs in the meantime, and what was asked last is newest.
	agedLease = 20 * time.Millisecond
	// minKeep is how long a copy is there at least for those who wait for it.
	minKeep = 2 * time.Second
)

// obtain brings the answer to a call, as a copy if another instance has paid for it.
func (c *Cache) obtain(ctx context.Context, call *call, request upstream.Request) (*snapshot, upstream.Result, error) {
	alone := func() (*snapshot, upstream.Result, error) {
		c.inflight.lead(call, 0)
		result, err := c.orders.Order(ctx, request)
		return nil, result, err
	}
	if c.options.Shared == nil {
		return alone()
	}
	epoch, up := c.options.Shared.State()
	call.epoch.Store(epoch)
	if !up {
		return alone()
	}
	held := c.memory.get(call.key)
	wanted := &lookup{Request: upstream.Request{Needs: call.wanted, Freshness: call.freshness}}
	if held.serves(wanted, time.Now()) {
		switch newest, err := c.confirm(ctx, held); {
		case err != nil:
			return alone()
		case newest:
			return held, upstream.Result{}, nil
		}
	}
	watch := c.options.Shared.Watch(call.name)
	defer watch.Stop()
	seen := shared.Seen{Copy: shared.Version(c.inflight.notBefore(call))}
	if held != nil {
		seen.Copy = max(seen.Copy, shared.Version(held.version))
	}
	waitedFor := shared.Version(0)
	for rounds := 0; rounds < maxRounds && ctx.Err() == nil; rounds++ {
		askedAt := time.Now()
		acquired, err := c.options.Shared.Acquire(ctx, call.name, seen, encodeNeeds(request.Needs))
		switch {
		case err != nil:
			return alone()
		case acquired.Version != 0:
			c.countShared(rounds, waitedFor, nil, wanted)
			result, err := c.lead(ctx, call, request, acquired.Version, askedAt)
			return nil, result, err
		}
		if stored := acquired.Copy; stored.Version != 0 {
			s, err := c.decodeCopy(call.key, upstream.Version(stored.Version), stored.Value, time.Now())
			if err == nil {
				c.countShared(rounds, waitedFor, s, wanted)
				s.name = call.name
				s = c.adopt(call, s, epoch)
				fresh := s.fresh(time.Now())
				// The answer of a call that was waited for is as good as that of one's own, however short
				// copies are fresh.
				ofCall := waitedFor != 0 && stored.Version >= waitedFor
				if s.serves(wanted, time.Now()) || ofCall && s.held.Covers(call.wanted) && !call.freshness.NoCache {
					return s, upstream.Result{}, nil
				}
				if fresh {
					request.Needs = c.unite(request.Needs, s.held)
				}
			}
			seen.Copy = stored.Version
		}
		if lease := acquired.Lease; lease.Version != 0 {
			needs, err := decodeNeeds(lease.Needs)
			failure := lease.Failure
			if lease.Version != waitedFor && !call.missed(failure) {
				failure = nil // it is nobody's here
			}
			if lease.Failure == nil && err == nil && needs.Covers(call.wanted) && !call.freshness.NoCache {
				waitedFor = lease.Version
				failure = watch.Wait(ctx, lease.Version)
				rounds = 0 // a lease ends when its call does, or its instance
			} else {
				seen.Lease = lease.Version
				if err == nil {
					request.Needs = c.unite(request.Needs, needs)
				}
			}
			if about, _, failed, err := decodeFailure(failure); err == nil && about == call.key {
				if failed != nil {
					return nil, upstream.Result{}, failed
				}
				c.completed(call.name, upstream.Version(waitedFor))
				return nil, upstream.Result{}, nil // no such order
			}
		}
	}
	if ctx.Err() != nil {
		return nil, upstream.Result{}, outOfTime(ctx)
	}
	return alone()
}

// countShared counts a look-up in the shared cache: what it showed first, where that was no lease to wait for.
func (c *Cache) countShared(round int, waitedFor shared.Version, s *snapshot, wanted *lookup) {
	switch {
	case round > 0 || waitedFor != 0:
	case s.serves(wanted, time.Now()):
		c.sharedLookups[hit].Add(1)
	default:
		c.sharedLookups[whyNot(s, wanted, time.Now())].Add(1)
	}
}

// missed reports whether a failure is a refusal that came after the request which started the call: that could have
// waited for it, but was too slow to do so.
func (call *call) missed(failure []byte) bool {
	receivedAt := cmp.Or(call.freshness.ReceivedAt, call.freshness.ArrivedAt)
	_, at, refusal, err := decodeFailure(failure)
	return err == nil && refusal != nil && !refusal.Outage && !call.freshness.NoCache && !receivedAt.IsZero() && receivedAt.Before(at)
}

// confirm asks whether there is no newer copy, and notes that.
func (c *Cache) confirm(ctx context.Context, s *snapshot) (newest bool, err error) {
	epoch, up := c.options.Shared.State()
	if !up {
		return true, nil
	}
	newest, err = c.options.Shared.Confirm(ctx, s.name, shared.Version(s.version))
	if newest && err == nil {
		s.epoch.Store(epoch)
	}
	return newest, err
}

// adopt keeps a copy that another instance has paid for, which is the newest there, and returns the newest here.
func (c *Cache) adopt(call *call, s *snapshot, epoch uint64) *snapshot {
	c.inflight.storing.Lock()
	defer c.inflight.storing.Unlock()
	held := c.memory.get(call.key)
	if held != nil && held.version >= s.version {
		held.epoch.Store(epoch)
		return held
	}
	held.answered(s.version)
	s.epoch.Store(epoch)
	c.inflight.mu.Lock()
	s.newest.Store(uint64(call.newest))
	c.inflight.answered(call.key, s.version)
	abandoned := call.ended
	c.inflight.mu.Unlock()
	if !abandoned { // nobody would have told it of a newer one
		c.memory.replace(call.key, s)
	}
	return s
}

// lead makes the call that a lease was granted for, which was asked for at askedAt. One that has waited for its place
// among the client's calls asks for another lease while it has that place, however slow the shared cache is: if it gave
// the place up for so long it would have to wait again, and that lease would be aged, too.
func (c *Cache) lead(ctx context.Context, call *call, request upstream.Request, version shared.Version, askedAt time.Time) (upstream.Result, error) {
	call.leases = append(call.leases, version)
	c.inflight.lead(call, version)
	begin := request.Begin
	request.Begin = func() bool {
		if now := time.Now(); now.Sub(askedAt) > agedLease || c.inflight.outdated(call) {
			askedAt = now
			c.leadAgain(ctx, call, request.Needs)
		}
		return begin()
	}
	return c.orders.Order(ctx, request)
}

// leadAgain acquires another lease for a call that has waited, whatever has happened since. Without one the call
// goes by this instance's clock.
func (c *Cache) leadAgain(ctx context.Context, call *call, needs upstream.Needs) {
	last := call.leases[len(call.leases)-1]
	seen, granted := shared.Seen{Copy: max(last, shared.Version(c.inflight.notBefore(call))+1), Lease: last}, shared.Version(0)
	for range maxRounds {
		acquired, err := c.options.Shared.Acquire(ctx, call.name, seen, encodeNeeds(needs))
		if err != nil {
			break
		}
		if acquired.Version != 0 {
			granted = acquired.Version
			call.leases = append(call.leases, granted)
			break
		}
		seen.Copy, seen.Lease = max(seen.Copy, acquired.Copy.Version), max(seen.Lease, acquired.Lease.Version)
	}
	c.inflight.lead(call, granted)
}

// share tells the other instances what a call brought that a lease was granted for: the copy, nil if it is not kept,
// or that there is no such order.
func (c *Cache) share(call *call, result upstream.Result, copied *snapshot) {
	if len(call.leases) == 0 {
		return
	}
	call.leases = nil
	name, version := call.name, shared.Version(call.version)
	var value, failure []byte
	// As long as an older copy may be fresh somewhere.
	keep := max(c.options.TTL, c.options.TTLClosed)
	if copied != nil {
		value, keep = encodeCopy(copied), time.Until(copied.keepUntil(c.options))
	}
	if result.Order == nil {
		failure = encodeFailure(call.key, nil, time.Now())
	}
	c.inflight.running.Go(func() { c.options.Shared.Complete(name, version, value, max(keep, minKeep), failure) })
}

// shareFailure ends the leases of a call that was not answered, if it has any. A call that this instance did not
// make, or broke off, is nobody else's failure.
func (c *Cache) shareFailure(ctx context.Context, call *call) {
	if len(call.leases) == 0 {
		return
	}
	name, leases, failure := call.name, call.leases, []byte(nil)
	if call.version != 0 && ctx.Err() == nil {
		failure = encodeFailure(call.key, call.err, time.Now())
	}
	// Others may wait for each of them.
	c.inflight.running.Go(func() {
		for _, lease := range leases {
			c.options.Shared.Fail(name, lease, failure)
		}
	})
}

// lead says that a call ends at the upstream, and what version the shared cache gave it; 0 is none.
func (i *inflight) lead(call *call, granted shared.Version) {
	i.mu.Lock()
	defer i.mu.Unlock()
	call.leads, call.granted = true, granted
	i.version = max(i.version, upstream.Version(granted))
}

// outdated reports whether a call with a version as high as the one granted has been answered.
func (i *inflight) outdated(call *call) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return call.newest >= upstream.Version(call.granted)
}

// notBefore returns the version up to which copies are known to be out of date.
func (i *inflight) notBefore(call *call) upstream.Version {
	i.mu.Lock()
	defer i.mu.Unlock()
	return max(call.newest, 1) - 1
}

// completed marks what is older than a call that was answered, here or in another instance.
func (c *Cache) completed(name shared.Name, version upstream.Version) {
	c.inflight.storing.Lock()
	defer c.inflight.storing.Unlock()
	c.memory.find(name).answered(version)
	c.inflight.mu.Lock()
	defer c.inflight.mu.Unlock()
	c.inflight.version = max(c.inflight.version, version)
	for k, calls := range c.inflight.calls {
		if calls[0].name == name {
			c.inflight.answered(k, version)
		}
	}
}

// listener hears of what other instances, and this one, tell all.
type listener struct{ *Cache }

// Completed marks what is older than a call that was answered.
func (l listener) Completed(name shared.Name, version shared.Version) {
	l.completed(name, upstream.Version(version))
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
