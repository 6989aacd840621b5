// Package graph offers orders as GraphQL over HTTP: the schema, its resolvers, the limits on what a
// query may cost, and the routes. It reads orders through upstream.Orders and knows nothing of how
// they are called, cached or paid for.
//
// A request passes transport (read strictly, tell callers apart), limits (refuse what costs too
// much), lookahead (selection to parts of an order), loader (one read per order), gqlgen's execution of
// the root fields, and projection (what is selected of an order, as JSON).
package graph

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rs/zerolog"

	"ordergraph/graph/graphiql"
	"ordergraph/graph/internal/httpx"
	"ordergraph/graph/limits"
	"ordergraph/graph/respcache"
	"ordergraph/graph/restfields"
	"ordergraph/graph/telemetry"
	"ordergraph/graph/transport"
	"ordergraph/upstream"
)

// Options is what NewHandler needs. The zero value of each setting is its default.
type Options struct {
	// SDL is the text of the subgraph's schema: what /subgraph.graphql and the field _service answer, and
	// from which /schema.graphql is made. Required.
	SDL string
	// Orders reads the orders. Required.
	Orders upstream.Orders
	// Log gets one line a request; the zero value discards them. It must not wait for its reader.
	Log zerolog.Logger
	// Telemetry counts what is answered; nil is nobody.
	Telemetry *telemetry.Telemetry
	// Health answers the probes; nil is one that is always ready.
	Health *Health
	// RequireToken refuses orders to requests without an Authorization value, before anything is done for
	// them: in pass-through mode there is nothing to call the upstream with.
	RequireToken bool
	// MaxOrders is the most distinct orders in one request, and the most places in all of its lists of
	// orders; 100 if 0.
	MaxOrders int
	// MaxAttributeKeys is the most distinct keys of extra attributes in one request; 100 if 0.
	MaxAttributeKeys int
	// MaxResponse is the most bytes that the data of one response may take: an order that does not fit is
	// null, with an error. 16 MiB if 0.
	MaxResponse int64
	// Limits bound the size of a query.
	Limits limits.Limits
	// NoIntrospection turns introspection, GraphiQL and "did you mean" hints off.
	NoIntrospection bool
	// NoGraphiQL turns GraphiQL off.
	NoGraphiQL bool
	// SandboxData says that the orders are made up, for a note to people who read them.
	SandboxData bool
	// TestIDs is a JSON list of the ids that the sandbox answers in one particular way, for GraphiQL to show.
	TestIDs []byte
	// Origins are the browser origins that may read answers, as transport.EdgeOptions describes them.
	Origins []string
	// RouterSecret, if set, must be shown in X-Router-Secret for _service and _entities, and admits
	// introspection even where it is off.
	RouterSecret upstream.Secret
	// ResponseCacheSize bounds the memory for stored responses, in bytes; 0 keeps none. Orders must be
	// respcache.Copies for it.
	ResponseCacheSize int64
	// HTTP says how requests are read and callers told apart. NewHandler sets its Executor, Log,
	// MaxErrors, RouterSecret, Responses and Observer.
	HTTP transport.Options

	// fieldByField resolves each field of an order by itself, in place of package projection.
	fieldByField bool
}

var errNoCopies = errors.New("graph: ResponseCacheSize needs Orders that say which copies they serve")

// NewHandler returns the handler of all public routes:
//
//	/graphql           GraphQL over HTTP, GET and POST
//	/schema.graphql    the schema's text for clients
//	/subgraph.graphql  the schema's text for routers
//	/rest-fields       the upstream's fields and where they are in the schema; .tsv and .json for programs
//	/graphiql/         GraphiQL; / redirects there
//	/livez, /readyz    probes
func NewHandler(options Options) (*Handler, error) {
	if options.SDL == "" || options.Orders == nil {
		return nil, errors.New("graph: Options needs SDL and Orders")
	}
	api, err := APISchema(options.SDL)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	executor, err := newOperations(options)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	options.HTTP.Executor = executor
	var observer transport.Observer
	if options.Telemetry != nil {
		observer = options.Telemetry
		options.Telemetry.ReportCache("document", executor.parser.Stats)
	}
	options.HTTP.Observer = observer
	options.HTTP.Log = options.Log
	options.HTTP.MaxErrors = cmp.Or(options.MaxResponse, defaultMaxResponse)
	options.HTTP.RouterSecret = options.RouterSecret
	if options.ResponseCacheSize > 0 {
		copies, ok := options.Orders.(respcache.Copies)
		if !ok {
			return nil, errNoCopies
		}
		options.HTTP.Responses = respcache.New(copies, int(options.ResponseCacheSize))
		if options.Telemetry != nil {
			options.Telemetry.ReportCache("response", options.HTTP.Responses.Stats)
		}
	}
	handler, err := transport.NewHandler(options.HTTP)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	rows, err := restfields.Rows(executor.api)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	others, err := routes(options, api, rows, handler)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	edge, err := transport.NewEdge(
		newShortcut(handler, others, options.showsGraphiQL(), observer),
		transport.EdgeOptions{Origins: options.Origins, Log: options.Log, Observer: observer},
	)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	return &Handler{edge, handler}, nil
}

