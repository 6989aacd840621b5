package transport

import (
	"mime"
	"strconv"
	"strings"
)

// mediaType is a form in which a GraphQL answer may be sent. They differ in the status of request
// errors only: 400 under graphqlResponse, 200 under plainJSON.
type mediaType uint8

const (
	mediaNone mediaType = iota
	// plainJSON is application/json, the legacy form and the default.
	plainJSON
	// graphqlResponse is application/graphql-response+json.
	graphqlResponse
)

var contentTypes = [...][]string{
	// An error about what is acceptable must come in some form.
	mediaNone:       {"application/json; charset=utf-8"},
	plainJSON:       {"application/json; charset=utf-8"},
	graphqlResponse: {"application/graphql-response+json; charset=utf-8"},
}

// preference is how much a client likes one media type: first its quality, then how exactly it was
// named.
type preference struct {
	quality   float64
	precision int // 0 not named, 1 by */*, 2 by its first half and /*, or exact
}

// exact is the precision of a media type that is named in full.
const exact = 3

// negotiate chooses the media type for the given Accept headers, mediaNone if they admit none. No
// header and wildcards mean application/json; equally liked, the newer form wins.
func negotiate(accept []string) mediaType {
	if len(accept) == 0 {
		return plainJSON
	}
	if len(accept) == 1 {
		switch accept[0] {
		case "*/*", "application/json", "":
			return plainJSON
		case "application/graphql-response+json", "application/graphql-response+json,application/json;q=0.9":
			return graphqlResponse
		}
	}
	list := strings.Join(accept, ",")
	if strings.Trim(list, ", \t") == "" {
		return plainJSON
	}
	var plain, modern preference
	for element := range strings.SplitSeq(list, ",") {
		plain.consider(element, "application/json")
		modern.consider(element, "application/graphql-response+json")
	}
	switch {
	case plain.quality == 0 && modern.quality == 0:
		return mediaNone
	case modern.quality > plain.quality,
		modern.quality == plain.quality && modern.precision >= plain.precision && modern.precision == exact:
		return graphqlResponse
	default:
		return plainJSON
	}
}

// PrefersHTML reports whether the given Accept headers name HTML and like it no less than what the API
// answers, as browsers do when they open a page.
func PrefersHTML(accept []string) bool {
	var html, plain, modern preference
	for element := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		html.consider(element, "text/html")
		plain.consider(element, "application/json")
		modern.consider(element, "application/graphql-response+json")
	}
	return html.precision == exact && html.quality > 0 && html.quality >= plain.quality && html.quality >= modern.quality
}

// consider takes one element of an Accept header into account; the most exact one that matches
// counts. Malformed and empty elements admit nothing.
func (p *preference) consider(element, offer string) {
	mediaRange, parameters, err := mime.ParseMediaType(element)
	if err != nil {
		return
	}
	precision := 0
	switch half, _, _ := strings.Cut(offer, "/"); mediaRange {
	case "*/*":
		precision = 1
	case half + "/*":
		precision = 2
	case offer:
		precision = exact
	}
	if precision == 0 || precision < p.precision {
		return
	}
	if charset, given := parameters["charset"]; given && !isUTF8(charset) {
		return
	}
	quality := 1.0
	if text, given := parameters["q"]; given {
		quality, err = strconv.ParseFloat(text, 64)
		if err != nil || quality < 0 || quality > 1 {
			return
		}
	}
	*p = preference{quality: quality, precision: precision}
}

func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}
