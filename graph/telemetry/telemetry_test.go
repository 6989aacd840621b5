package telemetry

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/scope"
	"ordergraph/graph/limits"
	"ordergraph/graph/transport"
	"ordergraph/upstream"
	"ordergraph/upstream/lru"
)

func newTelemetry() *Telemetry {
	t := New(Options{
		Version: "v1", Revision: "abc", GoVersion: "go1", Mode: "service",
		Code: func(kind upstream.Kind) string { return strings.ToUpper(kind.String()) },
	})
	t.ReportReady(func() bool { return true })
	t.ReportRedis(func() bool { return true })
	t.ReportClient(func() ClientState {
		return ClientState{InFlight: 3, Limit: 64, Waiting: 4, Breaker: "half_open", Transitions: map[string]uint64{"open": 2}}
	})
	for level, hits := range map[string]uint64{"memory": 1, "response": 2, "document": 3} {
		t.ReportCache(level, func() lru.Stats {
			return lru.Stats{Hits: hits, Misses: 4, Expired: 5, Partial: 6, Bypassed: 7, Evictions: 8, Size: 9, Limit: 10, Entries: 11}
		})
	}
	return t
}

func scrape(t testing.TB, telemetry *Telemetry) string {
	t.Helper()
	w := httptest.NewRecorder()
	telemetry.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	return w.Body.String()
}

func expectLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

func TestGaugesAreReadAtEachScrape(t *testing.T) {
	telemetry := newTelemetry()
	telemetry.Reloaded(fmt.Errorf("no"))
	expectLines(t, scrape(t, telemetry),
		`upstream_in_flight 3`, `upstream_in_flight_limit 64`, `upstream_waiting 4`, `upstream_breaker_state{state="half_open"} 1`,
		`upstream_breaker_state{state="open"} 0`, `upstream_breaker_transitions_total{to="open"} 2`, `redis_up 1`, `ordergraph_ready 1`,
		`build_info{goversion="go1",revision="abc",version="v1"} 1`, `ordergraph_info{mode="service"} 1`,
		`cache_requests_total{level="document",result="hit"} 3`, `cache_requests_total{level="memory",result="expired"} 5`,
		`cache_requests_total{level="response",result="bypass"} 7`, `cache_evictions_total{level="memory"} 8`,
		`cache_bytes{level="memory"} 9`, `cache_limit_bytes{level="memory"} 10`, `cache_entries{level="memory"} 11`,
		`config_last_reload_successful 0`, `config_last_reload_success_timestamp_seconds 0`)
	telemetry.Reloaded(nil)
	expectLines(t, scrape(t, telemetry), `config_last_reload_successful 1`)
}

// TestOutcomes has one exchange for each way to end.
func TestOutcomes(t *testing.T) {
	refused := func(code, limit string) gqlerror.List {
		return gqlerror.List{{Extensions: map[string]any{"code": code, "limit": limit}}, {Extensions: map[string]any{"code": code}}}
	}
	for name, test := range map[string]struct {
		status    int
		operation transport.Operation
		series    string
	}{
		"ok":              {200, transport.Operation{Type: "query", Executed: true}, `graphql_operations_total{outcome="ok",type="query"}`},
		"not modified":    {304, transport.Operation{Type: "query"}, `graphql_operations_total{outcome="ok",type="query"}`},
		"partial":         {200, transport.Operation{Type: "query", Executed: true, ShowsOrder: true, Errors: refused(codes.UpstreamError, "")}, `graphql_operations_total{outcome="partial",type="query"}`},
		"failed":          {200, transport.Operation{Type: "query", Executed: true, Errors: refused(codes.UpstreamError, "")}, `graphql_operations_total{outcome="failed",type="query"}`},
		"out of time":     {504, transport.Operation{Type: "query", Executed: true, Errors: refused(codes.RequestTimeout, "")}, `graphql_operations_total{outcome="failed",type="query"}`},
		"our fault":       {500, transport.Operation{Errors: refused(codes.Internal, "")}, `graphql_operations_total{outcome="failed",type="none"}`},
		"gone":            {transport.StatusClientGone, transport.Operation{Type: "query", Executed: true}, `graphql_operations_total{outcome="canceled",type="query"}`},
		"limit":           {400, transport.Operation{Errors: refused(codes.TooComplex, limits.MaxDepth)}, `graphql_rejected_total{reason="max-depth"}`},
		"unknown limit":   {400, transport.Operation{Errors: refused(codes.TooComplex, "made-up")}, `graphql_rejected_total{reason="validation"}`},
		"overloaded":      {503, transport.Operation{Type: "query", Executed: true, Errors: refused(codes.Overloaded, "")}, `graphql_rejected_total{reason="overloaded"}`},
		"rate limit":      {429, transport.Operation{Errors: refused(codes.RateLimited, "")}, `graphql_rejected_total{reason="rate_limit"}`},
		"unauthenticated": {401, transport.Operation{Errors: refused(codes.Unauthenticated, "")}, `graphql_rejected_total{reason="unauthenticated"}`},
		"persisted":       {200, transport.Operation{Errors: refused(codes.PersistedNotFound, "")}, `graphql_rejected_total{reason="persisted_query"}`},
		"untrusted":       {400, transport.Operation{Errors: refused(codes.UntrustedDocument, "")}, `graphql_rejected_total{reason="untrusted_document"}`},
		"error code":      {200, transport.Operation{Executed: true, Errors: refused(codes.NotCached, "")[:1]}, `graphql_errors_total{code="NOT_CACHED"}`},
		"no code":         {200, transport.Operation{Executed: true, Errors: gqlerror.List{{}}}, `graphql_errors_total{code="INTERNAL_SERVER_ERROR"}`},
	} {
		t.Run(name, func(t *testing.T) {
			telemetry := newTelemetry()
			telemetry.Began()
			expectLines(t, scrape(t, telemetry), test.series+" 0", "http_server_active_requests 1")
			telemetry.Ended(&transport.Exchange{Method: "POST", Route: apiRoute, Status: test.status, Operation: &test.operation})
			expectLines(t, scrape(t, telemetry), test.series+" 1", "http_server_active_requests 0",
				fmt.Sprintf(`http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="%d",http_route="/graphql"} 1`, test.status))
		})
	}
}

