package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/transport"
	"ordergraph/upstream"
)

func readStatus(t *testing.T, telemetry *Telemetry) (status Status) {
	t.Helper()
	w := httptest.NewRecorder()
	telemetry.StatusJSON().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/status.json", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &status); w.Code != http.StatusOK || err != nil {
		t.Fatal(w.Code, err, w.Body)
	}
	return status
}

// TestHistory has one point spent in each minute, from 22:30:30 until 00:30 at UTC+8.
func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(14*time.Hour + 30*time.Minute + 30*time.Second) // it began at midnight UTC
		telemetry := newTelemetry()
		ctx, stop := context.WithCancel(t.Context())
		go telemetry.RunHistory(ctx)
		defer synctest.Wait()
		defer stop()
		spend := func(minutes int) {
			for range minutes {
				telemetry.CallEnded(Call{Written: true, Points: 1, Operation: "Name"})
				time.Sleep(time.Minute)
				synctest.Wait()
			}
		}
		spend(3)
		status := readStatus(t, telemetry)
		if status.Day.AtThisPace != nil || len(status.Hour.Points) != 4 || total(status.Upstream.Requests) != 3 {
			t.Errorf("after 3 minutes %+v", status)
		}
		spend(86) // 23:59:30
		status = readStatus(t, telemetry)
		if got := total(status.Upstream.Requests); got != 60 {
			t.Errorf("%v calls in the last hour", got)
		}
		if status.Day.Points != 89 || *status.Day.AtThisPace != 89 || status.Operations[0].Points != 89 {
			t.Errorf("at the end of the day %+v", status.Day)
		}
		if len(status.Hour.Points) != 61 || status.Hour.Points[0] != 1 {
			t.Errorf("points of minutes %v", status.Hour.Points)
		}
		spend(10) // 00:09:30
		status = readStatus(t, telemetry)
		if status.Day.Points != 9 || status.Day.Calls != 9 || status.Operations[0].Points != 9 {
			t.Errorf("on the next day %+v, operations %+v", status.Day, status.Operations)
		}
		if want := 9 + 23*60 + 50.; math.Abs(*status.Day.AtThisPace-want) > 15 {
			t.Errorf("at this pace %v, want about %v", *status.Day.AtThisPace, want)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if status = readStatus(t, telemetry); total(status.Upstream.Requests) != 0 || status.Upstream.Median != nil {
			t.Errorf("after two quiet hours %+v", status.Upstream)
		}
	})
}

