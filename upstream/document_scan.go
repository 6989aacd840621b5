package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxValues bounds how many JSON values one answer may hold. A real order has some hundreds;
	// without the bound 8 MiB of "0,0,0" would need twelve times their size.
	maxValues = 1 << 20
	// maxLevels bounds how deep objects and lists may be nested.
	maxLevels = 10_000
)

var (
	errTooManyValues = fmt.Errorf("more than %d JSON values", maxValues)
	errTooDeep       = fmt.Errorf("more than %d levels", maxLevels)
	errTrailing      = errors.New("text after the JSON value")
	errUnexpected    = errors.New("an unexpected character, or the end")
	errNumber        = errors.New("not a number")
	errString        = errors.New("not a string")
)

// parseDocument reads a whole JSON text (RFC 8259). Duplicate names are allowed; invalid UTF-8,
// unpaired surrogates, trailing text, and too many levels or values are not. The error says where,
// and holds no part of the text. The document keeps the text.
//
// A general decoder takes three times as long: it keeps a stack of names, and can't say where a value
// stands without being asked.
func parseDocument(text []byte) (*document, error) {
	doc := newDocument()
	s := scanner{text: text, nodes: slices.Grow(doc.nodes, len(text)/12+8)}
	err := s.document()
	doc.text, doc.nodes, doc.ownsText = text, s.nodes, false
	if err != nil {
		doc.release()
		return nil, fmt.Errorf("not JSON at byte %d: %w", s.at, err)
	}
	return doc, nil
}

// scanner goes through a JSON text and notes its values. It stops at the first mistake.
type scanner struct {
	text  []byte
	at    int
	nodes []node
	// open are the indexes of the objects and lists that have begun.
	open []uint32
}

func (s *scanner) document() error {
	for {
		opened, err := s.value()
		if err != nil {
			return err
		}
		if opened {
			continue
		}
		more, err := s.afterValue()
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if s.next(); s.at < len(s.text) {
		return errTrailing
	}
	return nil
}

// next skips white space and returns the byte behind it, 0 at the end.
func (s *scanner) next() byte {
	for i, c := range s.text[s.at:] {
		if c > ' ' || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			s.at += i
			return c
		}
	}
	s.at = len(s.text)
	return 0
}

// value reads a scalar or an empty object or list. It returns true where it read only the beginning of
// one that has a value, and stands before that value.
func (s *scanner) value() (opened bool, err error) {
	switch c := s.next(); c {
	case '{', '[':
		return s.begin(c)
	case '"':
		return false, s.string()
	case 't':
		return false, s.word("true")
	case 'f':
		return false, s.word("false")
	case 'n':
		return false, s.word("null")
	default:
		return false, s.number()
	}
}

func (s *scanner) begin(kind byte) (opened bool, err error) {
	s.open = append(s.open, uint32(len(s.nodes)))
	if len(s.open) > maxLevels {
		return false, errTooDeep
	}
	if err := s.add(node{start: uint32(s.at)}); err != nil {
		return false, err
	}
	s.at++
	if s.next() == kind+2 { // in ASCII, each kind of bracket closes two behind its opening
		s.end()
		return false, nil
	}
	if kind == '{' {
		return true, s.name()
	}
	return true, nil
}

func (s *scanner) end() {
	s.at++
	container := &s.nodes[s.open[len(s.open)-1]]
	container.end, container.next = uint32(s.at), uint32(len(s.nodes))
	s.open = s.open[:len(s.open)-1]
}

// afterValue reads the ends of the objects and lists that end here. It returns true where another
// value follows, and stands before it.
func (s *scanner) afterValue() (more bool, err error) {
	for len(s.open) > 0 {
		kind := s.text[s.nodes[s.open[len(s.open)-1]].start]
		switch s.next() {
		case kind + 2:
			s.end()
		case ',':
			s.at++
			if kind == '{' {
				return true, s.name()
			}
			return true, nil
		default:
			return false, errUnexpected
		}
	}
	return false, nil
}

// name reads the name of a member and the colon.
func (s *scanner) name() error {
	if s.next() != '"' {
		return errUnexpected
	}
	if err := s.string(); err != nil {
		return err
	}
	if s.next() != ':' {
		return errUnexpected
	}
	s.at++
	return nil
}

func (s *scanner) word(word string) error {
	if !bytes.HasPrefix(s.text[s.at:], []byte(word)) {
		return errUnexpected
	}
	return s.scalar(len(word))
}

// scalar adds the value or name of the given length that begins here.
func (s *scanner) scalar(length int) error {
	start := s.at
	s.at += length
	return s.add(node{start: uint32(start), end: uint32(s.at), next: uint32(len(s.nodes)) + 1})
}

func (s *scanner) add(n node) error {
	if len(s.nodes) >= maxValues {
		return errTooManyValues
	}
	s.nodes = append(s.nodes, n)
	return nil
}

// special tells which bytes of a string are not simply part of it.
var special = func() (special [256]bool) {
	for c := range special {
		special[c] = c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf
	}
	return special
}()

func (s *scanner) string() error {
	rest := s.text[s.at:]
	escaped, foreign := false, false
	for i := 1; i < len(rest); i++ {
		c := rest[i]
		if !special[c] {
			continue
		}
		switch {
		case c == '"':
			text := rest[:i+1]
			if foreign && !utf8.Valid(text) || escaped && !isUnquotable(text) {
				return errString
			}
			return s.scalar(len(text))
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			return errString
		default:
			foreign = true
		}
	}
	return errString
}

// isUnquotable tells whether the escapes of a string are right.
func isUnquotable(text []byte) bool {
	_, err := jsontext.AppendUnquote(nil, text)
	return err == nil
}

func (s *scanner) number() error {
	rest := s.text[s.at:]
	i := 0
	if i < len(rest) && rest[i] == '-' {
		i++
	}
	whole := digitsAt(rest, i)
	if whole == 0 || whole > 1 && rest[i] == '0' {
		return errNumber
	}
	i += whole
	if i < len(rest) && rest[i] == '.' {
		fraction := digitsAt(rest, i+1)
		if fraction == 0 {
			return errNumber
		}
		i += 1 + fraction
	}
	if i < len(rest) && (rest[i] == 'e' || rest[i] == 'E') {
		i++
		if i < len(rest) && (rest[i] == '+' || rest[i] == '-') {
			i++
		}
		exponent := digitsAt(rest, i)
		if exponent == 0 {
			return errNumber
		}
		i += exponent
	}
	return s.scalar(i)
}

// digitsAt returns how many digits stand at index at of text.
func digitsAt(text []byte, at int) int {
	i := at
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	return i - at
}
