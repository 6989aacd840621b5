// Package telemetry counts what the server does and what that costs, for Prometheus.
//
// Every series with a closed set of labels exists at 0 from the start, because increase() misses the first
// error of a series that begins with it. No label is ever filled with what a stranger sent. So all children are
// resolved once, and counting is an index into an array.
package telemetry

import (
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"ordergraph/graph/transport"
	"ordergraph/upstream"
	"ordergraph/upstream/lru"
)

// Options say what the metrics are about.
type Options struct {
	// Version, Revision and GoVersion are those of the build.
	Version, Revision, GoVersion string
	// Mode is how orders are read: sandbox, pass-through or service.
	Mode string
	// ConfigHash is the same where the settings are.
	ConfigHash string
	// Code returns the code that clients see of a kind of failure.
	Code func(upstream.Kind) string
}

// Telemetry is a registry and what is in it. New makes one. Safe for concurrent use.
type Telemetry struct {
	options  Options
	started  time.Time
	registry *prometheus.Registry
	http     httpMetrics
	graphql  graphqlMetrics
	calls    callMetrics
	reloads  reloadMetrics
	// clients and operations are who pays, and for what.
	clients, operations *breakdown
	exportFailures      prometheus.Counter
	history             history
	events              events
}

// New returns a Telemetry with all series that need no more than Options.
func New(options Options) *Telemetry {
	t := &Telemetry{options: options, started: time.Now(), registry: prometheus.NewRegistry()}
	t.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	t.http = newHTTPMetrics(t)
	t.graphql = newGraphQLMetrics(t)
	t.calls = newCallMetrics(t, options.Code)
	t.clients = newBreakdown(t, "client", "by client: the name of its token, or the one that it gives itself if that is listed in `--client-names`; else `other`, or `unknown` without a name.", maxClients, false, transport.NoClient, other)
	t.operations = newBreakdown(t, "operation", "by trusted document; else `other`.", maxOperations, true, other)
	t.exportFailures = t.total("trace_export_failures_total", "Batches of spans that could not be exported, and other failures of tracing.")
	t.reportReloads()
	t.gauge("build_info", "1. Which build runs.", prometheus.Labels{
		"version": options.Version, "revision": options.Revision, "goversion": options.GoVersion,
	}, one)
	t.gauge("ordergraph_config_info", "1. `hash` is the same where the settings are, secrets aside.", prometheus.Labels{"hash": options.ConfigHash}, one)
	t.gauge("ordergraph_info", "1. Where orders come from: `sandbox` serves invented ones.", prometheus.Labels{"mode": options.Mode}, one)
	return t
}

func one() float64 { return 1 }

// maxScrapes bounds the scrapes at the same time.
const maxScrapes = 4

// Handler serves the metrics.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true, MaxRequestsInFlight: maxScrapes, Registry: t.registry,
	})
}

// ReportReady has ready asked at each scrape.
func (t *Telemetry) ReportReady(ready func() bool) {
	t.gauge("ordergraph_ready", "1 while `/readyz` says so, else 0.", nil, func() float64 { return number(ready()) })
}

// ReportRedis has it asked at each scrape whether the cache that instances share is up.
func (t *Telemetry) ReportRedis(up func() bool) {
	t.gauge("redis_up", "With `--redis-url`: 1 while the instances share a cache, else 0.", nil, func() float64 { return number(up()) })
}

// ObserveRedis returns what counts questions to Redis. operations are what they may be about.
func (t *Telemetry) ObserveRedis(operations []string) func(operation string, took time.Duration, err error) {
	failed := t.total("redis_errors_total", "With `--redis-url`: questions to Redis that failed.")
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "redis_request_duration_seconds", Buckets: serverBuckets[:12],
		Help: "With `--redis-url`: how long Redis took, by what it was asked: `confirm` that a copy is the newest, `acquire` a lease or a copy, `look` at them, `end` a call, a `rate`, a `budget`, `maintain` the connection.",
	}, []string{"operation"})
	t.registry.MustRegister(durations)
	children := map[string]prometheus.Observer{}
	for _, operation := range operations {
		children[operation] = durations.WithLabelValues(operation)
	}
	return func(operation string, took time.Duration, err error) {
		if err != nil {
			failed.Inc()
		}
		if child := children[operation]; child != nil {
			child.Observe(took.Seconds())
		}
	}
}

