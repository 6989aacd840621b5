package transport

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/graph/respcache"
)

// parameters are what a well-formed GraphQL request says.
type parameters struct {
	graphql.RawParams
	// documentID names a persisted document, instead of its text.
	documentID string
}

// parameterNames are the members of a request. Others are ignored, as the specification wants it;
// one that differs by case only is a mistake that would otherwise go unnoticed.
var parameterNames = [...]string{"query", "operationName", "variables", "extensions", "documentId"}

func isParameter(name string) bool { return slices.Contains(parameterNames[:], name) }

func isMisspelt(name string) bool {
	return slices.ContainsFunc(parameterNames[:], func(known string) bool { return strings.EqualFold(known, name) })
}

const misspeltMessage = "A parameter is spelt with the wrong case: query, operationName, variables, extensions, documentId."

// parse reads the parameters of a request strictly: what one reader would take for something else
// than another reader is refused.
func parse(request respcache.Request) (*parameters, *httpError) {
	if request.Get {
		return parseQueryString(string(request.Raw))
	}
	return parseBody(request.Raw)
}

func parseQueryString(raw string) (*parameters, *httpError) {
	values, err := splitQuery(raw)
	if err != nil {
		return nil, badRequest("The query string is malformed.")
	}
	for name, texts := range values {
		if !isParameter(name) {
			if isMisspelt(name) {
				return nil, badRequest(misspeltMessage)
			}
			continue
		}
		if len(texts) > 1 {
			return nil, badRequest("The parameter " + name + " was sent more than once.")
		}
		if !utf8.ValidString(texts[0]) {
			return nil, badRequest("The parameter " + name + " is not UTF-8.")
		}
	}
	var p parameters
	p.Query = values.Get("query")
	p.OperationName = values.Get("operationName")
	p.documentID = values.Get("documentId")
	if refused := parseURLObject(values, "variables", &p.Variables); refused != nil {
		return nil, refused
	}
	if refused := parseURLObject(values, "extensions", &p.Extensions); refused != nil {
		return nil, refused
	}
	return &p, nil
}

// splitQuery reads a query string as browsers write it: a semicolon, which url.ParseQuery refuses, is a
// character like others.
func splitQuery(raw string) (url.Values, error) {
	values := url.Values{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if err := cmp.Or(nameErr, valueErr); err != nil {
			return nil, err
		}
		values[name] = append(values[name], value)
	}
	return values, nil
}

// AsksForQuery reports whether a query string holds any parameter of a GraphQL request.
func AsksForQuery(raw string) bool {
	values, err := splitQuery(raw)
	return err != nil || slices.ContainsFunc(parameterNames[:], values.Has)
}

// parseURLObject reads a parameter that holds a JSON object. Empty is absent.
func parseURLObject(values url.Values, name string, target *map[string]any) *httpError {
	text := values.Get(name)
	if text == "" {
		return nil
	}
	object, err := decodeObject([]byte(text), maxValues)
	if errors.Is(err, errTooManyValues) {
		return tooManyValues()
	}
	if err != nil {
		return badRequest("The parameter " + name + " must be a JSON object: " + reasonOf(err) + ".")
	}
	*target = object
	return nil
}
