package telemetry

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/transport"
)

const (
	maxNames    = 100
	maxFailures = 20
	// maxName bounds the name of an operation, in bytes. GraphQL names are ASCII.
	maxName = 64
)

// events are what no counter holds: names that strangers made up, and single failures. All are bounded.
type events struct {
	mu         sync.Mutex
	operations map[string]*OperationUse
	failures   []Failure // the oldest first
	// lastSuccess and lastFailure are of the upstream.
	lastSuccess, lastFailure UpstreamEvent
}

// OperationUse is what an operation cost today. The table is that of the space-saving algorithm: a name that is new
// takes the place of the one that cost least, and its points with it; AtMostTooMany says how many.
type OperationUse struct {
	Name          string `json:"name"` // as it was sent
	Requests      int    `json:"requests"`
	Calls         int    `json:"calls"`
	Points        int    `json:"points"`
	AtMostTooMany int    `json:"atMostTooMany"`
}

// Failure is a request that was not answered as it might have been, and not by a mistake of its caller.
type Failure struct {
	At        time.Time `json:"at"`
	Code      string    `json:"code"`
	Operation string    `json:"operation"` // as it was sent
	RequestID string    `json:"requestId"`
}

// UpstreamEvent is a call that ended, with the code of its failure. At is zero where there was none.
type UpstreamEvent struct {
	At   time.Time `json:"at,omitzero"`
	Code string    `json:"code,omitempty"`
}

// ownMistakes are errors that callers make, so that none can fill the list of failures.
var ownMistakes = []string{
	codes.BadUserInput, codes.BadRequest, codes.Unauthenticated, codes.NotCached, codes.ParseFailed, codes.ValidationFailed,
	codes.TooComplex, codes.UntrustedDocument, codes.PersistedNotFound, codes.PersistedNotSupported, codes.RateLimited,
}

func (e *events) answered(x *transport.Exchange) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x.Operation.Type != "" { // so it is valid
		e.operation(x.Operation.Name).Requests++
	}
	for _, gqlError := range x.Operation.Errors {
		if code := codeOf(gqlError); !slices.Contains(ownMistakes, code) {
			if len(e.failures) == maxFailures {
				e.failures = slices.Delete(e.failures, 0, 1)
			}
			e.failures = append(e.failures, Failure{time.Now().UTC(), code, shortened(x.Operation.Name), x.Operation.RequestID})
			return
		}
	}
}

func (e *events) called(call Call, code string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := time.Now().UTC(); call.Err == nil {
		e.lastSuccess = UpstreamEvent{At: now}
	} else {
		e.lastFailure = UpstreamEvent{now, code}
	}
	if call.Written {
		use := e.operation(call.Operation)
		use.Calls++
		use.Points += call.Points
	}
}

func shortened(name string) string { return name[:min(len(name), maxName)] }

// operation returns the entry of an operation. The mutex is held.
func (e *events) operation(name string) *OperationUse {
	name = shortened(name)
	if use, found := e.operations[name]; found {
		return use
	}
	made := &OperationUse{Name: name}
	if len(e.operations) == maxNames {
		var least *OperationUse
		for _, use := range e.operations {
			if least == nil || use.Points < least.Points || use.Points == least.Points && use.Requests < least.Requests {
				least = use
			}
		}
		delete(e.operations, least.Name)
		made.Points, made.AtMostTooMany = least.Points, least.Points
	}
	if e.operations == nil {
		e.operations = map[string]*OperationUse{}
	}
	e.operations[name] = made
	return made
}

func (e *events) newDay() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.operations)
}

// read fills in a status.
func (e *events) read(s *Status) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s.Upstream.LastSuccess, s.Upstream.LastFailure = e.lastSuccess, e.lastFailure
	s.Operations = make([]OperationUse, 0, len(e.operations))
	for _, use := range e.operations {
		s.Operations = append(s.Operations, *use)
	}
	slices.SortFunc(s.Operations, func(a, b OperationUse) int {
		return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Name, b.Name))
	})
	s.Failures = append([]Failure{}, e.failures...)
	slices.Reverse(s.Failures)
}
