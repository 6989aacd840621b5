package transport

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"sync"

	"ordergraph/graph/respcache"
)

// largestPooledBuffer bounds what a single large request may keep in memory after it is gone.
const largestPooledBuffer = 1 << 20

var bufferPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func getBuffer() *bytes.Buffer { return bufferPool.Get().(*bytes.Buffer) }

func putBuffer(buffer *bytes.Buffer) {
	if buffer.Cap() > largestPooledBuffer {
		return
	}
	buffer.Reset()
	bufferPool.Put(buffer)
}

// read takes a request off the wire, into buffer: it is valid no longer than that.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, buffer *bytes.Buffer) (respcache.Request, *httpError) {
	if r.Method == http.MethodGet {
		if !hasPreflightHeader(r) {
			return respcache.Request{}, badRequest("A GET needs a header that a plain cross-site request can't send: " +
				"X-Requested-With, Apollo-Require-Preflight, GraphQL-Preflight, X-Apollo-Operation-Name, " +
				"or a Content-Type such as application/json.")
		}
		buffer.WriteString(r.URL.RawQuery)
		return respcache.Request{Raw: buffer.Bytes(), Get: true}, nil
	}
	if refused := checkContent(r.Header); refused != nil {
		return respcache.Request{}, refused
	}
	if refused := h.readBody(w, r, buffer); refused != nil {
		return respcache.Request{}, refused
	}
	return respcache.Request{Raw: buffer.Bytes()}, nil
}

// checkContent admits JSON in UTF-8, not compressed.
func checkContent(header http.Header) *httpError {
	if len(header["Content-Type"]) > 1 {
		return unsupportedMediaType("The header Content-Type was sent more than once.")
	}
	contentType := first(header["Content-Type"])
	if contentType != "application/json" {
		mediaType, parameters, err := mime.ParseMediaType(contentType)
		if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || mediaType != "application/json" {
			return unsupportedMediaType("Content-Type must be application/json.")
		}
		if charset := parameters["charset"]; charset != "" && !isUTF8(charset) && !isASCII(charset) {
			return unsupportedMediaType("The request must be encoded in UTF-8.")
		}
	}
	for _, line := range header["Content-Encoding"] {
		for encoding := range strings.SplitSeq(line, ",") {
			if encoding = strings.TrimSpace(encoding); encoding != "" && !strings.EqualFold(encoding, "identity") {
				refused := unsupportedMediaType("Compressed request bodies are not accepted.")
				refused.header, refused.value = "Accept-Encoding", "identity"
				return refused
			}
		}
	}
	return nil
}

// isASCII reports whether charset is the part of UTF-8 that some clients name in its place.
func isASCII(charset string) bool {
	return strings.EqualFold(charset, "us-ascii") || strings.EqualFold(charset, "ascii")
}

func (h *Handler) readBody(w http.ResponseWriter, r *http.Request, buffer *bytes.Buffer) *httpError {
	if r.ContentLength > h.maxBody {
		return tooLarge(h.maxBody)
	}
	if len(r.TransferEncoding) > 0 {
		// net/http hides a Content-Length that came along with chunks. Who believes that one has another
		// idea of where the next request begins: there must not be a next one (RFC 9112, 6.3).
		w.Header().Set("Connection", "close")
	}
	body := r.Body
	if r.ContentLength >= 0 {
		// net/http reads no further than that.
		buffer.Grow(int(r.ContentLength) + bytes.MinRead)
	} else {
		body = http.MaxBytesReader(w, body, h.maxBody)
	}
	_, err := buffer.ReadFrom(body)
	if err == nil {
		return nil
	}
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return tooLarge(h.maxBody)
	}
	refused := badRequest("The request body ended early or was malformed.")
	refused.close = true
	if errors.Is(err, os.ErrDeadlineExceeded) {
		refused.status = http.StatusRequestTimeout
		refused.message = "The request body did not arrive in time."
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		refused.message = "The request body ended early."
	}
	return refused
}
