package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"ordergraph/upstream"
)

var errTooLarge = errors.New("the answer is larger")

// Attempt is what became of one attempt to call the endpoint.
type Attempt struct {
	// Wait is how long the attempt waited for its turn, Duration the time from dialling to the last byte of the
	// answer.
	Wait, Duration time.Duration
	// Key is the order, Needs what it asked for of it.
	Key   upstream.Key
	Needs upstream.Needs
	// Retry says that an earlier attempt found no connection.
	Retry bool
	// HTTPStatus is that of the answer, 0 without one.
	HTTPStatus int
	// Written reports whether the request was written, so that the call counts as charged.
	Written bool
	// Points is what the answer says the call cost.
	Points int
	// NoOrder says that the upstream knows no such order.
	NoOrder bool
	// Err is nil, or an *Error.
	Err error

	result upstream.Result
	// priced says that the upstream named Points.
	priced bool
	// mayRetry says that no connection came about, so that not a byte of the request was written.
	mayRetry bool
}

// newConnections returns a pool of connections for as many calls as may be in flight. It speaks
// HTTP/1.1 only: then whether a request was written is known for every one, and none is sent twice.
func newConnections(options Options) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: options.Timeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    options.Timeout,
		MaxIdleConns:           options.Concurrency,
		MaxIdleConnsPerHost:    options.Concurrency,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

func (c *Client) attempt(ctx context.Context, request upstream.Request, token upstream.Secret, attempt Attempt) Attempt {
	finished := func(Attempt) {}
	if c.options.Observe != nil {
		ctx, finished = c.options.Observe(ctx)
	}
	started := time.Now()
	watch := &callWatch{meter: request.Meter}
	var charged charge
	attempt.result, charged, attempt.Err = c.call(ctx, request, token, watch)
	attempt.Points, attempt.priced = charged.points, charged.named
	attempt.result.Points = attempt.Points
	attempt.NoOrder = attempt.Err == nil && attempt.result.Order == nil
	attempt.Duration = time.Since(started)
	attempt.Written, attempt.HTTPStatus = watch.counted.Load(), int(watch.status.Load())
	attempt.mayRetry = upstream.KindOf(attempt.Err) == upstream.KindUnavailable && !watch.connected.Load()
	finished(attempt)
	return attempt
}

func (c *Client) call(ctx context.Context, request upstream.Request, token upstream.Secret, watch *callWatch) (upstream.Result, charge, error) {
	attemptCtx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	httpRequest, err := c.httpRequest(httptrace.WithClientTrace(attemptCtx, watch.trace()), request, token)
	if err != nil {
		return upstream.Result{}, charge{}, &upstream.Error{Kind: upstream.KindInternal, Cause: err}
	}
	// Not through an http.Client: that would follow redirects, and take the token along.
	response, err := c.options.Transport.RoundTrip(httpRequest)
	if err != nil {
		return upstream.Result{}, charge{}, connectionError(attemptCtx, err, upstream.KindUnavailable)
	}
	defer response.Body.Close() //nolint:errcheck // what was read is checked by itself
	watch.count()
	watch.status.Store(int64(response.StatusCode))
	body, err := c.readBody(response)
	if err != nil {
		return upstream.Result{}, charge{}, bodyError(attemptCtx, response, err)
	}
	return c.readAnswer(request, response, body)
}

// charge is what an answer says that its call cost, if it names that.
type charge struct {
	points int
	named  bool
}

// readAnswer makes an order of a whole body. An envelope counts under any HTTP status, but one that
// says success and has no order counts under 2xx alone: under another status, that is what we know.
func (c *Client) readAnswer(request upstream.Request, response *http.Response, body []byte) (upstream.Result, charge, error) {
	fetchedAt := time.Now().UTC()
	answer, err := upstream.DecodeAnswer(body, request.Key, fetchedAt)
	request.Meter.Add(upstream.Usage{Points: answer.Points})
	charged := charge{answer.Points, answer.Priced}
	if !isSuccess(response) && answer.Order == nil && (err == nil || upstream.KindOf(err) == upstream.KindBadResponse) {
		return upstream.Result{}, charged, statusError(response, err)
	}
	if err != nil {
		return upstream.Result{}, charged, err
	}
	held := upstream.Needs{Domains: request.Needs.Domains.Asked(), AttributeKeys: request.Needs.AttributeKeys}
	if answer.Compactable {
		body = upstream.CompactAnswer(body)
	}
	return upstream.Result{Order: answer.Order, Held: held, Body: body, FetchedAt: fetchedAt}, charged, nil
}

// isSuccess reports whether the HTTP status is 2xx.
func isSuccess(response *http.Response) bool { return response.StatusCode/100 == 2 }

// statusError returns the error for an answer whose HTTP status is all we know of it, because its body
// is no envelope, or says success and has no order.
func statusError(response *http.Response, cause error) *upstream.Error {
	failure := &upstream.Error{Kind: upstream.KindBadResponse, Cause: fmt.Errorf("HTTP status %d", response.StatusCode)}
	if cause != nil {
		failure.Cause = fmt.Errorf("HTTP status %d: %w", response.StatusCode, cause)
	}
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		failure.Kind = upstream.KindPermissionOrQuota
	case status == http.StatusTooManyRequests:
		failure.Kind = upstream.KindRateLimited
	case status >= 500:
		failure.Kind, failure.Outage = upstream.KindUnavailable, true
	}
	if response.StatusCode == http.StatusTooManyRequests || response.StatusCode == http.StatusServiceUnavailable {
		failure.RetryAfter = min(maxCooldown, parseRetryAfter(response.Header.Get("Retry-After"), time.Now()))
	}
	return failure
}

