package client

import (
	"errors"
	"sync"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/lru"
)

const (
	// maxCooldown bounds what Retry-After can ask for: a wrong header must not stop the service for a day.
	maxCooldown = 60 * time.Second
	// maxCooldowns bounds the memory for cooldowns of each kind. Each one costs a call to get.
	maxCooldowns = 4096
)

var errCooldown = errors.New("the upstream asked for a pause")

// cooldowns remembers until when the upstream wants no calls. HTTP 429 speaks for the token that was
// used. HTTP 503 speaks for the endpoint; but since it may be about one order or one token all the
// same, it holds for its caller alone until a second one is told so too.
type cooldowns struct {
	mu       sync.Mutex
	tokens   *lru.Cache[uint64, time.Time]
	callers  *lru.Cache[uint64, time.Time]
	endpoint time.Time
	// longest is the end of the longest cooldown of a caller, and whose it is.
	longest struct {
		caller uint64
		until  time.Time
	}
}

func newCooldowns() *cooldowns {
	return &cooldowns{
		tokens:  lru.New[uint64, time.Time](maxCooldowns, nil),
		callers: lru.New[uint64, time.Time](maxCooldowns, nil),
	}
}

// refusal returns the error for a call that would break a cooldown, or nil.
func (c *cooldowns) refusal(by caller) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if wait := max(c.endpoint.Sub(now), remaining(c.callers, by.tenant, now)); wait > 0 {
		return unavailable(errCooldown, wait)
	}
	if wait := remaining(c.tokens, by.token, now); wait > 0 {
		return &upstream.Error{Kind: upstream.KindRateLimited, Cause: errCooldown, RetryAfter: wait}
	}
	return nil
}

// remaining returns how long a cooldown still lasts, and forgets one that is over.
func remaining(table *lru.Cache[uint64, time.Time], key uint64, now time.Time) time.Duration {
	until, found := table.Get(key)
	if found && !until.After(now) {
		table.Remove(key)
	}
	return max(0, until.Sub(now))
}

// add remembers the cooldown that a failed call asked for, if any.
func (c *cooldowns) add(by caller, err error) {
	failure, ok := errors.AsType[*upstream.Error](err)
	if !ok || failure.RetryAfter <= 0 {
		return
	}
	until := time.Now().Add(failure.RetryAfter)
	c.mu.Lock()
	defer c.mu.Unlock()
	if failure.Kind == upstream.KindRateLimited {
		c.tokens.Put(by.token, until, 1)
		return
	}
	c.callers.Put(by.tenant, until, 1)
	if by.tenant != c.longest.caller {
		both := until
		if c.longest.until.Before(until) {
			both = c.longest.until
		}
		if both.After(c.endpoint) {
			c.endpoint = both
		}
	}
	if by.tenant == c.longest.caller || until.After(c.longest.until) {
		c.longest.caller, c.longest.until = by.tenant, until
	}
}
