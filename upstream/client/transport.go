package client

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"ordergraph/upstream"
)

// errAbandoned is a call that was not made, because nobody waited for it any longer.
var errAbandoned = fmt.Errorf("the call was not made: %w", context.Canceled)

// caller is who makes a call, by hashes that are worth nothing outside of this process: the tenant, and
// the token that goes upstream, which in service mode is the same for all.
type caller struct {
	tenant, token uint64
	// client is the operator's name for it, if any.
	client string
	// secret is the tenant itself.
	secret upstream.Secret
}

// transport is what stands around every attempt: cooldowns that the upstream asked for, the circuit
// breakers, the budgets, and the limiter. All of them are fair to the callers: whatever one of them does, the calls
// of the others are made.
type transport struct {
	seed      maphash.Seed
	cooldowns *cooldowns
	breakers  *breakers
	ledger    *ledger
	limiter   *limiter
}

func newTransport(options Options) *transport {
	return &transport{
		seed:      maphash.MakeSeed(),
		cooldowns: newCooldowns(),
		breakers:  newBreakers(),
		ledger:    newLedger(options.Budgets),
		limiter:   newLimiter(options.Concurrency, options.Rate, options.SharedRate, options.Timeout),
	}
}

func (t *transport) caller(by *upstream.Caller, token upstream.Secret) caller {
	return caller{tenant: maphash.String(t.seed, by.Tenant.Reveal()), token: maphash.String(t.seed, token.Reveal()), client: by.Client, secret: by.Tenant}
}

// once makes one attempt as soon as it may, and tells all of them how it went.
func (t *transport) once(ctx context.Context, request upstream.Request, by caller, attempt func(context.Context) Attempt) (Attempt, error) {
	slot, permits, reserved, err := t.admit(ctx, request.Meter, by)
	if err != nil {
		return Attempt{}, err
	}
	var made Attempt
	defer func() { t.ledger.settle(reserved, made) }()
	// As it is unless the attempt returns: a panic says nothing about the upstream.
	call, giveBack := breakerCall{tenant: by.tenant, order: request.Key}, t.limiter.cancel
	defer func() {
		t.breakers.record(permits, call)
		giveBack(slot)
	}()
	if request.Begin != nil && !request.Begin() {
		return Attempt{}, &upstream.Error{Kind: upstream.KindTimeout, Outage: true, Cause: errAbandoned}
	}
	giveBack = t.limiter.release
	made = attempt(ctx)
	call.outcome, call.outage, call.at = outcomeOf(ctx, made), upstream.IsOutage(made.Err), time.Now()
	t.cooldowns.add(by, made.Err)
	return made, made.Err
}

// admit waits until a call may be made. Whoever is refused does not wait before it, and whoever waits
// for a breaker has no place that another caller could use, and no points.
func (t *transport) admit(ctx context.Context, bill *upstream.Meter, by caller) (*slot, breakerPermits, reservation, error) {
	for {
		slot, permits, reserved, acquired, err := t.tryAdmit(ctx, bill, by)
		if acquired || err != nil {
			return slot, permits, reserved, err
		}
	}
}

func (t *transport) tryAdmit(ctx context.Context, bill *upstream.Meter, by caller) (s *slot, permits breakerPermits, reserved reservation, acquired bool, err error) {
	if err := t.cooldowns.refusal(by); err != nil {
		return nil, permits, reserved, false, err
	}
	if err := t.breakers.await(ctx, by.tenant); err != nil {
		return nil, permits, reserved, false, err
	}
	if reserved, err = t.ledger.reserve(by); err != nil {
		return nil, permits, reserved, false, err
	}
	defer func() {
		if !acquired {
			t.ledger.settle(reserved, Attempt{})
		}
	}()
	if s, err = t.limiter.admit(ctx, bill, by.tenant); err != nil {
		return nil, permits, reserved, false, err
	}
	// What was learnt while the call waited holds for it too.
	if err = t.cooldowns.refusal(by); err == nil {
		permits, acquired, err = t.breakers.acquire(by.tenant)
		acquired = acquired && err == nil
	}
	if !acquired {
		t.limiter.cancel(s)
	}
	return s, permits, reserved, acquired, err
}

// outcomeOf returns what an attempt says about the upstream.
func outcomeOf(ctx context.Context, made Attempt) outcome {
	failure, isFailure := errors.AsType[*upstream.Error](made.Err)
	switch {
	case !isFailure:
		return succeeded
	case failure.Kind == upstream.KindInternal:
		return gaveUp
	case failure.Kind == upstream.KindTimeout && inTransport(failure) && ctx.Err() != nil:
		// Whoever asked broke it off before its own time was up.
		return gaveUp
	case inTransport(failure):
		return failedOnce
	case failure.Outage, failure.Kind == upstream.KindBadResponse:
		return failed
	default:
		return succeeded
	}
}

// inTransport reports whether the endpoint could not be reached or gave no answer of its own: no
// connection, a reset, our timeout, HTTP 5xx without an envelope. What the upstream said has no cause.
func inTransport(failure *upstream.Error) bool {
	return failure.Kind == upstream.KindUnavailable || failure.Kind == upstream.KindTimeout && failure.Cause != nil
}
