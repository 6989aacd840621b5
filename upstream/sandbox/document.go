package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A JSON document keeps the order of its members and every digit of its numbers. Its values are
// object, list, string, number, bool, nil and raw. They are never changed in place: fixtures are shared.
type (
	object []member
	list   []any
	// number is a JSON number as it is written.
	number string
	// raw is a JSON text that is sent as it is, right or wrong.
	raw string
)

type member struct {
	name  string
	value any
}

// get returns the named member's value, nil if there is none.
func (o object) get(name string) any {
	for i := range o {
		if o[i].name == name {
			return o[i].value
		}
	}
	return nil
}

// add appends a member to an object under construction.
func (o *object) add(name string, value any) { *o = append(*o, member{name, value}) }

// integer returns n as a JSON number.
func integer(n int64) number { return number(strconv.FormatInt(n, 10)) }

// parseDocument reads one JSON value.
func parseDocument(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return parseValue(decoder)
}

func parseValue(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, fmt.Errorf("parse JSON: %w", err)
	}
	switch token := token.(type) {
	case json.Number:
		return number(token), nil
	case json.Delim:
		if token == '{' {
			return parseObject(decoder)
		}
		return parseList(decoder)
	default:
		return token, nil
	}
}

func parseObject(decoder *json.Decoder) (any, error) {
	members := object{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("parse JSON object: %w", err)
		}
		value, err := parseValue(decoder)
		if err != nil {
			return nil, err
		}
		members.add(name.(string), value)
	}
	_, err := decoder.Token()
	return members, err
}

func parseList(decoder *json.Decoder) (any, error) {
	elements := list{}
	for decoder.More() {
		value, err := parseValue(decoder)
		if err != nil {
			return nil, err
		}
		elements = append(elements, value)
	}
	_, err := decoder.Token()
	return elements, err
}

// appendDocument writes value as JSON without white space. String values go through appendText.
func appendDocument(buffer []byte, value any, appendText func([]byte, string) []byte) []byte {
	switch value := value.(type) {
	case nil:
		return append(buffer, "null"...)
	case bool:
		return strconv.AppendBool(buffer, value)
	case string:
		return appendText(buffer, value)
	case number:
		return append(buffer, value...)
	case raw:
		return append(buffer, value...)
	case list:
		buffer = append(buffer, '[')
		for i, element := range value {
			if i > 0 {
				buffer = append(buffer, ',')
			}
			buffer = appendDocument(buffer, element, appendText)
		}
		return append(buffer, ']')
	case object:
		buffer = append(buffer, '{')
		for i := range value {
			if i > 0 {
				buffer = append(buffer, ',')
			}
			buffer = appendText(buffer, value[i].name)
			buffer = append(buffer, ':')
			buffer = appendDocument(buffer, value[i].value, appendText)
		}
		return append(buffer, '}')
	default:
		panic(fmt.Sprintf("sandbox: %T is no JSON value", value))
	}
}

// appendString writes text as a JSON string, Chinese as it is.
func appendString(buffer []byte, text string) []byte {
	buffer = append(buffer, '"')
	written := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		buffer = append(buffer, text[written:i]...)
		written = i + 1
		switch {
		case c == '\n':
			buffer = append(buffer, '\\', 'n')
		case c < ' ':
			buffer = fmt.Appendf(buffer, `\u%04x`, c)
		default:
			buffer = append(buffer, '\\', c)
		}
	}
	return append(append(buffer, text[written:]...), '"')
}

// appendStringLikePHP writes text the way PHP's json_encode does unless told otherwise: slashes
// escaped, and everything outside ASCII as \u escapes.
func appendStringLikePHP(buffer []byte, text string) []byte {
	buffer = append(buffer, '"')
	for _, c := range text {
		switch {
		case c == '"', c == '\\', c == '/':
			buffer = append(buffer, '\\', byte(c))
		case c >= ' ' && c < utf8.RuneSelf:
			buffer = append(buffer, byte(c))
		default:
			buffer = appendEscaped(buffer, c)
		}
	}
	return append(buffer, '"')
}

func appendEscaped(buffer []byte, c rune) []byte {
	if c < 0x10000 {
		return fmt.Appendf(buffer, `\u%04x`, c)
	}
	c -= 0x10000
	return fmt.Appendf(buffer, `\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
}

// rewrite returns a copy of value in which every value was replaced by what replace returns for it,
// innermost first. The path has member names and list indexes with dots between them, as in
// "product_items.0.price".
func rewrite(value any, path string, replace func(path string, value any) any) any {
	switch inner := value.(type) {
	case object:
		members := make(object, len(inner))
		for i, m := range inner {
			members[i] = member{m.name, rewrite(m.value, join(path, m.name), replace)}
		}
		value = members
	case list:
		elements := make(list, len(inner))
		for i, element := range inner {
			elements[i] = rewrite(element, join(path, strconv.Itoa(i)), replace)
		}
		value = elements
	}
	return replace(path, value)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
