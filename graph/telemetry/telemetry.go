// Package telemetry counts what the program does, for Prometheus. Names and labels are those of the README's
// table, which a test holds to them.
//
// Every series exists from the start, at 0: an increase from nothing would not be seen. No label takes a value
// from a request, so that a stranger can't make series: what is not in a label's closed set counts as "other".
package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const other = "other"

// The label values of requests.
var (
	methods    = []string{http.MethodGet, http.MethodPost, http.MethodOptions, "_OTHER"}
	statuses   = []int{200, 204, 304, 400, 401, 403, 405, 406, 408, 413, 415, 429, 499, 500, 503, 504}
	operations = []string{"query", "none"}
	outcomes   = []string{"ok", "partial", "failed", "rejected", "canceled"}
	callEnds   = []string{"ok", "refused", "failed", "timeout"}
	breakers   = []string{"closed", "half-open", "open"}
)

// Classic buckets, in seconds: an answer from memory takes less than the least that is usual elsewhere.
var (
	serverBuckets   = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	upstreamBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
)

// Upstream is what the client is doing at the moment of a scrape.
type Upstream struct {
	InFlight, Waiting int
	Breaker           string // closed, half-open or open
}

// Options say what there is to be counted.
type Options struct {
	Version, Revision, GoVersion string
	// Mode is what the orders are: sandbox, pass-through or service.
	Mode string
	// Codes are all values of errors[].extensions.code, UpstreamCodes those of failed calls.
	Codes, UpstreamCodes []string
	// Upstream and Ready are read at each scrape. Shared reports whether the cache that instances share is up;
	// nil without one.
	Upstream    func() Upstream
	Concurrency int
	Ready       func() bool
	Shared      func() bool
}

// Metrics count. New makes one. Safe for concurrent use, without a lock and without memory of their own.
type Metrics struct {
	registry   *prometheus.Registry
	active     prometheus.Gauge
	durations  map[string]map[int]prometheus.Observer
	operations map[string]map[string]prometheus.Counter
	errors     map[string]prometheus.Counter

	calls, points prometheus.Counter
	callCodes     map[string]prometheus.Counter
	callDurations map[string]prometheus.Observer
}

// New returns metrics in a registry of their own.
func New(options Options) *Metrics {
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		durations: map[string]map[int]prometheus.Observer{}, operations: map[string]map[string]prometheus.Counter{},
		errors: map[string]prometheus.Counter{}, callCodes: map[string]prometheus.Counter{}, callDurations: map[string]prometheus.Observer{},
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_server_request_duration_seconds", Help: "Time from a request's arrival to the end of its answer.", Buckets: serverBuckets,
	}, []string{"http_request_method", "http_response_status_code", "http_route"})
	for _, method := range methods {
		m.durations[method] = map[int]prometheus.Observer{}
		for _, status := range statuses {
			m.durations[method][status] = durations.WithLabelValues(method, strconv.Itoa(status), "/graphql")
		}
		m.durations[method][0] = durations.WithLabelValues(method, other, "/graphql")
	}
	m.active = prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_server_active_requests", Help: "Requests to /graphql under way."})
	counted := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "graphql_operations_total", Help: "Requests by what came of them. Rejected ones were not executed.",
	}, []string{"type", "outcome"})
	for _, operation := range operations {
		m.operations[operation] = map[string]prometheus.Counter{}
		for _, outcome := range outcomes {
			m.operations[operation][outcome] = counted.WithLabelValues(operation, outcome)
		}
	}
	failures := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "graphql_errors_total", Help: "Errors that clients were shown.",
	}, []string{"code"})
	for _, code := range append([]string{other}, options.Codes...) {
		m.errors[code] = failures.WithLabelValues(code)
	}
	m.registry.MustRegister(durations, m.active, counted, failures)
	m.registerUpstream(options)
	m.registerProcess(options)
	return m
}

