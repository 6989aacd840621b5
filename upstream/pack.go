package upstream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The packed form of an answer is its JSON text value by value, without white space. It takes a third
// of the text and, unlike the output of a general compressor, microseconds to make and to read: names
// and usual texts are one byte each, two digits share a byte, and a Chinese character takes two.
//
// A value begins with one of these bytes, a member with the code of its name. It is a form for this
// process alone, and free to change.
const (
	packedNull = iota
	packedTrue
	packedFalse
	packedObject    // members, then nameEnd
	packedList      // values, then packedListEnd
	packedListEnd   //
	packedRaw       // a number: its length, its text
	packedText      // a string: segments, then segmentEnd
	packedAgain     // a string that came before: two bytes, the number of its node
	packedDigit     // to packedDigit+9: a number of one digit
	packedNumber    = packedDigit + 10
	packedSymbols   = packedNumber + maxPackedNumber  // to +31: a string of 1 to 32 symbols
	packedUsual     = packedSymbols + maxPackedNumber // to 255: a usual text
	maxPackedNumber = 32                              // packedNumber to +31: a number of 1 to 32 symbols
)

// Names have the codes 1 to nameFar-1, or two bytes from nameFar on.
const (
	nameEnd = 0
	nameFar = 240
	nameRaw = 255 // its length, its text
)

// A segment of a string begins with one of these, to which its length less one is added.
const (
	segmentEnd     = 0
	segmentPlain   = 0 // bytes as they stand, 1 to 63; this one alone has its length itself
	segmentSymbols = 64
	segmentWide    = 128 // characters of three bytes in UTF-8
	segmentPhrase  = 192 // the number of a phrase, not a length
	maxSegment     = 63
)

// symbols are the characters of which two share a byte.
const symbols = "0123456789-+.: ,"

// maxKeptStrings is how many strings a packing may have seen to be used again: a map never shrinks.
const maxKeptStrings = 4096

var errPacked = errors.New("not a packed answer")

// PackAnswer returns the small form of an answer that DecodeAnswer found packable. UnpackAnswer reads it
// back.
func PackAnswer(body []byte) ([]byte, error) {
	doc, err := parseDocument(body)
	if err != nil {
		return nil, fmt.Errorf("packing an answer: %w", err)
	}
	defer doc.release()
	p := packings.Get().(*packing)
	p.document = doc
	p.value(0)
	packed := bytes.Clone(p.packed)
	p.release()
	return packed, nil
}

// UnpackAnswer is DecodeAnswer for a packed answer. It decodes the same: only white space between
// values is lost.
func UnpackAnswer(packed []byte, key Key, fetchedAt time.Time) (Answer, error) {
	u := unpacking{tables: packTables(), packed: packed, document: newDocument()}
	defer u.document.release()
	if err := u.value(u.next()); err != nil || u.at != len(packed) {
		return Answer{}, &Error{Kind: KindInternal, Cause: errPacked}
	}
	return u.document.answer(key, fetchedAt)
}

// packing is the state of packing one document.
type packing struct {
	tables   *packingTables
	document *document
	packed   []byte
	// nodes has the numbers of the nodes of the strings so far, by their hashes, where a string takes
	// more than to name its node.
	nodes map[uint64]uint16
}

// stringHashes is the seed of the hashes in packing.nodes.
var stringHashes = maphash.MakeSeed()

// packings are the ones that can be used again.
var packings = sync.Pool{New: func() any {
	return &packing{tables: packTables(), nodes: map[uint64]uint16{}}
}}

// release gives the packing back.
func (p *packing) release() {
	p.document, p.packed = nil, p.packed[:0]
	if cap(p.packed) > maxKeptDocument || len(p.nodes) > maxKeptStrings {
		return
	}
	clear(p.nodes)
	packings.Put(p)
}

func (p *packing) add(b ...byte) { p.packed = append(p.packed, b...) }

func (p *packing) value(at int) {
	text := p.document.value(at)
	switch p.document.kind(at) {
	case jsontext.KindNull:
		p.add(packedNull)
	case jsontext.KindTrue:
		p.add(packedTrue)
	case jsontext.KindFalse:
		p.add(packedFalse)
	case jsontext.KindNumber:
		p.number(text)
	case jsontext.KindString:
		p.string(at, text[1:len(text)-1])
	case jsontext.KindBeginObject:
		p.object(at)
	case jsontext.KindBeginArray:
		p.add(packedList)
		for element := range p.document.elements(at) {
			p.value(element)
		}
		p.add(packedListEnd)
	}
}

