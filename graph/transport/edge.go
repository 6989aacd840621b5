package transport

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/rs/zerolog"
)

// maxRequestID is the longest request id that is taken over.
const maxRequestID = 128

// EdgeOptions is what NewEdge needs.
type EdgeOptions struct {
	// Origins are the browser origins that may read answers: "https://shop.example", or
	// "http://localhost:*" for every port. None: only pages of this server itself.
	Origins []string
	// Log gets panics; the zero value discards them.
	Log zerolog.Logger
	// Observer is told of the requests that are answered here, and go no further; nil is nobody.
	Observer Observer
}

// NewEdge wraps next with what every answer needs, whatever the route: a request id, the security
// headers, CORS, and a net for panics.
func NewEdge(next http.Handler, options EdgeOptions) (http.Handler, error) {
	allowed, err := newOrigins(options.Origins)
	if err != nil {
		return nil, err
	}
	e := &edge{next: next, origins: allowed, log: options.Log}
	e.preflight = Observed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { allowed.serve(w, r) }), options.Observer)
	e.refusal = Observed(http.HandlerFunc(refuseHeader), options.Observer)
	return e, nil
}

type edge struct {
	next    http.Handler
	origins *origins
	// preflight and refusal answer what goes no further.
	preflight, refusal http.Handler
	log                zerolog.Logger
}

func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := takeRequestID(r.Header)
	header := w.Header()
	header[requestIDHeader] = []string{id}
	setSecurityHeaders(header)
	defer func() {
		if thrown := recover(); thrown != nil {
			if thrown == http.ErrAbortHandler {
				panic(thrown) // no fault
			}
			e.log.Error().Str("request_id", id).Str("cause", causeText(PanicError(thrown))).Msg("panic")
			w.WriteHeader(http.StatusInternalServerError)
		}
	}()
	if isPreflight(r) {
		e.preflight.ServeHTTP(w, r)
		return
	}
	e.origins.serve(w, r)
	if headerSize(r) > maxHeaderSize {
		e.refusal.ServeHTTP(w, r)
		return
	}
	e.next.ServeHTTP(w, r)
}

// maxHeaderSize bounds the header of a request, its first line included, in bytes. The server must read more
// than that, for this answer to be made here: what net/http refuses itself no page may read.
const maxHeaderSize = 32 << 10

// headerSize returns how long the header of a request is when written as HTTP/1.1.
func headerSize(r *http.Request) int {
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len(r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(": ") + len(value) + len("\r\n")
		}
	}
	return size
}

func refuseHeader(w http.ResponseWriter, r *http.Request) {
	refused := headerTooLarge()
	header := w.Header()
	requestID := first(header[requestIDHeader])
	refused.writeHeader(header, r)
	setCaching(header, nil)
	header["Content-Type"] = contentTypes[negotiate(r.Header["Accept"])]
	(&answer{Errors: refused.list()}).write(w, r, refused.status, requestID, maxRefusalErrors)
}

const requestIDHeader = "X-Request-Id"

// takeRequestID takes over the caller's id if it is harmless, else makes one.
func takeRequestID(header http.Header) string {
	if id := first(header[requestIDHeader]); isRequestID(id) {
		return id
	}
	return rand.Text()
}

// first returns the first value of a header. It expects the header's name in the form that net/http
// gives it, and so need not look for it.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// isRequestID reports whether id matches [A-Za-z0-9._-]{1,128}.
func isRequestID(id string) bool {
	return id != "" && len(id) <= maxRequestID &&
		strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}

// The values are shared by all answers: net/http only reads them, and Header.Add copies.
var (
	noSniff    = []string{"nosniff"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'"}
	noReferrer = []string{"no-referrer"}
)

// setSecurityHeaders forbids browsers everything that an answer of data never needs. GraphiQL
// replaces the policy for its own pages.
func setSecurityHeaders(header http.Header) {
	header["X-Content-Type-Options"] = noSniff
	header["Content-Security-Policy"] = noContent
	header["Referrer-Policy"] = noReferrer
}
