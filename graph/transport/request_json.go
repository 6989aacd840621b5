package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// maxNesting bounds objects and arrays inside each other in a request. An entity representation
// with everything that a router can add stays well below.
const maxNesting = 64

// maxValues bounds the values of all lists and objects in a request together. Tiny ones take thirty times
// the memory of their text. A hundred orders can be named by representations of a hundred members each.
const maxValues = 10_000

// valuesLimit is the name of that bound in errors. It is no setting.
const valuesLimit = "json-values"

// jsonReader is a strict decoder: duplicate names, invalid UTF-8 and trailing bytes are errors.
type jsonReader struct {
	jsontext.Decoder
	buffer bytes.Buffer
	// left is how many values may still be read into memory.
	left int
}

var jsonReaderPool = sync.Pool{New: func() any { return new(jsonReader) }}

// readJSON calls read with a decoder of at most the given number of values over raw, and makes sure that
// nothing follows the value.
func readJSON(raw []byte, values int, read func(*jsonReader) error) error {
	reader := jsonReaderPool.Get().(*jsonReader)
	defer func() {
		reader.buffer = bytes.Buffer{}
		jsonReaderPool.Put(reader)
	}()
	// The decoder parses a bytes.Buffer in place.
	reader.buffer, reader.left = *bytes.NewBuffer(raw), values
	reader.Reset(&reader.buffer)
	if err := read(reader); err != nil {
		return err
	}
	if _, err := reader.ReadToken(); err != io.EOF {
		return errTrailing
	}
	return nil
}

// A shapeError is JSON that is no GraphQL request. Its text is shown to the caller.
type shapeError string

func (e shapeError) Error() string { return string(e) }

const (
	errTrailing  = shapeError("something follows the JSON value")
	errNotObject = shapeError("it is not an object")
	errBatch     = shapeError("it is an array; batching is not supported, send one operation a request")
	errMisspelt  = shapeError("a parameter is spelt with the wrong case")
	errNesting   = shapeError("it is nested too deeply")
)

var errTooManyValues = errors.New("too many values")

// reasonOf says what is wrong with JSON, without a word of it.
func reasonOf(err error) string {
	if shape, ok := errors.AsType[shapeError](err); ok {
		return string(shape)
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "a member name occurs twice in one object"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends early"
	default:
		return "it is not valid JSON in UTF-8"
	}
}

func parseBody(raw []byte) (*parameters, *httpError) {
	if len(raw) == 0 {
		return nil, badRequest("The request body is empty.")
	}
	var p parameters
	if err := readJSON(raw, maxValues, p.read); err != nil {
		if errors.Is(err, errTooManyValues) {
			return nil, tooManyValues()
		}
		return nil, badRequest("The request body is malformed: " + reasonOf(err) + ".")
	}
	return &p, nil
}

// read takes the members of the request object. Members that the specification doesn't know are
// checked and skipped.
func (p *parameters) read(decoder *jsonReader) error {
	switch decoder.PeekKind() {
	case '{':
	case '[':
		return errBatch
	case jsontext.KindInvalid:
		_, err := decoder.ReadToken()
		return err
	default:
		return errNotObject
	}
	return readMembers(decoder, func(name string) (err error) {
		switch name {
		case "query":
			p.Query, err = readString(decoder, name, true)
		case "operationName":
			p.OperationName, err = readString(decoder, name, true)
		case "documentId":
			p.documentID, err = readString(decoder, name, true)
		case "variables":
			p.Variables, err = readNullableObject(decoder, name)
		case "extensions":
			p.Extensions, err = readNullableObject(decoder, name)
		default:
			if isMisspelt(name) {
				return errMisspelt
			}
			_, err = readAny(decoder)
		}
		return err
	})
}

// readMembers calls member after each name of an object; member must consume the value.
func readMembers(decoder *jsonReader, member func(name string) error) error {
	if err := enter(decoder); err != nil {
		return err
	}
	for decoder.PeekKind() != '}' {
		name, err := decoder.ReadToken()
		if err != nil {
			return err
		}
		if err := member(name.String()); err != nil {
			return err
		}
	}
	_, err := decoder.ReadToken()
	return err
}

// enter reads the beginning of an object or array.
func enter(decoder *jsonReader) error {
	if decoder.StackDepth() >= maxNesting {
		return errNesting
	}
	_, err := decoder.ReadToken()
	return err
}

func readString(decoder *jsonReader, name string, nullable bool) (string, error) {
	token, err := decoder.ReadToken()
	if err != nil {
		return "", err
	}
	switch kind := token.Kind(); {
	case kind == '"':
		return token.String(), nil
	case kind == 'n' && nullable:
		return "", nil
	default:
		return "", shapeError("the parameter " + name + " is not a string")
	}
}

func readNullableObject(decoder *jsonReader, name string) (map[string]any, error) {
	switch decoder.PeekKind() {
	case 'n':
		_, err := decoder.ReadToken()
		return nil, err
	case '{':
		return readObject(decoder)
	case jsontext.KindInvalid:
		_, err := decoder.ReadToken()
		return nil, err
	default:
		return nil, shapeError("the parameter " + name + " is not an object")
	}
}

func readObject(decoder *jsonReader) (map[string]any, error) {
	object := map[string]any{}
	err := readMembers(decoder, func(name string) error {
		value, err := readAny(decoder)
		object[name] = value
		return err
	})
	return object, err
}

func readArray(decoder *jsonReader) ([]any, error) {
	if err := enter(decoder); err != nil {
		return nil, err
	}
	array := []any{}
	for decoder.PeekKind() != ']' {
		value, err := readAny(decoder)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := decoder.ReadToken()
	return array, err
}

// readAny reads any value. Numbers become json.Number and keep every digit: an order id in a
// float64 would be another order.
func readAny(decoder *jsonReader) (any, error) {
	if decoder.left--; decoder.left < 0 {
		return nil, errTooManyValues
	}
	switch decoder.PeekKind() {
	case '{':
		return readObject(decoder)
	case '[':
		return readArray(decoder)
	}
	token, err := decoder.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '"':
		return token.String(), nil
	case '0':
		return json.Number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	default:
		return nil, nil
	}
}

// decodeObject reads raw as one JSON object of at most the given number of values, or null.
func decodeObject(raw []byte, values int) (object map[string]any, err error) {
	err = readJSON(raw, values, func(decoder *jsonReader) error {
		switch decoder.PeekKind() {
		case '{':
			object, err = readObject(decoder)
			return err
		case 'n', jsontext.KindInvalid:
			_, err = decoder.ReadToken()
			return err
		default:
			return errNotObject
		}
	})
	return object, err
}
