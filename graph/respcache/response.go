package respcache

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"ordergraph/graph/internal/httpx"
	"ordergraph/upstream"
)

const (
	// responseBytes is what a response takes besides its body, its copies and its aliases, in bytes: the
	// structs, the values of its headers and its place in the tables.
	responseBytes = 1024
	// copyBytes is what each copy takes that a response shows.
	copyBytes = 32
)

// StoredResponse is a complete response without errors, ready to be sent as it is to whoever asks the same again:
// it costs them no call, and all of its orders are hits. Only headers differ from one time to the next. Don't
// change its fields once it was put or sent. Safe for concurrent use.
type StoredResponse struct {
	// Body is what is sent, and Data the member data within it.
	Body, Data []byte
	// OperationName is the client's own name for the operation, for the log.
	OperationName string
	// OperationHash is the SHA-256 of its document in hex, for the log.
	OperationHash string
	// Trusted is that name if the document is trusted, else empty.
	Trusted string
	// Copies are the orders that it shows: none for introspection, which clients don't keep.
	Copies []upstream.Copy
	// FreshUntil is until when all of them are fresh.
	FreshUntil time.Time

	control  atomic.Pointer[cacheControl]
	tag      atomic.Pointer[[]string]
	encoding sync.Mutex
	plain    atomic.Pointer[EncodedBody]
	gzip     atomic.Pointer[EncodedBody]

	// Where it is kept, if it is: guarded by the mutex of the cache.
	cache   *Cache
	key     key
	kept    bool
	size    int
	aliases []*alias
}

// cacheControl is a value of the header Cache-Control. It holds for a second.
type cacheControl struct {
	seconds int
	value   []string
}

// EncodedBody is a body as it is sent, with the value of its header Content-Length.
type EncodedBody struct {
	Bytes  []byte
	Length []string
}

// Bytes returns about how much memory the response takes before it is compressed.
func (s *StoredResponse) Bytes() int {
	return responseBytes + len(s.Body) + copyBytes*len(s.Copies)
}

// CacheControl returns the value of Cache-Control: for how long all orders are fresh. It is shared, and not to be
// changed.
func (s *StoredResponse) CacheControl(now time.Time) []string {
	seconds := httpx.SecondsUntil(s.FreshUntil, now)
	if known := s.control.Load(); known != nil && known.seconds == seconds {
		return known.value
	}
	made := &cacheControl{seconds, httpx.PrivateFor(seconds)}
	s.control.Store(made)
	return made.value
}

// EntityTag returns the value of ETag, which is shared, and not to be changed.
func (s *StoredResponse) EntityTag() []string {
	if known := s.tag.Load(); known != nil {
		return *known
	}
	made := []string{httpx.WeakEntityTag(s.Data)}
	s.tag.Store(&made)
	return made
}

// Encoded returns the body, as gzip or plain. It is compressed once, by the first who wants it, and kept so if
// there is room.
func (s *StoredResponse) Encoded(compressed bool) *EncodedBody {
	kept := &s.plain
	if compressed {
		kept = &s.gzip
	}
	if known := kept.Load(); known != nil {
		return known
	}
	s.encoding.Lock()
	defer s.encoding.Unlock()
	if known := kept.Load(); known != nil {
		return known
	}
	body := s.Body
	if compressed {
		body = httpx.Gzip(s.Body)
	}
	made := &EncodedBody{body, []string{strconv.Itoa(len(body))}}
	if !compressed || s.cache == nil || s.cache.grow(s, len(body)) {
		kept.Store(made)
	}
	return made
}
