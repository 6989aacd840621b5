package upstream

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a token. However it is printed, logged or encoded it shows "[redacted]"; Reveal is the
// only way to its text. Never make it the key of a map: encoding/json writes the keys of a map as
// they are. Never print it with %p or %w, the two verbs that fmt serves without asking: go vet refuses
// both.
type Secret string

const redacted = "[redacted]"

// Reveal returns the token itself. Never pass it to a log line, an error or a cache key.
func (s Secret) Reveal() string { return string(s) }

// String hides the token.
func (s Secret) String() string { return redacted }

// GoString hides the token from %#v.
func (s Secret) GoString() string { return redacted }

// Format hides the token from every verb, %x and %q included. An error of the writer is its owner's.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// LogValue hides the token from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the token from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
