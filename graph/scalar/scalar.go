// Package scalar writes the upstream's scalars as GraphQL ones. Each Marshal function answers null
// for the zero value.
//
// The Unmarshal functions are there because gqlgen asks for both directions; nothing calls them, as
// arguments are plain strings.
package scalar

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-json-experiment/json/jsontext"

	"ordergraph/upstream"
)

var errOutputOnly = errors.New("a value of this kind is never an argument")

// MarshalText writes a String.
func MarshalText(text upstream.Text) graphql.Marshaler { return quoted(string(text)) }

// UnmarshalText refuses: see the package.
func UnmarshalText(any) (upstream.Text, error) { return "", errOutputOnly }

// MarshalPhone writes a String.
func MarshalPhone(phone upstream.Phone) graphql.Marshaler { return quoted(string(phone)) }

// UnmarshalPhone refuses: see the package.
func UnmarshalPhone(any) (upstream.Phone, error) { return "", errOutputOnly }

// MarshalRawText writes a String; an empty text that was sent is an empty String and not null.
func MarshalRawText(raw upstream.RawText) graphql.Marshaler {
	text, present := raw.Text()
	if !present {
		return graphql.Null
	}
	return stringMarshaler(text)
}

// UnmarshalRawText refuses: see the package.
func UnmarshalRawText(any) (upstream.RawText, error) { return upstream.RawText{}, errOutputOnly }

// MarshalID writes an ID.
func MarshalID(id upstream.ID) graphql.Marshaler { return quoted(string(id)) }

// UnmarshalID refuses: see the package.
func UnmarshalID(any) (upstream.ID, error) { return "", errOutputOnly }

// MarshalURL writes a URL.
func MarshalURL(url upstream.URL) graphql.Marshaler { return quoted(string(url)) }

// UnmarshalURL refuses: see the package.
func UnmarshalURL(any) (upstream.URL, error) { return "", errOutputOnly }

// MarshalDecimal writes a Decimal: a string, since a JSON number would become a float64.
func MarshalDecimal(number upstream.Decimal) graphql.Marshaler { return quoted(string(number)) }

// UnmarshalDecimal refuses: see the package.
func UnmarshalDecimal(any) (upstream.Decimal, error) { return "", errOutputOnly }

// MarshalOrderID writes an ID with every digit.
func MarshalOrderID(id upstream.OrderID) graphql.Marshaler {
	if id == 0 {
		return graphql.Null
	}
	return orderIDMarshaler(id)
}

// UnmarshalOrderID refuses: see the package.
func UnmarshalOrderID(any) (upstream.OrderID, error) { return 0, errOutputOnly }

// MarshalBool writes a Boolean.
func MarshalBool(b upstream.Bool) graphql.Marshaler {
	switch b {
	case upstream.BoolTrue:
		return graphql.True
	case upstream.BoolFalse:
		return graphql.False
	default:
		return graphql.Null
	}
}

// UnmarshalBool refuses: see the package.
func UnmarshalBool(any) (upstream.Bool, error) { return upstream.BoolNull, errOutputOnly }

// MarshalInt writes an Int.
func MarshalInt(number upstream.Int) graphql.Marshaler {
	if !number.Valid {
		return graphql.Null
	}
	return intMarshaler(number.Value)
}

// UnmarshalInt refuses: see the package.
func UnmarshalInt(any) (upstream.Int, error) { return upstream.Int{}, errOutputOnly }

// MarshalDateTime writes a DateTime with the upstream's offset, and milliseconds where there are any.
func MarshalDateTime(t upstream.Time) graphql.Marshaler {
	if !t.Valid() {
		return graphql.Null
	}
	return dateTimeMarshaler(t)
}

// UnmarshalDateTime refuses: see the package.
func UnmarshalDateTime(any) (upstream.Time, error) { return upstream.Time{}, errOutputOnly }

// MarshalInstant writes a DateTime of our own clock: UTC, always with milliseconds.
func MarshalInstant(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return instantMarshaler(t)
}

// UnmarshalInstant refuses: see the package.
func UnmarshalInstant(any) (time.Time, error) { return time.Time{}, errOutputOnly }

func quoted(text string) graphql.Marshaler {
	if text == "" {
		return graphql.Null
	}
	return stringMarshaler(text)
}

type stringMarshaler string

// MarshalGQL escapes what JSON wants escaped. Invalid UTF-8 becomes U+FFFD: a response must be valid
// whatever the upstream sends, so the error that tells of it is of no use here.
func (s stringMarshaler) MarshalGQL(w io.Writer) {
	text, _ := jsontext.AppendQuote(available(w), string(s))
	write(w, text)
}

type orderIDMarshaler upstream.OrderID

func (id orderIDMarshaler) MarshalGQL(w io.Writer) {
	text := append(available(w), '"')
	text = strconv.AppendInt(text, int64(id), 10)
	write(w, append(text, '"'))
}

type intMarshaler int32

func (i intMarshaler) MarshalGQL(w io.Writer) {
	write(w, strconv.AppendInt(available(w), int64(i), 10))
}

type dateTimeMarshaler upstream.Time

func (t dateTimeMarshaler) MarshalGQL(w io.Writer) {
	text := append(available(w), '"')
	text = upstream.Time(t).AppendRFC3339(text)
	write(w, append(text, '"'))
}

type instantMarshaler time.Time

func (t instantMarshaler) MarshalGQL(w io.Writer) {
	write(w, time.Time(t).UTC().AppendFormat(available(w), `"2006-01-02T15:04:05.000Z"`))
}

// available returns room to write in, of the response's own buffer where possible.
func available(w io.Writer) []byte {
	if buffer, ok := w.(*bytes.Buffer); ok {
		return buffer.AvailableBuffer()
	}
	return nil
}

// write writes to the buffer that the response is built in, which cannot fail.
func write(w io.Writer, text []byte) { _, _ = w.Write(text) }
