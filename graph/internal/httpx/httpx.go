// Package httpx is what the handlers share of HTTP: which encoding a client takes, entity tags, the header
// Vary, and content that stays the same.
package httpx

import "net/http"

// AddVary adds names to the header Vary, in front, so that it stays one line.
func AddVary(header http.Header, names string) {
	if known := header.Get("Vary"); known != "" {
		names += ", " + known
	}
	header.Set("Vary", names)
}
