package transport

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// smallestCompressed is the least size in bytes for which compression saves a packet.
const smallestCompressed = 1400

// Compressed answers carry nothing secret next to text of an attacker's choosing (BREACH): another
// site can't make a browser send a query with the caller's token (csrf.go).
var gzipPool = sync.Pool{New: func() any {
	// The level is valid, so there is no error.
	writer, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return writer
}}

// AcceptsGzip tells whether the client of r takes gzip.
func AcceptsGzip(r *http.Request) bool {
	quality := -1.0
	for _, line := range r.Header["Accept-Encoding"] {
		for element := range strings.SplitSeq(line, ",") {
			coding, parameter, _ := strings.Cut(element, ";")
			coding = strings.ToLower(strings.TrimSpace(coding))
			if coding == "gzip" || coding == "x-gzip" || coding == "*" && quality < 0 {
				quality = qualityOf(parameter)
			}
		}
	}
	return quality > 0
}

// qualityOf reads "q=0.5"; 1 if there is none, 0 if it is malformed.
func qualityOf(parameter string) float64 {
	parameter = strings.ToLower(strings.TrimSpace(parameter))
	if parameter == "" {
		return 1
	}
	text, found := strings.CutPrefix(parameter, "q=")
	if !found {
		return 0
	}
	quality, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return quality
}

// compress writes the pieces of a body into target as gzip. It stops where target fails, as a caller does who
// hangs up; a buffer doesn't.
func compress(target io.Writer, pieces ...[]byte) {
	writer := gzipPool.Get().(*gzip.Writer)
	defer gzipPool.Put(writer)
	writer.Reset(target)
	for _, piece := range pieces {
		if _, err := writer.Write(piece); err != nil {
			return
		}
	}
	_ = writer.Close()
}

// Gzip returns body compressed, for texts that stay the same.
func Gzip(body []byte) []byte {
	var target bytes.Buffer
	compress(&target, body)
	return target.Bytes()
}
