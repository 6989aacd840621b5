package upstream

import (
	"errors"
	"hash/maphash"
	"maps"
	"sync"
	"time"
)

const (
	// maxPause bounds what Retry-After can ask for: a wrong header must not stop the service for a day.
	maxPause = 60 * time.Second
	// maxPausedTokens bounds the memory for pauses. Each one costs a call to get.
	maxPausedTokens = 4096
)

var errPaused = errors.New("the upstream asked for a pause")

// pauses remembers until when the upstream wants no calls: HTTP 503 speaks for the endpoint, 429 for
// the token that was used. Tokens are kept as keyed hashes only.
type pauses struct {
	seed     maphash.Seed
	mutex    sync.Mutex
	endpoint time.Time
	tokens   map[uint64]time.Time
}

func newPauses() *pauses {
	return &pauses{seed: maphash.MakeSeed(), tokens: map[uint64]time.Time{}}
}

// refusal returns the error for a call that would break a pause.
func (p *pauses) refusal(token Secret) error {
	key := maphash.String(p.seed, token.Reveal())
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := time.Now()
	if wait := p.endpoint.Sub(now); wait > 0 {
		return unavailable(errPaused, wait)
	}
	if wait := p.tokens[key].Sub(now); wait > 0 {
		return &Error{Kind: KindRateLimited, Cause: errPaused, RetryAfter: wait}
	}
	return nil
}

// note remembers the pause that a failed call asked for, if any.
func (p *pauses) note(token Secret, err error) {
	failure, ok := errors.AsType[*Error](err)
	if !ok || failure.RetryAfter <= 0 {
		return
	}
	key := maphash.String(p.seed, token.Reveal())
	now := time.Now()
	until := now.Add(failure.RetryAfter)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if failure.Kind != KindRateLimited {
		p.endpoint = until
		return
	}
	maps.DeleteFunc(p.tokens, func(_ uint64, until time.Time) bool { return !until.After(now) })
	if len(p.tokens) < maxPausedTokens {
		p.tokens[key] = until
	}
}
