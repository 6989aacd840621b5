package scope

import (
	"errors"
	"sync"
	"time"

	"ordergraph/upstream"
)

// Provenance is which orders the answer to one GraphQL request shows: how long they are fresh, and which
// copies they are, for the response cache. The zero value is ready. Safe for concurrent use.
type Provenance struct {
	mu         sync.Mutex
	any        bool
	freshUntil time.Time
	copies     []upstream.Copy
	// uncacheable says that the answer depends on an order that is no copy, complete that it depends on
	// nothing but orders. That must be said: what nobody vouches for is not kept.
	uncacheable, complete bool
	tally                 Tally
}

// Tally counts orders by where they came from, and the points that were not paid again for them.
type Tally struct{ Orders, Saved [upstream.Sources]int }

// SavedPoints returns how many points were not paid again, in all.
func (t *Tally) SavedPoints() (sum int) {
	for _, points := range t.Saved {
		sum += points
	}
	return sum
}

// Source returns where all orders came from: mixed if not from one source, nothing if there are none.
func (t *Tally) Source() (from string) {
	for source, orders := range t.Orders {
		switch {
		case orders == 0:
		case from != "":
			return "mixed"
		default:
			from = upstream.Source(source).String()
		}
	}
	return from
}

func (t *Tally) add(source upstream.Source, points int) {
	t.Orders[source]++
	switch source {
	case upstream.SourceShared, upstream.SourceMemory, upstream.SourceRedis:
		t.Saved[source] += points
	}
}

// TallyOf returns the tally of a whole response that was kept and shows the given copies.
func TallyOf(copies []upstream.Copy) (t Tally) {
	t.Orders[upstream.SourceResponse] = len(copies)
	for i := range copies {
		t.Saved[upstream.SourceResponse] += copies[i].Points
	}
	return t
}

// Add adds what Orders answered about an order, also that there is none.
func (p *Provenance) Add(key upstream.Key, result upstream.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.add(result.Source, result.Points)
	if result.Order != nil {
		if !p.any || result.FreshUntil.Before(p.freshUntil) {
			p.freshUntil = result.FreshUntil
		}
		p.any = true
	}
	if result.Order == nil || result.Version == 0 || result.Missing != nil {
		p.uncacheable = true
		return
	}
	p.copies = append(p.copies, upstream.Copy{Key: key, Version: result.Version, Points: result.Points})
}

// AddFailure adds that an order could not be read. The answer is not kept then, because of its errors.
func (p *Provenance) AddFailure(err error) {
	source := upstream.SourceFailed
	if failure, ok := errors.AsType[*upstream.Error](err); ok && failure.Remembered {
		source = upstream.SourceRefusal
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.add(source, 0)
}

// Tally returns where the orders came from.
func (p *Provenance) Tally() Tally {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tally
}

// SetComplete says that the answer was made of the orders that were added, and of nothing else.
func (p *Provenance) SetComplete() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complete = true
}

// Copies returns the copies that the answer shows, or false if it depends on more than copies, or may do so:
// on an order that was not found, or that nobody keeps, or on what a resolver read elsewhere. Don't change
// them.
func (p *Provenance) Copies() (copies []upstream.Copy, complete bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.copies, p.complete && !p.uncacheable && len(p.copies) > 0
}

// FreshUntil returns until when all orders shown are fresh, which is in the past if one of them is
// stale, and whether any order is shown.
func (p *Provenance) FreshUntil() (until time.Time, any bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.freshUntil, p.any
}
