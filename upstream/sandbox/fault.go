package sandbox

import (
	"fmt"
	"slices"
)

// Fault makes calls behave as a test id does, whatever order they ask for.
type Fault struct {
	// Name is a TestID's Name, for example "quota-exhausted" or "http-503".
	Name string `json:"name"`
	// Token restricts the fault to calls with this Authorization value; empty: any.
	Token string `json:"token,omitempty"`
	// OrderID restricts the fault to one order; empty: any.
	OrderID string `json:"order_id,omitempty"`
	// Every restricts the fault to every n-th of the calls it is for; 0 and 1: each of them.
	Every int `json:"every,omitempty"`
	// Times is how often the fault happens before it ends; 0: without end.
	Times int `json:"times,omitempty"`
}

type activeFault struct {
	Fault
	name     string
	behave   behavior
	calls    int // that the fault is for
	happened int
}

// SetFaults replaces the faults that are switched on; without arguments it ends all of them. The
// first one that is for a call happens. They come before the test ids, but after a bad parameter.
func (s *Sandbox) SetFaults(faults ...Fault) error {
	active := make([]activeFault, len(faults))
	for i, fault := range faults {
		test, known := testsByName[fault.Name]
		if !known {
			return fmt.Errorf("sandbox: no fault is named %q", fault.Name)
		}
		if fault.Every < 0 || fault.Times < 0 {
			return fmt.Errorf("sandbox: fault %q: every and times must not be negative", fault.Name)
		}
		active[i] = activeFault{Fault: fault, name: test.Name, behave: test.behave}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = active
	return nil
}

// Faults returns the faults that are switched on, in their order.
func (s *Sandbox) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	faults := make([]Fault, 0, len(s.faults))
	for _, fault := range s.faults {
		faults = append(faults, fault.Fault)
	}
	return faults
}

// fault returns the fault that happens to a call, and counts it.
func (s *Sandbox) fault(authorization, orderID string) (activeFault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.faults, func(f activeFault) bool { return f.isFor(authorization, orderID) })
	if i < 0 {
		return activeFault{}, false
	}
	fault := &s.faults[i]
	fault.calls++
	if fault.calls%max(fault.Every, 1) != 0 {
		return activeFault{}, false
	}
	fault.happened++
	return *fault, true
}

func (f *activeFault) isFor(authorization, orderID string) bool {
	return (f.Token == "" || f.Token == authorization) &&
		(f.OrderID == "" || f.OrderID == orderID) &&
		(f.Times == 0 || f.happened < f.Times)
}
