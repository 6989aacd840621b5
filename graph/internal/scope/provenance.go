package scope

import (
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
}

// Add adds what Orders answered about an order, also that there is none.
func (p *Provenance) Add(key upstream.Key, result upstream.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
	p.copies = append(p.copies, upstream.Copy{Key: key, Version: result.Version})
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
