// Package graphiql serves GraphiQL, the GraphQL editor for the browser, from the binary: the page
// loads nothing from another host.
//
// Its sources are in web, its build in static, one gzip file for each file of the page. build.sh
// makes the one from the other.
package graphiql

import (
	"net/http"
	"strings"

	"ordergraph/graph/internal/httpx"
)

// Path is where the page is served. The API is expected beside it, at ../graphql.
const Path = "/graphiql/"

// policy is the Content-Security-Policy of the page and its workers. Styles are relaxed because the
// editor writes them while it runs.
const policy = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; " +
	"style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Options say what the page tells its reader.
type Options struct {
	// Sandbox says that the orders are the sandbox's: the page shows a note, and tabs that run as
	// they are. Without it the tabs have placeholders for order ids, which cost no call.
	Sandbox bool
	// Token says whose token callers need; NoToken if empty.
	Token Token
	// TestIDs is a JSON list of the ids that the sandbox answers in one particular way, for the page to show; empty
	// where there is no sandbox.
	TestIDs []byte
}

// Token says whose token callers need, and so how the page sends what its reader writes.
type Token string

const (
	// NoToken: none. One that is written is sent.
	NoToken Token = "none"
	// ClientToken: one of this server, which is sent as a bearer token. Without it not even the schema
	// is to be had.
	ClientToken Token = "client"
	// UpstreamToken: one of the upstream, which is sent as written.
	UpstreamToken Token = "upstream"
)

// Handler returns the handler for Path and for Path without its last slash. It answers GET and HEAD.
// It compresses by itself, and must not be wrapped in a handler that does so too.
func Handler(options Options) http.Handler {
	return &handler{files: load(options)}
}

type handler struct {
	files map[string]*httpx.Content
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSecurityHeaders(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path+"/" == Path {
		redirectToPage(w)
		return
	}
	found, known := h.files[nameOf(r.URL.Path)]
	if !known {
		http.NotFound(w, r)
		return
	}
	found.ServeHTTP(w, r)
}

func setSecurityHeaders(header http.Header) {
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// redirectToPage sends the browser to the same address with a slash at its end. The location is
// relative, so that it is right behind a proxy that adds a prefix.
func redirectToPage(w http.ResponseWriter) {
	w.Header().Set("Location", strings.TrimPrefix(Path, "/"))
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// nameOf returns the name of the file that a request path asks for, which need not exist.
func nameOf(path string) string {
	if path == Path {
		return page
	}
	return strings.TrimPrefix(path, Path)
}
