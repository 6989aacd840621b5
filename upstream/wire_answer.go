package upstream

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	// errNoEnvelope says that a body is neither an envelope nor an order. The HTTP status then
	// decides what it means.
	errNoEnvelope = errors.New("the answer is no envelope")

	errNoBaseInfo   = errors.New("the answer has parts of an order but no base_info")
	errWrongShape   = errors.New("the answer's data is neither an order nor empty")
	errAnotherOrder = errors.New("the answer is about another order")
	errEmbedded     = errors.New("the answer says success and carries an error")
)

// MaxAnswerBytes is how large an answer may be, inflated, where nobody says otherwise.
const MaxAnswerBytes = 8 << 20

// Answer is what one answer of the upstream says.
type Answer struct {
	// Order is nil when the upstream answered with success but without an order.
	Order *Order
	// Points is what the call cost (deduct_money, 消耗点券), 0 where the upstream named nothing. It is
	// set for refusals too.
	Points int
	// Priced says that the upstream named what the call cost, be it nothing.
	Priced bool
	// Compactable says that [CompactAnswer] loses nothing that the order shows. Where an object stands in place of
	// a scalar, the scalar's raw text has the white space in it.
	Compactable bool
}

// DecodeAnswer reads the body of an answer to a request for key that was received at fetchedAt. Every
// error is an [*Error]. The answer shares no memory with body.
func DecodeAnswer(body []byte, key Key, fetchedAt time.Time) (Answer, error) {
	doc, err := parseDocument(body)
	if err != nil {
		return Answer{}, &Error{Kind: KindBadResponse, Outage: true, Cause: fmt.Errorf("%w: %w", errNoEnvelope, err)}
	}
	defer doc.release()
	return doc.answer(key, fetchedAt)
}

// answer reads an answer to a request for key. It keeps nothing of the document.
func (doc *document) answer(key Key, fetchedAt time.Time) (Answer, error) {
	envelope := readEnvelope(doc)
	at, found := envelope.order()
	if !envelope.coded && !found {
		return Answer{}, &Error{Kind: KindBadResponse, Cause: errNoEnvelope}
	}
	var answer Answer
	answer.Points, answer.Priced = envelope.points()
	switch {
	case envelope.code != 0:
		return answer, envelope.refusal(envelope.code, envelope.text())
	case !found:
		return answer, envelope.withoutOrder()
	case !isAbout(doc, at, key.ID):
		return answer, &Error{Kind: KindBadResponse, Cause: errAnotherOrder}
	}
	answer.Order, answer.Compactable = decodeOrder(doc, at, key, fetchedAt)
	return answer, nil
}

// order finds the object that holds base_info.
func (e *envelope) order() (at int, found bool) {
	for _, candidate := range e.inward() {
		base, found := e.document.firstMember(candidate, "base_info")
		if found && e.document.kind(base) == jsontext.KindBeginObject {
			return candidate, true
		}
	}
	return 0, false
}

// withoutOrder returns what a success without an order means: nil if there is no such order, else an
// *Error. Whoever is shown null without an error takes the order for one that does not exist.
func (e *envelope) withoutOrder() error {
	if failure := e.embeddedError(); failure != nil {
		return failure
	}
	if err := e.checkEmpty(); err != nil {
		return &Error{Kind: KindBadResponse, Cause: err}
	}
	return nil
}

// checkEmpty tells an answer without an order from an order without base_info, and from data of
// some other shape.
func (e *envelope) checkEmpty() error {
	for _, object := range e.objects() {
		if result, found := e.document.firstMember(object, "result"); found {
			if e.document.kind(result) != jsontext.KindBeginObject {
				return errWrongShape
			}
			if e.hasContent(result) {
				return errNoBaseInfo
			}
		}
		if e.hasParts(object) {
			return errNoBaseInfo
		}
	}
	if e.data != 0 && !e.document.empty(e.data) && e.document.kind(e.data) != jsontext.KindBeginObject {
		return errWrongShape
	}
	return nil
}

// hasContent reports whether any member of an object is not empty, deduct_money aside.
func (e *envelope) hasContent(object int) bool {
	for name, value := range e.document.members(object) {
		if !e.document.empty(value) && string(name) != "deduct_money" {
			return true
		}
	}
	return false
}

// hasParts reports whether any member of an object is a part of an order.
func (e *envelope) hasParts(object int) bool {
	parts := planOf(reflect.TypeFor[Order]()).index
	for name, value := range e.document.members(object) {
		if _, part := parts[string(name)]; part && !e.document.empty(value) {
			return true
		}
	}
	return false
}

// isAbout reports whether the order at index at is the one with the requested id. The upstream's own
// samples went through float64, so an id that is equal after such rounding is accepted; an answer
// without an id cannot be checked.
func isAbout(doc *document, at int, requested OrderID) bool {
	base, _ := doc.member(at, "base_info")
	absent := true
	for _, name := range []string{"id_of_str", "id"} {
		wire, found := doc.firstMember(base, name)
		if !found {
			continue
		}
		absent = false
		if number, err := decodeDecimal(doc.value(wire), parseDecimal); err == nil {
			return sameFloat(string(number), requested.String())
		}
	}
	return absent
}

func decodeOrder(doc *document, at int, key Key, fetchedAt time.Time) (order *Order, compactable bool) {
	fetchedAt = fetchedAt.UTC().Truncate(time.Millisecond)
	order = &Order{ID: key.ID, WebSite: key.Site, Edition: key.Edition, FetchedAt: fetchedAt, FreshUntil: fetchedAt}
	d := decoding{order: order, site: key.Site, document: doc}
	d.decode(order, at)
	order.BadValues = d.badValues()
	return order, !d.keepsJSON
}
