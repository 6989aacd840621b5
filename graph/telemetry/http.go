package telemetry

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// other is the label of whatever has none of its own.
const (
	other      = "other"
	otherValue = "_OTHER" // as OpenTelemetry has it
)

const apiRoute = "/graphql"

var (
	methods  = [...]string{"GET", "POST", "OPTIONS", otherValue}
	routes   = [...]string{apiRoute, "/", "/graphiql/", "/schema.graphql", "/subgraph.graphql", "/rest-fields", "/rest-fields.json", "/rest-fields.tsv", "/livez", "/readyz", other}
	statuses = [...]int{
		200, 204, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 413, 415, 417, 429, 431, 499, 500, 503, 504, 0, // 0 is any other
	}
)

// expected are the combinations that exist from the start. Each of the others, of which there are as many as fit
// the tables above, begins with its first request: a histogram is 18 series.
var expected = []struct {
	routes, methods []string
	statuses        []int
}{
	{[]string{apiRoute}, []string{"GET", "POST"}, []int{200, 400, 401, 405, 406, 413, 415, 429, 431, 499, 500, 503, 504}},
	{[]string{apiRoute}, []string{"GET"}, []int{302, 304}},
	{[]string{apiRoute}, []string{"POST"}, []int{408}},
	{[]string{apiRoute}, []string{"OPTIONS"}, []int{204, 403}},
	{[]string{apiRoute}, []string{otherValue}, []int{405}},
	{[]string{"/"}, []string{"GET"}, []int{302}},
	{[]string{"/graphiql/", "/schema.graphql", "/subgraph.graphql", "/rest-fields", "/rest-fields.json", "/rest-fields.tsv"}, []string{"GET"}, []int{200, 304}},
	{[]string{"/livez"}, []string{"GET"}, []int{200}},
	{[]string{"/readyz"}, []string{"GET"}, []int{200, 503}},
	{[]string{other}, []string{"GET", "POST", "OPTIONS", otherValue}, []int{404, 405}},
}

// Buckets in seconds. Most requests are answered from memory, and OpenTelemetry's begin at 5 ms.
var (
	serverBuckets   = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	upstreamBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
)

type httpMetrics struct {
	durations *prometheus.HistogramVec
	children  *[len(methods)][len(routes)][len(statuses)]atomic.Pointer[prometheus.Observer]
	active    prometheus.Gauge
}

func newHTTPMetrics(t *Telemetry) httpMetrics {
	m := httpMetrics{
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_server_request_duration_seconds", Buckets: serverBuckets,
			Help: "How long requests took until they were answered. Status 499: the caller hung up before.",
		}, []string{"http_request_method", "http_response_status_code", "http_route"}),
		children: new([len(methods)][len(routes)][len(statuses)]atomic.Pointer[prometheus.Observer]),
		active:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_server_active_requests", Help: "Requests under way."}),
	}
	t.registry.MustRegister(m.durations, m.active)
	for _, e := range expected {
		for _, route := range e.routes {
			for _, method := range e.methods {
				for _, status := range e.statuses {
					m.child(method, route, status)
				}
			}
		}
	}
	return m
}

// child returns the histogram of a kind of requests.
func (m *httpMetrics) child(method, route string, status int) prometheus.Observer {
	atMethod, atRoute, atStatus := indexOf(methods[:], method), indexOf(routes[:], route), indexOf(statuses[:], status)
	child := &m.children[atMethod][atRoute][atStatus]
	if known := child.Load(); known != nil {
		return *known
	}
	code := otherValue
	if statuses[atStatus] != 0 {
		code = strconv.Itoa(statuses[atStatus])
	}
	made := m.durations.WithLabelValues(methods[atMethod], code, routes[atRoute])
	child.Store(&made)
	return made
}

// indexOf returns the index of a value, that of the last one for what is not there.
func indexOf[T comparable](values []T, value T) int {
	for i, known := range values {
		if known == value {
			return i
		}
	}
	return len(values) - 1
}

// observe observes a duration, with the trace that it is of as an example if there is one.
func observe(histogram prometheus.Observer, duration time.Duration, traceID string) {
	if exemplary, ok := histogram.(prometheus.ExemplarObserver); ok && traceID != "" {
		exemplary.ObserveWithExemplar(duration.Seconds(), prometheus.Labels{"trace_id": traceID})
		return
	}
	histogram.Observe(duration.Seconds())
}

func (m *httpMetrics) observe(method, route string, status int, duration time.Duration, traceID string) {
	observe(m.child(method, route, status), duration, traceID)
	m.active.Dec()
}
