package transport

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/httpx"
	"ordergraph/graph/internal/scope"
	"ordergraph/graph/respcache"
	"ordergraph/upstream"
	"ordergraph/upstream/lru"
)

const allowedMethods = "GET, POST, OPTIONS"

// Handler serves GraphQL over HTTP at one path. NewHandler makes one.
type Handler struct {
	executor  graphql.GraphExecutor
	log       zerolog.Logger
	trust     atomic.Pointer[trust]
	documents *documents
	responses *respcache.Cache
	// introspections are the responses to operations that introspect.
	introspections *lru.Cache[respcache.Digest, *respcache.StoredResponse]
	rate           *rateLimit
	maxBody        int64
	maxErrors      int
	timeout        time.Duration
	observer       Observer
	clientNames    clientNames
	tracer         Tracer
	slow           time.Duration
}

// NewHandler returns the handler of /graphql. It expects to stand behind NewEdge.
func NewHandler(options Options) (*Handler, error) {
	callers, err := newAccess(options.Access, options.RouterSecret)
	if err != nil {
		return nil, err
	}
	if options.Executor == nil {
		return nil, errors.New("transport: no executor")
	}
	h := &Handler{
		executor:  options.Executor,
		log:       options.Log,
		documents: newDocuments(options.Documents),
		responses: options.Responses,

		introspections: lru.New[respcache.Digest, *respcache.StoredResponse](maxIntrospectionBytes, nil),
		rate:           newRateLimit(options.RateLimit, options.SharedRates),
		maxBody:        cmp.Or(options.MaxBody, defaultMaxBody),
		maxErrors:      int(cmp.Or(options.MaxErrors, defaultMaxErrors)),
		timeout:        cmp.Or(options.RequestTimeout, defaultRequestTimeout),
		clientNames:    clientNames{},
		slow:           options.SlowRequest,
		tracer:         options.Tracer,
	}
	for _, name := range options.ClientNames {
		h.clientNames[name] = struct{}{}
	}
	if h.observer = options.Observer; h.observer == nil {
		h.observer = nobody{}
	}
	h.trust.Store(&trust{access: callers, documents: options.Documents.Trusted})
	return h, nil
}

// requestState is one request on its way to its answer.
type requestState struct {
	scope  scope.Scope
	trust  *trust
	caller upstream.Caller
	media  mediaType
	// reserved is what the rate limit holds back until the cost of the request is known.
	reserved      reservation
	operationType string
	// operationHash is the SHA-256 of its document in hex, by which persisted queries are known.
	operationHash string
	// executed says that the operation was dispatched, so that it may have cost something.
	executed bool
	// What is to be sent: one of these, unless the request is refused or the caller has hung up.
	answer *answer
	stored *respcache.StoredResponse
	// What was sent, for the log and the observer.
	status        int
	codes, causes []string
	trace         Trace
	exchange      Exchange
	operation     Operation
}

// ServeHTTP answers one request. The one log line about it follows when its upstream calls have ended,
// of which some may outlive it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &requestState{codes: []string{}, scope: scope.Scope{
		Freshness: freshnessOf(r.Header, time.Now()),
		RequestID: first(w.Header()[requestIDHeader]), Client: NoClient,
	}}
	if h.tracer != nil {
		if x.trace = h.tracer.Begin(r, x.scope.Freshness.ArrivedAt); x.trace != nil {
			x.scope.Trace = x.trace
		}
	}
	h.observer.Began()
	defer func() {
		if thrown := recover(); thrown != nil {
			if thrown == http.ErrAbortHandler {
				defer panic(thrown)
			}
			x.status, x.codes, x.causes = http.StatusInternalServerError, []string{codes.Internal}, []string{causeText(PanicError(thrown))}
			w.WriteHeader(x.status) // of no effect where the answer has begun
		}
		duration := time.Since(x.scope.Freshness.ArrivedAt)
		h.report(r, x, duration)
		h.logRequest(x, duration)
	}()
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", allowedMethods)
		x.status = http.StatusNoContent
		w.WriteHeader(x.status)
		return
	}
	buffer := getBuffer()
	defer putBuffer(buffer)
	switch refused := h.handle(w, r, x, buffer); {
	case refused != nil:
		refused.writeHeader(w.Header(), r)
		x.answer = &answer{Errors: refused.list()}
		h.send(w, r, x, refused.status)
	case x.stored != nil:
		h.sendStored(w, r, x)
	case x.answer != nil:
		h.send(w, r, x, http.StatusOK)
	default:
		x.status = StatusClientGone
	}
}

