package telemetry

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Status is what the server does and what that costs: what /metrics has, put together for people. Times are in
// UTC, but a day is one at UTC+8, where points are billed.
type Status struct {
	At            time.Time   `json:"at"`
	Ready         bool        `json:"ready"`
	Mode          string      `json:"mode"` // sandbox, pass-through or service
	Build         BuildStatus `json:"build"`
	UptimeSeconds float64     `json:"uptimeSeconds"`
	// Day is today, or since the start where that was later; Hour the last 60 minutes likewise.
	Day        DayStatus      `json:"day"`
	Hour       HourStatus     `json:"hour"`
	Budgets    []BudgetStatus `json:"budgets"`
	Upstream   UpstreamStatus `json:"upstream"`
	Caches     []CacheStatus  `json:"caches"`
	Clients    []ClientStatus `json:"clients"`    // today, those that paid most first
	Operations []OperationUse `json:"operations"` // today, those that cost most first
	Failures   []Failure      `json:"failures"`   // the last ones, the newest first
}

// BuildStatus is which build runs.
type BuildStatus struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	GoVersion string `json:"goVersion"`
}

// DayStatus is what a day costs.
type DayStatus struct {
	Since  time.Time          `json:"since"`
	Calls  float64            `json:"calls"`
	Points float64            `json:"points"`
	Saved  map[string]float64 `json:"saved"` // points by what saved them
	// AtThisPace is what will be spent by midnight if that goes on as in the last hour; null in the first minutes.
	AtThisPace *float64 `json:"atThisPace"`
}

// HourStatus is what the last hour brought.
type HourStatus struct {
	Since      time.Time          `json:"since"`
	Orders     map[string]float64 `json:"orders"`     // by source
	Operations map[string]float64 `json:"operations"` // by outcome
	Errors     map[string]float64 `json:"errors"`     // by code, those that came
	Points     []float64          `json:"points"`     // of each minute, the oldest first; the last one is under way
}

// BudgetStatus is what is left of a budget.
type BudgetStatus struct {
	Client  string    `json:"client"` // empty: of all
	Window  string    `json:"window"`
	Limit   float64   `json:"limit"`
	Spent   float64   `json:"spent"`
	ResetAt time.Time `json:"resetAt"`
}

// UpstreamStatus is how the upstream does.
type UpstreamStatus struct {
	Breaker     string             `json:"breaker"` // closed, half_open or open
	InFlight    float64            `json:"inFlight"`
	Limit       float64            `json:"limit"`
	Waiting     float64            `json:"waiting"`
	LastSuccess UpstreamEvent      `json:"lastSuccess"`
	LastFailure UpstreamEvent      `json:"lastFailure"`
	Requests    map[string]float64 `json:"requests"` // of the last hour by code, those that came
	// Quantiles of the last hour, in seconds, estimated from buckets; null where there was no call.
	Median *float64 `json:"medianSeconds"`
	P95    *float64 `json:"p95Seconds"`
	P99    *float64 `json:"p99Seconds"`
}

// CacheStatus is what a cache holds, and what it brought in the last hour.
type CacheStatus struct {
	Level     string   `json:"level"`
	Bytes     float64  `json:"bytes"`
	Limit     float64  `json:"limit"`
	Entries   float64  `json:"entries"`
	Evictions float64  `json:"evictions"` // since the start
	HitRatio  *float64 `json:"hitRatio"`  // null where nothing was looked up
}

// ClientStatus is what a client cost today.
type ClientStatus struct {
	Client   string  `json:"client"`
	Requests float64 `json:"requests"`
	Calls    float64 `json:"calls"`
	Points   float64 `json:"points"`
	Saved    float64 `json:"saved"`
}

// leastForPace is how long an hour must have been watched for a guess at the rest of the day.
const leastForPace = 5 * time.Minute

