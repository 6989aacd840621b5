package telemetry

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/transport"
	"ordergraph/upstream"
)

// outcome is how an operation ended.
type outcome int

const (
	ok outcome = iota
	partial
	failed
	rejected
	canceled
	outcomes
)

var outcomeNames = [outcomes]string{"ok", "partial", "failed", "rejected", "canceled"}

// typeNames are the types of operations. What was refused before its document was known has none.
var typeNames = [...]string{"query", "none"}

// reasons are why operations are rejected: the names of limits, and by the code of the error.
var (
	limitNames = []string{
		"max-body", "max-tokens", "max-depth", "max-aliases", "max-root-fields", "max-directives", "max-fields",
		"max-orders", "max-attribute-keys", "json-values",
	}
	reasonByCode = map[string]string{
		codes.ParseFailed:           "parse",
		codes.ValidationFailed:      "validation",
		codes.BadUserInput:          "validation",
		codes.TooComplex:            "validation", // unless the limit has a name
		codes.BadRequest:            "bad_request",
		codes.Unauthenticated:       "unauthenticated",
		codes.UntrustedDocument:     "untrusted_document",
		codes.PersistedNotFound:     "persisted_query",
		codes.PersistedNotSupported: "persisted_query",
		codes.RateLimited:           "rate_limit",
		codes.Overloaded:            "overloaded",
		codes.BudgetExhausted:       "budget",
	}
)

// savers are the sources that save points.
var savers = [...]upstream.Source{upstream.SourceResponse, upstream.SourceMemory, upstream.SourceRedis, upstream.SourceShared}

type graphqlMetrics struct {
	operations [len(typeNames)][outcomes]prometheus.Counter
	errors     map[string]prometheus.Counter
	rejections map[string]prometheus.Counter
	orders     []prometheus.Counter
	saved      [upstream.Sources]prometheus.Counter // nil where nothing is saved
	persisted  map[transport.Persisted]prometheus.Counter
}

func newGraphQLMetrics(t *Telemetry) (m graphqlMetrics) {
	operations := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "graphql_operations_total",
		Help: "Operations by how they ended. `partial`: with errors, but showing orders; `failed`: executed, and nothing to show; `rejected`: not executed; `canceled`: the caller hung up.",
	}, []string{"type", "outcome"})
	t.registry.MustRegister(operations)
	for i, name := range typeNames {
		for j, outcome := range outcomeNames {
			m.operations[i][j] = operations.WithLabelValues(name, outcome)
		}
	}
	m.errors = t.byValue("graphql_errors_total", "Errors in answers.", "code", codes.All[:])
	reasons := limitNames
	for _, reason := range reasonByCode {
		reasons = append(reasons, reason)
	}
	m.rejections = t.byValue("graphql_rejected_total", "Operations that were not executed: the limit that was exceeded, or why else.", "reason", reasons)
	m.orders = t.totals("graphql_orders_total",
		"Orders in answers by where they came from. `response`: a whole answer that was kept; `shared`: the call of another request; `call`: a call, which is paid for; `stale`: a copy past its freshness; `refusal`: a remembered refusal.",
		"source", sourceNames(allSources())...)
	names := sourceNames(savers[:])
	for i, counter := range t.totals("upstream_points_saved_total", "What answers would have cost in addition without caches and shared calls: what the calls cost that brought the orders.", "source", names...) {
		m.saved[savers[i]] = counter
	}
	persisted := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "graphql_persisted_queries_total",
		Help: "Requests that name a document by its hash or leave one under it, and those that `--trusted-documents-only` refuses. A whole answer that is given again is not looked into.",
	}, []string{"kind", "result"})
	t.registry.MustRegister(persisted)
	m.persisted = map[transport.Persisted]prometheus.Counter{}
	for _, p := range transport.PersistedResults {
		m.persisted[p] = persisted.WithLabelValues(p.Kind, p.Result)
	}
	return m
}

func allSources() (sources []upstream.Source) {
	for source := range upstream.Sources {
		sources = append(sources, upstream.Source(source))
	}
	return sources
}

func sourceNames(sources []upstream.Source) (names []string) {
	for _, source := range sources {
		names = append(names, source.String())
	}
	return names
}

// byValue returns a counter for each value of a label.
func (t *Telemetry) byValue(name, help, label string, values []string) map[string]prometheus.Counter {
	counters := map[string]prometheus.Counter{}
	for i, counter := range t.totals(name, help, label, values...) {
		counters[values[i]] = counter
	}
	return counters
}

// Began counts a request.
func (t *Telemetry) Began() { t.http.active.Inc() }

// Ended counts how a request ended.
func (t *Telemetry) Ended(e *transport.Exchange) {
	t.http.observe(e.Method, e.Route, e.Status, e.Duration, e.TraceID)
	if e.Operation != nil {
		t.graphql.observe(e)
		saved := e.Operation.Tally.SavedPoints()
		t.clients.of(e.Operation.Client).answered(saved, e.Duration)
		t.operations.of(e.Operation.Trusted).answered(saved, e.Duration)
		t.events.answered(e)
	}
}

func (m *graphqlMetrics) observe(e *transport.Exchange) {
	operation := e.Operation
	ended := outcomeOf(e)
	m.operations[indexOf(typeNames[:], operation.Type)][ended].Inc()
	if counter := m.persisted[operation.Persisted]; counter != nil {
		counter.Inc()
	}
	for source, count := range operation.Tally.Orders {
		if count > 0 {
			m.orders[source].Add(float64(count))
		}
	}
	for source, points := range operation.Tally.Saved {
		if points > 0 && m.saved[source] != nil {
			m.saved[source].Add(float64(points))
		}
	}
	for _, gqlError := range operation.Errors {
		counter, known := m.errors[codeOf(gqlError)]
		if !known {
			counter = m.errors[codes.Internal]
		}
		counter.Inc()
	}
	if ended == rejected && len(operation.Errors) > 0 {
		m.rejections[reasonOf(operation.Errors[0])].Inc()
	}
}

func outcomeOf(e *transport.Exchange) outcome {
	operation := e.Operation
	switch {
	case e.Status == transport.StatusClientGone:
		return canceled
	case len(operation.Errors) == 0:
		return ok
	case operation.ShowsOrder:
		return partial
	case operation.Executed && e.Status != http.StatusServiceUnavailable && e.Status != http.StatusTooManyRequests, reasonOf(operation.Errors[0]) == "":
		return failed
	default:
		return rejected
	}
}

// reasonOf returns why an error keeps an operation from being executed; empty if it is a fault.
func reasonOf(gqlError *gqlerror.Error) string {
	limit, _ := gqlError.Extensions["limit"].(string)
	for _, name := range limitNames {
		if name == limit {
			return name
		}
	}
	return reasonByCode[codeOf(gqlError)]
}

func codeOf(gqlError *gqlerror.Error) string {
	code, _ := gqlError.Extensions["code"].(string)
	return code
}
