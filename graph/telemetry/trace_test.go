package telemetry

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"ordergraph/graph/transport"
	"ordergraph/upstream"
)

// BenchmarkTrace is what the span of a request costs in addition, without the export.
func BenchmarkTrace(b *testing.B) {
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer receiver.Close()
	for name, ratio := range map[string]string{"sampled": "1", "not sampled": "0"} {
		b.Run(name, func(b *testing.B) {
			b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
			b.Setenv("OTEL_TRACES_SAMPLER", "traceidratio")
			b.Setenv("OTEL_TRACES_SAMPLER_ARG", ratio)
			traces, err := newTelemetry().StartTraces(b.Context(), "http://upstream.example/order", zerolog.Nop())
			if err != nil {
				b.Fatal(err)
			}
			defer traces.Close()
			r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
			operation := transport.Operation{Type: "query", Name: "Page", RequestID: "r", Client: "shop"}
			exchange := transport.Exchange{Method: "POST", Route: apiRoute, Status: 200, Operation: &operation}
			b.ReportAllocs()
			for b.Loop() {
				if trace := traces.Begin(r, time.Now()); trace != nil {
					trace.End(&exchange, upstream.Usage{})
				}
			}
		})
	}
}
