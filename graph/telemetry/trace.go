package telemetry

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"ordergraph/graph/internal/scope"
	"ordergraph/graph/transport"
	"ordergraph/upstream"
)

// shutdownPatience is how long the end of the process waits for the last spans to be taken.
const shutdownPatience = 2 * time.Second

// Traces exports spans over OTLP. StartTraces makes it; one that is nil exports none.
type Traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	telem    *Telemetry
	upstream upstreamAddress
}

var _ transport.Tracer = (*Traces)(nil)

// upstreamAddress is what spans tell of the upstream.
type upstreamAddress struct {
	url, host string
	port      int
}

// tracing reports whether the variables of OpenTelemetry ask for traces. Without any they are not exported, since
// nobody may listen.
func tracing() (bool, error) {
	switch exporter := os.Getenv("OTEL_TRACES_EXPORTER"); {
	case strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true"), exporter == "none":
		return false, nil
	case exporter == "" && os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")+os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "":
		return false, nil
	case exporter != "" && exporter != "otlp":
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER: %.100q is not allowed, want otlp or none", exporter)
	}
	const want = "http/protobuf"
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := os.Getenv(variable); protocol != "" && protocol != want {
			return false, fmt.Errorf("%s: %.100q is not allowed, want %s", variable, protocol, want)
		}
	}
	return true, nil
}

// StartTraces exports traces if the variables of OpenTelemetry ask for them, else it returns nil. upstreamURL is what
// calls are made to. The log is told at most once a minute that spans can't be exported.
func (t *Telemetry) StartTraces(ctx context.Context, upstreamURL string, log zerolog.Logger) (*Traces, error) {
	on, err := tracing()
	if !on || err != nil {
		return nil, err
	}
	address, err := url.Parse(upstreamURL)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	port, _ := strconv.Atoi(cmp.Or(address.Port(), map[string]string{"http": "80", "https": "443"}[address.Scheme]))
	address.RawQuery, address.Fragment, address.User = "", "", nil
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	described, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", "ordergraph"), attribute.String("service.version", t.options.Version),
		attribute.String("service.instance.id", rand.Text()),
	), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	var lastLine atomic.Int64
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		t.exportFailures.Inc()
		if now, last := time.Now().Unix(), lastLine.Load(); now-last >= 60 && lastLine.CompareAndSwap(last, now) {
			log.Warn().Err(err).Msg("traces can't be exported; this is said once a minute")
		}
	}))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(described))
	return &Traces{
		provider: provider, tracer: provider.Tracer("ordergraph"), telem: t,
		upstream: upstreamAddress{address.String(), address.Hostname(), port},
	}, nil
}

// Close exports what is left, in 2 s at most. Spans that end later are lost.
func (t *Traces) Close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownPatience)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		otel.Handle(err)
	}
}

// propagator takes over the trace of the caller. Nothing goes out to the upstream.
var propagator = propagation.TraceContext{}

