package httpx

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// AcceptsGzip reports whether the client of r takes gzip: by its name, else by the star. A weight of 0 refuses
// (RFC 9110, 12.5.3).
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
	quality, err := strconv.ParseFloat(strings.TrimPrefix(parameter, "q="), 64)
	if err != nil {
		return 0
	}
	return quality
}

var gzipPool = sync.Pool{New: func() any {
	// The level is valid, so there is no error.
	writer, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return writer
}}

// WriteGzip writes the pieces of a body into target as gzip. It stops where target fails, as a caller does who
// hangs up; a buffer doesn't.
func WriteGzip(target io.Writer, pieces ...[]byte) {
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

// Gzip returns body compressed, in a slice of just that size, for what is kept.
func Gzip(body []byte) []byte {
	var target bytes.Buffer
	WriteGzip(&target, body)
	return bytes.Clone(target.Bytes())
}
