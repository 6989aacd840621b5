package transport

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// entityTag returns the value of ETag for an answer with the given data. It is weak: the counts beside
// the data differ from one time to the next. It is the same on every instance.
func entityTag(data []byte) []string {
	digest := sha256.Sum256(data)
	return []string{`W/"` + base64.RawURLEncoding.EncodeToString(digest[:16]) + `"`}
}

// matches tells whether the headers If-None-Match name the given entity tag, weak or strong, or any.
func matches(headers []string, tag string) bool {
	opaque := strings.TrimPrefix(tag, "W/")
	for _, line := range headers {
		if strings.TrimSpace(line) == "*" {
			return true
		}
		for line != "" {
			line = strings.TrimLeft(line, ", \t")
			line = strings.TrimPrefix(line, "W/")
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
