package telemetry

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func newMetrics() *Metrics {
	return New(Options{
		Version: "v1", GoVersion: "go1", Mode: "service", Codes: []string{"BAD_USER_INPUT"}, UpstreamCodes: []string{"UPSTREAM_TIMEOUT"},
		Upstream: func() Upstream { return Upstream{InFlight: 3, Waiting: 4, Breaker: "half-open"} }, Concurrency: 64,
		Ready: func() bool { return true }, Shared: func() bool { return true },
	})
}

func scrape(t testing.TB, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	return w.Body.String()
}

// series returns the lines of our own series, without values.
func series(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if name, _, _ := strings.Cut(line, " "); !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "go_") && !strings.HasPrefix(line, "process_") {
			lines = append(lines, name)
		}
	}
	return strings.Join(lines, "\n")
}

func TestSeriesExistBeforeTrafficAndStrangersMakeNone(t *testing.T) {
	m := newMetrics()
	before := series(scrape(t, m))
	for _, want := range []string{
		`http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="200",http_route="/graphql"}`,
		`http_server_active_requests`, `graphql_operations_total{outcome="canceled",type="none"}`, `graphql_errors_total{code="BAD_USER_INPUT"}`,
		`upstream_calls_total`, `upstream_points_total`, `upstream_requests_total{code="NO_ORDER"}`, `upstream_requests_total{code="UPSTREAM_TIMEOUT"}`,
		`upstream_request_duration_seconds_count{outcome="timeout"}`, `upstream_in_flight`, `upstream_in_flight_limit`, `upstream_waiting`,
		`upstream_breaker_state{state="half_open"}`, `redis_up`, `build_info{goversion="go1",revision="",version="v1"}`,
		`ordergraph_info{mode="service"}`, `ordergraph_ready`,
	} {
		if !strings.Contains(before+"\n", want+"\n") {
			t.Errorf("no series %s", want)
		}
	}
	for i := range 1000 {
		m.Began()
		m.Ended(strings.Repeat("X", i), 600+i, time.Second, strings.Repeat("y", i), i%2 == 0, []string{strings.Repeat("Z", i)})
		m.Call(strings.Repeat("Z", i), true, false, false, 1, time.Second)
	}
	if after := series(scrape(t, m)); after != before {
		t.Errorf("series were added:\n%s\n\nbefore:\n%s", after, before)
	}
}

func TestCounts(t *testing.T) {
	m := newMetrics()
	for _, request := range []struct {
		status   int
		executed bool
		codes    []string
		outcome  string
	}{
		{200, true, nil, "ok"},
		{304, true, nil, "ok"},
		{200, true, []string{"BAD_USER_INPUT"}, "partial"},
		{504, true, []string{"REQUEST_TIMEOUT"}, "failed"},
		{400, false, []string{"BAD_USER_INPUT"}, "rejected"},
		{200, false, []string{"BAD_USER_INPUT"}, "rejected"},
		{499, true, nil, "canceled"},
	} {
		if got := outcomeOf(request.status, request.executed, request.codes); got != request.outcome {
			t.Errorf("%+v: %s", request, got)
		}
		m.Began()
		m.Ended("POST", request.status, time.Millisecond, "query", request.executed, request.codes)
	}
	m.Began()
	m.Call("OK", true, false, false, 7, time.Millisecond)
	m.Call("UPSTREAM_TIMEOUT", true, true, true, 0, time.Millisecond)
	m.Call("UPSTREAM_UNAVAILABLE", false, true, false, 0, time.Millisecond)
	text := scrape(t, m)
	for _, want := range []string{
		`http_server_active_requests 1`, `graphql_operations_total{outcome="ok",type="query"} 2`, `graphql_errors_total{code="BAD_USER_INPUT"} 3`,
		`graphql_errors_total{code="other"} 1`, `upstream_calls_total 2`, `upstream_points_total 7`, `upstream_requests_total{code="other"} 1`,
		`upstream_request_duration_seconds_count{outcome="failed"} 1`, `upstream_in_flight 3`, `upstream_breaker_state{state="half_open"} 1`,
		`upstream_breaker_state{state="open"} 0`,
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
}

// TestReadmeListsTheSeries wants the table of the README to be that of the registry.
func TestReadmeListsTheSeries(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "### Metrics\n")
	table, _, _ = strings.Cut(table, "\n#")
	for _, help := range regexp.MustCompile(`(?m)^# HELP ([a-z_]+) (.*)$`).FindAllStringSubmatch(scrape(t, newMetrics()), -1) {
		if strings.HasPrefix(help[1], "go_") || strings.HasPrefix(help[1], "process_") {
			continue
		}
		if row := "| `" + help[1] + "` | " + help[2] + " |\n"; !strings.Contains(table, row) {
			t.Errorf("README lacks the row %s", row)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	m := newMetrics()
	codes := []string{}
	b.ReportAllocs()
	for b.Loop() {
		m.Began()
		m.Ended("POST", 200, time.Millisecond, "query", true, codes)
	}
}
