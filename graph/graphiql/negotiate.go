package graphiql

import (
	"strconv"
	"strings"
)

// acceptsGzip reports whether the Accept-Encoding values allow gzip: by its name, else by the star.
// A weight of 0 refuses (RFC 9110, section 12.5.3).
func acceptsGzip(values []string) bool {
	byStar := false
	for coding := range elements(values) {
		name, parameters, _ := strings.Cut(coding, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return weight(parameters) > 0
		case "*":
			byStar = weight(parameters) > 0
		}
	}
	return byStar
}

// weight returns the q of a coding's parameters: 1 without one, 0 if it can't be read.
func weight(parameters string) float64 {
	name, value, found := strings.Cut(parameters, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return 0
	}
	return q
}

// matches reports whether an If-None-Match value names the ETag. The comparison is weak, as RFC 9110
// wants it here.
func matches(values []string, tag string) bool {
	for candidate := range elements(values) {
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}

// elements yields the members of a header field that is a list, which may be sent in several lines.
func elements(values []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, value := range values {
			for element := range strings.SplitSeq(value, ",") {
				if !yield(strings.TrimSpace(element)) {
					return
				}
			}
		}
	}
}
