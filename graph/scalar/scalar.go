// Package scalar writes the upstream's scalars and enums as GraphQL ones: each Append function as JSON, each
// Marshal function as gqlgen wants it. The zero value of each type is null.
//
// The Unmarshal functions are there because gqlgen asks for both directions; nothing calls them, as
// arguments are plain strings.
package scalar

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/upstream"
)

var errOutputOnly = errors.New("a value of this kind is never an argument")

// MarshalText writes a String.
func MarshalText(text upstream.Text) graphql.Marshaler { return marshaler(text, AppendText) }

// UnmarshalText refuses: see the package.
func UnmarshalText(any) (upstream.Text, error) { return "", errOutputOnly }

// MarshalPhone writes a String.
func MarshalPhone(phone upstream.Phone) graphql.Marshaler { return marshaler(phone, AppendText) }

// UnmarshalPhone refuses: see the package.
func UnmarshalPhone(any) (upstream.Phone, error) { return "", errOutputOnly }

// MarshalRawText writes a String; an empty text that was sent is an empty String and not null.
func MarshalRawText(raw upstream.RawText) graphql.Marshaler { return marshaler(raw, AppendRawText) }

// UnmarshalRawText refuses: see the package.
func UnmarshalRawText(any) (upstream.RawText, error) { return upstream.RawText{}, errOutputOnly }

// MarshalID writes an ID.
func MarshalID(id upstream.ID) graphql.Marshaler { return marshaler(id, AppendText) }

// UnmarshalID refuses: see the package.
func UnmarshalID(any) (upstream.ID, error) { return "", errOutputOnly }

// MarshalURL writes a URL.
func MarshalURL(url upstream.URL) graphql.Marshaler { return marshaler(url, AppendText) }

// UnmarshalURL refuses: see the package.
func UnmarshalURL(any) (upstream.URL, error) { return "", errOutputOnly }

// MarshalDecimal writes a Decimal.
func MarshalDecimal(number upstream.Decimal) graphql.Marshaler { return marshaler(number, AppendText) }

// UnmarshalDecimal refuses: see the package.
func UnmarshalDecimal(any) (upstream.Decimal, error) { return "", errOutputOnly }

// MarshalOrderID writes an ID with every digit.
func MarshalOrderID(id upstream.OrderID) graphql.Marshaler { return marshaler(id, AppendOrderID) }

// UnmarshalOrderID refuses: see the package.
func UnmarshalOrderID(any) (upstream.OrderID, error) { return 0, errOutputOnly }

// MarshalEnum writes the value of an enum.
func MarshalEnum(e upstream.Enum) graphql.Marshaler {
	if e.String() == "" {
		return graphql.Null // there may be a raw text all the same
	}
	return marshaler(e, AppendEnum[upstream.Enum])
}

// UnmarshalEnum refuses: see the package.
func UnmarshalEnum(any) (upstream.Enum, error) { return upstream.Enum{}, errOutputOnly }

// MarshalBool writes a Boolean.
func MarshalBool(b upstream.Bool) graphql.Marshaler { return marshaler(b, AppendBool) }

// UnmarshalBool refuses: see the package.
func UnmarshalBool(any) (upstream.Bool, error) { return upstream.BoolNull, errOutputOnly }

// MarshalInt writes an Int.
func MarshalInt(number upstream.Int) graphql.Marshaler { return marshaler(number, AppendInt) }

// UnmarshalInt refuses: see the package.
func UnmarshalInt(any) (upstream.Int, error) { return upstream.Int{}, errOutputOnly }

// MarshalDateTime writes a DateTime with the upstream's offset.
func MarshalDateTime(t upstream.Time) graphql.Marshaler { return marshaler(t, AppendDateTime) }

// UnmarshalDateTime refuses: see the package.
func UnmarshalDateTime(any) (upstream.Time, error) { return upstream.Time{}, errOutputOnly }

// MarshalInstant writes a DateTime of our own clock.
func MarshalInstant(t time.Time) graphql.Marshaler { return marshaler(t, AppendInstant) }

// UnmarshalInstant refuses: see the package.
func UnmarshalInstant(any) (time.Time, error) { return time.Time{}, errOutputOnly }

// marshaler returns what writes value; graphql.Null itself for null, because the generated code
// compares with it.
func marshaler[T comparable](value T, appendValue func([]byte, T) []byte) graphql.Marshaler {
	if isNull(value) {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) { write(w, appendValue(available(w), value)) })
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
