package cache

import (
	"context"
	"slices"
	"time"

	"ordergraph/upstream"
)

var _ upstream.Forecaster = (*Cache)(nil)

// Forecast tells what Order would do for a request at this moment. It makes no call and takes no lease, and no table
// changes by it; only ristretto counts it as a use of the copy that it finds.
func (c *Cache) Forecast(ctx context.Context, request upstream.Request) (upstream.Forecast, error) {
	if err := request.Check(); err != nil {
		return upstream.ForecastNothing, err
	}
	l, now, denied := c.newLookup(request, c.negative.peek)
	if denied != nil {
		return upstream.ForecastNothing, nil
	}
	if s := c.memory.get(l.key); s.serves(&l, now) {
		confirmed := c.confirmed(s)
		if !confirmed {
			confirmed, _ = c.confirm(ctx, s)
		}
		if confirmed {
			return upstream.ForecastHit, nil
		}
	}
	if l.noFetch == nil && !l.Freshness.OnlyIfCached && c.joins(&l) {
		return upstream.ForecastShared, nil
	}
	s, needs := c.look(ctx, &l)
	switch {
	case s.serves(&l, time.Now()) && (l.noFetch == nil || l.Freshness.OnlyIfCached):
		return upstream.ForecastHit, nil
	case l.noFetch != nil, l.Freshness.OnlyIfCached:
		return upstream.ForecastNothing, nil
	case needs != nil && needs.Covers(l.Needs):
		return upstream.ForecastShared, nil
	}
	return upstream.ForecastCall, nil
}

// joins reports whether a call of this instance is under way that the request of l may wait for.
func (c *Cache) joins(l *lookup) bool {
	c.inflight.mu.Lock()
	defer c.inflight.mu.Unlock()
	return slices.ContainsFunc(c.inflight.calls[l.key], func(call *call) bool { return c.answers(call, l) })
}

// look returns the copy that the shared cache has, and what a call of another instance asks for. Both are nil where
// there is none that is of use.
func (c *Cache) look(ctx context.Context, l *lookup) (*snapshot, *upstream.Needs) {
	if c.options.Shared == nil || l.Freshness.NoCache {
		return nil, nil
	}
	epoch, up := c.options.Shared.State()
	if !up {
		return nil, nil
	}
	stored, lease, err := c.options.Shared.Look(ctx, c.nameOf(l.key))
	if err != nil {
		return nil, nil
	}
	var underWay *upstream.Needs
	if needs, err := decodeNeeds(lease.Needs); err == nil && lease.Version != 0 && lease.Failure == nil {
		underWay = &needs
	}
	if held := c.memory.get(l.key); held != nil && uint64(stored.Version) < held.newest.Load() {
		return nil, underWay
	}
	s, err := c.decodeCopy(l.key, upstream.Version(stored.Version), stored.Value, time.Now())
	if err != nil {
		return nil, underWay
	}
	s.epoch.Store(epoch)
	return s, underWay
}

// Price returns what a call will probably cost, 1 where nobody knows.
func (c *Cache) Price() int {
	if priced, ok := c.orders.(interface{ Price() int }); ok {
		return priced.Price()
	}
	return 1
}
