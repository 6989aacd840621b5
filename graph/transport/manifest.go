package transport

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// Manifest is a set of operations that were known when the clients were built. A nil one is empty.
type Manifest struct {
	byID   map[string]string
	byText map[string]struct{}
	// names are those of the operations in the documents, as they came.
	names []string
}

const (
	// shortestID keeps ids from being guessed; MD5 in hex, Relay's default, has 32 digits.
	shortestID = 32
	// maxManifest bounds the file of a manifest, in bytes.
	maxManifest = 16 << 20

	apolloFormat  = "apollo-persisted-query-manifest"
	apolloVersion = json.Number("1")
)

// ReadManifest reads a persisted-operations manifest. That is one of:
//
//   - an object from ids to the texts of operations, as graphql-codegen (ids "sha256:<hex>") and
//     relay-compiler (bare hex) write it;
//   - Apollo's manifest, {"format": "apollo-persisted-query-manifest", "version": 1, "operations":
//     [{"id": …, "body": …}]};
//   - Apollo Kotlin's operationOutput.json, an object from ids to {"name": …, "source": …}.
//
// An id that has the form of a SHA-256 must be the one of its text: another text would run under it.
func ReadManifest(path string) (*Manifest, error) {
	raw, err := readManifestFile(path)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("read manifest %s: %w", path, err)
	}
	return m, nil
}

// readManifestFile stops where a manifest is too large, for a device may have no end.
func readManifestFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxManifest+1))
	if err == nil && len(raw) > maxManifest {
		err = fmt.Errorf("%s has more than %d MiB", path, maxManifest>>20)
	}
	return raw, err
}

func parseManifest(raw []byte) (*Manifest, error) {
	value, err := readJSON(raw, math.MaxInt)
	if err != nil {
		return nil, err
	}
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, errors.New("it is not an object")
	}
	m := &Manifest{byID: map[string]string{}, byText: map[string]struct{}{}}
	if _, isApollos := object["format"]; isApollos {
		return m, m.addApollos(object)
	}
	for _, id := range slices.Sorted(maps.Keys(object)) {
		text := object[id]
		if described, isKotlins := text.(map[string]any); isKotlins {
			text = described["source"]
		}
		if err := m.add(id, text); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// addApollos adds the operations of a manifest that says its format.
func (m *Manifest) addApollos(object map[string]any) error {
	operations, isList := object["operations"].([]any)
	if object["format"] != apolloFormat || object["version"] != apolloVersion || !isList {
		return fmt.Errorf("it has a format, but is not a list of operations in %s, version %s", apolloFormat, apolloVersion)
	}
	for i, element := range operations {
		operation, _ := element.(map[string]any)
		id, isText := operation["id"].(string)
		if !isText {
			return fmt.Errorf("operation %d has no id", i)
		}
		if err := m.add(id, operation["body"]); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manifest) add(name string, value any) error {
	text, isText := value.(string)
	id := documentID(name)
	switch _, err := hex.DecodeString(id); {
	case err != nil || len(id) < shortestID:
		return fmt.Errorf("the id %.80q is neither sha256:<hex> nor at least %d hex digits", name, shortestID)
	case !isText:
		return fmt.Errorf("the operation %.80q has no text that is a string", name)
	case isSHA256(name) && id != digestOf(text):
		return fmt.Errorf("the id %.80q is not the SHA-256 of its operation", name)
	}
	if known, found := m.byID[id]; found && known != text {
		return fmt.Errorf("the id %.80q names two operations", name)
	}
	m.byID[id] = text
	if m.holds(text) {
		return nil
	}
	m.byText[text] = struct{}{}
	// A text that is no document has no names, and is refused when it is asked for.
	if document, err := parser.ParseQuery(&ast.Source{Input: text}); err == nil {
		for _, operation := range document.Operations {
			if name := operation.Name; name != "" && len(name) <= maxLoggedName && !slices.Contains(m.names, name) {
				m.names = append(m.names, name)
			}
		}
	}
	return nil
}

// Names returns the names of the operations in the documents, each once: in the order of a list, else in that of their
// ids. Names above 64 bytes are left out.
func (m *Manifest) Names() []string {
	if m == nil {
		return nil
	}
	return m.names
}

// nameOf returns the name of an operation whose document is trusted, else nothing.
func (m *Manifest) nameOf(text, operation string) string {
	if m.holds(text) {
		return operation
	}
	return ""
}

// isSHA256 reports whether an id claims to be a SHA-256.
func isSHA256(name string) bool {
	return strings.HasPrefix(name, hashedTokenPrefix) || len(name) == hex.EncodedLen(sha256.Size)
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

// holds reports whether text, to the letter, is one of the operations.
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