// report tells the observer.
func (h *Handler) report(r *http.Request, x *requestState, duration time.Duration) {
	x.exchange = Exchange{Method: r.Method, Route: strings.TrimSuffix(r.URL.Path, "/"), Status: x.status, Duration: duration}
	if x.trace != nil {
		x.exchange.TraceID = x.trace.ID()
	}
	if r.Method != http.MethodOptions {
		x.exchange.Operation = &x.operation
		x.operation.Type, x.operation.Executed = x.operationType, x.executed
		x.operation.Client, x.operation.Trusted = x.scope.Client, x.scope.Trusted
		x.operation.Name, x.operation.RequestID = x.scope.OperationName, x.scope.RequestID
		switch {
		case x.stored != nil:
			x.operation.Tally = scope.TallyOf(x.stored.Copies)
			x.operation.ShowsOrder = len(x.stored.Copies) > 0
			if x.trace != nil {
				x.trace.Lookup(x.scope.Freshness.ArrivedAt, x.operation.Tally)
			}
		case x.answer != nil:
			x.operation.Errors, x.operation.ShowsOrder = x.answer.Errors, x.answer.ShowsOrder
			fallthrough
		default:
			x.operation.Tally = x.scope.Provenance.Tally()
		}
	}
	h.observer.Ended(&x.exchange)
}

// StatusClientGone is what stands for the status where a caller hung up; nothing is sent.
const StatusClientGone = 499

// handle finds what to send, or refuses. A panic is refused like any other fault of ours.
func (h *Handler) handle(w http.ResponseWriter, r *http.Request, x *requestState, buffer *bytes.Buffer) (refused *httpError) {
	defer func() {
		if thrown := recover(); thrown != nil {
			if thrown == http.ErrAbortHandler {
				panic(thrown)
			}
			refused = internalError()
			refused.cause = PanicError(thrown)
		}
	}()
	if refused := h.admit(r, x); refused != nil {
		return refused
	}
	request, refused := h.read(w, r, buffer)
	x.scope.Freshness.ReceivedAt = time.Now()
	if refused != nil {
		return refused
	}
	request.Generation = x.trust.generation
	if x.scope.DryRun == nil {
		if x.stored = h.responses.Get(&x.scope, request); x.stored != nil {
			return nil
		}
	}
	return h.execute(r.Context(), request, x)
}

// admit checks everything that can be told from the header alone.
func (h *Handler) admit(r *http.Request, x *requestState) *httpError {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return methodNotAllowed(allowedMethods)
	}
	x.media = negotiate(r.Header["Accept"])
	if x.media == mediaNone {
		return notAcceptable()
	}
	dry, refused := asksDryRun(r.Header)
	if refused != nil {
		return refused
	}
	if dry {
		x.scope.DryRun = new(scope.DryRun)
	}
	x.trust = h.trust.Load()
	if refused := x.trust.identify(r, &x.caller); refused != nil {
		return refused
	}
	x.scope.Client = h.clientNames.of(r, &x.caller)
	x.scope.Caller, x.scope.RouterTrusted = &x.caller, x.trust.trustsRouter(r)
	reserved, wait, admitted := h.rate.admit(r, x.caller.Tenant, x.trust.service)
	if !admitted {
		return rateLimited(wait)
	}
	x.reserved = reserved
	return nil
}

