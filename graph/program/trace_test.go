package program

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"ordergraph/upstream/sandbox"
)

// collector takes spans over OTLP.
type collector struct {
	*httptest.Server
	mu       sync.Mutex
	spans    []*tracepb.Span
	resource map[string]string
	raw      []byte
}

func startCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{resource: map[string]string{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		var request coltrace.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(raw, &request) != nil {
			http.Error(w, "no spans", http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw = append(c.raw, raw...)
		for _, resource := range request.ResourceSpans {
			for _, attribute := range resource.Resource.Attributes {
				c.resource[attribute.Key] = attribute.Value.GetStringValue()
			}
			for _, spans := range resource.ScopeSpans {
				c.spans = append(c.spans, spans.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	return c
}

// named returns the spans of a name, those that began first before others.
func (c *collector) named(name string) (spans []*tracepb.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, span := range c.spans {
		if span.Name == name {
			spans = append(spans, span)
		}
	}
	slices.SortFunc(spans, func(a, b *tracepb.Span) int { return int(int64(a.StartTimeUnixNano) - int64(b.StartTimeUnixNano)) })
	return spans
}

func attributesOf(span *tracepb.Span) map[string]string {
	attributes := map[string]string{}
	for _, attribute := range span.Attributes {
		switch value := attribute.Value.Value.(type) {
		case *common.AnyValue_StringValue:
			attributes[attribute.Key] = value.StringValue
		case *common.AnyValue_IntValue:
			attributes[attribute.Key] = fmt.Sprint(value.IntValue)
		case *common.AnyValue_BoolValue:
			attributes[attribute.Key] = fmt.Sprint(value.BoolValue)
		}
	}
	return attributes
}

const (
	callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersSpan  = "00f067aa0ba902b7"
)

// TestTraceOfAColdQuery has the server's span, the plan, the cache and one call in the trace of the caller. Nothing goes
// to the upstream, and nothing that is personal or secret to the collector.
func TestTraceOfAColdQuery(t *testing.T) {
	collector := startCollector(t)
	emulated, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer emulated.Close()
	var headers sync.Map
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			headers.Store(name, true)
		}
		body, _ := io.ReadAll(r.Body)
		answer, err := http.Post(emulated.URL, "application/json", bytes.NewReader(body))
		if err != nil {
			http.Error(w, "", http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(w, answer.Body)
	}))
	defer proxy.Close()
	p := start(t, "--upstream-url="+proxy.URL+"/order?key=planted-key", "--upstream-token=planted-token", "--client-tokens=shop=planted-client")
	const id = "58218860983545941"
	response, text := p.request(t, http.MethodPost, p.public+"/graphql", `{"query":"query Page($id: ID!) { order(id: $id) { id invoice { title } domesticShipping { city } } }","variables":{"id":"`+id+`"}}`,
		"Content-Type", "application/json", "Authorization", "Bearer planted-client", "traceparent", "00-"+callersTrace+"-"+callersSpan+"-01", "baggage", "planted=baggage", "X-Request-Id", "r-1")
	if response.StatusCode != http.StatusOK || !strings.Contains(text, id) {
		t.Fatalf("%d %s", response.StatusCode, text)
	}
	metrics, err := http.NewRequest(http.MethodGet, p.admin+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	metrics.Header.Set("Accept", "application/openmetrics-text")
	scraped, err := p.client.Do(metrics)
	if err != nil {
		t.Fatal(err)
	}
	exposed, err := io.ReadAll(scraped.Body)
	scraped.Body.Close()
	if err != nil || bytes.Count(exposed, []byte(`# {trace_id="`+callersTrace+`"}`)) < 2 {
		t.Errorf("%v: the histograms have no examples of the trace", err)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.log.String(), `"trace_id":"`+callersTrace+`"`) {
		t.Errorf("the log has no trace id: %s", p.log)
	}
	for _, name := range []string{"Traceparent", "Tracestate", "Baggage"} {
		if _, sent := headers.Load(name); sent {
			t.Errorf("the upstream was sent %s", name)
		}
	}
	servers := collector.named("query")
	if len(servers) != 1 {
		t.Fatalf("%d spans of the server: %v", len(servers), collector.spans)
	}
	server := servers[0]
	if hex.EncodeToString(server.TraceId) != callersTrace || hex.EncodeToString(server.ParentSpanId) != callersSpan || server.Kind != tracepb.Span_SPAN_KIND_SERVER {
		t.Errorf("%v", server)
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(proxy.URL, "http://"), ":")
	for name, want := range map[string]map[string]string{
		"query": {
			"http.request.method": "POST", "http.route": "/graphql", "url.scheme": "http", "http.response.status_code": "200", "graphql.operation.type": "query", "graphql.operation.name": "Page",
			"ordergraph.request_id": "r-1", "ordergraph.client": "shop", "ordergraph.calls": "1", "ordergraph.points": "1", "ordergraph.hits": "0", "ordergraph.source": "call",
		},
		"plan":  {"ordergraph.document_cached": "false", "ordergraph.orders": "1", "ordergraph.domains": "NativeLogistics,OrderInvoice"},
		"cache": {"ordergraph.call": "1"},
		"POST": {
			"http.request.method": "POST", "http.response.status_code": "200", "url.full": proxy.URL + "/order", "server.address": host, "server.port": strings.TrimPrefix(proxy.URL, "http://"+host+":"),
			"ordergraph.domains": "NativeLogistics,OrderInvoice", "ordergraph.points": "1", "ordergraph.charged": "true",
		},
	} {
		spans := collector.named(name)
		if len(spans) != 1 {
			t.Errorf("%d spans %s", len(spans), name)
			continue
		}
		if got := attributesOf(spans[0]); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s has %v, want %v", name, got, want)
		}
		if name != "query" && !bytes.Equal(spans[0].ParentSpanId, server.SpanId) {
			t.Errorf("%s is not below the server's span", name)
		}
		if spans[0].EndTimeUnixNano < spans[0].StartTimeUnixNano || spans[0].StartTimeUnixNano < server.StartTimeUnixNano {
			t.Errorf("%s: %d to %d", name, spans[0].StartTimeUnixNano, spans[0].EndTimeUnixNano)
		}
	}
	if collector.resource["service.name"] != "ordergraph" || collector.resource["service.instance.id"] == "" {
		t.Errorf("resource %v", collector.resource)
	}
	for _, secret := range []string{id, "planted", "杭州", "domesticShipping", "127.0.0.1:" + strings.Split(p.public, ":")[2]} {
		if bytes.Contains(collector.raw, []byte(secret)) {
			t.Errorf("the collector was sent %q", secret)
		}
	}
}

// TestTraceOfAJoinedCall links whoever waited to the call that was shared.
func TestTraceOfAJoinedCall(t *testing.T) {
	collector := startCollector(t)
	emulated, err := sandbox.Start(t.Context(), sandbox.Options{Latency: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer emulated.Close()
	p := start(t, "--upstream-url="+emulated.URL)
	var callers sync.WaitGroup
	for range 3 {
		callers.Go(func() { p.query(t, `{order(id:1){id}}`, "Authorization", "t") })
	}
	callers.Wait()
	p.query(t, `{order(id:500){id}}`, "Authorization", "t")
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	calls, waits := collector.named("POST"), collector.named("wait")
	if len(calls) != 2 || len(waits) != 2 {
		t.Fatalf("%d calls, %d waited", len(calls), len(waits))
	}
	for _, wait := range waits {
		if len(wait.Links) != 1 || !bytes.Equal(wait.Links[0].SpanId, calls[0].SpanId) || bytes.Equal(wait.TraceId, calls[0].TraceId) {
			t.Errorf("the wait has links %v, the call is %x", wait.Links, calls[0].SpanId)
		}
	}
	if failed := calls[1]; failed.Status.GetCode() != tracepb.Status_STATUS_CODE_ERROR || attributesOf(failed)["error.type"] != "UPSTREAM_UNAVAILABLE" || attributesOf(failed)["http.response.status_code"] != "500" {
		t.Errorf("a call that failed: %v", failed)
	}
	if code := calls[0].Status.GetCode(); code != tracepb.Status_STATUS_CODE_UNSET {
		t.Errorf("a call that was answered has the status %v", code)
	}
}

func TestHostileTraceHeaders(t *testing.T) {
	collector := startCollector(t)
	p := start(t)
	long := strings.Repeat("x", 8000)
	for _, headers := range [][]string{
		{"traceparent", long},
		{"traceparent", "00-" + strings.Repeat("0", 32) + "-" + callersSpan + "-01"},
		{"traceparent", "ff-" + callersTrace + "-" + callersSpan + "-01"},
		{"traceparent", "00-" + callersTrace + "-" + callersSpan + "-01", "tracestate", long},
		{"traceparent", "00-zz-\"<>"},
		{"tracestate", "a=b"},
	} {
		if response, _ := p.query(t, `{order(id:1){id}}`, headers...); response.StatusCode != http.StatusOK {
			t.Errorf("%.40v: %d", headers, response.StatusCode)
		}
	}
	// The caller does not want to be sampled, and is not.
	p.query(t, `{order(id:2){id}}`, "traceparent", "00-"+callersTrace+"-"+callersSpan+"-00")
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if got := len(collector.named("query")); got != 6 {
		t.Errorf("%d requests were traced", got)
	}
	if bytes.Contains(collector.raw, []byte("xxxxx")) {
		t.Error("the collector was sent what a stranger made up")
	}
}

func TestTracesAreOffUnlessAskedFor(t *testing.T) {
	for name, variables := range map[string][]string{
		"by default":  {"OTEL_EXPORTER_OTLP_ENDPOINT", ""},
		"disabled":    {"OTEL_SDK_DISABLED", "true"},
		"no exporter": {"OTEL_TRACES_EXPORTER", "none"},
		"no sampling": {"OTEL_TRACES_SAMPLER", "always_off"},
		"a ratio":     {"OTEL_TRACES_SAMPLER", "traceidratio", "OTEL_TRACES_SAMPLER_ARG", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			collector := startCollector(t)
			for i := 0; i < len(variables); i += 2 {
				t.Setenv(variables[i], variables[i+1])
			}
			p := start(t)
			p.query(t, `{order(id:1){id}}`, "traceparent", "00-"+callersTrace+"-"+callersSpan+"-01")
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
			if len(collector.spans) > 0 || strings.Contains(p.log.String(), "trace_id") {
				t.Errorf("%d spans, log %s", len(collector.spans), p.log)
			}
		})
	}
}

func TestBadTraceSettings(t *testing.T) {
	for variable, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json", "OTEL_TRACES_EXPORTER": "zipkin",
	} {
		code, _, stderr := exitOf(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", variable + "=" + value}, "--listen=127.0.0.1:0", "--admin-listen=off")
		if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, variable) || !strings.Contains(stderr, "want ") {
			t.Errorf("%s=%s: exit code %d: %s", variable, value, code, stderr)
		}
	}
}

// TestTheEndWaitsForNoCollector for longer than two seconds, and says what it could not export.
func TestTheEndWaitsForNoCollector(t *testing.T) {
	hanging := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hanging:
		case <-r.Context().Done():
		}
	}))
	defer silent.Close()
	defer close(hanging)
	for name, endpoint := range map[string]string{"refuses": "http://" + freeAddress(t), "hangs": silent.URL} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
			p := start(t)
			p.query(t, `{order(id:1){id}}`)
			began := time.Now()
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v to stop", took)
			}
			if !strings.Contains(p.log.String(), "traces can't be exported") {
				t.Errorf("the log does not tell: %s", p.log)
			}
		})
	}
}