// Handler serves all public routes. NewHandler makes one.
type Handler struct {
	http.Handler
	api *transport.Handler
}

// Reload is that of [transport.Handler].
func (h *Handler) Reload(access transport.Access, router upstream.Secret, trusted *transport.Manifest) error {
	return h.api.Reload(access, router, trusted)
}

// shortcut leads to api without a look at the other routes, which takes a mux longer than api may take
// for a stored response.
//
// It leads browsers that open the address of the API to GraphiQL, if there is one.
type shortcut struct {
	api, others http.Handler
	toPage      http.Handler // nil if there is no GraphiQL
}

func newShortcut(api, others http.Handler, graphiQL bool, observer transport.Observer) shortcut {
	s := shortcut{api: api, others: transport.Observed(others, observer)}
	if graphiQL {
		s.toPage = transport.Observed(http.HandlerFunc(redirectToPage), observer)
	}
	return s
}

func (s shortcut) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path != apiPath && path != apiPath+"/":
		w.Header().Set("Cache-Control", "no-store") // unless the route knows better
		s.others.ServeHTTP(w, r)
	case s.toPage != nil && asksForPage(r):
		s.toPage.ServeHTTP(w, r)
	default:
		s.api.ServeHTTP(w, r)
	}
}

// redirectToPage leads from the address of the API to GraphiQL.
func redirectToPage(w http.ResponseWriter, r *http.Request) {
	location := strings.TrimPrefix(graphiql.Path, "/")
	if r.URL.Path != apiPath {
		location = "../" + location
	}
	redirect(w, location)
}

// asksForPage reports whether a browser opens the address of the API, rather than asking it something.
func asksForPage(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		transport.PrefersHTML(r.Header["Accept"]) && !transport.AsksForQuery(r.URL.RawQuery)
}

const apiPath = "/graphql"

// routes serves what stands beside the API. Of a schema's texts, that for clients is as public as
// introspection, and that for routers as the field _service.
func routes(options Options, schema string, rows []restfields.Row, api *transport.Handler) (http.Handler, error) {
	mux := http.NewServeMux()
	secret := options.RouterSecret != ""
	mux.Handle("GET /schema.graphql", schemaText(schema, secret && options.NoIntrospection, api))
	mux.Handle("GET /subgraph.graphql", schemaText(options.SDL, secret, api))
	health := options.Health
	if health == nil {
		health = new(Health)
		health.SetReady(true)
	}
	health.Register(mux)
	if options.showsGraphiQL() {
		page := graphiql.Handler(graphiql.Options{Sandbox: options.SandboxData, TestIDs: options.TestIDs, Token: options.tokenKind()})
		mux.Handle(graphiql.Path, page)
		mux.Handle(strings.TrimSuffix(graphiql.Path, "/"), page)
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { redirect(w, strings.TrimPrefix(graphiql.Path, "/")) })
	}
	if secret && options.NoIntrospection {
		return mux, nil // the rows would tell what the schema may not
	}
	return mux, restfields.Register(mux, rows)
}

// tokenKind says whose token a caller needs to read orders.
func (o *Options) tokenKind() graphiql.Token {
	switch {
	case len(o.HTTP.Access.ClientTokens) > 0:
		return graphiql.ClientToken
	case o.RequireToken:
		return graphiql.UpstreamToken
	default:
		return graphiql.NoToken
	}
}

func (o *Options) showsGraphiQL() bool { return !o.NoGraphiQL && !o.NoIntrospection }

// redirect names a relative location, so that it is right behind a proxy that adds a prefix.
func redirect(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	w.Header().Set("Cache-Control", "no-store")
	httpx.AddVary(w.Header(), "Accept")
	w.WriteHeader(http.StatusFound)
}
