package transport

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/httpx"
	"ordergraph/graph/internal/scope"
	"ordergraph/graph/respcache"
	"ordergraph/internal/lru"
	"ordergraph/upstream"
)

const allowedMethods = "GET, POST, OPTIONS"

// Handler serves GraphQL over HTTP at one path. NewHandler makes one.
type Handler struct {
	executor  graphql.GraphExecutor
	log       zerolog.Logger
	access    *access
	documents *documents
	responses *respcache.Cache
	// introspections are the responses to operations that introspect.
	introspections *lru.Cache[respcache.Digest, *respcache.StoredResponse]
	rate           *rateLimit
	maxBody        int64
	maxErrors      int
	timeout        time.Duration
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
	return &Handler{
		executor:  options.Executor,
		log:       options.Log,
		access:    callers,
		documents: newDocuments(options.Documents),
		responses: options.Responses,

		introspections: lru.New[respcache.Digest, *respcache.StoredResponse](maxIntrospectionBytes, nil),
		rate:           newRateLimit(options.RateLimit),
		maxBody:        cmp.Or(options.MaxBody, defaultMaxBody),
		maxErrors:      int(cmp.Or(options.MaxErrors, defaultMaxErrors)),
		timeout:        cmp.Or(options.RequestTimeout, defaultRequestTimeout),
	}, nil
}

// requestState is one request on its way to its answer.
type requestState struct {
	scope     scope.Scope
	caller    upstream.Caller
	media     mediaType
	status    int
	operation Operation
	// executed says that the operation was dispatched, so that it may have cost something.
	executed bool
	codes    []string
	causes   []string
	// reserved is what the rate limit holds back until the cost of the request is known.
	reserved reservation
}

// result is what came of a request: one of these, or nothing if the caller has hung up.
type result struct {
	answer  *Answer
	stored  *respcache.StoredResponse
	refused *httpError
}

// ServeHTTP answers one request. The one log line about it follows when its upstream calls have ended,
// of which some may outlive it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &requestState{codes: []string{}, scope: scope.Scope{
		Freshness: upstream.Freshness{ArrivedAt: time.Now(), NoCache: wantsFresh(r.Header)},
		RequestID: first(w.Header()[requestIDHeader]),
	}}
	defer func() {
		if thrown := recover(); thrown != nil {
			if thrown == http.ErrAbortHandler {
				defer panic(thrown)
			}
			x.status, x.codes, x.causes = http.StatusInternalServerError, []string{codes.Internal}, []string{causeText(PanicError(thrown))}
			w.WriteHeader(x.status) // of no effect where the answer has begun
		}
		h.logRequest(x)
	}()
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", allowedMethods)
		x.status = http.StatusNoContent
		w.WriteHeader(x.status)
		return
	}
	buffer := getBuffer()
	defer putBuffer(buffer)
	switch res := h.answer(w, r, x, buffer); {
	case res.stored != nil:
		h.sendStored(w, r, x, res.stored)
	case res.refused != nil:
		h.refuse(w, r, x, res.refused)
	case res.answer != nil:
		h.send(w, r, x, res.answer, http.StatusOK)
	default:
		x.status = statusClientGone
	}
}

// statusClientGone is what the log shows for a caller who hung up; nothing is sent.
const statusClientGone = 499

// answer answers or refuses. A panic is answered like any other fault of ours.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, x *requestState, buffer *bytes.Buffer) (res result) {
	defer func() {
		if thrown := recover(); thrown != nil {
			if thrown == http.ErrAbortHandler {
				panic(thrown)
			}
			res = result{refused: internalError()}
			res.refused.cause = PanicError(thrown)
		}
	}()
	if refused := h.admit(r, x); refused != nil {
		return result{refused: refused}
	}
	request, refused := h.read(w, r, buffer)
	x.scope.Freshness.ReceivedAt = time.Now()
	if refused != nil {
		return result{refused: refused}
	}
	if stored := h.responses.Get(&x.scope, request); stored != nil {
		return result{stored: stored}
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
	if refused := h.access.identify(r, &x.caller); refused != nil {
		return refused
	}
	x.scope.Caller, x.scope.RouterTrusted = &x.caller, h.access.trustsRouter(r)
	reserved, wait, admitted := h.rate.admit(r, x.caller.Tenant, h.access.service)
	if !admitted {
		return rateLimited(wait)
	}
	x.reserved = reserved
	return nil
}

// execute runs the operation that the request describes.
func (h *Handler) execute(ctx context.Context, request respcache.Request, x *requestState) result {
	p, refused := parse(request)
	if refused != nil {
		return result{refused: refused}
	}
	keepAs, refused := h.documents.resolve(p)
	if refused != nil {
		return result{refused: refused}
	}
	// Only waiting for orders ends with the time of the request: what has come by then is answered.
	x.scope.Deadline = x.scope.Freshness.ArrivedAt.Add(h.timeout)
	ctx = graphql.StartOperationTrace(scope.With(ctx, &x.scope))
	operation, mistakes := h.executor.CreateOperationContext(ctx, &p.RawParams)
	if len(mistakes) > 0 {
		response := h.executor.DispatchError(graphql.WithOperationContext(ctx, operation), mistakes)
		return result{answer: &Answer{Errors: response.Errors, Extensions: response.Extensions}}
	}
	x.operation = Operation{Type: string(operation.Operation.Operation), Name: operation.Operation.Name}
	if request.Get && operation.Operation.Operation != ast.Query {
		return result{refused: methodNotAllowed(http.MethodPost)}
	}
	if h.documents.keep(keepAs, p.Query) {
		// The document may be forgotten. To leave it again, the request must come this far again.
		request.Raw = nil
	}
	x.executed = true
	if operation.Operation.Operation != ast.Query {
		return h.respond(ctx, operation, x)
	}
	return h.executeOnce(ctx, operation, request, x)
}