func (m *Metrics) registerUpstream(options Options) {
	m.calls = prometheus.NewCounter(prometheus.CounterOpts{Name: "upstream_calls_total", Help: "Upstream calls that were written, and so are charged."})
	m.points = prometheus.NewCounter(prometheus.CounterOpts{Name: "upstream_points_total", Help: "Points that the upstream said they cost."})
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "upstream_requests_total", Help: "Attempts to call the upstream, by how they ended.",
	}, []string{"code"})
	for _, code := range append([]string{"OK", "NO_ORDER", other}, options.UpstreamCodes...) {
		m.callCodes[code] = requests.WithLabelValues(code)
	}
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "upstream_request_duration_seconds", Help: "Time from dialling to the last byte of the upstream's answer.", Buckets: upstreamBuckets,
	}, []string{"outcome"})
	for _, end := range callEnds {
		m.callDurations[end] = durations.WithLabelValues(end)
	}
	gauge := func(name, help string, labels prometheus.Labels, value func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
	}
	gauge("upstream_in_flight", "Upstream calls under way.", nil, func() float64 { return float64(options.Upstream().InFlight) })
	gauge("upstream_in_flight_limit", "How many of them there may be.", nil, func() float64 { return float64(options.Concurrency) })
	gauge("upstream_waiting", "Calls that wait for their turn.", nil, func() float64 { return float64(options.Upstream().Waiting) })
	for _, state := range breakers {
		label := state
		if label == "half-open" {
			label = "half_open"
		}
		gauge("upstream_breaker_state", "1 for the state that the circuit breaker is in.", prometheus.Labels{"state": label},
			func() float64 { return truth(options.Upstream().Breaker == state) })
	}
	if options.Shared != nil {
		gauge("redis_up", "1 while the instances share a cache.", nil, func() float64 { return truth(options.Shared()) })
	}
	m.registry.MustRegister(m.calls, m.points, requests, durations)
}

func (m *Metrics) registerProcess(options Options) {
	constant := func(name, help string, labels prometheus.Labels) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, func() float64 { return 1 }))
	}
	constant("build_info", "The build.", prometheus.Labels{
		"version": options.Version, "revision": options.Revision, "goversion": options.GoVersion,
	})
	constant("ordergraph_info", "What the orders are: sandbox, pass-through or service.", prometheus.Labels{"mode": options.Mode})
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "ordergraph_ready", Help: "1 while the process wants requests.",
	}, func() float64 { return truth(options.Ready()) }))
}

func truth(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 4})
}

// Began counts a request as under way, until Ended.
func (m *Metrics) Began() { m.active.Inc() }

// Ended counts what came of a request.
func (m *Metrics) Ended(method string, status int, took time.Duration, operation string, executed bool, codes []string) {
	m.active.Dec()
	byStatus, known := m.durations[method]
	if !known {
		byStatus = m.durations["_OTHER"]
	}
	duration, known := byStatus[status]
	if !known {
		duration = byStatus[0]
	}
	duration.Observe(took.Seconds())
	if method == http.MethodOptions {
		return
	}
	byOutcome, known := m.operations[operation]
	if !known {
		byOutcome = m.operations["none"]
	}
	byOutcome[outcomeOf(status, executed, codes)].Inc()
	for _, code := range codes {
		counter, known := m.errors[code]
		if !known {
			counter = m.errors[other]
		}
		counter.Inc()
	}
}

func outcomeOf(status int, executed bool, codes []string) string {
	switch {
	case status == 499:
		return "canceled"
	case len(codes) == 0 && status < 400:
		return "ok"
	case status >= 500:
		return "failed"
	case !executed:
		return "rejected"
	case status >= 400:
		return "failed"
	default:
		return "partial"
	}
}

// Call counts an attempt to call the upstream: its code, "OK", or "NO_ORDER" for success without one.
func (m *Metrics) Call(code string, written, outage, timedOut bool, points int, took time.Duration) {
	counter, known := m.callCodes[code]
	if !known {
		counter = m.callCodes[other]
	}
	counter.Inc()
	if written {
		m.calls.Inc()
		m.points.Add(float64(points))
	}
	end := "refused"
	switch {
	case code == "OK", code == "NO_ORDER":
		end = "ok"
	case timedOut:
		end = "timeout"
	case outage:
		end = "failed"
	}
	m.callDurations[end].Observe(took.Seconds())
}