// parseRetryAfter reads seconds or an HTTP date; 0 where there is none in the future.
func parseRetryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

func (c *Client) httpRequest(ctx context.Context, request upstream.Request, token upstream.Secret) (*http.Request, error) {
	body, err := requestBody(request)
	if err != nil {
		return nil, fmt.Errorf("writing the request: %w", err)
	}
	httpRequest, err := http.NewRequestWithContext(ctx, http.MethodPost, c.options.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	httpRequest.Header = http.Header{
		"Accept":       {"application/json"},
		"Content-Type": {"application/json"},
		"User-Agent":   {"ordergraph"},
	}
	if token != "" {
		httpRequest.Header.Set("Authorization", token.Reveal())
	}
	return httpRequest, nil
}

// requestBody writes the parameters. The id is a number with every digit; include_fields is never
// empty, because what an empty one means is documented nowhere.
func requestBody(request upstream.Request) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := jsontext.NewEncoder(&buffer)
	tokens := []jsontext.Token{
		jsontext.BeginObject,
		jsontext.String("web_site"), jsontext.String(request.Key.Site.Wire()),
		jsontext.String("order_id"), jsontext.Int(int64(request.Key.ID)),
		jsontext.String("include_fields"), jsontext.String(request.Needs.Domains.String()),
		jsontext.String("edition"), jsontext.String(request.Key.Edition.Wire()),
	}
	if keys := request.Needs.AttributeKeys; len(keys) > 0 {
		tokens = append(tokens, jsontext.String("attribute_keys"), jsontext.BeginArray)
		for _, key := range keys {
			tokens = append(tokens, jsontext.String(key))
		}
		tokens = append(tokens, jsontext.EndArray)
	}
	for _, token := range append(tokens, jsontext.EndObject) {
		if err := encoder.WriteToken(token); err != nil {
			return nil, err
		}
	}
	return bytes.TrimSpace(buffer.Bytes()), nil
}

// readBody reads the inflated body up to the bound. Memory stays near the bound whatever arrives.
func (c *Client) readBody(response *http.Response) ([]byte, error) {
	limit := c.options.MaxAnswerBytes
	var buffer bytes.Buffer
	if response.ContentLength > 0 {
		buffer.Grow(int(min(response.ContentLength+bytes.MinRead, limit, 64<<10)))
	}
	size, err := buffer.ReadFrom(io.LimitReader(response.Body, limit+1))
	if err == nil && size > limit {
		err = fmt.Errorf("%w than %d bytes", errTooLarge, limit)
	}
	return buffer.Bytes(), err
}

// bodyError returns the error for a body that could not be read to its end. Under 2xx that is an
// outage, unless the body is too large; another status says by itself what became of the call.
func bodyError(ctx context.Context, response *http.Response, err error) *upstream.Error {
	failure := connectionError(ctx, err, upstream.KindBadResponse)
	if errors.Is(err, errTooLarge) {
		failure = &upstream.Error{Kind: upstream.KindBadResponse, Cause: err}
	}
	if !isSuccess(response) {
		return statusError(response, failure)
	}
	return failure
}

// connectionError returns the error for a connection that failed: our own deadline, a reset, or else
// the given kind. All of them are outages: nothing was said.
func connectionError(ctx context.Context, err error, kind upstream.Kind) *upstream.Error {
	failure := &upstream.Error{Kind: kind, Outage: true, Cause: &connectionFault{err}}
	switch {
	case ctx.Err() != nil:
		failure.Kind, failure.Cause = upstream.KindTimeout, fmt.Errorf("%w: %w", context.Cause(ctx), failure.Cause)
	case isTimeout(err):
		failure.Kind = upstream.KindTimeout
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		failure.Kind = upstream.KindUnavailable
	case isMalformedHeader(err):
		failure.Kind = upstream.KindBadResponse
	}
	return failure
}

func isTimeout(err error) bool {
	netError, ok := errors.AsType[net.Error](err)
	return ok && netError.Timeout()
}

// isMalformedHeader reports whether something answered that doesn't speak HTTP properly.
func isMalformedHeader(err error) bool {
	_, ok := errors.AsType[textproto.ProtocolError](err)
	return ok
}

// connectionFault hides the text of an error of the HTTP client, which may quote what the other side
// sent, behind what is known to be harmless.
type connectionFault struct{ cause error }

func (f *connectionFault) Error() string {
	if operation, ok := errors.AsType[*net.OpError](f.cause); ok {
		return "the connection failed: " + operation.Error()
	}
	if errno, ok := errors.AsType[syscall.Errno](f.cause); ok {
		return "the connection failed: " + errno.Error()
	}
	for _, known := range []error{io.ErrUnexpectedEOF, io.EOF, context.DeadlineExceeded, context.Canceled} {
		if errors.Is(f.cause, known) {
			return "the connection failed: " + known.Error()
		}
	}
	return fmt.Sprintf("the connection failed (%T)", f.cause)
}

// Unwrap returns the cause. Never log its text.
func (f *connectionFault) Unwrap() error { return f.cause }

// callWatch watches one attempt from inside the HTTP client: whether it got a connection, and whether
// its request was written. The second is what the call is charged for.
type callWatch struct {
	meter     *upstream.Meter
	connected atomic.Bool
	counted   atomic.Bool
	status    atomic.Int64 // of the answer over HTTP
	once      sync.Once
}

func (w *callWatch) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { w.connected.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				w.count()
			}
		},
	}
}

// count adds the call to the bill, once: when the request was written or an answer arrived, whichever
// comes first.
func (w *callWatch) count() {
	w.once.Do(func() {
		w.counted.Store(true)
		w.meter.Add(upstream.Usage{Calls: 1})
	})
}