// status puts a status together.
func (t *Telemetry) status() (*Status, error) {
	now, err := t.read()
	if err != nil {
		return nil, err
	}
	atHour, atDay, between := t.history.begins()
	if atHour.at.IsZero() {
		atHour.at, atDay.at = t.started, t.started
	}
	hour, day := now.since(atHour), now.since(atDay)
	// The series of one value are named by what they say.
	value := func(family string) float64 { return now.sum(family) }
	status := &Status{
		At: now.at.UTC(), Ready: value("ordergraph_ready") == 1, UptimeSeconds: now.at.Sub(t.started).Seconds(),
		Mode: t.options.Mode, Build: BuildStatus{t.options.Version, t.options.Revision, t.options.GoVersion},
		Hour: HourStatus{
			Since: hour.at.UTC(), Orders: hour.by("graphql_orders_total"), Errors: positive(hour.by("graphql_errors_total")),
			Operations: hour.by("graphql_operations_total"), Points: []float64{},
		},
		Day: DayStatus{
			Since: day.at.UTC(), Calls: day.sum("upstream_calls_total"), Points: day.sum("upstream_points_total"),
			Saved: day.by("upstream_points_saved_total"),
		},
		Upstream: UpstreamStatus{
			InFlight: value("upstream_in_flight"), Limit: value("upstream_in_flight_limit"), Waiting: value("upstream_waiting"),
			Requests: positive(hour.by("upstream_requests_total")),
			Median:   known(hour.quantile("upstream_request_duration_seconds", .5)),
			P95:      known(hour.quantile("upstream_request_duration_seconds", .95)),
			P99:      known(hour.quantile("upstream_request_duration_seconds", .99)),
		},
	}
	local := now.at.In(billing)
	midnight := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, billing)
	if passed := now.at.Sub(hour.at); passed >= leastForPace {
		pace := status.Day.Points + math.Round(hour.sum("upstream_points_total")*float64(midnight.Sub(now.at))/float64(passed))
		status.Day.AtThisPace = &pace
	}
	for i := range between {
		next := now
		if i+1 < len(between) {
			next = between[i+1]
		}
		status.Hour.Points = append(status.Hour.Points, next.since(between[i]).sum("upstream_points_total"))
	}
	for state, is := range now.by("upstream_breaker_state") {
		if is == 1 {
			status.Upstream.Breaker = state
		}
	}
	status.Caches = cachesOf(now, hour)
	status.Clients = clientsOf(day)
	status.Budgets = budgetsOf(now)
	t.events.read(status)
	return status, nil
}

func positive(values map[string]float64) map[string]float64 {
	maps.DeleteFunc(values, func(_ string, value float64) bool { return value == 0 })
	return values
}

// known returns nil for what is unknown.
func known(value float64) *float64 {
	if math.IsNaN(value) {
		return nil
	}
	return &value
}

func cachesOf(now, hour reading) (caches []CacheStatus) {
	bytes, limits, entries, evictions := now.by("cache_bytes"), now.by("cache_limit_bytes"), now.by("cache_entries"), now.by("cache_evictions_total")
	lookups := hour.by("cache_requests_total")
	for _, level := range slices.Sorted(maps.Keys(lookups)) {
		hits := hour.values[series{family: "cache_requests_total", label: level, second: "hit"}]
		caches = append(caches, CacheStatus{level, bytes[level], limits[level], entries[level], evictions[level], known(hits / lookups[level])})
	}
	return caches
}

func clientsOf(day reading) []ClientStatus {
	clients := []ClientStatus{}
	calls, points, saved := day.by("client_calls_total"), day.by("client_points_total"), day.by("client_points_saved_total")
	for client, requests := range day.by("client_requests_total") {
		if requests+calls[client]+points[client]+saved[client] > 0 {
			clients = append(clients, ClientStatus{client, requests, calls[client], points[client], saved[client]})
		}
	}
	slices.SortFunc(clients, func(a, b ClientStatus) int {
		if a.Points != b.Points {
			return int(b.Points - a.Points)
		}
		return strings.Compare(a.Client, b.Client)
	})
	return clients
}

func budgetsOf(now reading) []BudgetStatus {
	budgets := []BudgetStatus{}
	resets := now.by("budget_reset_timestamp_seconds")
	for name, limit := range now.values {
		if name.family == "budget_limit_points" { // whose labels are client, window
			spent := now.values[series{family: "budget_spent_points", label: name.label, second: name.second}]
			budgets = append(budgets, BudgetStatus{name.label, name.second, limit, spent, time.Unix(int64(resets[name.second]), 0).UTC()})
		}
	}
	slices.SortFunc(budgets, func(a, b BudgetStatus) int {
		return strings.Compare(a.Client+"\x00"+a.Window, b.Client+"\x00"+b.Window)
	})
	return budgets
}

//go:embed status.html
var statusHTML string

//go:embed status.css
var statusCSS string

