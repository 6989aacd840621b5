package upstream

import "sync"

// Meter counts what one GraphQL request cost; extensions.upstream shows it. The zero value is ready. Safe for
// concurrent use.
//
// A call may outlive its request: it is paid for, and so it is finished. Whoever starts calls that may
// do so says when they start and end, and whoever needs the whole cost gets it from Close.
type Meter struct {
	mu    sync.Mutex
	usage Usage
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

// Add adds u to the bill.
func (m *Meter) Add(u Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.usage.Calls += u.Calls
	m.usage.Points += u.Points
	m.usage.Hits += u.Hits
	m.usage.Stale += u.Stale
}

// Usage returns the bill so far. Calls that are under way may still be added.
func (m *Meter) Usage() Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.usage
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
	settled, usage := m.settled, m.usage
	if m.underWay > 0 || settled == nil {
		m.mu.Unlock()
		return
	}
	m.settled = nil
	m.mu.Unlock()
	settled(usage)
}

// Close lets no further call start, and passes the whole bill to settled when the calls under way have
// ended: at once, or on the goroutine of the last of them, which settled must not hold up.
func (m *Meter) Close(settled func(Usage)) {
	m.mu.Lock()
	m.closed = true
	usage := m.usage
	if m.underWay > 0 {
		m.settled = settled
		m.mu.Unlock()
		return
	}
	m.mu.Unlock()
	settled(usage)
}
