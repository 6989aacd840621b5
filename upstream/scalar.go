package upstream

// The scalar types of an order. Each one decodes every form in which the upstream, or a wrapper of
// it, is known to send its kind of value, and has one state for "nothing there": the zero value,
// which GraphQL shows as null.

// Text is a text as the upstream sent it, never trimmed or re-cased; empty is null.
type Text string

// Phone is a Text for which "86-", the country code alone, is null too.
type Phone string

// ID is an identifier as text: a long number keeps every digit. Empty is null.
type ID string

// Decimal is an exact decimal number as text: the upstream's digits, exponents expanded, no "-0".
// Empty is null. Never convert it to a float.
type Decimal string

// URL is an absolute http or https address without white space; empty is null.
type URL string

// RawText is a value exactly as the upstream sent it: a string's text (empty and sentinels kept), a
// number's digits. Nil is null.
type RawText struct {
	text    string
	present bool
}

// Bool is null, true or false.
type Bool uint8

const (
	BoolNull Bool = iota
	BoolFalse
	BoolTrue
)

// Int is a 32-bit whole number or null.
type Int struct {
	Value int32
	Valid bool
}

// Time is a point in time with the offset that the upstream sent; the zero value is null.
// 16 bytes and no pointer: an order has dozens.
type Time struct {
	unixMilli     int64
	offsetMinutes int16
	valid         bool
}

// Money is an amount and its currency. Amount is in the currency's major unit (元) and never empty.
type Money struct {
	Amount       Decimal
	CurrencyCode Text
}
