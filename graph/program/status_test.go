package program

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ordergraph/graph/telemetry"
)

// TestStatusIsWhatMetricsSay asks for orders in many ways, and holds every figure of the status to the series that it
// is made of.
func TestStatusIsWhatMetricsSay(t *testing.T) {
	p := start(t, "--budget=100/day,50/hour", "--client-budget=40/day")
	for i, query := range []string{
		`query Dear { orders(ids: [101, 102, 103, 204, 809, 809]) { id invoice { title } } }`, `query Dear { orders(ids: [101, 102, 103, 204]) { id invoice { title } } }`,
		`query Page { order(id: 101) { id } }`, `query Page { order(id: 101) { id } }`, `query Page { order(id: 809) { id } }`, `{ order(id: 302) { id } }`,
		`{ order(id: 302) { id } }`, `query Bad { order }`, `{ order(id: 0) { id } }`, `{ __typename }`,
	} {
		header := []string{"Content-Type", "application/json"}
		if i == 4 {
			header = append(header, "Cache-Control", "no-cache")
		}
		p.request(t, http.MethodPost, p.public+"/graphql", fmt.Sprintf(`{"query":%q}`, query), header...)
	}
	response, text := p.request(t, http.MethodGet, p.admin+"/status.json", "")
	var status telemetry.Status
	if err := json.Unmarshal([]byte(text), &status); err != nil || response.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%v: %s", err, text)
	}
	series, _ := scrape(t, p)

	expected := map[string]float64{}
	add := func(name string, value float64, labels ...string) {
		if len(labels) > 0 {
			name += "{" + strings.Join(labels, ",") + "}"
		}
		expected[name] = value
	}
	label := func(name, value string) string { return fmt.Sprintf("%s=%q", name, value) }
	add("upstream_calls_total", status.Day.Calls)
	add("upstream_points_total", status.Day.Points)
	for source, points := range status.Day.Saved {
		add("upstream_points_saved_total", points, label("source", source))
	}
	for source, orders := range status.Hour.Orders {
		add("graphql_orders_total", orders, label("source", source))
	}
	for code, errors := range status.Hour.Errors {
		add("graphql_errors_total", errors, label("code", code))
	}
	for code, requests := range status.Upstream.Requests {
		add("upstream_requests_total", requests, label("code", code))
	}
	for _, cache := range status.Caches {
		add("cache_entries", cache.Entries, label("level", cache.Level))
		add("cache_limit_bytes", cache.Limit, label("level", cache.Level))
		add("cache_evictions_total", cache.Evictions, label("level", cache.Level))
	}
	for _, client := range status.Clients {
		add("client_requests_total", client.Requests, label("client", client.Client))
		add("client_calls_total", client.Calls, label("client", client.Client))
		add("client_points_total", client.Points, label("client", client.Client))
		add("client_points_saved_total", client.Saved, label("client", client.Client))
	}
	for _, budget := range status.Budgets {
		add("budget_limit_points", budget.Limit, label("client", budget.Client), label("window", budget.Window))
		add("budget_spent_points", budget.Spent, label("client", budget.Client), label("window", budget.Window))
		add("budget_reset_timestamp_seconds", float64(budget.ResetAt.Unix()), label("window", budget.Window))
	}
	add("upstream_in_flight_limit", status.Upstream.Limit)
	add("upstream_breaker_state", 1, label("state", status.Upstream.Breaker))
	add("ordergraph_info", 1, label("mode", status.Mode))
	for name, want := range expected {
		if got, found := series[name]; !found || got != want {
			t.Errorf("the status has %v for %s, the metrics %v (%t)", want, name, got, found)
		}
	}
	outcomes := map[string]float64{}
	for name, value := range series {
		if outcome, found := strings.CutPrefix(name, `graphql_operations_total{outcome="`); found {
			outcome, _, _ = strings.Cut(outcome, `"`)
			outcomes[outcome] += value
		}
	}
	for outcome, count := range outcomes {
		if status.Hour.Operations[outcome] != count {
			t.Errorf("%v operations are %s, by the metrics %v", status.Hour.Operations[outcome], outcome, count)
		}
	}
	points, calls := 0.0, 0.0
	for _, operation := range status.Operations {
		points, calls = points+float64(operation.Points), calls+float64(operation.Calls)
	}
	if points != status.Day.Points || calls != status.Day.Calls || status.Operations[0].Name != "Dear" || points == 0 {
		t.Errorf("operations %+v, in all %v points, %v calls", status.Operations, status.Day.Points, status.Day.Calls)
	}
	if !status.Ready || status.Upstream.LastSuccess.At.IsZero() || status.Upstream.LastFailure.Code != "SHOP_NOT_AUTHORIZED" || len(status.Failures) == 0 {
		t.Errorf("%+v", status)
	}

	response, text = p.request(t, http.MethodGet, p.admin+"/", "")
	if response.StatusCode != http.StatusOK || !strings.Contains(text, ">Dear") {
		t.Errorf("the page: %d\n%s", response.StatusCode, text)
	}
	for path, want := range map[string]int{"/": 421, "/status.json": 421, "/metrics": 421, "/debug/pprof/": 421, "/livez": 200, "/readyz": 200} {
		request, err := http.NewRequest(http.MethodGet, p.admin+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "rebound.example"
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s under another host's name: %d, want %d", path, response.StatusCode, want)
		}
	}
}
