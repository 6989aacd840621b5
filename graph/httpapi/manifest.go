package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Manifest is a set of operations that were known when the clients were built. A nil one is empty.
type Manifest struct {
	byID   map[string]string
	byText map[string]struct{}
}

// shortestID keeps ids from being guessed; MD5 in hex, Relay's default, has 32 digits.
const shortestID = 32

// ReadManifest reads a persisted-operations manifest: a JSON object from ids to the text of
// operations, as graphql-codegen (ids "sha256:<hex>") and relay-compiler (bare hex) write it.
func ReadManifest(path string) (*Manifest, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("read manifest %s: %w", path, err)
	}
	return m, nil
}

func parseManifest(raw []byte) (*Manifest, error) {
	m := &Manifest{byID: map[string]string{}, byText: map[string]struct{}{}}
	err := readJSON(raw, func(decoder *jsontext.Decoder) error {
		if decoder.PeekKind() != '{' {
			return errNotObject
		}
		return readMembers(decoder, func(name string) error {
			text, err := readString(decoder, name, false)
			if err != nil {
				return err
			}
			return m.add(name, text)
		})
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Manifest) add(name, text string) error {
	id := documentID(name)
	if _, err := hex.DecodeString(id); err != nil || len(id) < shortestID {
		return fmt.Errorf("the key %q is neither sha256:<hex> nor at least %d hex digits", name, shortestID)
	}
	m.byID[id] = text
	m.byText[text] = struct{}{}
	return nil
}

// documentID brings the spellings of one id together.
func documentID(name string) string {
	return strings.ToLower(strings.TrimPrefix(name, hashedTokenPrefix))
}

// find returns the text of the operation with the given id.
func (m *Manifest) find(id string) (text string, found bool) {
	if m == nil {
		return "", false
	}
	text, found = m.byID[id]
	return text, found
}

// holds tells whether text, to the letter, is one of the operations.
func (m *Manifest) holds(text string) bool {
	if m == nil {
		return false
	}
	_, found := m.byText[text]
	return found
}

// digestOf returns the SHA-256 of a document's text in lower-case hex.
func digestOf(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}
