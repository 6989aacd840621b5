package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

// Call is one attempt to call the upstream, as it ended.
type Call struct {
	// Client, Trusted and Operation are as in [transport.Operation]: for whom and for what it was made.
	Client, Trusted, Operation string
	// Trace is that of the request that it was made for, nil if there is none. Key is the order, HTTPStatus that of the
	// answer, 0 without one.
	Trace      scope.Trace
	Key        upstream.Key
	HTTPStatus int
	// Wait is how long it waited for its turn, Duration how long it took then.
	Wait, Duration time.Duration
	// Needs is what it asked for.
	Needs upstream.Needs
	// Retry says that an earlier attempt found no connection.
	Retry bool
	// Written says that its request was written, so that it counts as charged; Points is what it cost.
	Written bool
	Points  int
	// NoOrder says that the upstream knows no such order, Err why there is no answer.
	NoOrder bool
	Err     error
}

// Breaker states, as ReportClient is told them.
var breakerStates = []string{"closed", "half_open", "open"}

// ClientState is a reading of what the upstream's client is doing.
type ClientState struct {
	InFlight, Limit, Waiting int
	// Breaker is the state of the endpoint's circuit breaker: closed, half_open or open. Transitions counts how
	// often it came to each of them.
	Breaker     string
	Transitions map[string]uint64
}

const (
	callOK = iota
	callRefused
	callFailed
	callTimeout
)

type callMetrics struct {
	// codes are by kind of failure.
	answered, noOrder prometheus.Counter
	codes             []prometheus.Counter
	calls, points     prometheus.Counter
	retries           prometheus.Counter
	domains           []prometheus.Counter
	durations         [callTimeout + 1]prometheus.Observer
	wait              prometheus.Histogram
}

func newCallMetrics(t *Telemetry, code func(upstream.Kind) string) (m callMetrics) {
	values := []string{"OK", "NO_ORDER"}
	for kind := range upstream.Kind(upstream.Kinds) {
		values = append(values, code(kind))
	}
	byCode := t.totals("upstream_requests_total", "Attempts to call the upstream by what clients see of them. `OK`: an order; `NO_ORDER`: there is none.", "code", values...)
	m.answered, m.noOrder, m.codes = byCode[0], byCode[1], byCode[2:]
	m.calls = t.total("upstream_calls_total", "Calls whose request was written, which counts as charged: the sum of `extensions.upstream.calls`.")
	m.points = t.total("upstream_points_total", "What they cost: the bill.")
	m.retries = t.total("upstream_retries_total", "Further attempts after one that found no connection.")
	names := make([]string, 0, upstream.DomainCount+1)
	for domain := range upstream.AllDomains.All() {
		names = append(names, domain.String())
	}
	m.domains = t.totals("upstream_domain_requests_total", "Attempts that asked for a part of the order.", "domain", append(names, "attribute_keys")...)
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "upstream_request_duration_seconds", Buckets: upstreamBuckets,
		Help: "How long the upstream took. `refused`: it answered with something that is no order; `failed`: an outage; `timeout`: one for want of time.",
	}, []string{"outcome"})
	m.wait = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "upstream_wait_seconds", Buckets: append([]float64{.001}, upstreamBuckets...),
		Help: "How long calls waited here for their turn.",
	})
	t.registry.MustRegister(durations, m.wait)
	for i, name := range []string{callOK: "ok", callRefused: "refused", callFailed: "failed", callTimeout: "timeout"} {
		m.durations[i] = durations.WithLabelValues(name)
	}
	return m
}

// CallEnded counts an attempt, also if the request that it was made for has gone.
func (t *Telemetry) CallEnded(call Call) {
	m := &t.calls
	t.clients.of(call.Client).called(&call)
	t.operations.of(call.Trusted).called(&call)
	m.wait.Observe(call.Wait.Seconds())
	outcome, kind := callOK, upstream.KindOf(call.Err)
	t.events.called(call, t.options.Code(kind))
	traceID := ""
	if traced, ok := call.Trace.(*requestTrace); ok {
		traced.called(&call, t.options.Code(kind))
		traceID = traced.ID()
	}
	switch {
	case call.Err == nil && call.NoOrder:
		m.noOrder.Inc()
	case call.Err == nil:
		m.answered.Inc()
	default:
		m.codes[kind].Inc()
		switch outage := upstream.IsOutage(call.Err); {
		case outage && kind == upstream.KindTimeout:
			outcome = callTimeout
		case outage:
			outcome = callFailed
		default:
			outcome = callRefused
		}
	}
	observe(m.durations[outcome], call.Duration, traceID)
	if call.Written {
		m.calls.Inc()
	}
	m.points.Add(float64(call.Points))
	if call.Retry {
		m.retries.Inc()
	}
	at := 0
	for domain := range upstream.AllDomains.All() {
		if call.Needs.Domains.Asked().Covers(domain) {
			m.domains[at].Inc()
		}
		at++
	}
	if len(call.Needs.AttributeKeys) > 0 {
		m.domains[at].Inc()
	}
}

// ReportClient has the state of the upstream's client read at each scrape.
func (t *Telemetry) ReportClient(read func() ClientState) {
	t.gauge("upstream_in_flight", "Calls under way.", nil, func() float64 { return float64(read().InFlight) })
	t.gauge("upstream_in_flight_limit", "Calls that may be under way at once.", nil, func() float64 { return float64(read().Limit) })
	t.gauge("upstream_waiting", "Calls that wait for their turn.", nil, func() float64 { return float64(read().Waiting) })
	for _, state := range breakerStates {
		t.gauge("upstream_breaker_state", "1 for the state of the endpoint's circuit breaker, else 0.", prometheus.Labels{"state": state},
			func() float64 { return number(read().Breaker == state) })
		t.counter("upstream_breaker_transitions_total", "How often the endpoint's circuit breaker came to a state.", prometheus.Labels{"to": state},
			func() float64 { return float64(read().Transitions[state]) })
	}
}
