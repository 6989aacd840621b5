package transport

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"ordergraph/graph/internal/codes"
)

func edgeOver(t *testing.T, next http.HandlerFunc, options EdgeOptions) http.Handler {
	t.Helper()
	handler, err := NewEdge(next, options)
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func TestSecurityHeaders(t *testing.T) {
	handler := edgeOver(t, func(http.ResponseWriter, *http.Request) {}, EdgeOptions{})
	got := httptest.NewRecorder()
	handler.ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/nowhere", nil))
	for name, want := range map[string]string{
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		"Referrer-Policy":         "no-referrer",
	} {
		if value := got.Header().Get(name); value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	known := map[string]bool{}
	for range 1000 {
		id := takeRequestID(nil)
		if known[id] || len(id) != 26 || !isRequestID(id) {
			t.Fatalf("id %q", id)
		}
		known[id] = true
	}
}

func TestEdgeCatchesPanics(t *testing.T) {
	var log bytes.Buffer
	handler := edgeOver(t, func(http.ResponseWriter, *http.Request) { panic("13800138000") },
		EdgeOptions{Log: zerolog.New(&log)})
	got := httptest.NewRecorder()
	handler.ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/", nil))
	if got.Code != http.StatusInternalServerError || strings.Contains(log.String()+got.Body.String(), "13800138000") || log.Len() == 0 {
		t.Errorf("%d, log %s", got.Code, log.String())
	}
}

func TestCORS(t *testing.T) {
	listed := []string{"https://shop.example", "http://localhost:*", "http://127.0.0.1:*"}
	tests := map[string]struct {
		origins   []string
		origin    string
		preflight bool
		status    int
		allowed   bool
	}{
		"listed":                   {listed, "https://shop.example", false, 200, true},
		"listed, preflight":        {listed, "https://shop.example", true, 204, true},
		"any port":                 {listed, "http://localhost:5173", true, 204, true},
		"no port":                  {listed, "http://localhost", true, 204, true},
		"loopback":                 {listed, "http://127.0.0.1:3000", true, 204, true},
		"other scheme":             {listed, "https://localhost:5173", true, 403, false},
		"no port number":           {listed, "http://localhost:5173.evil.example", true, 403, false},
		"subdomain":                {listed, "https://a.shop.example", true, 403, false},
		"suffix":                   {listed, "https://shop.example.evil.example", true, 403, false},
		"other port":               {listed, "https://shop.example:8443", true, 403, false},
		"null":                     {listed, "null", true, 403, false},
		"star":                     {listed, "*", true, 403, false},
		"unlisted":                 {listed, "https://evil.example", false, 200, false},
		"unlisted, preflight":      {listed, "https://evil.example", true, 403, false},
		"none listed, preflight":   {nil, "https://shop.example", true, 403, false},
		"none listed":              {nil, "https://shop.example", false, 200, false},
		"preflight without origin": {listed, "", true, 403, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reached := false
			handler := edgeOver(t, func(http.ResponseWriter, *http.Request) { reached = true }, EdgeOptions{Origins: test.origins})
			r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
			if test.preflight {
				r = httptest.NewRequest(http.MethodOptions, "/graphql", nil)
				r.Header.Set("Access-Control-Request-Method", "POST")
			}
			if test.origin != "" {
				r.Header.Set("Origin", test.origin)
			}
			got := httptest.NewRecorder()
			handler.ServeHTTP(got, r)
			allowed := ""
			if test.allowed {
				allowed = test.origin
			}
			if header := got.Header().Get("Access-Control-Allow-Origin"); got.Code != test.status || header != allowed {
				t.Errorf("status %d allowed %q, want %d %q", got.Code, header, test.status, allowed)
			}
			if reached == test.preflight {
				t.Errorf("reached the handler: %v", reached)
			}
			if vary := strings.HasPrefix(strings.Join(got.Header()["Vary"], ", "), "Origin"); vary != (len(test.origins) > 0) {
				t.Errorf("Vary %q", got.Header()["Vary"])
			}
			if got.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials are allowed")
			}
			if listed := got.Header().Get("Access-Control-Allow-Headers"); strings.Contains(listed, "Authorization") != (test.preflight && test.allowed) {
				t.Errorf("Access-Control-Allow-Headers %q", listed)
			}
		})
	}
}

// What adds tracing headers to the requests of a page is not known here.
func TestPreflightAllowsWhatItAsksFor(t *testing.T) {
	handler := edgeOver(t, func(http.ResponseWriter, *http.Request) { t.Error("a preflight went on") }, EdgeOptions{Origins: []string{"https://shop.example"}})
	many := strings.TrimSuffix(strings.Repeat("x-abcdefgh,", 1000), ",")
	for asked, want := range map[string]string{
		"content-type,authorization,baggage,sentry-trace":                         "content-type, authorization, baggage, sentry-trace",
		"traceparent, tracestate, x-datadog-trace-id,x-datadog-sampling-priority": "traceparent, tracestate, x-datadog-trace-id, x-datadog-sampling-priority",
		"b3, uber-trace-id, X-B3-TraceId, newrelic":                               "b3, uber-trace-id, X-B3-TraceId, newrelic",
		"traceparent,x-router-secret":                                             "traceparent",
		"X-Router-Secret , baggage":                                               "baggage",
		"*":                                                                       corsRequestHeaders,
		"*, traceparent":                                                          "traceparent",
		"trace parent, \"x\", x:y, ä, a\r\nb, baggage":                            "baggage",
		"":                 corsRequestHeaders,
		" , ,":             corsRequestHeaders,
		"x-router-secret":  corsRequestHeaders,
		many:               strings.TrimSuffix(strings.Repeat("x-abcdefgh, ", maxRequestHeaders/10), ", "),
		many + ",baggage ": strings.TrimSuffix(strings.Repeat("x-abcdefgh, ", maxRequestHeaders/10), ", "),
	} {
		r := httptest.NewRequest(http.MethodOptions, "/graphql", nil)
		r.Header.Set("Origin", "https://shop.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", asked)
		got := httptest.NewRecorder()
		handler.ServeHTTP(got, r)
		if allowed := got.Header().Get("Access-Control-Allow-Headers"); got.Code != http.StatusNoContent || allowed != want {
			t.Errorf("%.100q: %d %.100q, want %.100q", asked, got.Code, allowed, want)
		}
		if vary := got.Header()["Vary"]; len(vary) != 1 || vary[0] != "Origin, Access-Control-Request-Headers" {
			t.Errorf("Vary %q", vary)
		}
		r.Header.Set("Origin", "https://evil.example")
		got = httptest.NewRecorder()
		handler.ServeHTTP(got, r)
		if got.Code != http.StatusForbidden || got.Header().Get("Access-Control-Allow-Headers") != "" {
			t.Errorf("%.100q of another page: %d %q", asked, got.Code, got.Header())
		}
	}
}

