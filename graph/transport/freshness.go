package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"ordergraph/upstream"
)

// maxSeconds bounds what a directive can ask for, so that no duration overflows.
const maxSeconds = 1 << 31

// freshnessOf returns how new the orders must be, by the directives of the header Cache-Control. Those that
// can't be read are left out, as HTTP caches do.
func freshnessOf(header http.Header, arrivedAt time.Time) upstream.Freshness {
	f := upstream.Freshness{ArrivedAt: arrivedAt}
	for _, line := range header["Cache-Control"] {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, hasValue := strings.Cut(strings.TrimSpace(directive), "=")
			age, isAge := secondsOf(value)
			switch strings.ToLower(name) {
			case "no-cache":
				f.NoCache = true
			case "only-if-cached":
				f.OnlyIfCached = true
			case "max-age":
				if isAge && age == 0 {
					f.NoCache = true
				} else if isAge && (f.MaxAge == 0 || age < f.MaxAge) {
					f.MaxAge = age
				}
			case "max-stale":
				if !hasValue {
					age, isAge = maxSeconds*time.Second, true
				}
				if isAge {
					f.MaxStale = age
				}
			}
		}
	}
	return f
}

const dryRunHeader = "X-Dry-Run"

// asksDryRun reports whether a request wants to know its price and nothing else. A value that can't be read is
// refused: who meant it would pay.
func asksDryRun(header http.Header) (bool, *httpError) {
	values := header[dryRunHeader]
	switch {
	case len(values) == 0, len(values) == 1 && strings.EqualFold(values[0], "false"):
		return false, nil
	case len(values) == 1 && strings.EqualFold(values[0], "true"):
		return true, nil
	}
	return false, badRequest("The header " + dryRunHeader + " must be true or false, and be sent once.")
}

// secondsOf reads a whole number of seconds, quoted or not.
func secondsOf(text string) (time.Duration, bool) {
	text = strings.Trim(text, `"`)
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		seconds = maxSeconds
	}
	return time.Duration(min(seconds, maxSeconds)) * time.Second, true
}
