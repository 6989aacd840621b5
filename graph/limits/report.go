package limits

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"ordergraph/graph/internal/codes"
)

// An answer that refuses a document stays under 16 KiB: a character of a message may become six in
// JSON, and what stands around the message takes some hundred bytes.
const (
	maxErrors    = 8
	maxMessage   = 240 // bytes
	maxLocations = 4
	maxPath      = 16 // elements
	maxName      = 64 // bytes of one element
)

// present returns errors as gqlgen passes them on.
func present(exceeded []*Error) gqlerror.List {
	list := make(gqlerror.List, 0, len(exceeded))
	for _, err := range exceeded {
		list = append(list, err.present())
	}
	return list
}

func (e *Error) present() *gqlerror.Error {
	return &gqlerror.Error{
		Err: e, Message: e.Error(),
		Extensions: map[string]any{"code": codes.TooComplex, "limit": e.Limit, "maximum": e.Maximum},
	}
}

// report makes the errors of the executor fit to be sent: a limit, the parser's included, shows as
// QUERY_TOO_COMPLEX (the executor has overwritten the code), and neither the number of errors nor
// their messages, paths and locations are long, for they repeat names and values of the request. The
// list's errors are changed.
func report(list gqlerror.List, limits Limits) gqlerror.List {
	list = list[:min(len(list), maxErrors)]
	for i, err := range list {
		if exceeded := limitOf(err, limits); exceeded != nil {
			list[i] = exceeded.present()
			continue
		}
		err.Message = shorten(err.Message, maxMessage)
		err.Locations = err.Locations[:min(len(err.Locations), maxLocations)]
		err.Path = shortenPath(err.Path)
	}
	return list
}

// limitOf returns the limit that err is about, nil if it is about something else. The parser has no
// type for its limits, only texts; nothing that repeats words of a client is one of these.
func limitOf(err *gqlerror.Error, limits Limits) *Error {
	if exceeded, ok := errors.AsType[*Error](err); ok {
		return exceeded
	}
	switch err.Message {
	case fmt.Sprintf("exceeded token limit of %d", limits.Tokens):
		return &Error{Limit: MaxTokens, Maximum: limits.Tokens}
	case fmt.Sprintf("exceeded maximum nesting depth of %d", parser.MaxNestingDepth):
		// The parser counts lists and input objects as well.
		return &Error{Limit: MaxDepth, Maximum: min(limits.Depth, parser.MaxNestingDepth)}
	default:
		return nil
	}
}

func shortenPath(path ast.Path) ast.Path {
	path = path[:min(len(path), maxPath)]
	for i, element := range path {
		if name, ok := element.(ast.PathName); ok {
			path[i] = ast.PathName(shorten(string(name), maxName))
		}
	}
	return path
}

// shorten cuts text to at most length bytes and an ellipsis, between two characters.
func shorten(text string, length int) string {
	if len(text) <= length {
		return text
	}
	for length > 0 && !utf8.RuneStart(text[length]) {
		length--
	}
	return text[:length] + "…"
}
