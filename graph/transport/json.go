package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxNesting bounds objects and arrays inside each other. An entity representation with everything that a
	// router can add stays well below.
	maxNesting = 64
	// maxValues bounds the values of a request, those of all lists and objects together. Tiny ones take thirty
	// times the memory of their text. A hundred orders can be named by representations of a hundred members
	// each.
	maxValues = 10_000
)

var (
	errTooManyValues = errors.New("too many values")
	errNesting       = errors.New("it is nested too deeply")
	errTrailing      = errors.New("something follows the JSON value")
)

// jsonReader is a strict decoder: duplicate names, invalid UTF-8 and trailing bytes are errors.
type jsonReader struct {
	jsontext.Decoder
	buffer bytes.Buffer
	// left is how many values may still be read into memory.
	left int
}

var jsonReaderPool = sync.Pool{New: func() any { return new(jsonReader) }}

// readJSON reads raw as one JSON value that holds at most the given number of values.
func readJSON(raw []byte, values int) (any, error) {
	reader := jsonReaderPool.Get().(*jsonReader)
	defer func() {
		reader.buffer = bytes.Buffer{}
		jsonReaderPool.Put(reader)
	}()
	// The decoder parses a bytes.Buffer in place.
	reader.buffer, reader.left = *bytes.NewBuffer(raw), values
	reader.Reset(&reader.buffer)
	value, err := reader.read()
	if err != nil {
		return nil, err
	}
	if _, err := reader.ReadToken(); err != io.EOF {
		return nil, errTrailing
	}
	return value, nil
}

// read reads any value. Numbers become json.Number and keep every digit: an order id in a float64 would be
// another order.
func (r *jsonReader) read() (any, error) {
	if r.left--; r.left < 0 {
		return nil, errTooManyValues
	}
	token, err := r.ReadToken()
	if err != nil {
		return nil, err
	}
	if r.StackDepth() > maxNesting {
		return nil, errNesting
	}
	switch token.Kind() {
	case '{':
		object := map[string]any{}
		for r.PeekKind() != '}' {
			token, err := r.ReadToken()
			if err != nil {
				return nil, err
			}
			name := token.String()
			if object[name], err = r.read(); err != nil {
				return nil, err
			}
		}
		_, err := r.ReadToken()
		return object, err
	case '[':
		array := []any{}
		for r.PeekKind() != ']' {
			value, err := r.read()
			if err != nil {
				return nil, err
			}
			array = append(array, value)
		}
		_, err := r.ReadToken()
		return array, err
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

// reasonOf says what is wrong with JSON, without a word of it.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, errNesting), errors.Is(err, errTrailing):
		return err.Error()
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "a member name occurs twice in one object"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends early"
	default:
		return "it is not valid JSON in UTF-8"
	}
}
