// Package httpx is what the handlers share of HTTP: which encoding a client takes, entity tags, the headers
// Vary and Cache-Control, and content that stays the same.
package httpx

import (
	"net/http"
	"strconv"
	"time"
)

// AddVary adds names to the header Vary, in front, so that it stays one line.
func AddVary(header http.Header, names string) {
	if known := header.Get("Vary"); known != "" {
		names += ", " + known
	}
	header.Set("Vary", names)
}

// SecondsUntil returns the whole seconds that are left, rounded down, and 0 for a time that has passed.
func SecondsUntil(until, now time.Time) int { return max(0, int(until.Sub(now)/time.Second)) }

// PrivateFor returns the value of Cache-Control for what only the caller may keep, and for how long.
func PrivateFor(seconds int) []string { return []string{"private, max-age=" + strconv.Itoa(seconds)} }