// execute runs the operation that the request describes.
func (h *Handler) execute(ctx context.Context, request respcache.Request, x *requestState) *httpError {
	p, refused := parse(request)
	if refused != nil {
		return refused
	}
	keepAs, result, refused := h.documents.resolve(p, x.trust.documents)
	x.operation.Persisted = result
	if refused != nil {
		return refused
	}
	x.operationHash = digestOf(p.Query)
	// Only waiting for orders ends with the time of the request: what has come by then is answered.
	x.scope.Deadline = x.scope.Freshness.ArrivedAt.Add(h.timeout)
	ctx = graphql.StartOperationTrace(scope.With(ctx, &x.scope))
	operation, mistakes := h.executor.CreateOperationContext(ctx, &p.RawParams)
	if len(mistakes) > 0 {
		response := h.executor.DispatchError(graphql.WithOperationContext(ctx, operation), mistakes)
		x.answer = &answer{Errors: response.Errors, Extensions: response.Extensions}
		return nil
	}
	x.operationType, x.scope.OperationName = string(operation.Operation.Operation), operation.Operation.Name
	x.scope.Trusted = x.trust.documents.nameOf(p.Query, x.scope.OperationName)
	if request.Get && operation.Operation.Operation != ast.Query {
		return methodNotAllowed(http.MethodPost)
	}
	if x.scope.DryRun == nil && h.documents.keep(keepAs, p.Query) {
		x.operation.Persisted = automaticStored
		// The document may be forgotten. To leave it again, the request must come this far again.
		request.Raw = nil
	}
	x.executed = true
	if operation.Operation.Operation != ast.Query || x.scope.DryRun != nil {
		return h.respond(ctx, operation, x)
	}
	return h.executeOnce(ctx, operation, request, x)
}

// respond executes an operation. There is nothing to answer to a caller who has hung up. What shows nothing, for
// want of time or for load, is refused as a whole, so that load balancers see it.
func (h *Handler) respond(ctx context.Context, operation *graphql.OperationContext, x *requestState) *httpError {
	next, ctx := h.executor.DispatchOperation(ctx, operation)
	response := next(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if response == nil || response.Data == nil && len(response.Errors) == 0 {
		return internalError()
	}
	x.answer = &answer{Data: response.Data, Errors: response.Errors, Extensions: response.Extensions}
	x.answer.FreshUntil, x.answer.ShowsOrder = x.scope.Provenance.FreshUntil()
	switch {
	case x.answer.isEmptyFor(codes.RequestTimeout):
		return timedOut()
	case x.scope.Meter.Usage().Calls == 0 && x.answer.isEmptyFor(codes.Overloaded):
		return overloaded(x.answer.retryAfter())
	case x.answer.isEmptyFor(codes.NotCached):
		return notCached()
	case x.scope.Meter.Usage().Calls == 0 && x.answer.isEmptyFor(codes.BudgetExhausted):
		return budgetExhausted(x.answer)
	}
	return nil
}

// send writes the answer. A status of 0, and that of a request error, follow from the media type.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, x *requestState, status int) {
	if status == 0 || status == http.StatusOK && x.answer.Data == nil {
		status = http.StatusOK
		if x.media == graphqlResponse {
			status = http.StatusBadRequest
		}
	}
	x.status, x.codes, x.causes = status, errorCodes(x.answer.Errors), causesOf(x.answer.Errors)
	if x.executed {
		x.answer.Executed, x.answer.Usage, x.answer.DryRun = true, x.scope.Meter.Usage(), x.scope.DryRun
	}
	header := w.Header()
	if x.answer.complete() {
		setCaching(header, httpx.PrivateFor(httpx.SecondsUntil(x.answer.FreshUntil, time.Now())))
		// The tag is weak, for the counts beside the data differ from one time to the next.
		if r.Method == http.MethodGet && httpx.NotModified(w, r, []string{httpx.WeakEntityTag(x.answer.Data)}) {
			x.status = http.StatusNotModified
			return
		}
	} else {
		setCaching(header, nil)
	}
	header["Content-Type"] = contentTypes[x.media]
	x.answer.write(w, r, status, x.scope.RequestID, h.maxErrors)
}
