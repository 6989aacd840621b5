package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/upstream"
)

const allowedMethods = "GET, POST, OPTIONS"

// Responses remembers whole answers. An implementation must be safe for concurrent use, and must
// part callers by the tenant of the scope.
type Responses interface {
	// Find returns the answer to a request that came before with the same bytes from the same
	// caller, nil if there is none. It is asked before anything is parsed. The answer's Counts are
	// those of this request: no calls, and its orders as hits.
	Find(scope *upstream.Scope, request Request) *Answer
	// Keep is given every answer that was executed, except to requests that leave a document under its
	// hash, and decides what to remember.
	Keep(scope *upstream.Scope, request Request, answer *Answer)
}

// Handler serves GraphQL over HTTP at one path. NewHandler makes one.
type Handler struct {
	executor  graphql.GraphExecutor
	log       *slog.Logger
	access    *access
	documents *documents
	responses Responses
	rate      *rateLimit
	maxBody   int64
	timeout   time.Duration
}

// NewHandler returns the handler of /graphql. It expects to stand behind NewEdge.
func NewHandler(options Options) (*Handler, error) {
	callers, err := newAccess(options.Access, options.RouterSecret)
	if err != nil {
		return nil, err
	}
	if options.Executor == nil {
		return nil, errors.New("httpapi: no executor")
	}
	return &Handler{
		executor:  options.Executor,
		log:       cmp.Or(options.Log, slog.New(slog.DiscardHandler)),
		access:    callers,
		documents: newDocuments(options.Documents),
		responses: options.Responses,
		rate:      newRateLimit(options.RateLimit),
		maxBody:   cmp.Or(options.MaxBody, defaultMaxBody),
		timeout:   cmp.Or(options.RequestTimeout, defaultRequestTimeout),
	}, nil
}

// exchange is one request on its way to its answer.
type exchange struct {
	scope     upstream.Scope
	media     mediaType
	status    int
	operation Operation
	codes     []string
	counts    upstream.Counts
	// registers says that the request leaves its document under a hash. It must be executed each
	// time: the document may have been forgotten meanwhile.
	registers bool
}

// ServeHTTP answers one request and writes one log line about it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{codes: []string{}, scope: upstream.Scope{
		ArrivedAt: time.Now(),
		RequestID: w.Header().Get(requestIDHeader),
		NoCache:   wantsFresh(r.Header),
	}}
	defer h.logRequest(r.Context(), x)
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", allowedMethods)
		x.status = http.StatusNoContent
		w.WriteHeader(x.status)
		return
	}
	buffer := takeBuffer()
	defer giveBuffer(buffer)
	answer, refused := h.answer(w, r, x, buffer)
	switch {
	case refused != nil:
		h.refuse(w, r, x, refused)
	case answer != nil:
		h.send(w, r, x, answer, http.StatusOK)
	default:
		x.status = statusClientGone
	}
}

// statusClientGone is what the log shows for a caller who hung up; nothing is sent.
const statusClientGone = 499

// answer answers or refuses; neither if the caller has hung up. A panic is answered like any other
// fault of ours.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, x *exchange, buffer *bytes.Buffer) (answer *Answer, refused *refusal) {
	defer func() {
		if thrown := recover(); thrown != nil {
			logPanic(r.Context(), h.log, x.scope.RequestID, thrown)
			answer, refused = nil, internalError()
		}
	}()
	if refused = h.admit(r, x); refused != nil {
		return nil, refused
	}
	var request Request
	if request, refused = h.read(w, r, buffer); refused != nil {
		return nil, refused
	}
	if h.responses == nil {
		return h.execute(r.Context(), request, x)
	}
	if !x.scope.NoCache {
		if known := h.responses.Find(&x.scope, request); known != nil {
			x.operation = known.Operation
			return known, nil
		}
	}
	answer, refused = h.execute(r.Context(), request, x)
	if answer != nil && answer.Data != nil && !x.registers {
		answer.Operation = x.operation
		h.responses.Keep(&x.scope, request, answer)
	}
	return answer, refused
}

