package transport

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// corsMaxAge is how many seconds a browser may remember an answer to a preflight request.
const corsMaxAge = "600"

// corsRequestHeaders are what a page may send that does not say what it sends.
const corsRequestHeaders = "Authorization, Content-Type, Cache-Control, If-None-Match, X-Request-Id, X-Requested-With, X-Dry-Run, " +
	"Apollo-Require-Preflight, GraphQL-Preflight, X-Apollo-Operation-Name, X-Apollo-Operation-Id, " +
	"GraphQL-Client-Name, Apollographql-Client-Name, Apollographql-Client-Version"

const corsResponseHeaders = "X-Request-Id, ETag, Retry-After, WWW-Authenticate"

// maxRequestHeaders bounds the names of headers that a preflight is answered, in bytes.
const maxRequestHeaders = 4 << 10

// varyPreflight is shared as varyOrigin is.
var varyPreflight = []string{"Origin, Access-Control-Request-Headers"}

// varyOrigin is shared by all answers and never changed.
var varyOrigin = []string{"Origin"}

// origins is the set of browser origins that may read answers. Cookies are not used, so
// credentials in the sense of CORS are never allowed.
type origins struct {
	exact   map[string]struct{}
	anyPort []string // "http://localhost:" admits every port
}

// newOrigins reads origins such as "https://shop.example", or "http://localhost:*" for every port.
func newOrigins(texts []string) (*origins, error) {
	o := &origins{exact: map[string]struct{}{}}
	for _, text := range texts {
		if err := CheckOrigin(text); err != nil {
			return nil, fmt.Errorf("origin %q is not allowed, %w", text, err)
		}
		prefix, wildcard := strings.CutSuffix(text, ":*")
		if wildcard {
			o.anyPort = append(o.anyPort, prefix+":")
		}
		o.exact[prefix] = struct{}{}
	}
	return o, nil
}

// CheckOrigin reports whether text can be one of EdgeOptions.Origins.
func CheckOrigin(text string) error {
	text = strings.TrimSuffix(text, ":*")
	address, err := url.Parse(text)
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") || address.Hostname() == "" ||
		address.Scheme+"://"+address.Host != text || text != strings.ToLower(text) || strings.ContainsAny(text, "*, ") {
		return errors.New("want http or https, ://, host, in lower case, and maybe a port or :*")
	}
	return nil
}

func (o *origins) empty() bool { return len(o.exact) == 0 }

func (o *origins) admits(origin string) bool {
	if _, listed := o.exact[origin]; listed {
		return true
	}
	for _, prefix := range o.anyPort {
		if port, found := strings.CutPrefix(origin, prefix); found && isPort(port) {
			return true
		}
	}
	return false
}

func isPort(text string) bool {
	if text == "" || len(text) > 5 {
		return false
	}
	return strings.Trim(text, "0123456789") == ""
}

// isPreflight reports whether a browser asks what a page may send.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// serve adds the CORS headers, and answers a preflight request, which must go no further.
func (o *origins) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	if !o.empty() {
		header["Vary"] = varyOrigin
	}
	origin := first(r.Header["Origin"])
	admitted := origin != "" && o.admits(origin)
	if admitted {
		header.Set("Access-Control-Allow-Origin", origin)
	}
	if !isPreflight(r) {
		if admitted {
			header.Set("Access-Control-Expose-Headers", corsResponseHeaders)
		}
		return
	}
	if !admitted {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	header["Vary"] = varyPreflight
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers", cmp.Or(allowedHeaders(r.Header["Access-Control-Request-Headers"]), corsRequestHeaders))
	header.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
}

// allowedHeaders returns the headers that a listed page asks for and may send: tracing and monitoring add
// some that nobody knows beforehand. X-Router-Secret is for routers, no page may try one; a star would admit it.
func allowedHeaders(asked []string) string {
	var allowed []string
	size := 0
	for _, line := range asked {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			if !isToken(name) || name == "*" || strings.EqualFold(name, routerSecretHeader) {
				continue
			}
			if size += len(name); size > maxRequestHeaders {
				return strings.Join(allowed, ", ")
			}
			allowed = append(allowed, name)
		}
	}
	return strings.Join(allowed, ", ")
}

// isToken reports whether text can be the name of a header (RFC 9110, 5.6.2).
func isToken(text string) bool {
	return text != "" && strings.Trim(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