func (p *packing) object(at int) {
	p.add(packedObject)
	nodes := p.document.nodes
	for name := at + 1; name < int(nodes[at].next); name = int(nodes[name+1].next) {
		quoted := p.document.value(name)
		p.name(quoted[1 : len(quoted)-1])
		p.value(name + 1)
	}
	p.add(nameEnd)
}

func (p *packing) name(name []byte) {
	code, known := p.tables.nameCodes[string(name)]
	switch {
	case !known:
		p.add(nameRaw)
		p.raw(name)
	case code < nameFar:
		p.add(byte(code))
	default:
		p.add(byte(nameFar+(code-nameFar)>>8), byte(code-nameFar))
	}
}

func (p *packing) raw(text []byte) {
	p.packed = binary.AppendUvarint(p.packed, uint64(len(text)))
	p.add(text...)
}

func (p *packing) number(text []byte) {
	switch length := symbolsAt(text); {
	case len(text) == 1:
		p.add(packedDigit + text[0] - '0')
	case length == len(text) && length <= maxPackedNumber:
		p.add(packedNumber + byte(length-1))
		p.symbols(text)
	default:
		p.add(packedRaw)
		p.raw(text)
	}
}

// symbols adds characters of the set symbols, two in a byte.
func (p *packing) symbols(text []byte) {
	for ; len(text) > 1; text = text[2:] {
		p.add(symbolCodes[text[0]]<<4 | symbolCodes[text[1]])
	}
	if len(text) == 1 {
		p.add(symbolCodes[text[0]] << 4)
	}
}

func (p *packing) string(at int, text []byte) {
	if code, usual := p.tables.textCodes[string(text)]; usual {
		p.add(code)
		return
	}
	before := len(p.packed)
	hash := maphash.Bytes(stringHashes, text)
	if earlier, found := p.nodes[hash]; found && bytes.Equal(p.document.value(int(earlier)), p.document.value(at)) {
		p.add(packedAgain, byte(earlier>>8), byte(earlier))
		return
	}
	if length := symbolsAt(text); length == len(text) && length <= maxPackedNumber {
		p.add(packedSymbols + byte(length-1))
		p.symbols(text)
	} else {
		p.add(packedText)
		p.segments(text)
		p.add(segmentEnd)
	}
	if len(p.packed)-before > 3 && at <= math.MaxUint16 {
		p.nodes[hash] = uint16(at)
	}
}

// segments adds a text of any kind. What is too short for a segment of its own kind stays plain.
func (p *packing) segments(text []byte) {
	plain := 0 // the bytes of text that wait to be added
	for plain < len(text) {
		rest := text[plain:]
		phrase := p.tables.phraseAt(rest)
		symbols, wide := min(symbolsAt(rest), maxSegment+1), min(wideAt(rest), maxSegment+1)
		switch {
		case phrase >= 0:
			text = p.plain(text, plain)
			p.add(segmentPhrase + byte(phrase))
			text, plain = text[len(p.tables.phrases[phrase]):], 0
		case symbols >= 4, symbols >= 2 && plain == 0:
			text = p.plain(text, plain)
			p.add(segmentSymbols + byte(symbols-1))
			p.symbols(text[:symbols])
			text, plain = text[symbols:], 0
		case wide >= 2, wide == 1 && plain == 0:
			text = p.plain(text, plain)
			p.wide(text, wide)
			text, plain = text[3*wide:], 0
		default:
			plain++
		}
	}
	p.plain(text, plain)
}

// plain adds so many bytes of text, and returns the rest.
func (p *packing) plain(text []byte, length int) (rest []byte) {
	for length > 0 {
		part := min(length, maxSegment)
		p.add(byte(part))
		p.add(text[:part]...)
		text, length = text[part:], length-part
	}
	return text
}

func (p *packing) wide(text []byte, characters int) {
	p.add(segmentWide + byte(characters-1))
	for range characters {
		character, size := utf8.DecodeRune(text)
		p.packed = binary.BigEndian.AppendUint16(p.packed, uint16(character))
		text = text[size:]
	}
}

// symbolsAt returns how many symbols text begins with.
func symbolsAt(text []byte) int {
	for i, c := range text {
		if !isSymbol[c] {
			return i
		}
	}
	return len(text)
}

// wideAt returns how many characters of three bytes text begins with. Bytes that are no UTF-8 are none.
func wideAt(text []byte) (characters int) {
	for len(text) >= 3 && text[0]&0xf0 == 0xe0 {
		if _, size := utf8.DecodeRune(text); size != 3 {
			break
		}
		characters++
		text = text[3:]
	}
	return characters
}
