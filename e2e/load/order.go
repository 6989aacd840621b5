package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"sync"
)

//go:embed order.json
var documented []byte

const documentedID = "58218860983545941"

// idLength is the number of digits of every order id of the suite, so that all requests have the same
// length, and all answers.
const idLength = len(documentedID)

// orderID returns the id of the nth order of a group; groups keep the orders of scenarios apart.
func orderID(group, n int) string { return fmt.Sprintf("%s%012d", groupPrefix(group), n) }

// groupPrefix returns the first digits of every id of a group. Twelve more follow.
func groupPrefix(group int) string { return fmt.Sprintf("5%04d", group) }

func orderIDs(group, count int) []string {
	ids := make([]string, count)
	for n := range ids {
		ids[n] = orderID(group, n)
	}
	return ids
}

// envelope is the upstream's documented answer, made for any order id. Two orders differ in their
// numbers (item ids, phones, accounts), so that nothing that stores many of them profits from all
// being one and the same.
type envelope struct {
	// literals are the texts between the numbers.
	literals [][]byte
	numbers  []number
	// lineItems are the ids of the line items as documented.
	lineItems []string
}

// anyOrder is the documented answer, read once.
var anyOrder = sync.OnceValue(newEnvelope)

// number is a number of the answer that depends on the order.
type number struct {
	// digits are as documented; nil is the order id itself.
	digits []byte
}

// An identifier is a long run of digits, but not a time such as 20170913231916000-0700.
var identifier = regexp.MustCompile(`([0-9]{11,})([+-][0-9]{4})?`)

// newEnvelope reads the documented answer. It panics on one that isn't JSON: it is part of the program.
func newEnvelope() *envelope {
	var compact bytes.Buffer
	if err := json.Compact(&compact, documented); err != nil {
		panic(err)
	}
	text, e := compact.Bytes(), &envelope{}
	end := 0
	for _, match := range identifier.FindAllSubmatchIndex(text, -1) {
		from, to := match[2], match[3]
		if match[4] >= 0 {
			continue
		}
		e.literals = append(e.literals, text[end:from])
		digits := text[from:to]
		if isDocumentedID(digits) {
			digits = nil
		}
		e.numbers = append(e.numbers, number{digits: digits})
		end = to
	}
	e.literals = append(e.literals, text[end:])
	for _, match := range entryID.FindAllSubmatch(text, -1) {
		e.lineItems = append(e.lineItems, string(match[1]))
	}
	return e
}

// isDocumentedID reports whether digits are the documented order id, exact or rounded as the documented
// JSON number is.
func isDocumentedID(digits []byte) bool {
	return string(digits) == documentedID || string(digits) == "58218860983545944"
}

// appendTo appends the answer for the order id, which must consist of digits.
func (e *envelope) appendTo(text []byte, id string) []byte {
	shift := shiftOf(id)
	for i, n := range e.numbers {
		text = append(text, e.literals[i]...)
		if n.digits == nil {
			text = append(text, id...)
			continue
		}
		text = append(text, n.digits...)
		shiftDigits(text[len(text)-10:len(text)-4], shift)
	}
	return append(text, e.literals[len(e.literals)-1]...)
}

// shiftOf returns what an order's numbers are moved by, below a million.
func shiftOf(id string) uint64 {
	number, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0
	}
	return number * 2_654_435_761 >> 20 % 1_000_000
}

// shiftDigits adds shift to six digits, modulo a million. The four digits after them stay, so that a
// number moves by a multiple of 16, and its twin, which the upstream rounds to a float, remains the
// rounded one.
func shiftDigits(six []byte, shift uint64) {
	for i := len(six) - 1; i >= 0; i-- {
		sum := uint64(six[i]-'0') + shift%10
		six[i] = '0' + byte(sum%10)
		shift = shift/10 + sum/10
	}
}

// lineItemIDs returns the exact ids of the order's line items, as the snapshot addresses have them.
func (e *envelope) lineItemIDs(id string) []string {
	shift, ids := shiftOf(id), make([]string, len(e.lineItems))
	for i, documented := range e.lineItems {
		digits := []byte(documented)
		shiftDigits(digits[len(digits)-10:len(digits)-4], shift)
		ids[i] = string(digits)
	}
	return ids
}

var entryID = regexp.MustCompile(`orderentryid=([0-9]+)`)
