package upstream

import (
	"errors"
	"strings"
)

// Money is an amount and its currency. Amount is in the currency's major unit (元) and never empty.
type Money struct {
	Amount       Decimal
	CurrencyCode Text
}

var errFen = errors.New("not a whole number of fen")

// parseFen reads a whole number of fen (分) and returns yuan with exactly two decimals.
func parseFen(text string) (Decimal, error) {
	fen, err := parseWhole(text)
	if err != nil {
		return "", errFen
	}
	digits, negative := strings.CutPrefix(fen, "-")
	if len(digits) < 3 {
		digits = strings.Repeat("0", 3-len(digits)) + digits
	}
	yuan := digits[:len(digits)-2] + "." + digits[len(digits)-2:]
	if negative {
		yuan = "-" + yuan
	}
	return Decimal(yuan), nil
}
