package upstream

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// ID is an identifier as text: a long number keeps every digit. Empty is null.
type ID string

var errID = errors.New("not an identifier")

// decode reads a string as it stands, but for white space around it, and every digit of a whole
// number, exponents expanded.
func (id *ID) decode(value jsontext.Value) error {
	text, err := trimmedText(value)
	if err != nil {
		return errID
	}
	switch value.Kind() {
	case jsontext.KindString:
		*id = ID(text)
		return nil
	case jsontext.KindNumber:
		whole, err := parseWhole(text)
		if err != nil {
			return errID
		}
		*id = ID(whole)
		return nil
	default:
		return errID
	}
}
