package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/go-json-experiment/json/jsontext"
)

// maxValues bounds how many JSON values one answer may hold. A real order has some hundreds; without
// the bound 8 MiB of "0,0,0" would need twelve times their size.
const maxValues = 1 << 20

var (
	errTooManyValues = fmt.Errorf("more than %d JSON values", maxValues)
	errTrailing      = errors.New("text after the JSON value")
)

// document is a JSON text that was read once: it knows where each value stands, so that looking for
// a key in several places costs no second reading. It keeps the text; never change that.
type document struct {
	text  []byte
	nodes []node
}

// node is the place of one JSON value, or of one member name, which stands before its value.
type node struct {
	start, end uint32
	// next is the index of the first node behind this value and everything in it.
	next uint32
}

// parseDocument reads a whole JSON text. Duplicate names are allowed; invalid UTF-8, more than
// 10,000 levels, trailing text and too many values are not. The error may quote a byte of the text,
// never a value.
func parseDocument(text []byte) (*document, error) {
	doc := &document{text: text, nodes: make([]node, 0, len(text)/12+8)}
	decoder := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
	var open []uint32
	for {
		if err := doc.read(decoder, &open); err != nil {
			return nil, err
		}
		if len(open) == 0 {
			break
		}
	}
	if _, err := decoder.ReadToken(); err != io.EOF {
		return nil, errTrailing
	}
	return doc, nil
}

// read adds the next token: a scalar, a member name, or the beginning or end of an object or list.
func (doc *document) read(decoder *jsontext.Decoder, open *[]uint32) error {
	switch decoder.PeekKind() {
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
		if _, err := decoder.ReadToken(); err != nil {
			return syntaxError(err)
		}
		*open = append(*open, uint32(len(doc.nodes)))
		doc.nodes = append(doc.nodes, node{start: uint32(decoder.InputOffset() - 1)})
	case jsontext.KindEndObject, jsontext.KindEndArray:
		if _, err := decoder.ReadToken(); err != nil {
			return syntaxError(err)
		}
		container := &doc.nodes[(*open)[len(*open)-1]]
		*open = (*open)[:len(*open)-1]
		container.end, container.next = uint32(decoder.InputOffset()), uint32(len(doc.nodes))
	default:
		value, err := decoder.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		end := uint32(decoder.InputOffset())
		doc.nodes = append(doc.nodes, node{start: end - uint32(len(value)), end: end, next: uint32(len(doc.nodes)) + 1})
	}
	if len(doc.nodes) > maxValues {
		return errTooManyValues
	}
	return nil
}

// syntaxError says what is wrong without the JSON pointer, whose names come from the body.
func syntaxError(err error) error {
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("not JSON at byte %d: %w", syntactic.ByteOffset, syntactic.Err)
	}
	return fmt.Errorf("not JSON: %w", err)
}

// value returns the JSON text of the value at index at.
func (doc *document) value(at int) jsontext.Value {
	place := doc.nodes[at]
	return jsontext.Value(doc.text[place.start:place.end:place.end])
}

func (doc *document) kind(at int) jsontext.Kind { return doc.value(at).Kind() }

// empty tells whether the value is null, "", [] or {}: all the ways in which a PHP service says that
// there is nothing.
func (doc *document) empty(at int) bool {
	switch doc.kind(at) {
	case jsontext.KindNull:
		return true
	case jsontext.KindString:
		return doc.nodes[at].end-doc.nodes[at].start == 2
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
		return int(doc.nodes[at].next) == at+1
	default:
		return false
	}
}

// members yields the names and values of an object, duplicates included; nothing for other kinds.
func (doc *document) members(at int) iter.Seq2[[]byte, int] {
	return func(yield func([]byte, int) bool) {
		if doc.kind(at) != jsontext.KindBeginObject {
			return
		}
		for name := at + 1; name < int(doc.nodes[at].next); name = int(doc.nodes[name+1].next) {
			if !yield(unquoted(doc.value(name)), name+1) {
				return
			}
		}
	}
}

// elements yields the elements of an array; nothing for other kinds.
func (doc *document) elements(at int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if doc.kind(at) != jsontext.KindBeginArray {
			return
		}
		for element := at + 1; element < int(doc.nodes[at].next); element = int(doc.nodes[element].next) {
			if !yield(element) {
				return
			}
		}
	}
}

// member returns the value of an object's member, the last one where a name comes twice.
func (doc *document) member(at int, name string) (value int, found bool) {
	for candidate, at := range doc.members(at) {
		if string(candidate) == name {
			value, found = at, true
		}
	}
	return value, found
}

// firstMember returns the first of the named members that is not empty.
func (doc *document) firstMember(at int, names ...string) (value int, found bool) {
	for _, name := range names {
		if value, found := doc.member(at, name); found && !doc.empty(value) {
			return value, true
		}
	}
	return 0, false
}

// unquoted returns the text of a JSON string that was already read once. It shares the memory of
// value where nothing is escaped.
func unquoted(value jsontext.Value) []byte {
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	// A string that was read before is valid: there is no error to lose.
	text, _ := jsontext.AppendUnquote(make([]byte, 0, len(inner)), []byte(value))
	return text
}
