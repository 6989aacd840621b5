package upstream

import (
	"cmp"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Decimal is an exact decimal number as text: the upstream's digits, exponents expanded, no "-0".
// Empty is null. Never convert it to a float.
type Decimal string

// maxDecimal bounds the text of a number, so that "1e999999999" does not become a gigabyte.
const maxDecimal = 400

var errDecimal = errors.New("not a decimal number")

func (d *Decimal) decode(value jsontext.Value) error {
	number, err := decodeDecimal(value, parseDecimal)
	*d = number
	return err
}

// decodeDecimal reads a number from a JSON number or string. An empty string is null.
func decodeDecimal(value jsontext.Value, parse func(string) (Decimal, error)) (Decimal, error) {
	if kind := value.Kind(); kind != jsontext.KindString && kind != jsontext.KindNumber {
		return "", errDecimal
	}
	text, err := trimmedText(value)
	if err != nil || text == "" {
		return "", err
	}
	return parse(text)
}

// parseDecimal reads a decimal number with an optional sign, fraction and exponent. Trailing zeros
// stay; leading zeros, a plus sign, the sign of a zero and the exponent go.
func parseDecimal(text string) (Decimal, error) {
	if isPlainNumber(text) {
		return Decimal(text), nil
	}
	unsigned, negative := strings.CutPrefix(text, "-")
	if !negative {
		unsigned = strings.TrimPrefix(text, "+")
	}
	mantissa, exponent, err := cutExponent(unsigned)
	if err != nil {
		return "", err
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if len(digits) == 0 || len(digits) > maxDecimal || !areDigits(digits) {
		return "", errDecimal
	}
	return placePoint(digits, len(whole)+exponent, negative)
}

// isPlainNumber reports whether text is a number already in its final form, as nearly all are.
func isPlainNumber(text string) bool {
	whole, fraction, fractional := strings.Cut(text, ".")
	return len(text) <= maxDecimal && whole != "" && (whole[0] != '0' || len(whole) == 1) && areDigits(whole) &&
		(!fractional || fraction != "" && areDigits(fraction))
}

func areDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// cutExponent splits 1.5e3 into 1.5 and 3.
func cutExponent(text string) (mantissa string, exponent int, err error) {
	at := strings.IndexAny(text, "eE")
	if at < 0 {
		return text, 0, nil
	}
	exponent, err = strconv.Atoi(text[at+1:])
	if err != nil || exponent > maxDecimal || exponent < -maxDecimal {
		return "", 0, errDecimal
	}
	return text[:at], exponent, nil
}

// placePoint writes digits with the decimal point behind the first point of them; point may lie
// before or behind all digits.
func placePoint(digits string, point int, negative bool) (Decimal, error) {
	if point < 1 {
		digits, point = strings.Repeat("0", 1-point)+digits, 1
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	whole, fraction := digits[:point], digits[point:]
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	number := whole
	if fraction != "" {
		number += "." + fraction
	}
	if negative && strings.Trim(number, "0.") != "" {
		number = "-" + number
	}
	if len(number) > maxDecimal {
		return "", errDecimal
	}
	return Decimal(number), nil
}

// compare compares two numbers by their values.
func (d Decimal) compare(other Decimal) int {
	a, negative := strings.CutPrefix(string(d), "-")
	b, otherNegative := strings.CutPrefix(string(other), "-")
	if negative != otherNegative {
		if negative {
			return -1
		}
		return 1
	}
	wholeA, fractionA, _ := strings.Cut(a, ".")
	wholeB, fractionB, _ := strings.Cut(b, ".")
	order := cmp.Or(
		cmp.Compare(len(wholeA), len(wholeB)), strings.Compare(wholeA, wholeB),
		strings.Compare(strings.TrimRight(fractionA, "0"), strings.TrimRight(fractionB, "0")),
	)
	if negative {
		return -order
	}
	return order
}

// whole returns the number without its fraction, and false if that is not zero.
func (d Decimal) whole() (text string, ok bool) {
	whole, fraction, _ := strings.Cut(string(d), ".")
	return whole, strings.Trim(fraction, "0") == ""
}

// parseWhole reads a whole number, in any form that parseDecimal reads.
func parseWhole(text string) (string, error) {
	number, err := parseDecimal(text)
	if err != nil {
		return "", err
	}
	whole, ok := number.whole()
	if !ok {
		return "", errDecimal
	}
	return whole, nil
}
