package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// statuses answers calls for orders in turn and returns their response codes.
func statuses(t *testing.T, s *Sandbox, headers []string, ids ...string) (codes []string) {
	t.Helper()
	for _, id := range ids {
		answer := decode(t, post(s, parameters(site1688, id, ""), headers...).Body.Bytes())
		codes = append(codes, fmt.Sprint(answer["status"]))
	}
	return codes
}

func TestFaults(t *testing.T) {
	mine := []string{"Authorization", "mine"}
	for _, test := range []struct {
		name   string
		faults []Fault
		ids    []string
		want   string
	}{
		{"none", nil, []string{"50000"}, "0"},
		{"all orders", []Fault{{Name: "no-account"}}, []string{"50000", "58218860983545941", "2042"}, "103 103 103"},
		{"one order", []Fault{{Name: "no-account", OrderID: "50001"}}, []string{"50000", "50001"}, "0 103"},
		{"my token", []Fault{{Name: "quota-exhausted", Token: "mine"}}, []string{"50000"}, "204"},
		{"another token", []Fault{{Name: "quota-exhausted", Token: "other"}}, []string{"50000"}, "0"},
		{"every third", []Fault{{Name: "system-error", Every: 3}}, []string{"50000", "50000", "50000", "50000", "50000", "50000"}, "0 0 200 0 0 200"},
		{"twice", []Fault{{Name: "upstream-timeout", Times: 2}}, []string{"50000", "50000", "50000"}, "101 101 0"},
		{"the first that fits", []Fault{{Name: "no-account", OrderID: "50001"}, {Name: "system-error"}}, []string{"50001", "50002"}, "103 200"},
		{"one after the other", []Fault{{Name: "no-account", Times: 1}, {Name: "system-error"}}, []string{"50001", "50001"}, "103 200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(Options{})
			if err := s.SetFaults(test.faults...); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(statuses(t, s, mine, test.ids...), " "); got != test.want {
				t.Errorf("response codes %s, want %s", got, test.want)
			}
			if err := s.SetFaults(); err != nil {
				t.Fatal(err)
			}
			if got := statuses(t, s, mine, "50001"); got[0] != "0" {
				t.Errorf("after the faults: %s", got)
			}
		})
	}
}

func TestBadFaultChangesNothing(t *testing.T) {
	s := New(Options{})
	good := Fault{Name: "no-account"}
	if err := s.SetFaults(good); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []Fault{{}, {Name: "no-such"}, {Name: "hang", Every: -1}, {Name: "hang", Times: -1}} {
		if err := s.SetFaults(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if got := s.Faults(); len(got) != 1 || got[0] != good {
		t.Errorf("faults %+v", got)
	}
}

func TestBadParametersComeBeforeFaults(t *testing.T) {
	s := New(Options{})
	if err := s.SetFaults(Fault{Name: "no-account"}); err != nil {
		t.Fatal(err)
	}
	if got := decode(t, post(s, `{}`).Body.Bytes())["status"]; got != json.Number("100") {
		t.Errorf("status %v", got)
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Latency: 20 * time.Millisecond})
		took := func(id string) time.Duration {
			begin := time.Now()
			post(s, parameters(site1688, id, ""))
			return time.Since(begin)
		}
		if got := took("50000"); got != 20*time.Millisecond {
			t.Errorf("an order took %v", got)
		}
		if got := took("600"); got != 3020*time.Millisecond {
			t.Errorf("the slow order took %v", got)
		}
		s.SetLatency(0)
		if got := took("103"); got != 0 {
			t.Errorf("without latency an answer took %v", got)
		}
	})
}

