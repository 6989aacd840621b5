package transport

import (
	"mime"
	"net/http"
)

// preflightHeaders are headers that a browser does not send to another site without asking first.
// Any of them shows that a GET was not made by a plain link, image or form.
var preflightHeaders = [...]string{
	"X-Requested-With",
	"Apollo-Require-Preflight",
	"Graphql-Preflight",
	"X-Apollo-Operation-Name",
}

// hasPreflightHeader reports whether a browser would have needed a preflight for r, which only listed origins
// pass. A POST always would: its content type must be application/json.
func hasPreflightHeader(r *http.Request) bool {
	for _, name := range preflightHeaders {
		if len(r.Header[name]) > 0 {
			return true
		}
	}
	contentType := first(r.Header["Content-Type"])
	if contentType == "application/json" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch mediaType {
	case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
		return false
	default:
		return true
	}
}
