package transport

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
)

// httpError is why a request was not executed. Its message never repeats what the caller sent.
type httpError struct {
	// status is the HTTP status; 0 for a GraphQL request error, whose status the media type decides.
	status     int
	code       string
	message    string
	header     string // the name of one more header, if any
	value      string
	retryAfter time.Duration
	resetAt    string // when the budget begins anew, if that is why
	close      bool   // the rest of the body is not worth reading
	limit      string // the name of the setting that the request exceeds, if any
	maximum    int64
	cause      error // for the log, if any
}

func badRequest(message string) *httpError {
	return &httpError{status: http.StatusBadRequest, code: codes.BadRequest, message: message}
}

func requestError(code, message string) *httpError {
	return &httpError{code: code, message: message}
}

func unauthenticated(challenge string) *httpError {
	return &httpError{
		status:  http.StatusUnauthorized,
		code:    codes.Unauthenticated,
		message: "A valid client token is needed: Authorization: Bearer <token>.",
		header:  "WWW-Authenticate", value: challenge,
	}
}

func methodNotAllowed(allow string) *httpError {
	return &httpError{
		status:  http.StatusMethodNotAllowed,
		code:    codes.BadRequest,
		message: "This method is not allowed here; the header Allow lists those that are.",
		header:  "Allow", value: allow,
	}
}

func notAcceptable() *httpError {
	return &httpError{
		status:  http.StatusNotAcceptable,
		code:    codes.BadRequest,
		message: "Accept must admit application/graphql-response+json or application/json, in UTF-8.",
	}
}

func unsupportedMediaType(message string) *httpError {
	return &httpError{status: http.StatusUnsupportedMediaType, code: codes.BadRequest, message: message}
}

func headerTooLarge() *httpError {
	return &httpError{
		status:  http.StatusRequestHeaderFieldsTooLarge,
		code:    codes.BadRequest,
		message: "The header of the request is too large: 32 KiB are accepted, the query string included.",
		close:   true,
	}
}

func tooLarge(limit int64) *httpError {
	return &httpError{
		status:  http.StatusRequestEntityTooLarge,
		code:    codes.TooComplex,
		message: "The request body is too large: max-body is " + strconv.FormatInt(limit, 10) + " bytes.",
		close:   true,
		limit:   "max-body", maximum: limit,
	}
}

// tooManyValues refuses what would take far more memory than it has bytes.
func tooManyValues() *httpError {
	const limit = "json-values" // it is no setting
	refused := requestError(codes.TooComplex, fmt.Sprintf("The variables and extensions hold too many values: the maximum of %s is %d.", limit, maxValues))
	refused.limit, refused.maximum = limit, maxValues
	return refused
}

func rateLimited(retryAfter time.Duration) *httpError {
	return &httpError{
		status:     http.StatusTooManyRequests,
		code:       codes.RateLimited,
		message:    "Too many requests; the header Retry-After says when to come back.",
		retryAfter: retryAfter,
	}
}

func overloaded(retryAfter time.Duration) *httpError {
	return &httpError{
		status:     http.StatusServiceUnavailable,
		code:       codes.Overloaded,
		message:    "Too many upstream calls are waiting; the header Retry-After says when to come back.",
		retryAfter: retryAfter,
	}
}

// budgetExhausted refuses a request with the error of its order that has to wait longest.
func budgetExhausted(of *answer) *httpError {
	wait := of.retryAfter()
	for _, gqlError := range of.Errors {
		if gqlError.Extensions["retryAfterSeconds"] == wholeSeconds(wait) {
			resetAt, _ := gqlError.Extensions["resetAt"].(string)
			return &httpError{
				status: http.StatusTooManyRequests, code: codes.BudgetExhausted, message: gqlError.Message,
				retryAfter: wait, resetAt: resetAt, cause: gqlError.Err,
			}
		}
	}
	return internalError() // none of these errors is without it
}

func notCached() *httpError {
	return &httpError{
		status:  http.StatusGatewayTimeout,
		code:    codes.NotCached,
		message: "No copies of these orders are at hand, and the request asked for copies only.",
	}
}

func timedOut() *httpError {
	return &httpError{
		status:  http.StatusGatewayTimeout,
		code:    codes.RequestTimeout,
		message: "The request took longer than request-timeout allows.",
	}
}

func internalError() *httpError {
	return &httpError{status: http.StatusInternalServerError, code: codes.Internal, message: "Something went wrong on our side."}
}

// retryable reports whether the same request may succeed a little later.
func (f *httpError) retryable() bool {
	switch f.code {
	case codes.RateLimited, codes.Overloaded, codes.RequestTimeout:
		return true
	default:
		return false
	}
}

func (f *httpError) list() gqlerror.List {
	extensions := map[string]any{"code": f.code, "retryable": f.retryable()}
	if f.retryAfter > 0 {
		extensions["retryAfterSeconds"] = wholeSeconds(f.retryAfter)
	}
	if f.resetAt != "" {
		extensions["resetAt"] = f.resetAt
	}
	if f.limit != "" {
		extensions["limit"], extensions["maximum"] = f.limit, f.maximum
	}
	return gqlerror.List{{Message: f.message, Extensions: extensions, Err: f.cause}}
}

// writeHeader sets the headers that belong to the refusal of r itself.
func (f *httpError) writeHeader(header http.Header, r *http.Request) {
	if f.header != "" {
		header.Set(f.header, f.value)
	}
	if f.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(wholeSeconds(f.retryAfter)))
	}
	if f.close && r.ProtoMajor < 2 { // under HTTP/2 only the stream ends
		header.Set("Connection", "close")
	}
}

// wholeSeconds rounds up, and never to 0, which would invite a retry at once.
func wholeSeconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}
