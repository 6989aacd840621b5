// Package sandbox emulates the documented upstream, 订单详情查看(买家视角), as an http.Handler. It
// speaks HTTP and JSON only and shares no type with the client, so that a mistake of the client
// can't agree with itself here.
//
// Four documented orders are answered from fixtures, every other order id with an invented order
// that is always the same, and the ids of TestIDs with a response code or a fault each. Persons,
// companies, phone numbers and addresses are invented.
package sandbox

import (
	"cmp"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Path is where the order-info interface is served (接口地址).
const Path = "/vv/external/1688get-order-info"

// Options configure a Sandbox. The zero value is ready to use.
type Options struct {
	// Address is where Start listens, host:port; a free port of 127.0.0.1 if empty.
	Address string
	// Latency is how long each answer takes at least; SetLatency changes it.
	Latency time.Duration
	// Orders are answers of one's own, in place of whatever else their ids stand for; nil is none.
	Orders *Orders
	// RequireToken refuses calls without an Authorization header (204, no permission). Without it
	// any token and none will do.
	RequireToken bool
	// LogSize is the number of calls that are remembered, 1000 if it is 0.
	LogSize int
	// SlowAnswer is how long the test id "slow" takes, 3 s if it is 0.
	SlowAnswer time.Duration
	// DripInterval is the time between two bytes of the test id "drip", 500 ms if it is 0.
	DripInterval time.Duration
}

func (o Options) withDefaults() Options {
	o.LogSize = cmp.Or(max(o.LogSize, 0), 1000)
	o.SlowAnswer = cmp.Or(o.SlowAnswer, 3*time.Second)
	o.DripInterval = cmp.Or(o.DripInterval, 500*time.Millisecond)
	return o
}

// Sandbox is the emulated upstream. It is safe for concurrent use.
type Sandbox struct {
	options Options
	forget  atomic.Pointer[func()]
	log     *callLog
	control http.Handler

	mu      sync.Mutex
	latency time.Duration
	faults  []activeFault
}

// New returns a sandbox without faults.
func New(options Options) *Sandbox {
	options = options.withDefaults()
	s := &Sandbox{options: options, log: newCallLog(options.LogSize), latency: options.Latency}
	s.control = s.controlHandler()
	return s
}

// ServeHTTP answers POST requests at Path, and the control requests under /_sandbox/.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == Path && r.Method == http.MethodPost:
		s.answer(w, r)
	case r.URL.Path == Path:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed)
	case strings.HasPrefix(r.URL.Path, controlPrefix):
		s.control.ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}

// answer reads the call, chooses a behaviour, logs both and then behaves.
func (s *Sandbox) answer(w http.ResponseWriter, r *http.Request) {
	s.log.enter()
	defer s.log.leave()
	parameters, err := readRequest(r)
	call := newCall(r, parameters)
	name, behave := s.choose(r, parameters)
	if err != nil {
		name, behave = "refused", responseCode(100)
		call.Refused = err.Error()
	}
	call.Answer = name
	s.log.add(call)
	e := &exchange{sandbox: s, w: w, r: r, request: parameters}
	e.wait(s.currentLatency())
	behave(e)
}

// choose returns how the call is answered: a fault that was switched on, then a missing token, then
// the test id, else the order.
func (s *Sandbox) choose(r *http.Request, parameters request) (string, behavior) {
	authorization := r.Header.Get("Authorization")
	if fault, active := s.fault(authorization, parameters.orderIDText); active {
		return fault.name, fault.behave
	}
	if s.options.RequireToken && authorization == "" {
		return noPermission.Name, noPermission.behave
	}
	if _, found := s.own(parameters.orderIDText); found {
		return "own-order", ownOrder
	}
	if test, found := testsByID[parameters.orderIDText]; found && !r.URL.Query().Has(redirectedParameter) {
		return test.Name, test.behave
	}
	return "order", order
}

// own returns the order of one's own with that id.
func (s *Sandbox) own(id string) (object, bool) {
	if s.options.Orders == nil {
		return nil, false
	}
	result, found := s.options.Orders.results[id]
	return result, found
}

// OnForget has a function called by DELETE /_sandbox/refusals. Whoever remembers what this upstream refused forgets it
// then, so that somebody who tried out a refusal can go on at once.
func (s *Sandbox) OnForget(forget func()) { s.forget.Store(&forget) }

// SetLatency sets how long each answer takes at least, from now on.
func (s *Sandbox) SetLatency(latency time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = latency
}

func (s *Sandbox) currentLatency() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latency
}

// Calls returns the calls that are remembered, oldest first.
func (s *Sandbox) Calls() []Call { return s.log.calls() }

// Totals returns the counts of all calls since the start or the last Reset.
func (s *Sandbox) Totals() Totals { return s.log.read() }

// Reset forgets all calls. Faults and latency stay.
func (s *Sandbox) Reset() { s.log.reset() }
