package transport

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"ordergraph/graph/internal/httpx"
	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

// Responses remembers whole answers. An implementation must be safe for concurrent use, must part
// callers by the tenant of the scope, and must find nothing for a scope that wants no copies.
type Responses interface {
	// Get returns the answer to a request that came before with the same bytes from the same
	// caller, nil if there is none. It is asked before anything is parsed.
	Get(s *scope.Scope, request Request) *StoredResponse
	// GetOperation returns the answer to an operation that came before from the same caller, nil if
	// there is none, and lets Get know the request from then on, unless its bytes are empty.
	GetOperation(s *scope.Scope, operation OperationDigest, request Request) *StoredResponse
	// Put is given every query that was executed, and decides what to remember. It must copy the
	// request's bytes, and must not remember empty ones.
	Put(s *scope.Scope, operation OperationDigest, request Request, answer *Answer)
}

// wholeBytes is what a Whole costs besides its body, in bytes: the struct and the values of its
// headers.
const wholeBytes = 512

// StoredResponse is a complete answer without errors, ready to be sent as it is to whoever asks the same again:
// it costs them no call, and all of its orders are hits. Only headers differ from one time to the
// next. NewStoredResponse makes one. Safe for concurrent use.
type StoredResponse struct {
	// Grow, if set, is asked before the answer takes more memory, and refuses by false. Set it before
	// the first use.
	Grow func(bytes int) bool

	body       []byte
	length     []string // the value of Content-Length
	data       []byte   // within body
	counts     upstream.Usage
	freshUntil time.Time
	operation  Operation
	// showsOrder is false for introspection, which clients don't keep.
	showsOrder bool

	control    atomic.Pointer[cacheControl]
	tag        atomic.Pointer[[]string]
	packing    sync.Mutex
	compressed atomic.Pointer[compressedBody]
}

// cacheControl is a value of the header Cache-Control. It holds for a second.
type cacheControl struct {
	seconds int
	value   []string
}

// compressedBody is a body as gzip, with the value of its Content-Length.
type compressedBody struct {
	body   []byte
	length []string
}

// NewStoredResponse returns what is sent in place of an answer that shows the given number of distinct orders.
func NewStoredResponse(answer *Answer, orders int) *StoredResponse {
	again := Answer{Data: answer.Data, Executed: true, Counts: upstream.Usage{Hits: orders}}
	ends := getBuffer()
	defer putBuffer(ends)
	again.appendHead(ends, "", 0)
	head := ends.Len()
	again.appendTail(ends)
	body := slices.Concat(ends.Bytes()[:head], again.Data, ends.Bytes()[head:])
	return &StoredResponse{
		body:       body,
		length:     []string{strconv.Itoa(len(body))},
		data:       body[len(dataMember) : len(dataMember)+len(answer.Data)],
		counts:     again.Counts,
		freshUntil: answer.FreshUntil,
		operation:  answer.Operation,
		showsOrder: orders > 0,
	}
}

// Bytes is the memory that the answer takes, in bytes, besides what Grow was asked for.
func (w *StoredResponse) Bytes() int { return wholeBytes + len(w.body) }

// cacheControl returns the value of Cache-Control.
func (w *StoredResponse) cacheControl(now time.Time) []string {
	seconds := secondsUntil(w.freshUntil, now)
	if known := w.control.Load(); known != nil && known.seconds == seconds {
		return known.value
	}
	made := &cacheControl{seconds, privateFor(seconds)}
	w.control.Store(made)
	return made.value
}

// entityTag returns the value of ETag.
func (w *StoredResponse) entityTag() []string {
	if known := w.tag.Load(); known != nil {
		return *known
	}
	made := entityTag(w.data)
	w.tag.Store(&made)
	return made
}

// gzip returns the body compressed. It is compressed once, by the first who wants it, and kept if
// there is room.
func (w *StoredResponse) gzip() *compressedBody {
	if known := w.compressed.Load(); known != nil {
		return known
	}
	w.packing.Lock()
	defer w.packing.Unlock()
	if known := w.compressed.Load(); known != nil {
		return known
	}
	packed := httpx.Gzip(w.body)
	made := &compressedBody{packed, []string{strconv.Itoa(len(packed))}}
	if w.Grow == nil || w.Grow(len(packed)) {
		w.compressed.Store(made)
	}
	return made
}

// sendStored sends an answer that was remembered, as send does one that was executed.
func (h *Handler) sendStored(w http.ResponseWriter, r *http.Request, x *requestState, whole *StoredResponse) {
	x.status, x.operation = http.StatusOK, whole.operation
	x.scope.Meter.Add(whole.counts)
	header := w.Header()
	if whole.showsOrder {
		header["Cache-Control"] = whole.cacheControl(time.Now())
		setVary(header, varyComplete)
	} else {
		header["Cache-Control"] = noStore
		setVary(header, varyAnswer)
	}
	if whole.showsOrder && r.Method == http.MethodGet {
		if httpx.NotModified(w, r, whole.entityTag()) {
			x.status = http.StatusNotModified
			return
		}
	}
	header["Content-Type"] = contentTypes[x.media]
	body, length := whole.body, whole.length
	if len(body) >= smallestCompressed && httpx.AcceptsGzip(r) {
		packed := whole.gzip()
		body, length = packed.body, packed.length
		header["Content-Encoding"] = gzipEncoding
	}
	header["Content-Length"] = length
	w.WriteHeader(x.status)
	// A caller who has hung up gets nothing; there is nobody to tell.
	_, _ = w.Write(body)
}