// respond executes an operation. There is nothing to answer to a caller who has hung up.
func (h *Handler) respond(ctx context.Context, operation *graphql.OperationContext, x *requestState) result {
	next, ctx := h.executor.DispatchOperation(ctx, operation)
	response := next(ctx)
	if ctx.Err() != nil {
		return result{}
	}
	if response == nil {
		return result{refused: internalError()}
	}
	answer, refused := finish(response, &x.scope)
	return result{answer: answer, refused: refused}
}

// finish adds to a response what the scope gathered meanwhile. One that shows nothing, for want of time
// or for load, is refused as a whole, so that load balancers see it.
func finish(response *graphql.Response, s *scope.Scope) (*Answer, *httpError) {
	answer := &Answer{
		Data:       response.Data,
		Errors:     response.Errors,
		Extensions: response.Extensions,
		Counts:     s.Meter.Usage(),
	}
	if answer.Data == nil && len(answer.Errors) == 0 {
		return nil, internalError()
	}
	answer.FreshUntil, answer.ShowsOrder = s.Provenance.FreshUntil()
	switch {
	case answer.isEmptyFor(codes.RequestTimeout):
		return nil, timedOut()
	case answer.Counts.Calls == 0 && answer.isEmptyFor(codes.Overloaded):
		return nil, overloaded(answer.retryAfter())
	default:
		return answer, nil
	}
}

// refuse answers with an error only.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, x *requestState, refused *httpError) {
	refused.close = refused.close && r.ProtoMajor < 2 // under HTTP/2 only the stream ends
	refused.writeHeader(w.Header())
	h.send(w, r, x, &Answer{Errors: refused.list()}, refused.status)
}

// send writes the answer in one piece. A status of 0, and that of a request error, follow from the
// media type.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, x *requestState, answer *Answer, status int) {
	if status == 0 || status == http.StatusOK && answer.Data == nil {
		status = http.StatusOK
		if x.media == graphqlResponse {
			status = http.StatusBadRequest
		}
	}
	x.status, x.codes, x.causes = status, errorCodes(answer.Errors), causesOf(answer.Errors)
	if x.executed {
		answer.Executed, answer.Counts = true, x.scope.Meter.Usage()
	}
	header := w.Header()
	if answer.complete() {
		setCaching(header, httpx.PrivateFor(httpx.SecondsUntil(answer.FreshUntil, time.Now())))
		// The tag is weak, for the counts beside the data differ from one time to the next.
		if r.Method == http.MethodGet && httpx.NotModified(w, r, []string{httpx.WeakEntityTag(answer.Data)}) {
			x.status = http.StatusNotModified
			return
		}
	} else {
		setCaching(header, nil)
	}
	header["Content-Type"] = contentTypes[x.media]
	if len(answer.Data) > largestCopied {
		h.sendLarge(w, r, x, answer, status)
		return
	}
	body := getBuffer()
	defer putBuffer(body)
	answer.appendTo(body, x.scope.RequestID, h.maxErrors)
	if body.Len() >= smallestCompressed && httpx.AcceptsGzip(r) {
		compressed := getBuffer()
		defer putBuffer(compressed)
		httpx.WriteGzip(compressed, body.Bytes())
		header["Content-Encoding"] = gzipEncoding
		body = compressed
	}
	header["Content-Length"] = []string{strconv.Itoa(body.Len())}
	w.WriteHeader(status)
	// A caller who has hung up gets nothing; there is nobody to tell.
	_, _ = w.Write(body.Bytes())
}

// smallestCompressed is the least size in bytes for which compression saves a packet.
//
// Compressed answers carry nothing secret next to text of an attacker's choosing (BREACH): another
// site can't make a browser send a query with the caller's token (csrf.go).
const smallestCompressed = 1400

// largestCopied is the most bytes of data that are copied into one piece with what stands around them.
const largestCopied = 256 << 10

// sendLarge writes an answer piece by piece, compressed on the way, so that it is in memory once.
func (h *Handler) sendLarge(w http.ResponseWriter, r *http.Request, x *requestState, answer *Answer, status int) {
	head, tail := getBuffer(), getBuffer()
	defer putBuffer(head)
	defer putBuffer(tail)
	answer.appendHead(head, x.scope.RequestID, h.maxErrors)
	answer.appendTail(tail)
	pieces := [...][]byte{head.Bytes(), answer.Data, tail.Bytes()}
	if httpx.AcceptsGzip(r) {
		w.Header()["Content-Encoding"] = gzipEncoding
		w.WriteHeader(status)
		httpx.WriteGzip(w, pieces[:]...)
		return
	}
	w.Header()["Content-Length"] = []string{strconv.Itoa(head.Len() + len(answer.Data) + tail.Len())}
	w.WriteHeader(status)
	for _, piece := range pieces {
		if _, err := w.Write(piece); err != nil {
			return // the caller has hung up
		}
	}
}

// wantsFresh reports whether the caller asks for an answer from upstream.
func wantsFresh(header http.Header) bool {
	for _, line := range header["Cache-Control"] {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
			switch {
			case strings.EqualFold(name, "no-cache"),
				strings.EqualFold(name, "max-age") && isZero(strings.Trim(value, `"`)):
				return true
			}
		}
	}
	return false
}

func isZero(text string) bool { return text != "" && strings.Trim(text, "0") == "" }
