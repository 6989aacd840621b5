package upstream

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Kind is what went wrong with one order, from the caller's point of view. The set is closed.
type Kind uint8

const (
	// KindInternal is a fault of ours. It is the zero value, so that a forgotten kind is no promise.
	KindInternal Kind = iota
	// KindBadUserInput: the upstream refused the parameters (100 请求参数错误).
	KindBadUserInput
	// KindTimeout: the upstream (101 请求超时) or we ran out of time. The call may have been charged.
	KindTimeout
	// KindAccountNotFound: 103 旺旺账号不存在.
	KindAccountNotFound
	// KindUpstreamError: 200 系统错误, which is a failure here, and codes that no document lists.
	KindUpstreamError
	// KindUnsupported: 203 暂不支持当前接口.
	KindUnsupported
	// KindPermissionDenied: 204 with a text about rights (无该接口权限).
	KindPermissionDenied
	// KindQuotaExhausted: 204 with a text about the number of calls left (API调用次数不足).
	KindQuotaExhausted
	// KindPermissionOrQuota: 204 with a text that tells neither, or HTTP 401 or 403 without an envelope.
	KindPermissionOrQuota
	// KindShopNotAuthorized: 302 未授权店铺; Error.AuthorizationURL may say where to grant access.
	KindShopNotAuthorized
	// KindBadResponse: an answer that cannot be read, is too large, redirects, is about another order, or
	// says success and carries an error.
	KindBadResponse
	// KindRateLimited: HTTP 429 without an envelope.
	KindRateLimited
	// KindUnavailable: HTTP 5xx without an envelope, refused, reset, or the circuit breaker is open.
	KindUnavailable
	// KindUnauthenticated: no credentials to call the upstream with. No call was made.
	KindUnauthenticated
	// KindOverloaded: we refused before calling, because too many calls wait. No call was made.
	KindOverloaded
	// KindBudgetExhausted: the operator's budget has no points left for the call. No call was made.
	KindBudgetExhausted
	// KindNotCached: no copy serves a request that wants nothing else. No call was made.
	KindNotCached

	// Kinds is the number of kinds.
	Kinds = iota
)

var kindNames = [...]string{
	KindInternal:          "internal",
	KindBadUserInput:      "bad user input",
	KindTimeout:           "timeout",
	KindAccountNotFound:   "account not found",
	KindUpstreamError:     "upstream error",
	KindUnsupported:       "unsupported",
	KindPermissionDenied:  "permission denied",
	KindQuotaExhausted:    "quota exhausted",
	KindPermissionOrQuota: "permission or quota",
	KindShopNotAuthorized: "shop not authorized",
	KindBadResponse:       "bad response",
	KindRateLimited:       "rate limited",
	KindUnavailable:       "unavailable",
	KindUnauthenticated:   "unauthenticated",
	KindOverloaded:        "overloaded",
	KindBudgetExhausted:   "budget exhausted",
	KindNotCached:         "not cached",
}

// String names the kind, for logs.
func (k Kind) String() string { return kindNames[k] }

// ParseKind returns the kind of that name.
func ParseKind(name string) (kind Kind, known bool) {
	at := slices.Index(kindNames[:], name)
	return Kind(max(at, 0)), at >= 0
}

// Retryable reports whether the same request may succeed a little later: timeouts, unavailability and
// rate limits. It says nothing about who pays: each further call may be charged.
func (k Kind) Retryable() bool {
	switch k {
	case KindTimeout, KindRateLimited, KindUnavailable, KindOverloaded:
		return true
	default:
		return false
	}
}

// Error is why one order could not be read. Its text is for our logs and holds no value from a
// response body; clients see the Kind and a text of ours.
type Error struct {
	Kind Kind
	// Status is the upstream's response code, where it sent one (0 otherwise).
	Status int
	// AuthorizationURL says where the shop's owner can grant access (302); empty unless http or https.
	AuthorizationURL string
	// Outage says that the upstream failed to answer, rather than answering with something that is no
	// order: no connection, a reset, a timeout, the codes 101 and 200, HTTP 5xx without an envelope, a
	// body under 2xx that is truncated or cannot be read, and what we refuse because of those, or because a
	// budget is spent. Only then may a stale copy be served; it is false unless set, so that no answer is hidden by mistake.
	Outage bool
	// RetryAfter is how long not to call again, where the upstream or we know it.
	RetryAfter time.Duration
	// ResetAt is when the budget begins anew that is exhausted.
	ResetAt time.Time
	// Remembered says that the upstream was not asked: it said so a moment ago, and that holds for
	// RetryAfter.
	Remembered bool
	// Cause is what we saw, wrapped; nil when the upstream said it in an envelope.
	Cause error
}

func (e *Error) Error() string {
	text := "upstream: " + e.Kind.String()
	if e.Status != 0 {
		text += fmt.Sprintf(" (response code %d)", e.Status)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// IsOutage reports whether err is an [Error] of an upstream that failed to answer.
func IsOutage(err error) bool {
	upstreamError, ok := errors.AsType[*Error](err)
	return ok && upstreamError.Outage
}

// KindOf returns the kind of err, KindInternal if it is none of ours.
func KindOf(err error) Kind {
	if upstreamError, ok := errors.AsType[*Error](err); ok {
		return upstreamError.Kind
	}
	return KindInternal
}
