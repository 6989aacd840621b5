package upstream

import (
	"context"
	"fmt"
)

// admission is whether the upstream calls of one GraphQL request may wait for their turn.
type admission struct {
	// decided is closed when the call that decides was let in, refused, or has left without either; nil
	// while none does.
	decided  chan struct{}
	admitted bool
	refusal  error
}

// Admit lets the first of the request's calls decide whether the others may wait for their turn. It calls
// start, which waits for a call's turn, and says whether the call is the first one; then no other is started
// before start returns. If the first one fails with KindOverloaded, so does every other one, without being
// started. If it fails otherwise, the next one is the first.
func (m *Meter) Admit(ctx context.Context, start func(first bool) error) error {
	for {
		m.mu.Lock()
		a := m.admission
		first := a.decided == nil && !a.admitted && a.refusal == nil
		if first {
			m.admission.decided = make(chan struct{})
		}
		m.mu.Unlock()
		switch {
		case first:
			return m.decide(start)
		case a.refusal != nil:
			return a.refusal
		case a.admitted:
			return start(false)
		}
		select {
		case <-a.decided:
		case <-ctx.Done():
			return &Error{Kind: KindTimeout, Outage: true, Cause: fmt.Errorf("waiting for the request's first call: %w", context.Cause(ctx))}
		}
	}
}

func (m *Meter) decide(start func(first bool) error) error {
	err := start(true)
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.admission.decided)
	m.admission = admission{admitted: err == nil}
	if KindOf(err) == KindOverloaded {
		m.admission.refusal = err
	}
	return err
}
