package httpx

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// EntityTag returns the strong entity tag of content. It is the same on every instance.
func EntityTag(content []byte) string {
	digest := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(digest[:16]) + `"`
}

// WeakEntityTag returns the entity tag of what is the same as content for its readers, though not to the byte.
func WeakEntityTag(content []byte) string { return "W/" + EntityTag(content) }

// NotModified sets the header ETag, and answers 304 if the client of r has what the tag is of, or would take
// anything. It reports whether it did. The comparison is weak, as RFC 9110 wants it. tag has one element.
func NotModified(w http.ResponseWriter, r *http.Request, tag []string) bool {
	w.Header()["Etag"] = tag
	if !matches(r.Header["If-None-Match"], strings.TrimPrefix(tag[0], "W/")) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// matches reports whether the headers If-None-Match name the given opaque tag, weak or strong, or any.
func matches(headers []string, opaque string) bool {
	for _, line := range headers {
		if strings.TrimSpace(line) == "*" {
			return true
		}
		for line != "" {
			line = strings.TrimPrefix(strings.TrimLeft(line, ", \t"), "W/")
			if !strings.HasPrefix(line, `"`) {
				break // malformed
			}
			end := strings.IndexByte(line[1:], '"')
			if end < 0 {
				break
			}
			if line[:end+2] == opaque {
				return true
			}
			line = line[end+2:]
		}
	}
	return false
}
