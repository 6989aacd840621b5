package httpx

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Content serves what stays the same as long as the program runs, to GET and HEAD. It is in memory as gzip
// alone, and inflated for the few clients that want it plain. NewContent makes one.
type Content struct {
	contentType, cacheControl string
	compressed                []byte
	// The two encodings are different representations and have one tag each.
	plainTag, gzipTag []string
}

// NewContent returns the handler of content that is given as gzip. Its header Cache-Control is as given.
func NewContent(contentType, cacheControl string, compressed []byte) *Content {
	tag := EntityTag(compressed)
	return &Content{
		contentType: contentType, cacheControl: cacheControl, compressed: compressed,
		plainTag: []string{tag}, gzipTag: []string{strings.TrimSuffix(tag, `"`) + `-gzip"`},
	}
}

// ServeHTTP answers a GET, or a HEAD.
func (c *Content) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", c.cacheControl)
	AddVary(header, "Accept-Encoding")
	compressed := AcceptsGzip(r)
	tag, length := c.plainTag, c.size()
	if compressed {
		tag, length = c.gzipTag, len(c.compressed)
	}
	if NotModified(w, r, tag) {
		return
	}
	header.Set("Content-Type", c.contentType)
	header.Set("Content-Length", strconv.Itoa(length))
	if compressed {
		header.Set("Content-Encoding", "gzip")
	}
	if r.Method == http.MethodHead {
		return
	}
	// An error in writing means that the client has gone, and nobody is left to be told.
	if compressed {
		_, _ = w.Write(c.compressed)
	} else if reader, err := gzip.NewReader(bytes.NewReader(c.compressed)); err == nil {
		_, _ = io.Copy(w, reader)
	}
}

// size returns the length of the inflated content, which gzip has at its end.
func (c *Content) size() int {
	return int(binary.LittleEndian.Uint32(c.compressed[len(c.compressed)-4:]))
}
