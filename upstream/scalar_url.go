package upstream

import (
	"errors"
	"net/url"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// URL is an absolute http or https address without white space; empty is null.
type URL string

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
	if strings.ContainsFunc(text, unicode.IsSpace) {
		text = strings.Join(strings.Fields(text), "")
	}
	if strings.HasPrefix(text, "//") {
		text = "https:" + text
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Hostname() == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return ""
	}
	return URL(text)
}
