package upstream

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The scalar types of an order, each in a file of its own. Each one decodes every form in which the
// upstream, or a wrapper of it, is known to send its kind of value, and has one state for "nothing
// there": the zero value, which GraphQL shows as null.

var (
	errNotScalar = errors.New("not a single value")
	errNotUTF8   = errors.New("not UTF-8")
)

// scalarText returns the text of a scalar: a string's text, a number's digits as they stand, the
// word of a boolean. Objects and lists are an error, and so is a text in another encoding.
func scalarText(value jsontext.Value) (string, error) {
	switch value.Kind() {
	case jsontext.KindString:
		if !utf8.Valid(value) {
			return "", errNotUTF8
		}
		return string(unquoted(value)), nil
	case jsontext.KindNumber, jsontext.KindTrue, jsontext.KindFalse:
		return string(value), nil
	default:
		return "", errNotScalar
	}
}

// trimmedText returns scalarText without the white space around it.
func trimmedText(value jsontext.Value) (string, error) {
	text, err := scalarText(value)
	return strings.TrimSpace(text), err
}
