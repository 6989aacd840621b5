package upstream

import "sync"

// Meter counts what one GraphQL request cost; extensions.upstream shows it. The zero value is ready. Safe for
// concurrent use.
//
// A call may outlive its request: it is paid for, and so it is finished. Whoever starts calls that may
// do so says when they start and end, and whoever needs the whole cost gets it from Close.
type Meter struct {
	mu     sync.Mutex
	counts Usage
	// underWay is the number of calls that have started and not ended.
	underWay int
	closed   bool
	// settled is set while Close waits for calls.
	settled   func(Usage)
	admission admission
}

// Usage is a reading of Meter.
type Usage struct {
	// Calls is the number of upstream calls that the request started and whose request was written.
	Calls int `json:"calls"`
	// Points is the sum of their deduct_money (消耗点券), 0 where the upstream named none.
	Points int `json:"points"`
	// Hits is the number of distinct orders served from a cache, stale ones included.
	Hits int `json:"hits"`
	// Stale is the number of those served past their freshness.
	Stale int `json:"stale"`
}

// Add adds c to the bill.
func (m *Meter) Add(c Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts.Calls += c.Calls
	m.counts.Points += c.Points
	m.counts.Hits += c.Hits
	m.counts.Stale += c.Stale
}

// Usage returns the bill so far. Calls that are under way may still be added.
func (m *Meter) Usage() Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts
}

// CallStarted says that a call starts which may be added to the bill, and reports whether it may: after
// Close it must not be made. CallEnded must follow.
func (m *Meter) CallStarted() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.underWay++
	return true
}

// CallEnded says that a call that CallStarted let start will add nothing more.
func (m *Meter) CallEnded() {
	m.mu.Lock()
	m.underWay--
	settled, counts := m.settled, m.counts
	if m.underWay > 0 || settled == nil {
		m.mu.Unlock()
		return
	}
	m.settled = nil
	m.mu.Unlock()
	settled(counts)
}

// Close lets no further call start, and passes the whole bill to settled when the calls under way have
// ended: at once, or on the goroutine of the last of them, which settled must not hold up.
func (m *Meter) Close(settled func(Usage)) {
	m.mu.Lock()
	m.closed = true
	counts := m.counts
	if m.underWay > 0 {
		m.settled = settled
		m.mu.Unlock()
		return
	}
	m.mu.Unlock()
	settled(counts)
}
