package upstream

import (
	"errors"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// URL is an absolute http or https address without white space; empty is null.
type URL string

// whiteSpace is ASCII white space.
const whiteSpace = " \t\n\v\f\r"

var errURL = errors.New("not an address")

// decode reads a string. A text that is no absolute http or https address is null, and not
// malformed: sellers write what they like.
func (u *URL) decode(value jsontext.Value) error {
	if value.Kind() != jsontext.KindString {
		return errURL
	}
	text, err := scalarText(value)
	if err != nil {
		return errURL
	}
	*u = parseURL(text)
	return nil
}

// parseURL returns the address in text, empty if there is none. White space goes, because the
// upstream is known to send "https: //".
func parseURL(text string) URL {
	text = withoutWhiteSpace(text)
	if strings.HasPrefix(text, "//") {
		text = "https:" + text
	}
	if isPlainURL(text) {
		return URL(text)
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Hostname() == "" {
		return ""
	}
	if parsed.Scheme != "http" && parsed.Scheme != "https" {
		return ""
	}
	return URL(text)
}

// isPlainURL tells whether text is an address that needs no closer look, as nearly all are: a name of
// letters, digits, dots and hyphens, and behind it no escapes and nothing but visible ASCII.
func isPlainURL(text string) bool {
	rest, found := strings.CutPrefix(text, "https://")
	if !found {
		rest, found = strings.CutPrefix(text, "http://")
	}
	if !found {
		return false
	}
	host := 0
	for host < len(rest) && isHostByte(rest[host]) {
		host++
	}
	if host == 0 || host < len(rest) && rest[host] != '/' {
		return false
	}
	for i := host; i < len(rest); i++ {
		if rest[i] <= ' ' || rest[i] >= 0x7f || rest[i] == '%' {
			return false
		}
	}
	return true
}

func isHostByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || 'A' <= c && c <= 'Z'
}

// withoutWhiteSpace returns text without ASCII white space.
func withoutWhiteSpace(text string) string {
	at := strings.IndexAny(text, whiteSpace)
	if at < 0 {
		return text
	}
	kept := append(make([]byte, 0, len(text)), text[:at]...)
	for _, c := range []byte(text[at:]) {
		if strings.IndexByte(whiteSpace, c) < 0 {
			kept = append(kept, c)
		}
	}
	return string(kept)
}