func TestCalls(t *testing.T) {
	telemetry := newTelemetry()
	telemetry.CallEnded(Call{Written: true, Points: 7, Needs: upstream.Needs{AttributeKeys: []string{"a"}}})
	telemetry.CallEnded(Call{Written: true, NoOrder: true, Needs: upstream.Needs{Domains: upstream.DomainNativeLogistics}})
	telemetry.CallEnded(Call{Written: true, Err: &upstream.Error{Kind: upstream.KindTimeout, Outage: true}})
	telemetry.CallEnded(Call{Err: &upstream.Error{Kind: upstream.KindUnavailable, Outage: true}, Retry: true})
	telemetry.CallEnded(Call{Written: true, Err: &upstream.Error{Kind: upstream.KindQuotaExhausted}})
	expectLines(t, scrape(t, telemetry),
		`upstream_calls_total 4`, `upstream_points_total 7`, `upstream_retries_total 1`, `upstream_wait_seconds_count 5`,
		`upstream_requests_total{code="OK"} 1`, `upstream_requests_total{code="NO_ORDER"} 1`, `upstream_requests_total{code="TIMEOUT"} 1`,
		`upstream_request_duration_seconds_count{outcome="ok"} 2`, `upstream_request_duration_seconds_count{outcome="timeout"} 1`,
		`upstream_request_duration_seconds_count{outcome="failed"} 1`, `upstream_request_duration_seconds_count{outcome="refused"} 1`,
		`upstream_domain_requests_total{domain="GuaranteesTerms"} 4`, `upstream_domain_requests_total{domain="NativeLogistics"} 1`,
		`upstream_domain_requests_total{domain="attribute_keys"} 1`)
}

// TestStrangersMakeNoSeries scrapes meanwhile.
func TestStrangersMakeNoSeries(t *testing.T) {
	telemetry := newTelemetry()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 250 {
				hostile := fmt.Sprintf("X%d\"\n", i)
				telemetry.Began()
				telemetry.Ended(&transport.Exchange{Method: hostile, Route: "/" + hostile, Status: 1000 + i, Operation: &transport.Operation{
					Type: hostile, Name: hostile, Client: hostile, Trusted: hostile, Persisted: transport.Persisted{Kind: hostile, Result: hostile}, Errors: gqlerror.List{{Extensions: map[string]any{"code": hostile, "limit": hostile}}},
				}})
			}
		})
		group.Go(func() { scrape(t, telemetry) })
	}
	group.Wait()
	text := scrape(t, telemetry)
	if strings.Contains(text, "X1") {
		t.Error("a label has what a stranger sent")
	}
	expectLines(t, text, `http_server_request_duration_seconds_count{http_request_method="_OTHER",http_response_status_code="_OTHER",http_route="other"} 1000`,
		`graphql_errors_total{code="INTERNAL_SERVER_ERROR"} 1000`, `graphql_operations_total{outcome="failed",type="none"} 1000`)
}

// BenchmarkWholeAnswer is what a hit of a whole answer costs in addition.
func BenchmarkWholeAnswer(b *testing.B) {
	telemetry := newTelemetry()
	tally := scope.TallyOf([]upstream.Copy{{Points: 1}})
	operation := transport.Operation{Type: "query", ShowsOrder: true, Tally: tally}
	exchange := transport.Exchange{Method: "POST", Route: apiRoute, Status: 200, Duration: 30 * time.Microsecond, Operation: &operation}
	b.ReportAllocs()
	for b.Loop() {
		telemetry.Began()
		telemetry.Ended(&exchange)
	}
}
