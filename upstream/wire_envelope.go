package upstream

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// envelope is what surrounds an order: a response code, a text and the data. No sample of a refusal
// is published, and wrappers differ, so each part is looked for in several places.
type envelope struct {
	document *document
	root     int
	// data is the place of the member data, 0 if there is none.
	data int
	// code is the response code (响应代码), 0 for success; coded says that there is one at all.
	code  int
	coded bool
}

// readEnvelope reads the response code of an answer. An answer that is no JSON object has none.
func readEnvelope(doc *document) envelope {
	e := envelope{document: doc}
	e.data, _ = doc.member(e.root, "data")
	for _, object := range e.objects() {
		for _, name := range []string{"status", "code"} {
			if code, ok := e.whole(object, name); ok {
				e.code, e.coded = code, true
				return e
			}
		}
	}
	return e
}

// objects returns the places where an envelope may have its own members: on top and inside data.
func (e *envelope) objects() []int {
	if e.data == 0 {
		return []int{e.root}
	}
	return []int{e.root, e.data}
}

// whole returns a member that is a whole number, sent as a number or as text.
func (e *envelope) whole(object int, name string) (number int, ok bool) {
	at, found := e.document.member(object, name)
	if !found || e.document.kind(at) == jsontext.KindNull {
		return 0, false
	}
	var value Int
	if err := value.decode(e.document.value(at)); err != nil || !value.Valid {
		return 0, false
	}
	return int(value.Value), true
}

// text returns what the upstream says about the code, empty if it says nothing.
func (e *envelope) text() string {
	for _, object := range e.objects() {
		for _, name := range []string{"msg", "message", "error", "errmsg", "error_message", "errorMessage"} {
			if text := e.string(object, name); text != "" {
				return text
			}
		}
	}
	return e.document.string(e.data) // no text without data: the root is an object
}

// string returns a member that is a text, else the empty string.
func (e *envelope) string(object int, name string) string {
	at, found := e.document.member(object, name)
	if !found {
		return ""
	}
	return e.document.string(at)
}

// points returns what the call cost (deduct_money, 消耗点券), 0 where the upstream names nothing, and whether it
// names anything.
func (e *envelope) points() (points int, priced bool) {
	for _, object := range e.inward() {
		named, ok := e.whole(object, "deduct_money")
		if ok && named > 0 {
			return named, true
		}
		priced = priced || ok && named == 0
	}
	return 0, priced
}

// inward returns the places where an order may lie, the likeliest first: data.result, as the
// upstream's sample has it, and data, as its table has it, and the same without data. A place need
// not be an object.
func (e *envelope) inward() []int {
	var places []int
	for _, object := range slices.Backward(e.objects()) {
		places = append(places, object)
		if result, found := e.document.member(object, "result"); found {
			places = append(places, result)
		}
	}
	return places
}

// refusal returns the error for a code other than 0 and the text beside it.
func (e *envelope) refusal(code int, text string) *Error {
	err := &Error{Kind: kindOfCode(code, text), Status: code, Outage: code == 101 || code == 200}
	if err.Kind == KindShopNotAuthorized {
		err.AuthorizationURL = e.authorizationURL(text)
	}
	return err
}

// kindOfCode translates a documented response code; the document calls 200 a failure too.
func kindOfCode(code int, text string) Kind {
	switch code {
	case 100:
		return KindBadUserInput
	case 101:
		return KindTimeout
	case 103:
		return KindAccountNotFound
	case 203:
		return KindUnsupported
	case 204:
		return kindOf204(text)
	case 302:
		return KindShopNotAuthorized
	default:
		return KindUpstreamError
	}
}

// kindOf204 tells the two errors apart that share the code 204. A text that has words of both, such
// as a missing right that can be bought (充值), tells neither.
func kindOf204(text string) Kind {
	permission := strings.Contains(text, "权限")
	quota := false
	for _, word := range []string{"次数", "余额", "充值", "兑换"} {
		quota = quota || strings.Contains(text, word)
	}
	switch {
	case permission && !quota:
		return KindPermissionDenied
	case quota && !permission:
		return KindQuotaExhausted
	default:
		return KindPermissionOrQuota
	}
}

// addressInText finds the first address in a text. An address ends where the visible ASCII
// characters do, since the text around it is Chinese.
var addressInText = regexp.MustCompile(`(?i)https?://[!#-&(-;=?-~]+`)

// authorizationURL returns where the shop's owner can grant access: from a member of data, from data
// itself, or from the text. Empty unless http or https.
func (e *envelope) authorizationURL(text string) string {
	for _, object := range slices.Backward(e.objects()) {
		for _, name := range []string{"auth_link", "authUrl", "auth_url", "url", "link"} {
			if address := parseURL(e.string(object, name)); address != "" {
				return string(address)
			}
		}
	}
	if address := parseURL(e.document.string(e.data)); address != "" {
		return string(address)
	}
	found := addressInText.Find([]byte(text))
	return string(parseURL(string(bytes.TrimRight(found, ".,;:!?)]"))))
}
