package program

import (
	"bufio"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of metrics in deploy/README.md")

// scrape returns the samples of the admin port by name and labels, and the families in the text as rows of a table.
func scrape(t *testing.T, p *program) (samples map[string]float64, table string) {
	t.Helper()
	response, text := p.request(t, http.MethodGet, p.admin+"/metrics", "")
	if response.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", response.StatusCode, text)
	}
	samples = map[string]float64{}
	help, types, labels := map[string]string{}, map[string]string{}, map[string][]string{}
	label := regexp.MustCompile(`([a-z_]+)="`)
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		if fields := strings.SplitN(line, " ", 4); fields[0] == "#" && fields[1] == "HELP" {
			help[fields[2]] = fields[3]
			continue
		} else if fields[0] == "#" {
			types[fields[2]] = fields[3]
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		samples[line[:at]] = value
		name, _, _ := strings.Cut(line[:at], "{")
		if _, found := types[name]; !found {
			name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		}
		for _, match := range label.FindAllStringSubmatch(line[:at], -1) {
			if !slices.Contains(labels[name], match[1]) && match[1] != "le" {
				labels[name] = append(labels[name], match[1])
			}
		}
	}
	var names []string
	for name := range types {
		if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") && !strings.HasPrefix(name, "promhttp_") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var rows strings.Builder
	for _, name := range names {
		quoted := ""
		for _, name := range labels[name] {
			quoted += " `" + name + "`"
		}
		fmt.Fprintf(&rows, "| `%s` | %s |%s | %s |\n", name, types[name], quoted, help[name])
	}
	return samples, rows.String()
}

// TestReadmeListsEveryMetric also shows that every series is there before the first request.
func TestReadmeListsEveryMetric(t *testing.T) {
	p := start(t, "--budget=5/day", "--redis-url=redis://127.0.0.1:1") // which is away
	_, table := scrape(t, p)
	const head = "| metric | type | labels | meaning |\n|---|---|---|---|\n"
	readme := readDocument(t, operatorFile)
	before, rest, found := strings.Cut(readme, head)
	if !found {
		t.Fatal("deploy/README.md has no table of metrics")
	}
	old := regexp.MustCompile(`(?m)\A(\|.*\n)*`).FindString(rest)
	if old == table {
		return
	}
	if !*update {
		t.Fatalf("the table of metrics in deploy/README.md is out of date (go test ./graph/program -run Metric -update); it should be\n%s", table)
	}
	if err := os.WriteFile(operatorFile, []byte(before+head+table+strings.TrimPrefix(rest, old)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestStrangersMakeNoLabels has a thousand callers say what they like wherever a label might come from.
func TestStrangersMakeNoLabels(t *testing.T) {
	p := start(t, "--client-names=web")
	before, _ := scrape(t, p)
	var callers sync.WaitGroup
	for caller := range 4 {
		callers.Go(func() {
			for i := range 250 {
				name := fmt.Sprintf("Evil%dx%d", caller, i)
				method, path, body := http.MethodPost, "/graphql", fmt.Sprintf(`{"query":"query %s { order(id: \"%d\") { id %s } }","operationName":%q}`, name, i, []string{"", name}[i%2], name)
				switch i % 10 {
				case 7:
					method = strings.ToUpper(name)
				case 8:
					path = "/" + name
				case 9:
					body = fmt.Sprintf(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":%q}},"documentId":%q}`, name, name)
				}
				p.request(t, method, p.public+path, body, "Content-Type", "application/json", "GraphQL-Client-Name", name, "apollographql-client-name", name,
					"User-Agent", name, "X-Request-Id", name, "Origin", "https://"+name+".example", "Authorization", "Bearer "+name)
			}
		})
	}
	callers.Wait()
	after, _ := scrape(t, p)
	for series := range after {
		_, found := before[series]
		if strings.Contains(strings.ToLower(series), "evil") || !found && !strings.HasPrefix(series, "http_server_request_duration_seconds") {
			t.Errorf("%s comes from strangers", series)
		}
	}
	if got := after[`client_requests_total{client="other"}`]; got < 800 {
		t.Errorf("%v requests of clients that are not listed", got)
	}
}

func TestMetricsCountWhatHappened(t *testing.T) {
	p := start(t)
	before, _ := scrape(t, p)
	const query = `{"query":"query q($id: ID!) { order(id: $id) { id status invoice { type } } }","variables":{"id":"%s"}}`
	ask := func(body string, headers ...string) {
		t.Helper()
		p.request(t, http.MethodPost, p.public+"/graphql", body, append([]string{"Content-Type", "application/json"}, headers...)...)
	}
	ask(fmt.Sprintf(query, "809"))                                                       // three points
	ask(fmt.Sprintf(query, "809"))                                                       // the same bytes
	ask(`{"query":"{ order(id: \"809\") { id } }"}`)                                     // the same copy
	ask(`{"query":"{ order(id: \"809\") { id } }"}`, "Cache-Control", "no-cache")        // another call
	ask(`{"query":"{ orders(ids: [\"1\", \"809\", \"103\"]) { id } }"}`)                 // partial
	ask(`{"query":"{ order(id: \"103\") { id } }"}`)                                     // a remembered refusal
	ask(`{"query":"{ order(id: \"800\") { id } }"}`)                                     // no such order
	ask(`{"query":"{ nothing }"}`)                                                       // invalid
	ask(`{"query":"{"}`)                                                                 // no document
	ask(`{"query":"{ a: __typename ` + strings.Repeat("x: __typename ", 1000) + `" }"}`) // no JSON
	p.request(t, http.MethodGet, p.public+"/livez", "")
	p.request(t, http.MethodGet, p.public+"/nowhere/at/all", "")
	p.request(t, "HOSTILE", p.public+"/graphql", "")

	after, _ := scrape(t, p)
	for series, want := range map[string]float64{
		`upstream_calls_total`:                                       5,
		`upstream_points_total`:                                      3 + 3 + 1, // refusals cost nothing
		`upstream_requests_total{code="OK"}`:                         3,
		`upstream_requests_total{code="NO_ORDER"}`:                   1,
		`upstream_requests_total{code="ACCOUNT_NOT_FOUND"}`:          1,
		`upstream_request_duration_seconds_count{outcome="refused"}`: 1,
		`upstream_domain_requests_total{domain="OrderInvoice"}`:      2,
		`upstream_points_saved_total{source="response"}`:             3,
		`upstream_points_saved_total{source="memory"}`:               3 + 3,
		`upstream_wait_seconds_count`:                                5,
		`graphql_orders_total{source="call"}`:                        4,
		`graphql_orders_total{source="response"}`:                    1,
		`graphql_orders_total{source="memory"}`:                      2,
		`graphql_orders_total{source="failed"}`:                      1,
		`graphql_orders_total{source="refusal"}`:                     1,
		`graphql_operations_total{outcome="ok",type="query"}`:        5,
		`graphql_operations_total{outcome="partial",type="query"}`:   1,
		`graphql_operations_total{outcome="failed",type="query"}`:    1,
		`graphql_operations_total{outcome="rejected",type="none"}`:   4,
		`graphql_errors_total{code="ACCOUNT_NOT_FOUND"}`:             2,
		`graphql_rejected_total{reason="validation"}`:                1,
		`graphql_rejected_total{reason="parse"}`:                     1,
		`graphql_rejected_total{reason="bad_request"}`:               2,
		`cache_requests_total{level="response",result="hit"}`:        1,
		`cache_requests_total{level="response",result="bypass"}`:     1,
		`cache_requests_total{level="memory",result="hit"}`:          2,
		`cache_requests_total{level="memory",result="bypass"}`:       1,
		`http_server_active_requests`:                                0,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",http_route="/livez"}`:      1,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="404",http_route="other"}`:       1,
		`http_server_request_duration_seconds_count{http_request_method="_OTHER",http_response_status_code="405",http_route="/graphql"}`: 1,
		`http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="200",http_route="/graphql"}`:   9,
		`upstream_breaker_state{state="closed"}`: 0,
	} {
		if _, found := before[series]; !found {
			t.Errorf("%s is not there from the start", series)
		}
		if got := after[series] - before[series]; got != want {
			t.Errorf("%s rose by %v, want %v", series, got, want)
		}
	}
	if after[`ordergraph_info{mode="sandbox"}`] != 1 || after[`ordergraph_ready`] != 1 || after[`upstream_in_flight_limit`] != 64 ||
		after[`cache_entries{level="memory"}`] != 2 || after[`config_last_reload_success_timestamp_seconds`] == 0 {
		t.Error("a gauge is wrong")
	}
	for series := range after {
		if _, found := before[series]; !found {
			t.Errorf("%s begins with a request", series)
		}
	}
}
