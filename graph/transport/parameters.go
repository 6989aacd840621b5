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

var parameterNames = [...]string{"query", "operationName", "variables", "extensions", "documentId"}

// parse reads the parameters of a request strictly: what one reader would take for something else than another
// reader is refused.
func parse(request respcache.Request) (*parameters, *httpError) {
	if request.Get {
		return parseQueryString(string(request.Raw))
	}
	if len(request.Raw) == 0 {
		return nil, badRequest("The request body is empty.")
	}
	value, err := readJSON(request.Raw, maxValues)
	if err != nil {
		return nil, malformed("The request body is malformed", err)
	}
	switch value := value.(type) {
	case map[string]any:
		return parametersOf(value)
	case []any:
		return nil, badRequest("The request body is an array; batching is not supported, send one operation a request.")
	default:
		return nil, badRequest("The request body is not an object.")
	}
}

func parseQueryString(raw string) (*parameters, *httpError) {
	values, err := splitQuery(raw)
	if err != nil {
		return nil, badRequest("The query string is malformed.")
	}
	members := map[string]any{}
	for name, texts := range values {
		members[name] = texts[0]
		switch {
		case !slices.Contains(parameterNames[:], name):
		case len(texts) > 1:
			return nil, badRequest("The parameter " + name + " was sent more than once.")
		case !utf8.ValidString(texts[0]):
			return nil, badRequest("The parameter " + name + " is not UTF-8.")
		case name == "variables" || name == "extensions":
			members[name] = nil // empty is absent
			if texts[0] == "" {
				continue
			}
			if members[name], err = readJSON([]byte(texts[0]), maxValues); err != nil {
				return nil, malformed("The parameter "+name+" is malformed", err)
			}
		}
	}
	return parametersOf(members)
}

// parametersOf takes the parameters from the members of a request; null is absent. Other members are ignored, as
// the specification wants it; one that differs by case only is a mistake that would otherwise go unnoticed.
func parametersOf(members map[string]any) (*parameters, *httpError) {
	var p parameters
	for name, value := range members {
		if !slices.Contains(parameterNames[:], name) {
			if slices.ContainsFunc(parameterNames[:], func(known string) bool { return strings.EqualFold(known, name) }) {
				return nil, badRequest("A parameter is spelt with the wrong case: " + strings.Join(parameterNames[:], ", ") + ".")
			}
			continue
		}
		if value == nil {
			continue
		}
		var right bool
		switch name {
		case "query":
			p.Query, right = value.(string)
		case "operationName":
			p.OperationName, right = value.(string)
		case "documentId":
			p.documentID, right = value.(string)
		case "variables":
			p.Variables, right = value.(map[string]any)
		case "extensions":
			p.Extensions, right = value.(map[string]any)
		}
		if !right {
			return nil, badRequest("The parameter " + name + " has the wrong type.")
		}
	}
	return &p, nil
}

// malformed refuses JSON that could not be read, or takes far more memory than it has bytes.
func malformed(what string, err error) *httpError {
	if errors.Is(err, errTooManyValues) {
		return tooManyValues()
	}
	return badRequest(what + ": " + reasonOf(err) + ".")
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
