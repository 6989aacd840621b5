package upstream

import (
	"errors"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Int is a 32-bit whole number or null.
type Int struct {
	Value int32
	Valid bool
}

var errInt = errors.New("not a whole number of 32 bits")

// decode reads a whole number from a number or a string, in any of its forms: 3, "3", 3.0, 3e0.
func (i *Int) decode(value jsontext.Value) error {
	text, err := trimmedText(value)
	if err != nil {
		return errInt
	}
	*i, err = parseInt(text)
	return err
}

// parseInt reads a whole number of 32 bits; an empty text is null.
func parseInt(text string) (Int, error) {
	if text == "" {
		return Int{}, nil
	}
	whole, err := parseWhole(text)
	if err != nil {
		return Int{}, errInt
	}
	number, err := strconv.ParseInt(whole, 10, 32)
	if err != nil {
		return Int{}, errInt
	}
	return Int{Value: int32(number), Valid: true}, nil
}