// ReportRefusals has what is remembered of refusals read at each scrape: of how many tenants and orders, and how often
// each kind was learnt.
func (t *Telemetry) ReportRefusals(kinds []upstream.Kind, read func() (tenants, orders int64, learnt map[upstream.Kind]uint64)) {
	const help = "Refusals of the upstream that are remembered, of tenants and of orders."
	t.gauge("cache_refusals", help, prometheus.Labels{"scope": "tenant"}, func() float64 { tenants, _, _ := read(); return float64(tenants) })
	t.gauge("cache_refusals", help, prometheus.Labels{"scope": "order"}, func() float64 { _, orders, _ := read(); return float64(orders) })
	for _, kind := range kinds {
		t.counter("cache_refusals_total", "Refusals of the upstream that were remembered for a while, so that no call is made meanwhile.",
			prometheus.Labels{"code": t.options.Code(kind)}, func() float64 { _, _, learnt := read(); return float64(learnt[kind]) })
	}
}

// CountLines returns what counts the lines of the log. The levels below debug and above error have no series.
func (t *Telemetry) CountLines() zerolog.Hook {
	levels := []zerolog.Level{zerolog.DebugLevel, zerolog.InfoLevel, zerolog.WarnLevel, zerolog.ErrorLevel}
	names := make([]string, len(levels))
	for i, level := range levels {
		names[i] = level.String()
	}
	counters := t.totals("log_lines_total", "Lines of the log, also those that its reader did not take.", "level", names...)
	return zerolog.HookFunc(func(_ *zerolog.Event, level zerolog.Level, _ string) {
		if at := slices.Index(levels, level); at >= 0 {
			counters[at].Inc()
		}
	})
}

// ReportCache has what a cache did read at each scrape. level names the cache: response, memory, redis or document. Of one that others
// keep, like Redis, only look-ups are known.
func (t *Telemetry) ReportCache(level string, read func() lru.Stats) {
	for result, count := range map[string]func(lru.Stats) uint64{
		"hit":     func(s lru.Stats) uint64 { return s.Hits },
		"miss":    func(s lru.Stats) uint64 { return s.Misses },
		"expired": func(s lru.Stats) uint64 { return s.Expired },
		"partial": func(s lru.Stats) uint64 { return s.Partial },
		"bypass":  func(s lru.Stats) uint64 { return s.Bypassed },
	} {
		t.counter("cache_requests_total", "Look-ups in a cache. `expired`: what was there is too old or outdated; `partial`: it lacks parts; `bypass`: the request takes no copies.",
			prometheus.Labels{"level": level, "result": result}, func() float64 { return float64(count(read())) })
	}
	if level == "redis" {
		return
	}
	labels := prometheus.Labels{"level": level}
	t.counter("cache_evictions_total", "Entries that made room for others.", labels, func() float64 { return float64(read().Evictions) })
	t.gauge("cache_bytes", "Memory that a cache takes.", labels, func() float64 { return float64(read().Size) })
	t.gauge("cache_limit_bytes", "Memory that a cache may take.", labels, func() float64 { return float64(read().Limit) })
	t.gauge("cache_entries", "Entries of a cache.", labels, func() float64 { return float64(read().Entries) })
}

// reloadMetrics say whether the last SIGHUP was obeyed.
type reloadMetrics struct {
	failed atomic.Bool
	at     atomic.Int64 // in milliseconds since 1970
}

func (t *Telemetry) reportReloads() {
	t.gauge("config_last_reload_successful", "0 if what was to be read again at the last SIGHUP can't be used, else 1.", nil,
		func() float64 { return number(!t.reloads.failed.Load()) })
	t.gauge("config_last_reload_success_timestamp_seconds", "When settings were read with success.", nil,
		func() float64 { return float64(t.reloads.at.Load()) / 1000 })
}

// Reloaded notes how reading the settings went, at the start and after a SIGHUP.
func (t *Telemetry) Reloaded(err error) {
	t.reloads.failed.Store(err != nil)
	if err == nil {
		t.reloads.at.Store(time.Now().UnixMilli())
	}
}

// gauge and counter have a value read at each scrape.
func (t *Telemetry) gauge(name, help string, labels prometheus.Labels, read func() float64) {
	t.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

func (t *Telemetry) counter(name, help string, labels prometheus.Labels, read func() float64) {
	t.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

// total returns a counter without labels.
func (t *Telemetry) total(name, help string) prometheus.Counter {
	made := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	t.registry.MustRegister(made)
	return made
}

// totals returns one counter for each value of a label, in their order. A value that comes again has the same one.
func (t *Telemetry) totals(name, help, label string, values ...string) []prometheus.Counter {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	t.registry.MustRegister(vec)
	children := make([]prometheus.Counter, len(values))
	for i, value := range values {
		children[i] = vec.WithLabelValues(value)
	}
	return children
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