func TestAnswerEndsWhenTheCallerLeaves(t *testing.T) {
	for _, id := range []string{"600", "601", "604", "605", "705", "706"} {
		s := New(Options{SlowAnswer: time.Hour, DripInterval: time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := newPost(ctx, Path, parameters(site1688, id, ""))
		func() {
			defer func() {
				if reason := recover(); reason != http.ErrAbortHandler {
					t.Errorf("%s: ended with %v", id, reason)
				}
			}()
			s.ServeHTTP(httptest.NewRecorder(), r)
		}()
		if got := s.Totals().InFlight; got != 0 {
			t.Errorf("%s: %d calls in flight", id, got)
		}
	}
}

func TestLog(t *testing.T) {
	s := New(Options{})
	body := `{"web_site":"alibaba","order_id":"50000","include_fields":"OrderInvoice,RateDetail","attribute_keys":["b","a"],"edition":"2"}`
	post(s, body, "Authorization", "1798c6", "X-Extra", "1")
	post(s, parameters(site1688, "50001", ""))
	post(s, `{"web_site":"1688","order_id":"x"}`)
	calls := s.Calls()
	if len(calls) != 3 {
		t.Fatalf("%d calls", len(calls))
	}
	first := calls[0]
	if first.Time.IsZero() || first.Connection == "" {
		t.Errorf("%+v lacks time or connection", first)
	}
	first.Time, first.Connection = time.Time{}, ""
	fields := "OrderInvoice,RateDetail"
	want := Call{
		Number: 1, Answer: "order", WebSite: "alibaba", OrderID: "50000", OrderIDQuoted: true, IncludeFields: &fields,
		AttributeKeys: []string{"b", "a"}, Edition: "2", Token: TokenMarker("1798c6"),
		HeaderNames: []string{"Authorization", "Content-Type", "X-Extra"},
	}
	if !reflect.DeepEqual(first, want) {
		t.Errorf("logged %+v, want %+v", first, want)
	}
	if second := calls[1]; second.IncludeFields != nil || second.AttributeKeys != nil || second.Token != "" || second.Edition != "1" || second.OrderIDQuoted {
		t.Errorf("logged %+v", second)
	}
	if third := calls[2]; third.Answer != "refused" || third.Refused == "" || third.WebSite != "1688" {
		t.Errorf("logged %+v", third)
	}
	totals := s.Totals()
	if totals.Calls != 3 || totals.Points != 2 || totals.Answers["order"] != 2 || totals.Answers["refused"] != 1 || totals.InFlight != 0 {
		t.Errorf("totals %+v", totals)
	}
	text, err := json.Marshal(calls)
	if err != nil || bytes.Contains(text, []byte("1798c6")) {
		t.Errorf("the log shows the token, or %v: %s", err, text)
	}
	s.Reset()
	if calls, totals := s.Calls(), s.Totals(); len(calls) != 0 || totals.Calls != 0 || totals.Points != 0 {
		t.Errorf("after Reset: %v, %+v", calls, totals)
	}
	post(s, body)
	if got := s.Calls(); len(got) != 1 || got[0].Number != 1 {
		t.Errorf("after Reset and a call: %v", got)
	}
}

func TestLogForgetsTheOldest(t *testing.T) {
	s := New(Options{LogSize: 3})
	for i := range 8 {
		post(s, parameters(site1688, fmt.Sprint(50_000+i), ""))
	}
	var ids []string
	for _, call := range s.Calls() {
		ids = append(ids, call.OrderID)
	}
	if want := []string{"50005", "50006", "50007"}; !slices.Equal(ids, want) {
		t.Errorf("remembered %v, want %v", ids, want)
	}
	if got := s.Totals().Calls; got != 8 {
		t.Errorf("%d calls counted", got)
	}
}

func TestMaxInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Latency: time.Second})
		var callers sync.WaitGroup
		for i := range 5 {
			callers.Go(func() { post(s, parameters(site1688, fmt.Sprint(50_000+i), "")) })
		}
		callers.Wait()
		post(s, parameters(site1688, "50000", ""))
		if got := s.Totals(); got.MaxInFlight != 5 || got.InFlight != 0 {
			t.Errorf("totals %+v", got)
		}
	})
}

