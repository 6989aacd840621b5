package upstream

import (
	"context"
	"fmt"
	"sync"
)

// Admission is whether the upstream calls of one GraphQL request may wait for their turn: its first call
// decides, and the others wait for that. The zero value is ready. Safe for concurrent use.
type Admission struct {
	mu sync.Mutex
	// decided is closed when the call that decides was let in, refused, or has left without either; nil
	// while none does.
	decided  chan struct{}
	admitted bool
	refusal  error
}

// Admit calls start, which waits for a call's turn, and says whether the call is the request's first one;
// then no other is started before start returns. If the first one fails with KindOverloaded, so does
// every other one, without being started. If it fails otherwise, the next one is the first.
func (a *Admission) Admit(ctx context.Context, start func(first bool) error) error {
	for {
		a.mu.Lock()
		decided, admitted, refusal := a.decided, a.admitted, a.refusal
		first := decided == nil && !admitted && refusal == nil
		if first {
			a.decided = make(chan struct{})
		}
		a.mu.Unlock()
		switch {
		case first:
			return a.decide(start)
		case refusal != nil:
			return refusal
		case admitted:
			return start(false)
		}
		select {
		case <-decided:
		case <-ctx.Done():
			return &Error{Kind: KindTimeout, Outage: true, Cause: fmt.Errorf("waiting for the request's first call: %w", context.Cause(ctx))}
		}
	}
}

func (a *Admission) decide(start func(first bool) error) error {
	err := start(true)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.admitted = err == nil
	if KindOf(err) == KindOverloaded {
		a.refusal = err
	}
	close(a.decided)
	a.decided = nil
	return err
}
