// Package transport serves GraphQL over HTTP: it reads requests strictly, tells callers apart, and
// writes answers in one pass.
//
// It follows the GraphQL-over-HTTP specification for POST and GET with the media types
// application/graphql-response+json and application/json, and deviates in one point on purpose: a
// GET needs a header that a plain cross-site request can't carry (csrf.go).
//
// A request passes the edge (edge.go, cors.go), which stands before all routes, and the [Handler]. That
// refuses by the header alone what it can (negotiate.go, auth.go, ratelimit.go), reads the body
// (request.go), and looks for a stored response by its bytes. If there is none, the parameters are read
// (parameters.go, json.go) and name a document or hold one (persisted.go, manifest.go); a
// graphql.GraphExecutor makes it an operation, whose response may be stored under another text
// (stored.go); else it is executed, answered (response.go) or refused (httperror.go), and logged when its
// last upstream call has ended (accesslog.go, cause.go).
//
// The package knows neither the schema nor orders. It takes from the request's scope what the answer cost
// and how long it stays fresh.
package transport

import (
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"

	"ordergraph/graph/respcache"
	"ordergraph/upstream"
)

const (
	defaultMaxBody        = 256 << 10
	defaultMaxErrors      = 16 << 20
	defaultRequestTimeout = 15 * time.Second
)

// Options is what NewHandler needs. The zero value of each setting is its default.
type Options struct {
	// Executor parses, validates and executes. Required.
	Executor graphql.GraphExecutor
	// Log gets one line a request; the zero value discards them. Variables, bodies and tokens never reach
	// it. It must not wait for its reader.
	Log zerolog.Logger
	// Observer is told of each request; nil is nobody.
	Observer Observer
	// Tracer begins the traces of requests; nil traces none.
	Tracer Tracer
	// Access says how callers prove who they are.
	Access Access
	// RouterSecret makes a request trusted (scope.Scope.RouterTrusted) that shows it in the header
	// X-Router-Secret. Empty: no request is.
	RouterSecret upstream.Secret
	// ClientNames are the names that a request may give itself in GraphQL-Client-Name or apollographql-client-name,
	// for counting only.
	ClientNames []string
	// MaxBody is the most bytes of a request body; 256 KiB if 0.
	MaxBody int64
	// MaxErrors is the most bytes that the errors of an executed operation take in its answer; 16 MiB if 0.
	// The last one says how many are left out.
	MaxErrors int64
	// RequestTimeout is how long one request may take, from its arrival; 15 s if 0.
	RequestTimeout time.Duration
	// SlowRequest is the time from which a request's line in the log is a warning that says where the time went; 0 is
	// never.
	SlowRequest time.Duration
	// RateLimit is how many requests a second each caller may send; 0 is no limit.
	RateLimit float64
	// SharedRates lets other instances have a part in the rate of a caller; nil is no other instance.
	SharedRates SharedRates
	// Documents says which operations run and which are known by their hash.
	Documents Documents
	// Responses keeps stored responses; nil keeps none.
	Responses *respcache.Cache
}

// Access says how callers prove who they are. The zero value is pass-through mode: the caller's
// Authorization value goes upstream unchanged, and is all that we know of the caller.
type Access struct {
	// Service is service mode: we have a token of our own for the upstream, and callers authenticate
	// to us.
	Service bool
	// ClientTokens are the bearer tokens of service mode, each plain or as "sha256:" and 64 hex
	// digits. None: everybody may ask, as one tenant.
	ClientTokens []upstream.Secret
}