func TestQuantile(t *testing.T) {
	histogram := func(counts ...float64) reading {
		r := reading{values: map[series]float64{}}
		sum := 0.0
		for i, count := range counts {
			sum += count
			bound := []float64{1, 2, 4, math.Inf(1)}[i]
			r.values[series{family: "h", bound: bound}] = sum
		}
		return r
	}
	for name, test := range map[string]struct {
		of   reading
		q    float64
		want float64
	}{
		"nothing":          {histogram(0, 0, 0, 0), .5, math.NaN()},
		"no histogram":     {reading{}, .5, math.NaN()},
		"the first bucket": {histogram(10, 0, 0, 0), .5, .5},
		"between":          {histogram(10, 10, 0, 0), .75, 1.5},
		"above a gap":      {histogram(5, 0, 5, 0), .9, 3.6},
		"above all bounds": {histogram(1, 0, 0, 9), .9, 4},
		"all of it":        {histogram(1, 1, 1, 0), 1, 4},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.of.quantile("h", test.q); math.Abs(got-test.want) > 1e-9 || math.IsNaN(got) != math.IsNaN(test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

// TestOperationsAreBounded has a thousand names, of which one costs more than the others.
func TestOperationsAreBounded(t *testing.T) {
	telemetry := newTelemetry()
	for i := range 1000 {
		telemetry.CallEnded(Call{Written: true, Points: 1, Operation: fmt.Sprintf("Made%dUp%s", i, strings.Repeat("x", 1000))})
		telemetry.CallEnded(Call{Written: true, Points: 5, Operation: "Dear"})
	}
	operations := readStatus(t, telemetry).Operations
	if len(operations) != maxNames {
		t.Fatalf("%d operations", len(operations))
	}
	if dear := operations[0]; dear.Name != "Dear" || dear.Points-dear.AtMostTooMany > 5000 || dear.Points < 5000 {
		t.Errorf("%+v", dear)
	}
	for _, operation := range operations {
		if len(operation.Name) > maxName {
			t.Errorf("a name of %d bytes", len(operation.Name))
		}
	}
}

func TestFailures(t *testing.T) {
	telemetry := newTelemetry()
	answer := func(id string, errors ...string) {
		exchange := transport.Exchange{Route: apiRoute, Operation: &transport.Operation{Type: "query", Name: "<i>", RequestID: id}}
		for _, code := range errors {
			exchange.Operation.Errors = append(exchange.Operation.Errors, &gqlerror.Error{Extensions: map[string]any{"code": code}})
		}
		telemetry.Began()
		telemetry.Ended(&exchange)
	}
	for i := range 30 {
		answer(fmt.Sprint(i), codes.BadUserInput, codes.UpstreamTimeout, codes.UpstreamError)
	}
	answer("fine")
	answer("mistaken", codes.ValidationFailed)
	failures := readStatus(t, telemetry).Failures
	if len(failures) != maxFailures || failures[0].RequestID != "29" || failures[19].RequestID != "10" || failures[0].Code != codes.UpstreamTimeout {
		t.Fatalf("%d failures: %+v", len(failures), failures)
	}
	w := httptest.NewRecorder()
	telemetry.StatusPage().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?refresh=5", nil))
	page := w.Body.String()
	if strings.Contains(page, "<i>") || !strings.Contains(page, "&lt;i&gt;") || !strings.Contains(page, "UPSTREAM_TIMEOUT") {
		t.Error("the page has a name as it was sent")
	}
	if w.Header().Get("Refresh") != "5" {
		t.Errorf("Refresh %q", w.Header().Get("Refresh"))
	}
}

// TestStatusPageKeepsItsPolicy: a style that is not the one in the policy would be dropped by the browser.
func TestStatusPageKeepsItsPolicy(t *testing.T) {
	telemetry := newTelemetry()
	telemetry.CallEnded(Call{Written: true, Points: 1, Err: &upstream.Error{Kind: upstream.KindTimeout, Outage: true}})
	w := httptest.NewRecorder()
	telemetry.StatusPage().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?refresh=no", nil))
	page := w.Body.String()
	_, style, _ := strings.Cut(page, "<style>")
	style, _, found := strings.Cut(style, "</style>")
	if policy := w.Header().Get("Content-Security-Policy"); !found || !strings.Contains(policy, "'sha256-"+hashOf(style)+"'") {
		t.Errorf("policy %q does not have the hash of the style", policy)
	}
	for _, blocked := range []string{"style=", "<script", "javascript:", "http://", "https://", "ZgotmplZ"} {
		if strings.Contains(page, blocked) {
			t.Errorf("the page has %q", blocked)
		}
	}
	if refresh := w.Header().Get("Refresh"); refresh != "" {
		t.Errorf("Refresh %q", refresh)
	}
}

func TestOnlyOwnHost(t *testing.T) {
	handler := OnlyOwnHost(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "Pod-1")
	for host, want := range map[string]int{
		"localhost:8081": 200, "LOCALHOST": 200, "127.0.0.1:8081": 200, "[::1]:8081": 200, "::1": 200, "10.0.0.7": 200,
		"pod-1": 200, "pod-1:8081": 200, "x.pod-1": 200, "pod-1.": 200,
		"evil.example": 421, "evil.example:8081": 421, "pod-1.evil.example": 421, "xpod-1": 421, "": 421, "127.0.0.1.evil.example": 421,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
	}
}