// Begin begins the span of a request, in the trace of its caller if there is one.
func (t *Traces) Begin(r *http.Request, at time.Time) transport.Trace {
	ctx := propagator.Extract(context.Background(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, "GraphQL Operation", trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(at))
	if !span.IsRecording() {
		return nil
	}
	return &requestTrace{traces: t, ctx: ctx, span: span}
}

// requestTrace is a [transport.Trace].
type requestTrace struct {
	traces *Traces
	ctx    context.Context // with the span
	span   trace.Span

	mu    sync.Mutex
	calls map[upstream.Key]trace.SpanContext
}

func (r *requestTrace) ID() string { return r.span.SpanContext().TraceID().String() }

// child adds a span that has ended.
func (r *requestTrace) child(name string, kind trace.SpanKind, began time.Time, options ...trace.SpanStartOption) trace.Span {
	_, span := r.traces.tracer.Start(r.ctx, name, append(options, trace.WithSpanKind(kind), trace.WithTimestamp(began))...)
	return span
}

func (r *requestTrace) Plan(began time.Time, known bool, orders int, parts upstream.Domains) {
	span := r.child("plan", trace.SpanKindInternal, began)
	span.SetAttributes(attribute.Bool("ordergraph.document_cached", known), attribute.Int("ordergraph.orders", orders), attribute.String("ordergraph.domains", parts.String()))
	span.End()
}

func (r *requestTrace) Lookup(began time.Time, tally scope.Tally) {
	span := r.child("cache", trace.SpanKindInternal, began)
	for source, orders := range tally.Orders {
		if orders > 0 {
			span.SetAttributes(attribute.Int("ordergraph."+upstream.Source(source).String(), orders))
		}
	}
	span.End()
}

func (r *requestTrace) Wait(began time.Time, call scope.Trace, key upstream.Key) {
	var links []trace.SpanStartOption
	if other, traced := call.(*requestTrace); traced {
		other.mu.Lock()
		if made, known := other.calls[key]; known {
			links = append(links, trace.WithLinks(trace.Link{SpanContext: made}))
		}
		other.mu.Unlock()
	}
	r.child("wait", trace.SpanKindInternal, began, links...).End()
}

// called adds a call that has ended.
func (r *requestTrace) called(call *Call, code string) {
	began := time.Now().Add(-call.Duration)
	span := r.child("POST", trace.SpanKindClient, began)
	to := r.traces.upstream
	span.SetAttributes(
		attribute.String("http.request.method", http.MethodPost), attribute.String("url.full", to.url),
		attribute.String("server.address", to.host), attribute.Int("server.port", to.port),
		attribute.String("ordergraph.domains", call.Needs.Domains.Asked().String()),
		attribute.Int("ordergraph.points", call.Points), attribute.Bool("ordergraph.charged", call.Written),
	)
	if call.HTTPStatus != 0 {
		span.SetAttributes(attribute.Int("http.response.status_code", call.HTTPStatus))
	}
	if call.Err != nil {
		span.SetAttributes(attribute.String("error.type", code))
		if upstream.IsOutage(call.Err) {
			span.SetStatus(codes.Error, "")
		}
	}
	span.End()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls == nil {
		r.calls = map[upstream.Key]trace.SpanContext{}
	}
	r.calls[call.Key] = span.SpanContext()
}

func (r *requestTrace) End(x *transport.Exchange, usage upstream.Usage) {
	span := r.span
	span.SetAttributes(
		attribute.String("http.request.method", methods[indexOf(methods[:], x.Method)]), attribute.String("http.route", routes[indexOf(routes[:], x.Route)]),
		attribute.String("url.scheme", "http"), attribute.Int("http.response.status_code", x.Status),
	)
	if operation := x.Operation; operation != nil {
		if operation.Type != "" {
			span.SetName(operation.Type)
			span.SetAttributes(attribute.String("graphql.operation.type", operation.Type))
		}
		if operation.Name != "" {
			span.SetAttributes(attribute.String("graphql.operation.name", shortened(operation.Name)))
		}
		span.SetAttributes(
			attribute.String("ordergraph.request_id", operation.RequestID), attribute.String("ordergraph.client", operation.Client),
			attribute.Int("ordergraph.calls", usage.Calls), attribute.Int("ordergraph.points", usage.Points), attribute.Int("ordergraph.hits", usage.Hits),
			attribute.String("ordergraph.source", operation.Tally.Source()),
		)
		if x.Status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
			if len(operation.Errors) > 0 {
				span.SetAttributes(attribute.String("error.type", codeOf(operation.Errors[0])))
			}
		}
	}
	span.End(trace.WithTimestamp(r.began().Add(x.Duration)))
}

// began returns when the request did.
func (r *requestTrace) began() time.Time {
	if span, ok := r.span.(sdktrace.ReadOnlySpan); ok {
		return span.StartTime()
	}
	return time.Now()
}