// control sends a control request.
func control(t *testing.T, s *Sandbox, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func TestControl(t *testing.T) {
	s := New(Options{Latency: time.Nanosecond})
	put := `{"latency":"1us","faults":[{"name":"quota-exhausted","token":"mine","times":1},{"name":"system-error","order_id":"50001","every":1}]}`
	if w := control(t, s, http.MethodPut, "/_sandbox/faults", put); w.Code != http.StatusNoContent {
		t.Fatalf("PUT: %d %s", w.Code, w.Body)
	}
	if got := statuses(t, s, []string{"Authorization", "mine"}, "50000", "50000", "50001"); !slices.Equal(got, []string{"204", "0", "200"}) {
		t.Errorf("response codes %v", got)
	}
	shown := control(t, s, http.MethodGet, "/_sandbox/faults", "").Body.String()
	if strings.Contains(shown, `"mine"`) || !strings.Contains(shown, TokenMarker("mine")) || !strings.Contains(shown, `"1µs"`) {
		t.Errorf("GET faults: %s", shown)
	}
	log := decode(t, control(t, s, http.MethodGet, "/_sandbox/calls", "").Body.Bytes())
	if at(t, log, "totals.calls") != json.Number("3") || at(t, log, "calls.2.order_id") != "50001" || at(t, log, "calls.2.answer") != "system-error" {
		t.Errorf("GET calls: %v", log)
	}
	for _, path := range []string{"/_sandbox/calls", "/_sandbox/faults"} {
		if w := control(t, s, http.MethodDelete, path, ""); w.Code != http.StatusNoContent {
			t.Errorf("DELETE %s: %d", path, w.Code)
		}
	}
	if len(s.Calls()) != 0 || len(s.Faults()) != 0 || s.currentLatency() != time.Nanosecond {
		t.Error("DELETE left something behind")
	}
	var ids []TestID
	if err := json.Unmarshal(control(t, s, http.MethodGet, "/_sandbox/test-ids", "").Body.Bytes(), &ids); err != nil || !slices.Equal(ids, TestIDs()) {
		t.Errorf("GET test-ids: %v, %d ids", err, len(ids))
	}
}

func TestControlRefusesNonsense(t *testing.T) {
	for _, body := range []string{``, `[]`, `{"fault":[]}`, `{"faults":[{"name":"no-such"}]}`, `{"latency":"soon"}`, `{"latency":"1s","faults":[{"name":"no-such"}]}`} {
		s := New(Options{})
		if w := control(t, s, http.MethodPut, "/_sandbox/faults", body); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", body, w.Code)
		}
		if len(s.Faults()) != 0 || s.currentLatency() != 0 {
			t.Errorf("%s changed something", body)
		}
	}
}

func TestServerEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Start(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	hanging := make(chan error, 1)
	go func() {
		response, err := newClient(t).Do(newPost(t.Context(), s.URL, parameters(site1688, "601", "")))
		if err == nil {
			response.Body.Close()
		}
		hanging <- err
	}()
	for s.Totals().InFlight == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-hanging; err == nil {
		t.Error("the call that hung was answered")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if s.Totals().InFlight != 0 {
		t.Error("an answer is still under way after Close")
	}
	if _, err := newClient(t).Do(newPost(t.Context(), s.URL, parameters(site1688, "50000", ""))); err == nil {
		t.Error("the server still answers")
	}
}

func TestServerOfAnEndedContextEndsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := Start(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestConnectionIsReused(t *testing.T) {
	s := start(t, Options{})
	client := newClient(t)
	for range 3 {
		response, err := client.Do(newPost(t.Context(), s.URL, parameters(site1688, "50000", "")))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	calls := s.Calls()
	if calls[0].Connection != calls[2].Connection {
		t.Errorf("connections %s, %s", calls[0].Connection, calls[2].Connection)
	}
}
