// Package codes lists every value of errors[].extensions.code. Clients match on them.
package codes

// The codes.
const (
	// About the request.
	BadRequest            = "BAD_REQUEST"
	BadUserInput          = "BAD_USER_INPUT"
	ParseFailed           = "GRAPHQL_PARSE_FAILED"
	ValidationFailed      = "GRAPHQL_VALIDATION_FAILED"
	TooComplex            = "QUERY_TOO_COMPLEX"
	PersistedNotFound     = "PERSISTED_QUERY_NOT_FOUND"
	PersistedNotSupported = "PERSISTED_QUERY_NOT_SUPPORTED"
	UntrustedDocument     = "UNTRUSTED_DOCUMENT"

	// About the caller.
	Unauthenticated   = "UNAUTHENTICATED"
	AccountNotFound   = "ACCOUNT_NOT_FOUND"
	PermissionDenied  = "PERMISSION_DENIED"
	QuotaExhausted    = "QUOTA_EXHAUSTED"
	PermissionOrQuota = "PERMISSION_OR_QUOTA"
	ShopNotAuthorized = "SHOP_NOT_AUTHORIZED"

	// About the moment.
	RateLimited = "RATE_LIMITED"
	Overloaded  = "OVERLOADED"
	NotCached   = "NOT_CACHED"
	// BudgetExhausted is of the operator's budget, not of the upstream's quota.
	BudgetExhausted = "BUDGET_EXHAUSTED"
	RequestTimeout  = "REQUEST_TIMEOUT"

	// About the upstream, and about ourselves.
	UpstreamTimeout     = "UPSTREAM_TIMEOUT"
	UpstreamUnavailable = "UPSTREAM_UNAVAILABLE"
	UpstreamUnsupported = "UPSTREAM_UNSUPPORTED"
	UpstreamError       = "UPSTREAM_ERROR"
	UpstreamBadResponse = "UPSTREAM_BAD_RESPONSE"
	UpstreamBadData     = "UPSTREAM_BAD_DATA"
	Internal            = "INTERNAL_SERVER_ERROR"
)

// All are all codes.
var All = [...]string{
	BadRequest, BadUserInput, ParseFailed, ValidationFailed,
	TooComplex, PersistedNotFound, PersistedNotSupported, UntrustedDocument,
	Unauthenticated, AccountNotFound, PermissionDenied, QuotaExhausted,
	PermissionOrQuota, ShopNotAuthorized, RateLimited, Overloaded,
	NotCached, BudgetExhausted,
	RequestTimeout, UpstreamTimeout, UpstreamUnavailable, UpstreamUnsupported,
	UpstreamError, UpstreamBadResponse, UpstreamBadData, Internal,
}
