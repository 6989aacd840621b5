package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Call is one call of the order-info interface as the sandbox saw it, good or bad.
type Call struct {
	// Number counts from 1, and again from 1 after Reset.
	Number int64     `json:"number"`
	Time   time.Time `json:"time"`
	// Answer names the behaviour of the answer: "order", or a TestID's Name.
	Answer string `json:"answer"`
	// Refused says what was wrong with the parameters (answered with 100); empty if nothing was.
	Refused string `json:"refused,omitempty"`

	WebSite string `json:"web_site"`
	// OrderID has every digit that was sent; empty if it was no order id.
	OrderID string `json:"order_id"`
	// OrderIDQuoted tells that the id was sent as a JSON string, not as a number.
	OrderIDQuoted bool `json:"order_id_quoted,omitempty"`
	// IncludeFields is exactly what was sent; nil if the parameter was absent.
	IncludeFields *string `json:"include_fields"`
	// AttributeKeys is what was sent; nil if the parameter was absent.
	AttributeKeys []string `json:"attribute_keys"`
	// Edition is "1" if it was not sent.
	Edition string `json:"edition"`

	// Token is TokenMarker of the Authorization value, never the value itself.
	Token string `json:"token"`
	// Connection is the caller's address: calls that share it came over one connection.
	Connection string `json:"connection"`
	// HeaderNames has the names of all request headers but Host, in canonical form and sorted.
	HeaderNames []string `json:"header_names"`
}

// Totals counts all calls since the start or the last Reset, also those that the log has forgotten.
type Totals struct {
	Calls int64 `json:"calls"`
	// Points is the sum of the deduct_money (消耗点券) that was answered.
	Points int64 `json:"points"`
	// InFlight is the number of calls that are being answered.
	InFlight int `json:"in_flight"`
	// MaxInFlight is the most calls that were answered at the same time.
	MaxInFlight int `json:"max_in_flight"`
	// Answers counts the calls by Call.Answer.
	Answers map[string]int64 `json:"answers"`
}

// TokenMarker returns the mark of an Authorization value in the log: the start of its SHA-256,
// or "" for no value.
func TokenMarker(authorization string) string {
	if authorization == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(authorization))
	return hex.EncodeToString(sum[:6])
}

// callLog keeps the last calls and counts all of them.
type callLog struct {
	mu     sync.Mutex
	ring   []Call // ring[(n-1)%cap(ring)] is call n
	totals Totals
	flips  map[int64]bool // orders that change their status with each call
}

func newCallLog(size int) *callLog {
	return &callLog{ring: make([]Call, 0, size), totals: Totals{Answers: map[string]int64{}}, flips: map[int64]bool{}}
}

// add logs a call and returns its number.
func (l *callLog) add(call Call) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	call.Number = l.totals.Calls + 1
	if len(l.ring) < cap(l.ring) {
		l.ring = append(l.ring, call)
	} else {
		l.ring[(call.Number-1)%int64(cap(l.ring))] = call
	}
	l.totals.Calls++
	l.totals.Answers[call.Answer]++
	return call.Number
}

func (l *callLog) enter() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.totals.InFlight++
	l.totals.MaxInFlight = max(l.totals.MaxInFlight, l.totals.InFlight)
}

func (l *callLog) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.totals.InFlight--
}

func (l *callLog) charge(points int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.totals.Points += points
}

// maxFlips bounds the memory for orders that change their status.
const maxFlips = 10_000

// flip tells, alternating, false and true for each call of the same order.
func (l *callLog) flip(order int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.flips) >= maxFlips {
		clear(l.flips)
	}
	flipped := l.flips[order]
	l.flips[order] = !flipped
	return flipped
}

// calls returns the remembered calls, oldest first.
func (l *callLog) calls() []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ring) < cap(l.ring) {
		return slices.Clone(l.ring)
	}
	oldest := int(l.totals.Calls % int64(cap(l.ring)))
	return slices.Concat(l.ring[oldest:], l.ring[:oldest])
}

func (l *callLog) read() Totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	totals := l.totals
	totals.Answers = maps.Clone(totals.Answers)
	return totals
}

// reset forgets everything but the calls in flight.
func (l *callLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.ring[:cap(l.ring)])
	l.ring = l.ring[:0]
	clear(l.flips)
	inFlight := l.totals.InFlight
	l.totals = Totals{InFlight: inFlight, MaxInFlight: inFlight, Answers: map[string]int64{}}
}

// newCall describes a call for the log.
func newCall(r *http.Request, parameters request) Call {
	return Call{
		Time:          time.Now(),
		WebSite:       parameters.site,
		OrderID:       parameters.orderIDText,
		OrderIDQuoted: parameters.orderIDQuoted,
		IncludeFields: parameters.includeFields,
		AttributeKeys: parameters.attributeKeys,
		Edition:       parameters.edition,
		Token:         TokenMarker(r.Header.Get("Authorization")),
		Connection:    r.RemoteAddr,
		HeaderNames:   slices.Sorted(maps.Keys(r.Header)),
	}
}
