// Package client calls the upstream: each [Client.Order] is one paid call, which is never made twice.
//
//	Order ── cooldowns ── breakers ── limiter ── one attempt over HTTP ── [upstream.DecodeAnswer]
//
// A call is charged when its request was written, whatever becomes of the answer. So an attempt is repeated
// only where no connection came about, nothing is hedged, no redirect is followed, and all that may refuse a
// call or let it wait comes before the request is written.
//
// Each of the three that may do so is in the file of its name, and fair: what one caller does, or one order,
// takes nothing from the others. Where they are asked, and told how the call went, is transport.go.
package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"ordergraph/upstream"
)

// What New takes where Options leaves a value open.
const (
	DefaultTimeout        = 5 * time.Second
	DefaultRetries        = 1
	DefaultConcurrency    = 64
	DefaultMaxAnswerBytes = upstream.MaxAnswerBytes
)

// retryDelay is the mean wait before a further attempt; the actual one is between half and one and a
// half of it, so that callers who failed together don't return together.
const retryDelay = 100 * time.Millisecond

// Options says how to reach the endpoint and how hard.
type Options struct {
	// URL is the whole address of the endpoint, http or https.
	URL string
	// Token is sent as Authorization in service mode. Empty is pass-through: the caller's own
	// Authorization goes upstream unchanged.
	Token upstream.Secret
	// AllowAnonymous calls without Authorization where there is none. Otherwise such an order is
	// KindUnauthenticated and costs no call.
	AllowAnonymous bool
	// Timeout bounds one attempt, from dialling to the last byte of the answer. 0 is DefaultTimeout.
	Timeout time.Duration
	// Retries is the number of further attempts where certainly nothing was charged, because no
	// connection came about. 0 is none; DefaultRetries is what an operator gets who says nothing.
	Retries int
	// Concurrency bounds the calls in flight. 0 is DefaultConcurrency.
	Concurrency int
	// Rate bounds the calls started in a second; they are spread evenly. 0 is no bound.
	Rate float64
	// SharedRate bounds them together with the calls of other clients, as long as it can be asked. Nil is no other
	// client.
	SharedRate Rate
	// Budgets bound what calls may cost.
	Budgets Budgets
	// MaxAnswerBytes bounds an answer after inflating. 0 is DefaultMaxAnswerBytes.
	MaxAnswerBytes int64
	// Transport carries the calls. Nil is a pool of connections of the client's own. It must not
	// follow redirects, or the token leaves for elsewhere.
	Transport http.RoundTripper
	// Observe is told of every attempt, if set: it is called before one, and the function it returns
	// after it. The attempt runs with the context it returns.
	Observe func(ctx context.Context) (context.Context, func(Attempt))
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.Concurrency = cmp.Or(o.Concurrency, DefaultConcurrency)
	o.MaxAnswerBytes = cmp.Or(o.MaxAnswerBytes, DefaultMaxAnswerBytes)
	if o.Transport == nil {
		o.Transport = newConnections(o)
	}
	return o
}

func (o Options) validate() error {
	address, err := url.Parse(o.URL)
	switch {
	case err != nil:
		// The parser's error repeats the address, which may hold a password.
		return errors.New("upstream: the URL cannot be read")
	case address.Scheme != "http" && address.Scheme != "https", address.Hostname() == "":
		return errors.New("upstream: the URL is not an absolute http or https address")
	case address.User != nil:
		return errors.New("upstream: the URL holds a user name, but the endpoint takes a token")
	case o.Timeout < 0, o.Retries < 0, o.Concurrency < 0, o.Rate < 0, o.MaxAnswerBytes < 0:
		return errors.New("upstream: an option is negative")
	}
	return nil
}

// Client reads orders from the endpoint itself: each Order is one paid call. It is safe for
// concurrent use.
type Client struct {
	options   Options
	token     atomic.Pointer[upstream.Secret] // Options.Token, unless SetToken replaced it
	transport *transport
}

var _ upstream.Orders = (*Client)(nil)

// New returns a client. It opens no connection yet.
func New(options Options) (*Client, error) {
	if err := options.validate(); err != nil {
		return nil, err
	}
	options = options.withDefaults()
	c := &Client{options: options, transport: newTransport(options)}
	c.SetToken(options.Token)
	return c, nil
}

// SetToken replaces Options.Token for the calls that begin from now on.
func (c *Client) SetToken(token upstream.Secret) { c.token.Store(&token) }

// Order makes one call, after waiting for its turn where many calls are under way. It asks for
// exactly request.Needs.
func (c *Client) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	if err := request.Check(); err != nil {
		return upstream.Result{}, err
	}
	if request.Freshness.OnlyIfCached {
		return upstream.Result{}, &upstream.Error{Kind: upstream.KindNotCached}
	}
	token := request.Caller.Authorization
	if own := *c.token.Load(); own != "" {
		token = own
	}
	if token == "" && !c.options.AllowAnonymous {
		return upstream.Result{}, &upstream.Error{Kind: upstream.KindUnauthenticated}
	}
	by := c.transport.caller(request.Caller, token)
	for try := 0; ; try++ {
		began := time.Now()
		attempt, err := c.transport.once(ctx, request, by, func(ctx context.Context) Attempt {
			return c.attempt(ctx, request, token, Attempt{Wait: time.Since(began), Key: request.Key, Needs: request.Needs, Retry: try > 0})
		})
		if err == nil {
			return attempt.result, nil
		}
		if !attempt.mayRetry || try >= c.options.Retries || sleep(ctx, retryDelay/2+rand.N(retryDelay)) != nil {
			return upstream.Result{}, err
		}
	}
}

// State is a reading of what the client is doing.
type State struct {
	// InFlight is the number of calls under way, of at most Limit, Waiting that of calls waiting for their turn.
	InFlight, Limit, Waiting int
	// Breaker is the state of the endpoint's circuit breaker: closed, open or half-open.
	Breaker string
	// Opened, HalfOpened and Closed count how often it came to each state.
	Opened, HalfOpened, Closed uint64
}

// State returns what the client is doing now.
func (c *Client) State() State {
	inFlight, waiting := c.transport.limiter.load()
	state := State{InFlight: inFlight, Limit: c.options.Concurrency, Waiting: waiting}
	c.transport.breakers.endpoint.report(&state)
	return state
}

// Close closes the connections that are not in use. Calls under way are not disturbed.
func (c *Client) Close() {
	c.transport.ledger.close()
	if transport, ok := c.options.Transport.(interface{ CloseIdleConnections() }); ok {
		transport.CloseIdleConnections()
	}
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

// unavailable returns the error for a call that was not made, or not answered.
func unavailable(cause error, retryAfter time.Duration) *upstream.Error {
	return &upstream.Error{Kind: upstream.KindUnavailable, Cause: cause, Outage: true, RetryAfter: retryAfter}
}

// outOfTime returns the error for a wait that outlasted its context.
func outOfTime(ctx context.Context, waitingFor string) *upstream.Error {
	return &upstream.Error{Kind: upstream.KindTimeout, Outage: true, Cause: fmt.Errorf("waiting for %s: %w", waitingFor, context.Cause(ctx))}
}
