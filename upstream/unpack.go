package upstream

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// unpacking is the state of reading one packed answer back.
type unpacking struct {
	tables   *packingTables
	packed   []byte
	at       int
	document *document
}

// next returns the next byte, and packedListEnd, with which nothing begins, behind the end.
func (u *unpacking) next() byte {
	if u.at >= len(u.packed) {
		return packedListEnd
	}
	u.at++
	return u.packed[u.at-1]
}

// take returns the next bytes.
func (u *unpacking) take(length int) ([]byte, error) {
	if length < 0 || length > len(u.packed)-u.at {
		return nil, errPacked
	}
	u.at += length
	return u.packed[u.at-length : u.at], nil
}

func (u *unpacking) raw() ([]byte, error) {
	length, size := binary.Uvarint(u.packed[u.at:])
	if size <= 0 || length > uint64(len(u.packed)) {
		return nil, errPacked
	}
	u.at += size
	return u.take(int(length))
}

func (u *unpacking) write(text ...byte) { u.document.text = append(u.document.text, text...) }

func (u *unpacking) writeString(text string) { u.document.text = append(u.document.text, text...) }

// begin adds a node that begins here and returns its index.
func (u *unpacking) begin() int {
	u.document.nodes = append(u.document.nodes, node{start: uint32(len(u.document.text))})
	return len(u.document.nodes) - 1
}

func (u *unpacking) end(at int) {
	u.document.nodes[at].end = uint32(len(u.document.text))
	u.document.nodes[at].next = uint32(len(u.document.nodes))
}

// value reads the value that begins with the byte first.
func (u *unpacking) value(first byte) (err error) {
	at := u.begin()
	switch {
	case first == packedNull:
		u.writeString("null")
	case first == packedTrue:
		u.writeString("true")
	case first == packedFalse:
		u.writeString("false")
	case first == packedObject:
		err = u.object()
	case first == packedList:
		err = u.list()
	case first == packedListEnd:
		err = errPacked
	case first == packedRaw:
		var text []byte
		text, err = u.raw()
		u.write(text...)
	case first == packedText:
		err = u.text()
	case first == packedAgain:
		err = u.again(at)
	case first < packedNumber:
		u.write('0' + first - packedDigit)
	case first < packedSymbols:
		err = u.symbols(int(first-packedNumber) + 1)
	case first < packedUsual:
		u.write('"')
		err = u.symbols(int(first-packedSymbols) + 1)
		u.write('"')
	default:
		err = u.usual(int(first - packedUsual))
	}
	u.end(at)
	return err
}

// again writes a string that came before the node at index at.
func (u *unpacking) again(at int) error {
	number, err := u.take(2)
	if err != nil {
		return err
	}
	node := int(binary.BigEndian.Uint16(number))
	if node >= at || u.document.kind(node) != jsontext.KindString {
		return errPacked
	}
	u.write(u.document.value(node)...)
	return nil
}

func (u *unpacking) usual(number int) error {
	if number >= len(u.tables.texts) {
		return errPacked
	}
	u.writeString(u.tables.texts[number])
	return nil
}

func (u *unpacking) list() error {
	u.write('[')
	for first := u.next(); first != packedListEnd; first = u.next() {
		u.comma('[')
		if err := u.value(first); err != nil {
			return err
		}
	}
	u.write(']')
	return nil
}

func (u *unpacking) object() error {
	u.write('{')
	for code := u.next(); code != nameEnd; code = u.next() {
		u.comma('{')
		if err := u.name(code); err != nil {
			return err
		}
		u.write(':')
		if err := u.value(u.next()); err != nil {
			return err
		}
	}
	u.write('}')
	return nil
}

// comma writes a comma unless the value that follows is the first one.
func (u *unpacking) comma(opening byte) {
	if text := u.document.text; text[len(text)-1] != opening {
		u.write(',')
	}
}

func (u *unpacking) name(code byte) error {
	at := u.begin()
	number := int(code)
	switch {
	case code == nameRaw:
		text, err := u.raw()
		u.write('"')
		u.write(text...)
		u.write('"')
		u.end(at)
		return err
	case code >= nameFar:
		number = nameFar + int(code-nameFar)<<8 + int(u.next())
	}
	if number >= len(u.tables.names) {
		return errPacked
	}
	u.writeString(u.tables.names[number])
	u.end(at)
	return nil
}

func (u *unpacking) symbols(length int) error {
	bytes, err := u.take((length + 1) / 2)
	if err != nil {
		return err
	}
	for _, pair := range bytes[:length/2] {
		u.write(symbols[pair>>4], symbols[pair&15])
	}
	if length%2 == 1 {
		u.write(symbols[bytes[length/2]>>4])
	}
	return nil
}

func (u *unpacking) text() error {
	u.write('"')
	for segment := u.next(); segment != segmentEnd; segment = u.next() {
		if err := u.segment(segment); err != nil {
			return err
		}
	}
	u.write('"')
	return nil
}

func (u *unpacking) segment(segment byte) error {
	switch {
	case segment < segmentSymbols:
		text, err := u.take(int(segment))
		u.write(text...)
		return err
	case segment < segmentWide:
		return u.symbols(int(segment-segmentSymbols) + 1)
	case segment < segmentPhrase:
		characters, err := u.take(2 * (int(segment-segmentWide) + 1))
		for ; len(characters) > 0; characters = characters[2:] {
			u.document.text = utf8.AppendRune(u.document.text, rune(binary.BigEndian.Uint16(characters)))
		}
		return err
	case int(segment-segmentPhrase) < len(u.tables.phrases):
		u.writeString(u.tables.phrases[segment-segmentPhrase])
		return nil
	default:
		return errPacked
	}
}
