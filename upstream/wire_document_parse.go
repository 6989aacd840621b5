package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// maxValues bounds how many JSON values one answer may hold. A real order has some hundreds; without
// the bound 8 MiB of "0,0,0" would need twelve times their size.
const maxValues = 1 << 20

var (
	errSyntax        = errors.New("not JSON")
	errTooManyValues = fmt.Errorf("more than %d JSON values", maxValues)
)

// tolerant lets a decoder read what would otherwise cost a whole order for one text in it: names that
// come twice, bytes that are no UTF-8, and surrogates without their other half.
var tolerant = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// decoders are the ones that can be used again.
var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

// parseDocument reads a whole JSON text (RFC 8259), and skips a byte order mark before it. Trailing
// text, and too many levels or values, are errors. The error says where, and holds no part of the text.
// The document keeps the text.
func parseDocument(text []byte) (*document, error) {
	text = withoutMark(text)
	decoder := decoders.Get().(*jsontext.Decoder)
	decoder.Reset(bytes.NewBuffer(text), tolerant...)
	doc := documents.Get().(*document)
	doc.text, doc.nodes = text, slices.Grow(doc.nodes, len(text)/12+8)
	err := doc.parse(decoder)
	at := decoder.InputOffset()
	decoder.Reset(bytes.NewBuffer(nil)) // the pool must not hold the text
	decoders.Put(decoder)
	if err != nil {
		doc.release()
		return nil, fmt.Errorf("behind byte %d: %w", at, err)
	}
	return doc, nil
}

// withoutMark returns a text without the byte order mark, and the white space, before it.
func withoutMark(text []byte) []byte { return bytes.TrimLeft(text, "\ufeff \t\r\n") }

// parse notes where the values of a text stand. An error of the decoder's would quote the text.
func (doc *document) parse(decoder *jsontext.Decoder) error {
	var open []int // the indexes of the objects and lists that have begun
	for len(doc.nodes) < maxValues {
		switch decoder.PeekKind() {
		case jsontext.KindBeginObject, jsontext.KindBeginArray:
			if _, err := decoder.ReadToken(); err != nil {
				return errSyntax
			}
			open = append(open, len(doc.nodes))
			doc.nodes = append(doc.nodes, node{start: uint32(decoder.InputOffset() - 1)})
		case jsontext.KindEndObject, jsontext.KindEndArray:
			if _, err := decoder.ReadToken(); err != nil {
				return errSyntax
			}
			container := &doc.nodes[open[len(open)-1]]
			container.end, container.next = uint32(decoder.InputOffset()), uint32(len(doc.nodes))
			open = open[:len(open)-1]
		default:
			value, err := decoder.ReadValue()
			if err != nil {
				return errSyntax
			}
			end := uint32(decoder.InputOffset())
			doc.nodes = append(doc.nodes, node{start: end - uint32(len(value)), end: end, next: uint32(len(doc.nodes)) + 1})
		}
		if len(open) == 0 {
			if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
				return errSyntax
			}
			return nil
		}
	}
	return errTooManyValues
}
