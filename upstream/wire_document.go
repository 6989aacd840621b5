package upstream

import (
	"bytes"
	"iter"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// document is a JSON text that was read once: it knows where each value stands, so that looking for
// a key in several places costs no second reading. It keeps the text; never change that.
type document struct {
	text  []byte
	nodes []node
}

// maxKeptDocument is how many nodes a document may have to be used again: one huge answer
// must not hold its memory for ever.
const maxKeptDocument = 32 << 10

// documents are the ones that can be used again.
var documents = sync.Pool{New: func() any { return new(document) }}

// release gives the document back. Nothing of it may be used after that.
func (doc *document) release() {
	if cap(doc.nodes) > maxKeptDocument {
		doc.nodes = nil
	}
	doc.text, doc.nodes = nil, doc.nodes[:0]
	documents.Put(doc)
}

// node is the place of one JSON value, or of one member name, which stands before its value.
type node struct {
	start, end uint32
	// next is the index of the first node behind this value and everything in it.
	next uint32
}

// value returns the JSON text of the value at index at.
func (doc *document) value(at int) jsontext.Value {
	place := doc.nodes[at]
	return jsontext.Value(doc.text[place.start:place.end:place.end])
}

// kind returns the kind of the value at index at, which its first byte tells.
func (doc *document) kind(at int) jsontext.Kind {
	first := doc.text[doc.nodes[at].start]
	if first == '-' || '0' <= first && first <= '9' {
		return jsontext.KindNumber
	}
	return jsontext.Kind(first)
}

// empty reports whether the value is null, a blank text, [] or {}: all the ways in which a PHP service
// says that there is nothing.
func (doc *document) empty(at int) bool {
	switch doc.kind(at) {
	case jsontext.KindNull:
		return true
	case jsontext.KindString:
		return len(bytes.TrimSpace(doc.text[doc.nodes[at].start+1:doc.nodes[at].end-1])) == 0
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

// list returns the places of the elements of a list that are not empty. An object whose keys are all
// numbers is a list that PHP sent with gaps, in the order of its keys; any other value is a list of one.
func (doc *document) list(at int) []int {
	if doc.empty(at) {
		return nil
	}
	var elements []int
	switch doc.kind(at) {
	case jsontext.KindBeginArray:
		elements = slices.Collect(doc.elements(at))
	case jsontext.KindBeginObject:
		numbered, ok := doc.numberedMembers(at)
		if !ok {
			return []int{at}
		}
		elements = numbered
	default:
		return []int{at}
	}
	return slices.DeleteFunc(elements, doc.empty)
}

// numberedMembers returns the values of an object whose keys are all numbers, in their order; of a number
// that comes twice, the last.
func (doc *document) numberedMembers(at int) (values []int, ok bool) {
	type numbered struct {
		number Decimal
		value  int
	}
	var members []numbered
	for name, value := range doc.members(at) {
		number, err := parseDecimal(string(name))
		if err != nil {
			return nil, false
		}
		members = append(members, numbered{number, value})
	}
	slices.SortStableFunc(members, func(a, b numbered) int { return a.number.compare(b.number) })
	for i, member := range members {
		if i+1 < len(members) && members[i+1].number.compare(member.number) == 0 {
			continue
		}
		values = append(values, member.value)
	}
	return values, true
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

// string returns the text of a value that is a string, else the empty string.
func (doc *document) string(at int) string {
	if doc.kind(at) != jsontext.KindString {
		return ""
	}
	return string(unquoted(doc.value(at)))
}

// unquoted returns the text of a JSON string that was already read once. It shares the memory of
// value where nothing is escaped.
func unquoted(value jsontext.Value) []byte {
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	// A string that was read before is valid but for lone surrogates, which become U+FFFD: there is no
	// other error to lose.
	text, _ := jsontext.AppendUnquote(make([]byte, 0, len(inner)), []byte(value))
	return text
}
