package transport

import (
	"net/http"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

// Observer is told of every request, as soon as it begins and when it has been answered. Its calls may go on
// then. It is called by many goroutines at once, and must not wait.
type Observer interface {
	Began()
	// Ended must not keep the exchange.
	Ended(*Exchange)
}

// Tracer begins a trace for each request that is to be traced.
type Tracer interface {
	// Begin returns nil if the request is not traced.
	Begin(r *http.Request, at time.Time) Trace
}

// Trace is the trace of one request.
type Trace interface {
	scope.Trace
	// End says how the request ended, when all of its calls have. It must not keep the exchange.
	End(x *Exchange, usage upstream.Usage)
}

// Exchange is one request and what became of it.
type Exchange struct {
	Method string
	// Route is the pattern that the path matched, or the path itself where none did.
	Route string
	// Status is what was sent, or StatusClientGone.
	Status   int
	Duration time.Duration
	// TraceID is that of the request's trace, empty if it is not traced.
	TraceID string
	// Operation is nil unless the request was to bring an operation.
	Operation *Operation
}

// Operation is what became of a request for an operation.
type Operation struct {
	// Name is the operation's own one, as it was sent; empty where it has none, or was refused before.
	Name string
	// Client is the operator's name for who asks, one of the listed names that a client gives itself, NoClient or
	// OtherClient.
	Client string
	// Trusted is the name of the operation if its document is trusted, else empty.
	Trusted string
	// RequestID names the request in the log and in errors.
	RequestID string
	// Type is query, or empty where the request was refused before that was known.
	Type string
	// Persisted says how a document was found by its hash; zero where none was looked for.
	Persisted Persisted
	// Executed says that the operation was executed now.
	Executed bool
	// ShowsOrder says whether the answer shows any order.
	ShowsOrder bool
	// Errors are those of the answer. They may be shared with other requests.
	Errors gqlerror.List
	// Tally says where the orders came from.
	Tally scope.Tally
}

type nobody struct{}

func (nobody) Began()          {}
func (nobody) Ended(*Exchange) {}

// Observed returns a handler that tells the observer of the requests that next answers. Not for the API, which
// does so itself.
func Observed(next http.Handler, observer Observer) http.Handler {
	if observer == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		observer.Began()
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		returned := false
		defer func() {
			if !returned {
				recorder.status = http.StatusInternalServerError // a panic, which goes on
			}
			route := r.URL.Path
			if _, pattern, matched := strings.Cut(r.Pattern, "/"); matched {
				route = "/" + strings.TrimSuffix(pattern, "{$}")
			}
			observer.Ended(&Exchange{Method: r.Method, Route: route, Status: recorder.status, Duration: time.Since(started)})
		}()
		next.ServeHTTP(recorder, r)
		returned = true
	})
}

// statusRecorder remembers the status that is sent.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }
