package shared

import (
	"context"
	"sync"
	"time"
)

// poll is after how long Wait has its caller look how things are.
const poll = 250 * time.Millisecond

// Event is the end of a call, as instances are told of it.
type Event struct {
	Name    Name
	Version Version
	// Completed says that the call was answered; it failed otherwise.
	Completed bool
	// Failure is for those who wait for the call, and nil for most.
	Failure []byte
}

// Watches are those who wait in one instance. The zero value is ready.
type Watches struct {
	mu     sync.Mutex
	byName map[Name]map[*Watch]struct{}
}

// Watch waits for the end of calls for one order.
type Watch struct {
	events chan Event
	stop   func()
}

// Watch begins a Watch.
func (w *Watches) Watch(name Name) *Watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	// An event for which there is no room is missed: Wait polls.
	watch := &Watch{events: make(chan Event, 8)}
	watch.stop = func() { w.remove(name, watch) }
	if w.byName == nil {
		w.byName = map[Name]map[*Watch]struct{}{}
	}
	if w.byName[name] == nil {
		w.byName[name] = map[*Watch]struct{}{}
	}
	w.byName[name][watch] = struct{}{}
	return watch
}

func (w *Watches) remove(name Name, watch *Watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.byName[name], watch)
	if len(w.byName[name]) == 0 {
		delete(w.byName, name)
	}
}

// Tell passes an event to those who watch its name. It does not block.
func (w *Watches) Tell(event Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for watch := range w.byName[event.Name] {
		select {
		case watch.events <- event:
		default:
		}
	}
}

// Wait returns when the call with this version has ended, or a later one was answered, with its failure if that was
// told. It also returns after a moment, without one: Acquire knows how things are.
func (w *Watch) Wait(ctx context.Context, version Version) (failure []byte) {
	late := time.NewTimer(poll)
	defer late.Stop()
	for {
		select {
		case event := <-w.events:
			if event.Version == version || event.Completed && event.Version > version {
				return event.Failure
			}
		case <-late.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// Stop ends the watch.
func (w *Watch) Stop() { w.stop() }
