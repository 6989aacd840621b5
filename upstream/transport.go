package upstream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// retryDelay is the mean wait before a further attempt; the actual one is between half and one and a
// half of it, so that callers who failed together don't return together.
const retryDelay = 100 * time.Millisecond

// errAbandoned is a call that was not made, because nobody waited for it any longer.
var errAbandoned = fmt.Errorf("the call was not made: %w", context.Canceled)

// callChain is what stands around every call: pauses the upstream asked for, the circuit breaker,
// the turn among other calls, and the retry where nothing was charged. Everything else is final,
// since each call is paid for.
type callChain struct {
	retries int
	pauses  *pauses
	turns   *turns
	breaker *breaker
}

func newCallChain(options Options) *callChain {
	return &callChain{
		retries: options.Retries,
		pauses:  newPauses(),
		turns:   newTurns(options.Concurrency, options.Rate, options.Timeout),
		breaker: newBreaker(),
	}
}

// do runs attempt once it may, and again where that is free. The bool that attempt returns says that
// certainly nothing was charged.
func (c *callChain) do(ctx context.Context, request Request, token Secret, attempt func(context.Context) (Attempt, bool)) error {
	// Both are asked before waiting for a turn too: who is refused must not wait first.
	if err := c.pauses.refusal(token); err != nil {
		return err
	}
	if err := c.breaker.refusal(); err != nil {
		return err
	}
	leave, err := c.turns.enter(ctx, request.Scope)
	if err != nil {
		return err
	}
	defer leave()
	for try := 0; ; try++ {
		mayRetry, err := c.once(ctx, request, token, attempt)
		if err == nil || !mayRetry || try >= c.retries {
			return err
		}
		if sleep(ctx, retryDelay/2+rand.N(retryDelay)) != nil {
			return err
		}
	}
}

// once makes one attempt if neither a pause nor the breaker forbids it, and tells both how it went.
func (c *callChain) once(ctx context.Context, request Request, token Secret, attempt func(context.Context) (Attempt, bool)) (mayRetry bool, err error) {
	if err := c.pauses.refusal(token); err != nil {
		return false, err
	}
	permit, err := c.breaker.acquire(ctx)
	if err != nil {
		return false, err
	}
	// A panic in an attempt must not leave the breaker waiting for a verdict.
	outcome := callFailed
	defer func() { c.breaker.record(permit, outcome) }()
	if request.Begin != nil && !request.Begin() {
		outcome = callGivenUp
		return false, &Error{Kind: KindTimeout, Outage: true, Cause: errAbandoned}
	}
	made, mayRetry := attempt(ctx)
	outcome = outcomeOf(made.Err)
	if made.Err == nil {
		return false, nil
	}
	c.pauses.note(token, made.Err)
	return mayRetry, made.Err
}

// sleep waits, or returns why ctx ended first.
func sleep(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