// admit checks everything that can be told from the header alone.
func (h *Handler) admit(r *http.Request, x *exchange) *refusal {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return methodNotAllowed(allowedMethods)
	}
	x.media = negotiate(r.Header["Accept"])
	if x.media == mediaNone {
		return notAcceptable()
	}
	if refused := h.access.identify(r, &x.scope); refused != nil {
		return refused
	}
	if wait, admitted := h.rate.admit(r, x.scope.Tenant); !admitted {
		return rateLimited(wait)
	}
	return nil
}

// execute runs the operation that the request describes.
func (h *Handler) execute(ctx context.Context, request Request, x *exchange) (*Answer, *refusal) {
	p, refused := parse(request)
	if refused != nil {
		return nil, refused
	}
	keepAs, refused := h.documents.resolve(p)
	if refused != nil {
		return nil, refused
	}
	ctx, cancel := context.WithDeadline(upstream.WithScope(ctx, &x.scope), x.scope.ArrivedAt.Add(h.timeout))
	defer cancel()
	ctx = graphql.StartOperationTrace(ctx)
	operation, mistakes := h.executor.CreateOperationContext(ctx, &p.RawParams)
	if len(mistakes) > 0 {
		response := h.executor.DispatchError(graphql.WithOperationContext(ctx, operation), mistakes)
		return &Answer{Errors: response.Errors, Extensions: response.Extensions}, nil
	}
	x.operation = Operation{Type: string(operation.Operation.Operation), Name: operation.Operation.Name}
	if request.Get && operation.Operation.Operation != ast.Query {
		return nil, methodNotAllowed(http.MethodPost)
	}
	h.documents.keep(keepAs, p.Query)
	x.registers = keepAs != "" && h.documents.automatic != nil
	next, ctx := h.executor.DispatchOperation(ctx, operation)
	response := next(ctx)
	if response == nil {
		return nil, interruption(ctx)
	}
	return finish(response, &x.scope)
}

// interruption explains why there is no answer: the time was up, or, without a refusal, the caller
// has hung up.
func interruption(ctx context.Context) *refusal {
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return timedOut()
	}
	return internalError()
}

// finish adds to a response what the scope gathered meanwhile. A request of which nothing could be
// started for load is refused as a whole, so that load balancers see it.
func finish(response *graphql.Response, scope *upstream.Scope) (*Answer, *refusal) {
	answer := &Answer{
		Data:       response.Data,
		Errors:     response.Errors,
		Extensions: response.Extensions,
		Counts:     scope.Usage.Counts(),
	}
	if answer.Data == nil && len(answer.Errors) == 0 {
		return nil, internalError()
	}
	answer.FreshUntil, answer.ShowsOrder = scope.Shown.FreshUntil()
	codes := errorCodes(answer.Errors)
	if len(codes) == 1 && codes[0] == codeOverloaded && !answer.ShowsOrder && answer.Counts.Calls == 0 {
		return nil, overloaded()
	}
	return answer, nil
}

// refuse answers with an error only.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, x *exchange, refused *refusal) {
	refused.writeHeader(w.Header())
	h.send(w, r, x, &Answer{Errors: refused.list()}, refused.status)
}

// send writes the answer in one piece. A status of 0, and that of a request error, follow from the
// media type.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, x *exchange, answer *Answer, status int) {
	if status == 0 || status == http.StatusOK && answer.Data == nil {
		status = http.StatusOK
		if x.media == graphqlResponse {
			status = http.StatusBadRequest
		}
	}
	x.status, x.codes, x.counts = status, errorCodes(answer.Errors), answer.Counts
	body := takeBuffer()
	defer giveBuffer(body)
	answer.appendTo(body, x.scope.RequestID)
	header := w.Header()
	header["Content-Type"] = contentTypes[x.media]
	answer.setCaching(header)
	if body.Len() >= smallestCompressed && AcceptsGzip(r) {
		compressed := takeBuffer()
		defer giveBuffer(compressed)
		compress(compressed, body.Bytes())
		header.Set("Content-Encoding", "gzip")
		body = compressed
	}
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	// A caller who has hung up gets nothing; there is nobody to tell.
	_, _ = w.Write(body.Bytes())
}

// wantsFresh tells whether the caller asks for an answer from upstream.
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