// A page can read that its headers are too large.
func TestLargeHeader(t *testing.T) {
	reached := false
	handler := edgeOver(t, func(http.ResponseWriter, *http.Request) { reached = true }, EdgeOptions{Origins: []string{"https://shop.example"}})
	for name, test := range map[string]struct {
		change func(r *http.Request)
		status int
	}{
		"small":        {func(r *http.Request) { r.Header.Set("X-Large", strings.Repeat("x", 31<<10)) }, 200},
		"large":        {func(r *http.Request) { r.Header.Set("X-Large", strings.Repeat("x", 33<<10)) }, 431},
		"many":         {func(r *http.Request) { r.Header["X-Many"] = slices.Repeat([]string{"x"}, 4000) }, 431},
		"query string": {func(r *http.Request) { r.RequestURI = "/graphql?" + strings.Repeat("x", 33<<10) }, 431},
		"host":         {func(r *http.Request) { r.Host = strings.Repeat("x", 33<<10) }, 431},
	} {
		t.Run(name, func(t *testing.T) {
			reached = false
			r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
			r.Header.Set("Origin", "https://shop.example")
			r.Header.Set("Accept", graphqlType)
			r.Header.Set("X-Request-Id", "r-1")
			test.change(r)
			got := httptest.NewRecorder()
			handler.ServeHTTP(got, r)
			if got.Code != test.status || reached != (test.status == 200) || got.Header().Get("Access-Control-Allow-Origin") == "" {
				t.Fatalf("%d %v, went on: %v", got.Code, got.Header(), reached)
			}
			if reached {
				return
			}
			var answer struct {
				Errors []struct{ Extensions map[string]any }
			}
			if err := json.Unmarshal(got.Body.Bytes(), &answer); err != nil || len(answer.Errors) != 1 ||
				answer.Errors[0].Extensions["code"] != codes.BadRequest || answer.Errors[0].Extensions["requestId"] != "r-1" {
				t.Errorf("%v %s", err, got.Body)
			}
			if header := got.Header(); header.Get("Content-Type") != graphqlType+"; charset=utf-8" || header.Get("Connection") != "close" || header.Get("Cache-Control") != "no-store" {
				t.Errorf("header %v", header)
			}
		})
	}
}

func TestOriginsAreChecked(t *testing.T) {
	for _, origin := range []string{
		"*", "null", "", "shop.example", "https://", "https://shop.example/", "https://shop.example/path", "https://u@shop.example",
		"ftp://shop.example", "https://Shop.example", "https://*.shop.example", "https://shop.example?x", "http://localhost:*:*", ":*",
	} {
		if _, err := NewEdge(http.NotFoundHandler(), EdgeOptions{Origins: []string{origin}}); err == nil {
			t.Errorf("origin %q was taken", origin)
		}
	}
}

func TestOptions(t *testing.T) {
	got := send(t, serve(t, Options{}, nil), httptest.NewRequest(http.MethodOptions, "/graphql", nil))
	if got.Code != http.StatusNoContent || got.Header().Get("Allow") != allowedMethods {
		t.Errorf("%d %v", got.Code, got.Header())
	}
	got = send(t, serve(t, Options{}, nil), httptest.NewRequest(http.MethodDelete, "/graphql", nil))
	if got.Code != http.StatusMethodNotAllowed || got.Header().Get("Allow") != allowedMethods {
		t.Errorf("%d %v", got.Code, got.Header())
	}
}

func TestCompression(t *testing.T) {
	large := `{"order":"` + strings.Repeat("重", 2000) + `"}`
	plain := send(t, serve(t, Options{}, answerData(large)), post(query(`{wide}`)))
	packed := send(t, serve(t, Options{}, answerData(large)), post(query(`{wide}`), "Accept-Encoding", "gzip"))
	if packed.Header().Get("Content-Encoding") != "gzip" || packed.Body.Len() >= plain.Body.Len() {
		t.Fatalf("%v, %d of %d bytes", packed.Header(), packed.Body.Len(), plain.Body.Len())
	}
	reader, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(reader)
	if err != nil || !bytes.Equal(unpacked, plain.Body.Bytes()) {
		t.Errorf("%v: %s", err, unpacked)
	}
	small := send(t, serve(t, Options{}, answerData(`{}`)), post(query(`{wide}`), "Accept-Encoding", "gzip"))
	if small.Header().Get("Content-Encoding") != "" {
		t.Error("a small answer is compressed")
	}
	for _, got := range []*reply{plain, packed, small} {
		if !slices.Contains(got.Header()["Vary"], "Accept, Accept-Encoding") {
			t.Errorf("Vary %q", got.Header()["Vary"])
		}
	}
}