var (
	statusPage   = template.Must(template.New("status").Funcs(statusFuncs).Parse(strings.Replace(statusHTML, "STYLE", statusCSS, 1)))
	statusPolicy = "default-src 'none'; style-src 'sha256-" + hashOf(statusCSS) + "'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// StatusPage serves the status as a page, StatusJSON as JSON. Both only read. The page is loaded again each N seconds
// with ?refresh=N.
func (t *Telemetry) StatusPage() http.Handler {
	return t.serveStatus(func(w http.ResponseWriter, r *http.Request, status *Status, body *bytes.Buffer) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", statusPolicy)
		if seconds, err := strconv.ParseUint(r.URL.Query().Get("refresh"), 10, 16); err == nil && seconds > 0 {
			w.Header().Set("Refresh", strconv.FormatUint(seconds, 10))
		}
		return statusPage.Execute(body, status)
	})
}

// StatusJSON serves the status as JSON.
func (t *Telemetry) StatusJSON() http.Handler {
	return t.serveStatus(func(w http.ResponseWriter, _ *http.Request, status *Status, body *bytes.Buffer) error {
		w.Header().Set("Content-Type", "application/json")
		encoder := json.NewEncoder(body)
		encoder.SetIndent("", "  ")
		return encoder.Encode(status)
	})
}

func (t *Telemetry) serveStatus(write func(http.ResponseWriter, *http.Request, *Status, *bytes.Buffer) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		var body bytes.Buffer
		status, err := t.status()
		if err == nil {
			err = write(w, r, status, &body)
		}
		if err != nil {
			http.Error(w, "the metrics can't be read: "+err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(body.Bytes())
	})
}

// OnlyOwnHost refuses requests that name a host which is not this one's, with 421. A page of another site that has
// its name resolve to this address (DNS rebinding) reads nothing then. An address, localhost, the name of the host
// and names that end in it are allowed.
func OnlyOwnHost(next http.Handler, name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if bare, _, err := net.SplitHostPort(host); err == nil {
			host = bare
		}
		host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
		name := strings.ToLower(name)
		if net.ParseIP(host) == nil && host != "localhost" && (name == "" || host != name && !strings.HasSuffix(host, "."+name)) {
			http.Error(w, "this port answers under its address, localhost and the name of its host", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// statusFuncs are what the page shows values with.
var statusFuncs = template.FuncMap{
	"number": func(value float64) string { return thousands(strconv.FormatFloat(math.Round(value), 'f', -1, 64)) },
	"int":    func(value int) string { return thousands(strconv.Itoa(value)) },
	"size":   sizeText,
	"seconds": func(value *float64) string {
		switch {
		case value == nil:
			return "–"
		case *value < 1:
			return strconv.Itoa(int(math.Round(*value*1000))) + " ms"
		default:
			return strconv.FormatFloat(*value, 'f', 1, 64) + " s"
		}
	},
	"percent": func(value *float64) string {
		if value == nil {
			return "–"
		}
		return strconv.FormatFloat(100**value, 'f', 1, 64) + " %"
	},
	"share": func(value float64, of map[string]float64) string {
		return strconv.FormatFloat(100*value/total(of), 'f', 1, 64) + " %"
	},
	"total": total,
	"uptime": func(seconds float64) string {
		return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
	},
	"clock":   func(at time.Time) string { return at.In(billing).Format("2006-01-02 15:04:05") },
	"rfc3339": func(at time.Time) string { return at.Format(time.RFC3339) },
	"ago":     func(at, now time.Time) string { return now.Sub(at).Round(time.Second).String() + " ago" },
	// bars places one bar for each value in 61 × 20 units.
	"guess": func(value *float64) string {
		if value == nil {
			return "–"
		}
		return thousands(strconv.FormatFloat(*value, 'f', 0, 64))
	},
	"bars": func(values []float64) (bars []bar) {
		most := slices.Max(append(values, 1))
		for i, value := range values {
			if value > 0 {
				height := max(.5, 20*value/most)
				bars = append(bars, bar{i + minutes + 1 - len(values), 20 - height, height, value})
			}
		}
		return bars
	},
	"most": func(values []float64) float64 { return slices.Max(append(values, 0)) },
	"name": func(name string) string {
		if name == "" {
			return "(no name)"
		}
		return name
	},
}

type bar struct {
	X             int
	Y, Height, Of float64
}

func total(values map[string]float64) (sum float64) {
	for _, value := range values {
		sum += value
	}
	return sum
}

func thousands(digits string) string {
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + " " + digits[at:] // a narrow space that does not break
	}
	return digits
}

func sizeText(bytes float64) string {
	for _, unit := range []string{"B", "KiB", "MiB"} {
		if bytes < 1024 {
			return fmt.Sprintf("%.4g %s", bytes, unit)
		}
		bytes /= 1024
	}
	return fmt.Sprintf("%.4g GiB", bytes)
}
