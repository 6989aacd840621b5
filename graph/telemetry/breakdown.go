package telemetry

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maxClients and maxOperations bound the names that have series of their own, besides the labels for all others.
	maxClients    = 64
	maxOperations = 256
)

// breakdown counts what each value of a label costs. Only values that the operator chose have series of their own:
// what is not among them counts as other.
type breakdown struct {
	max      int
	requests *prometheus.CounterVec
	calls    *prometheus.CounterVec
	points   *prometheus.CounterVec
	saved    *prometheus.CounterVec
	duration *prometheus.SummaryVec // nil if it is of no interest

	adding sync.Mutex
	known  atomic.Pointer[map[string]*cost]
}

// cost is what one value of a label costs.
type cost struct {
	requests, calls, points, saved prometheus.Counter
	duration                       prometheus.Observer
}

// newBreakdown returns a breakdown that has series for the given values from the start. One of them must be other.
func newBreakdown(t *Telemetry, label, of string, max int, timed bool, values ...string) *breakdown {
	vec := func(name, help string) *prometheus.CounterVec {
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: label + name, Help: help + of}, []string{label})
		t.registry.MustRegister(vec)
		return vec
	}
	b := &breakdown{
		max:      max + len(values),
		requests: vec("_requests_total", "Requests for an operation "),
		calls:    vec("_calls_total", "Calls whose request was written, "),
		points:   vec("_points_total", "What those calls cost, "),
		saved:    vec("_points_saved_total", "Points that caches and shared calls saved, "),
	}
	if timed {
		b.duration = prometheus.NewSummaryVec(prometheus.SummaryOpts{
			Name: label + "_duration_seconds", Help: "How long requests took " + of,
		}, []string{label})
		t.registry.MustRegister(b.duration)
	}
	b.known.Store(&map[string]*cost{})
	b.add(values)
	return b
}

// add gives values series of their own, as long as there is room. What once had them keeps them: a counter must not
// vanish.
func (b *breakdown) add(values []string) {
	b.adding.Lock()
	defer b.adding.Unlock()
	known := maps.Clone(*b.known.Load())
	for _, value := range values {
		if known[value] != nil || len(known) == b.max {
			continue
		}
		made := &cost{
			requests: b.requests.WithLabelValues(value), calls: b.calls.WithLabelValues(value),
			points: b.points.WithLabelValues(value), saved: b.saved.WithLabelValues(value),
		}
		if b.duration != nil {
			made.duration = b.duration.WithLabelValues(value)
		}
		known[value] = made
	}
	b.known.Store(&known)
}

// of returns the cost of a value.
func (b *breakdown) of(value string) *cost {
	known := *b.known.Load()
	if found := known[value]; found != nil {
		return found
	}
	return known[other]
}

func (c *cost) answered(saved int, duration time.Duration) {
	c.requests.Inc()
	if saved > 0 {
		c.saved.Add(float64(saved))
	}
	if c.duration != nil {
		c.duration.Observe(duration.Seconds())
	}
}

func (c *cost) called(call *Call) {
	if call.Written {
		c.calls.Inc()
	}
	c.points.Add(float64(call.Points))
}

// NameClients gives clients series of their own, by the names that the operator gave them.
func (t *Telemetry) NameClients(names []string) { t.clients.add(names) }

// NameOperations gives trusted documents series of their own, in their order as long as there is room.
func (t *Telemetry) NameOperations(names []string) { t.operations.add(names) }
