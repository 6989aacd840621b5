package scalar

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"ordergraph/upstream"
)

// Appender appends the JSON of a value, which must be addressable, to out.
type Appender func(out []byte, value reflect.Value) []byte

var appenders = map[reflect.Type]Appender{
	reflect.TypeFor[upstream.Text]():    appendTextOf,
	reflect.TypeFor[upstream.Phone]():   appendTextOf,
	reflect.TypeFor[upstream.RawText](): appender(AppendRawText),
	reflect.TypeFor[upstream.ID]():      appendTextOf,
	reflect.TypeFor[upstream.URL]():     appendTextOf,
	reflect.TypeFor[upstream.Decimal](): appendTextOf,
	reflect.TypeFor[upstream.OrderID](): appender(AppendOrderID),
	reflect.TypeFor[upstream.Enum]():    appender(AppendEnum[upstream.Enum]),
	reflect.TypeFor[upstream.WebSite](): appender(AppendEnum[upstream.WebSite]),
	reflect.TypeFor[upstream.Edition](): appender(AppendEnum[upstream.Edition]),
	reflect.TypeFor[upstream.Bool]():    appender(AppendBool),
	reflect.TypeFor[bool]():             appender(strconv.AppendBool),
	reflect.TypeFor[upstream.Int]():     appender(AppendInt),
	reflect.TypeFor[upstream.Time]():    appender(AppendDateTime),
	reflect.TypeFor[time.Time]():        appender(AppendInstant),
}

// AppenderOf returns what appends values of a type, and false if the type is neither scalar nor enum.
func AppenderOf(valueType reflect.Type) (Appender, bool) {
	found, ok := appenders[valueType]
	return found, ok
}

func appender[T comparable](appendValue func([]byte, T) []byte) Appender {
	return func(out []byte, value reflect.Value) []byte { return appendValue(out, *value.Addr().Interface().(*T)) }
}

func appendTextOf(out []byte, value reflect.Value) []byte { return AppendText(out, value.String()) }

func isNull[T comparable](value T) bool {
	var null T
	return value == null
}

const null = "null"

// AppendText appends a String, an ID, a URL or a Decimal: a number as a JSON number would become a
// float64. It escapes what JSON wants escaped. Invalid UTF-8 becomes U+FFFD: a response must be valid
// whatever the upstream sends, so the error that tells of it is of no use here.
func AppendText[T ~string](out []byte, text T) []byte {
	if text == "" {
		return append(out, null...)
	}
	out, _ = jsontext.AppendQuote(out, string(text))
	return out
}

// AppendRawText appends a String; an empty text that was sent is an empty String and not null.
func AppendRawText(out []byte, raw upstream.RawText) []byte {
	text, present := raw.Text()
	if !present {
		return append(out, null...)
	}
	out, _ = jsontext.AppendQuote(out, text)
	return out
}

// AppendOrderID appends an ID with every digit.
func AppendOrderID(out []byte, id upstream.OrderID) []byte {
	if id == 0 {
		return append(out, null...)
	}
	out = append(out, '"')
	out = strconv.AppendInt(out, int64(id), 10)
	return append(out, '"')
}

// AppendEnum appends the value of an enum, which needs no escaping.
func AppendEnum[T fmt.Stringer](out []byte, e T) []byte {
	if e.String() == "" {
		return append(out, null...)
	}
	out = append(out, '"')
	out = append(out, e.String()...)
	return append(out, '"')
}

// AppendBool appends a Boolean.
func AppendBool(out []byte, b upstream.Bool) []byte {
	switch b {
	case upstream.BoolTrue:
		return append(out, "true"...)
	case upstream.BoolFalse:
		return append(out, "false"...)
	default:
		return append(out, null...)
	}
}

// AppendInt appends an Int.
func AppendInt(out []byte, number upstream.Int) []byte {
	if !number.Valid {
		return append(out, null...)
	}
	return strconv.AppendInt(out, int64(number.Value), 10)
}

// AppendDateTime appends a DateTime with the upstream's offset, and milliseconds where there are any.
func AppendDateTime(out []byte, t upstream.Time) []byte {
	if !t.Valid() {
		return append(out, null...)
	}
	out = append(out, '"')
	out = t.AppendRFC3339(out)
	return append(out, '"')
}

// AppendInstant appends a DateTime of our own clock: UTC, always with milliseconds.
func AppendInstant(out []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(out, null...)
	}
	return t.UTC().AppendFormat(out, `"2006-01-02T15:04:05.000Z"`)
}
