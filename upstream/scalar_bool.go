package upstream

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Bool is null, true or false.
type Bool uint8

const (
	BoolNull Bool = iota
	BoolFalse
	BoolTrue
)

var errBool = errors.New("not a boolean")

// Value returns the boolean, and false if it is null.
func (b Bool) Value() (value, valid bool) { return b == BoolTrue, b != BoolNull }

// decode reads true, 1, yes, y and false, 0, no, n in any case and any JSON type. Nothing else is
// guessed: an unknown word must not become false.
func (b *Bool) decode(value jsontext.Value) error {
	text, err := trimmedText(value)
	if err != nil {
		return errBool
	}
	if whole, err := parseWhole(text); err == nil {
		text = whole // 1.0 is a form of 1
	}
	switch strings.ToLower(text) {
	case "":
		*b = BoolNull
	case "true", "1", "yes", "y":
		*b = BoolTrue
	case "false", "0", "no", "n":
		*b = BoolFalse
	default:
		return errBool
	}
	return nil
}
