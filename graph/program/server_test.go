package program

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"go.uber.org/goleak"

	"ordergraph/graph"
	"ordergraph/graph/httpserver"
)

// asProgram is the variable that lets the test binary be the program.
const asProgram = "RUN_AS_PROGRAM"

func TestMain(m *testing.M) {
	text, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		panic(err)
	}
	schema = string(text)
	if os.Getenv(asProgram) != "" {
		Main(schema)
		return
	}
	// The developer's own settings, and the suites' name of the program, are none of the tests'.
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "ORDERGRAPH_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	// rueidis puts off a refresh of its topology by a sleep of up to a second that outlives its client.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"))
}

// program is a running server.
type program struct {
	public, admin string // with http://
	stop          func() error
	log           *lockedBuffer
	client        *http.Client
}

// start runs the program with the given flags on free ports, and stops it after the test.
func start(t *testing.T, flags ...string) *program {
	t.Helper()
	return startDraining(t, -1, flags...)
}

// startDraining starts a program that serves for the given time after it was told to stop.
func startDraining(t *testing.T, delay time.Duration, flags ...string) *program {
	t.Helper()
	p := &program{log: new(lockedBuffer), client: &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	c, err := settings(append([]string{"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"}, flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	listening, stopped := make(chan struct{}), make(chan error, 1)
	c.drain = httpserver.Drain{Delay: delay}
	c.listening = func(public, admin string) {
		p.public, p.admin = "http://"+public, "http://"+admin
		close(listening)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { stopped <- run(ctx, c, newLogger(c, p.log)) }()
	select {
	case <-listening:
	case err := <-stopped:
		t.Fatalf("did not start: %v", err)
	}
	p.stop = sync.OnceValue(func() error {
		cancel()
		p.client.CloseIdleConnections()
		return <-stopped
	})
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Errorf("stopped with %v", err)
		}
	})
	return p
}

// lockedBuffer is a log that may be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (p *program) request(t *testing.T, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got, string(text)
}

func (p *program) query(t *testing.T, text string, headers ...string) (*http.Response, string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": text})
	if err != nil {
		t.Fatal(err)
	}
	return p.request(t, http.MethodPost, p.public+"/graphql", string(body), append(headers, "Content-Type", "application/json")...)
}

const documentedQuery = `{order(id:"58218860983545941"){id status total{amount} createdAt lineItems{id name} domesticShipping{city shipments{trackingNumber lineItemIds}}}}`

func TestSandboxAnswersTheDocumentedOrder(t *testing.T) {
	p := start(t)
	got, body := p.query(t, documentedQuery)
	if got.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", got.StatusCode, body)
	}
	var answer struct {
		Data struct {
			Order struct {
				ID, CreatedAt string
				Total         struct{ Amount string }
				LineItems     []struct{ ID, Name string }
			}
		}
		Errors     []any
		Extensions struct{ Upstream map[string]int }
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	order := answer.Data.Order
	if order.ID != "58218860983545941" || order.Total.Amount != "6.15" || order.CreatedAt != "2017-09-13T23:17:08-07:00" || len(answer.Errors) > 0 {
		t.Errorf("%s", body)
	}
	if len(order.LineItems) == 0 || order.LineItems[0].ID == "" {
		t.Errorf("line items: %s", body)
	}
	if counts := answer.Extensions.Upstream; counts["calls"] != 1 || counts["hits"] != 0 {
		t.Errorf("counts %v", counts)
	}
	if control := got.Header.Get("Cache-Control"); !strings.HasPrefix(control, "private, max-age=") || !strings.HasPrefix(got.Header.Get("Vary"), "Authorization, ") {
		t.Errorf("Cache-Control %q, Vary %q", control, got.Header["Vary"])
	}
	if _, again := p.query(t, documentedQuery); !strings.Contains(again, `"upstream":{"calls":0,"points":0,"hits":1,"stale":0}`) {
		t.Errorf("the second time: %s", again)
	}
}

func TestSandboxIsAnnounced(t *testing.T) {
	p := start(t)
	first, _, _ := strings.Cut(p.log.String(), "\n")
	for _, want := range []string{p.public + "/graphiql/", "sandbox", "--upstream-url", "ORDERGRAPH_UPSTREAM_URL"} {
		if !strings.Contains(first, want) {
			t.Errorf("the first line %s lacks %s", first, want)
		}
	}
}

func TestRoutes(t *testing.T) {
	p := start(t)
	tests := []struct {
		method, url, header, value string
		status                     int
		want                       map[string]string
	}{
		{"GET", p.public + "/livez", "", "", 200, map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}},
		{"GET", p.public + "/readyz", "", "", 200, nil},
		{"HEAD", p.public + "/readyz", "", "", 200, nil},
		{"POST", p.public + "/readyz", "", "", 405, map[string]string{"Allow": "GET, HEAD"}},
		{"GET", p.admin + "/livez", "", "", 200, nil},
		{"GET", p.admin + "/readyz", "", "", 200, nil},
		{"GET", p.admin + "/debug/pprof/", "", "", 200, nil},
		{"GET", p.admin + "/debug/pprof/cmdline", "", "", 404, nil},
		{"GET", p.admin + "/graphql", "", "", 404, nil},
		{"GET", p.public + "/debug/pprof/", "", "", 404, nil},
		{"GET", p.public + "/", "", "", 302, map[string]string{"Location": "graphiql/"}},
		{"GET", p.public + "/graphiql/", "", "", 200, map[string]string{"Content-Type": "text/html; charset=utf-8"}},
		{"GET", p.public + "/nowhere", "", "", 404, map[string]string{"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}},
		{"GET", p.public + "/schema.graphql", "", "", 200, map[string]string{"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": ""}},
		{"GET", p.public + "/schema.graphql", "Accept-Encoding", "gzip", 200, map[string]string{"Content-Encoding": "gzip", "Vary": "Accept-Encoding, Origin"}},
		{"POST", p.public + "/schema.graphql", "", "", 405, nil},
		{"GET", p.public + "/subgraph.graphql", "", "", 200, map[string]string{"Content-Type": "text/plain; charset=utf-8"}},
		{"POST", p.public + "/subgraph.graphql", "", "", 405, nil},
		{"OPTIONS", p.public + "/graphql", "", "", 204, map[string]string{"Allow": "GET, POST, OPTIONS"}},
		{"DELETE", p.public + "/graphql", "", "", 405, map[string]string{"Allow": "GET, POST, OPTIONS"}},
		{"POST", p.public + "/graphql", "Origin", "http://localhost:5173", 415, map[string]string{"Access-Control-Allow-Origin": "http://localhost:5173"}},
		{"POST", p.public + "/graphql", "Origin", "https://evil.example", 415, map[string]string{"Access-Control-Allow-Origin": ""}},
	}
	for _, test := range tests {
		headers := []string{"Accept-Encoding", "identity"}
		if test.header != "" {
			headers = append(headers, test.header, test.value)
		}
		got, body := p.request(t, test.method, test.url, "", headers...)
		if got.StatusCode != test.status {
			t.Errorf("%s %s: %d, want %d: %s", test.method, test.url, got.StatusCode, test.status, body)
		}
		for name, want := range test.want {
			if value := got.Header.Get(name); value != want {
				t.Errorf("%s %s: %s is %q, want %q", test.method, test.url, name, value, want)
			}
		}
	}
}

// TestSchemaTexts wants each text of the schema from everywhere: that for clients and that for routers.
func TestHTTP2InTheClear(t *testing.T) {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	defer client.CloseIdleConnections()
	ask := func(p *program) (*http.Response, string, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.public+"/graphql", strings.NewReader(`{"query":"{__typename}"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		got, err := client.Do(r)
		if err != nil {
			return nil, "", err
		}
		defer got.Body.Close()
		body, err := io.ReadAll(got.Body)
		return got, string(body), err
	}
	p := start(t, "--h2c")
	if got, body, err := ask(p); err != nil || got.ProtoMajor != 2 || got.StatusCode != http.StatusOK {
		t.Errorf("%v %s %v", got, body, err)
	}
	if got, body := p.query(t, `{__typename}`); got.ProtoMajor != 1 || got.StatusCode != http.StatusOK {
		t.Errorf("HTTP/1.1 beside it: %s %d %s", got.Proto, got.StatusCode, body)
	}
	client.CloseIdleConnections()
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if got, body, err := ask(start(t)); err == nil {
		t.Errorf("without --h2c: %s %d %s", got.Proto, got.StatusCode, body)
	}
}

func TestSchemaTexts(t *testing.T) {
	p := start(t)
	for _, test := range []struct {
		path    string
		command []string
		want    string
	}{
		{"/schema.graphql", []string{"schema"}, apiSchema(t)},
		{"/subgraph.graphql", []string{"schema", "--subgraph"}, schema},
	} {
		plain, text := p.request(t, "GET", p.public+test.path, "", "Accept-Encoding", "identity")
		if text != test.want {
			t.Errorf("%s: %d bytes, want %d", test.path, len(text), len(test.want))
		}
		packed, compressed := p.request(t, "GET", p.public+test.path, "", "Accept-Encoding", "gzip")
		reader, err := gzip.NewReader(strings.NewReader(compressed))
		if err != nil {
			t.Fatal(err)
		}
		if inflated, err := io.ReadAll(reader); err != nil || string(inflated) != test.want {
			t.Errorf("%s: inflated: %d bytes, %v", test.path, len(inflated), err)
		}
		for encoding, tag := range map[string]string{"identity": plain.Header.Get("ETag"), "gzip": packed.Header.Get("ETag")} {
			if !strings.HasPrefix(tag, `"`) {
				t.Errorf("%s, %s: ETag %q", test.path, encoding, tag)
			}
			got, body := p.request(t, "GET", p.public+test.path, "", "Accept-Encoding", encoding, "If-None-Match", tag)
			if got.StatusCode != http.StatusNotModified || body != "" {
				t.Errorf("%s, %s: %d %q", test.path, encoding, got.StatusCode, body)
			}
		}
		if plain.Header.Get("ETag") == packed.Header.Get("ETag") {
			t.Errorf("%s: two encodings share an ETag", test.path)
		}
		var stdout bytes.Buffer
		if err := command(t.Context(), test.command, &stdout, io.Discard); err != nil || stdout.String() != test.want {
			t.Errorf("ordergraph %s: %d bytes, %v", test.command, stdout.Len(), err)
		}
	}
}

func apiSchema(t *testing.T) string {
	t.Helper()
	text, err := graph.APISchema(schema)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestGraphiQLOff(t *testing.T) {
	for _, flag := range []string{"--graphiql=false", "--introspection=false"} {
		p := start(t, flag, "--admin-listen=off")
		for _, path := range []string{"/", "/graphiql/"} {
			if got, _ := p.request(t, "GET", p.public+path, ""); got.StatusCode != http.StatusNotFound {
				t.Errorf("%s: GET %s: %d", flag, path, got.StatusCode)
			}
		}
		if p.admin != "http://" {
			t.Errorf("%s: admin listens at %s", flag, p.admin)
		}
	}
}

func TestIntrospectionOff(t *testing.T) {
	p := start(t, "--introspection=false", "--router-secret=s3cret")
	const introspection = `{__schema{queryType{name}}}`
	if _, body := p.query(t, introspection); !strings.Contains(body, `"errors"`) || strings.Contains(body, `"Query"`) {
		t.Errorf("introspection: %s", body)
	}
	if _, body := p.query(t, introspection, "X-Router-Secret", "s3cret"); !strings.Contains(body, `"Query"`) {
		t.Errorf("introspection of the router: %s", body)
	}
	for _, path := range []string{"/schema.graphql", "/subgraph.graphql"} {
		if got, _ := p.request(t, "GET", p.public+path, ""); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s is shown to strangers: %d", path, got.StatusCode)
		}
		if got, _ := p.request(t, "GET", p.public+path, "", "X-Router-Secret", "s3cret"); got.StatusCode != http.StatusOK {
			t.Errorf("%s is hidden from the router: %d", path, got.StatusCode)
		}
	}
}

// The text for routers is as public as the field _service, that for clients as introspection.
func TestSchemaTextsOfOthers(t *testing.T) {
	for _, test := range []struct {
		flags            []string
		schema, subgraph int
	}{
		{nil, 200, 200},
		{[]string{"--introspection=false"}, 200, 200},
		{[]string{"--router-secret=s3cret"}, 200, 404},
	} {
		p := start(t, test.flags...)
		for path, want := range map[string]int{"/schema.graphql": test.schema, "/subgraph.graphql": test.subgraph} {
			if got, _ := p.request(t, "GET", p.public+path, ""); got.StatusCode != want {
				t.Errorf("%v: %s is %d, want %d", test.flags, path, got.StatusCode, want)
			}
		}
	}
}

func TestDrain(t *testing.T) {
	p := startDraining(t, 3*time.Second)
	stopped := make(chan error)
	go func() { stopped <- p.stop() }()
	for {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.public+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.client.Do(r)
		if err != nil {
			t.Fatalf("the server stopped before it was seen to drain: %v", err)
		}
		if err := got.Body.Close(); err != nil {
			t.Error(err)
		}
		if got.StatusCode == http.StatusServiceUnavailable {
			break
		}
	}
	if got, body := p.query(t, `{__typename}`); got.StatusCode != http.StatusOK {
		t.Errorf("a query while draining: %d %s", got.StatusCode, body)
	}
	p.client.CloseIdleConnections()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestStopLosesNoLine stops the program while a call is under way whose client has gone: it is finished,
// and its line is written.
func TestStopLosesNoLine(t *testing.T) {
	arrived, release := make(chan struct{}, 2), make(chan struct{})
	var calls atomic.Int64
	paid := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		arrived <- struct{}{}
		<-release
		_, _ = io.WriteString(w, `{"status":0,"deduct_money":4,"data":{"result":{}}}`)
	}))
	defer paid.Close()
	p := start(t, "--upstream-url="+paid.URL, "--upstream-concurrency=1")
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.public+"/graphql", strings.NewReader(`{"query":"{orders(ids:[1,2]){id}}"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "token")
	left := make(chan struct{})
	go func() {
		defer close(left)
		if got, err := p.client.Do(r); err == nil {
			_ = got.Body.Close()
			t.Error("answered before the call was")
		}
	}()
	<-arrived
	hangUp()
	<-left
	stopped := make(chan error)
	go func() { stopped <- p.stop() }()
	for !strings.Contains(p.log.String(), "stopping") {
		time.Sleep(time.Millisecond)
	}
	close(release)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	want := fmt.Sprintf(`"calls":%d,"points":%d,`, calls.Load(), 4*calls.Load())
	if log := p.log.String(); strings.Count(log, `"msg":"request"`) != 1 || !strings.Contains(log, want) {
		t.Errorf("%s\nwant one line with %s", log, want)
	}
}

// refusing is an upstream that must not be called.
func refusing(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the upstream was called") }))
	t.Cleanup(server.Close)
	return server.URL
}

func TestPassThroughWithoutToken(t *testing.T) {
	p := start(t, "--upstream-url="+refusing(t))
	for _, free := range []string{`{__typename}`, `{__schema{queryType{name}}}`, `{_service{sdl}}`} {
		if got, body := p.query(t, free); got.StatusCode != http.StatusOK || strings.Contains(body, `"errors"`) {
			t.Errorf("%s: %d %.300s", free, got.StatusCode, body)
		}
	}
	got, body := p.query(t, `{a:order(id:1){id} __typename}`)
	var answer struct {
		Data   map[string]any
		Errors []struct {
			Path       []any
			Extensions map[string]any
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	if got.StatusCode != http.StatusOK || len(answer.Errors) != 1 || answer.Errors[0].Extensions["code"] != "UNAUTHENTICATED" ||
		!reflect.DeepEqual(answer.Errors[0].Path, []any{"a"}) || answer.Data["__typename"] != "Query" {
		t.Errorf("%d %s", got.StatusCode, body)
	}
	if strings.Contains(p.log.String(), "sandbox") {
		t.Error("the sandbox is announced, but does not answer")
	}
}

func TestServiceMode(t *testing.T) {
	p := start(t, "--upstream-token=Bearer planted-upstream", "--client-tokens=planted-one,planted-two")
	for authorization, status := range map[string]int{"": 401, "Bearer planted-three": 401, "Bearer planted-one": 200, "Bearer planted-two": 200} {
		got, body := p.query(t, `{order(id:1){id}}`, "Authorization", authorization)
		if got.StatusCode != status || (status == 401) != (got.Header.Get("WWW-Authenticate") != "") {
			t.Errorf("Authorization %q: %d %s", authorization, got.StatusCode, body)
		}
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if strings.Contains(p.log.String(), "planted") {
		t.Errorf("a token is in the log:\n%s", p.log)
	}
}

func TestSettingErrors(t *testing.T) {
	tests := map[string][]string{ // the arguments, and what the line must name besides the setting
		"--cache-ttl":                 {"--cache-ttl=abc", `"abc"`, "30s"},
		"--cache-ttl-closed":          {"--cache-ttl-closed=-5s", `"-5s"`, "from 0 to"},
		"--request-timeout":           {"--request-timeout=0", `"0"`, "from 1ms to"},
		"--upstream-timeout":          {"--upstream-timeout=5", `"5"`, "30s"},
		"--cache-size":                {"--cache-size=1TB", `"1TB"`, "GiB"},
		"--max-body":                  {"--max-body=0", `"0"`, "from 1 to"},
		"--max-depth":                 {"--max-depth=-1", `"-1"`, "whole number"},
		"--max-fields":                {"--max-fields=1e3", `"1e3"`, "whole number"},
		"--upstream-concurrency":      {"--upstream-concurrency=0", `"0"`, "from 1 to"},
		"--upstream-retries":          {"--upstream-retries=x", `"x"`, "whole number"},
		"--upstream-rate":             {"--upstream-rate=NaN", `"NaN"`, "from 0 to"},
		"--rate-limit":                {"--rate-limit=-1", `"-1"`, "from 0 to"},
		"--listen":                    {"--listen=8080", `"8080"`, "host:port"},
		"--admin-listen":              {"--admin-listen=:99999", `":99999"`, "65535"},
		"--upstream-url":              {"--upstream-url=ftp://x", `"ftp://x"`, "http"},
		"--apq":                       {"--apq=maybe", `"maybe"`, "true"},
		"--log-level":                 {"--log-level=loud", `"loud"`, "debug"},
		"--log-format":                {"--log-format=xml", `"xml"`, "json"},
		"--cors-origins":              {"--cors-origins=*", `"*"`, "https"},
		"--client-tokens":             {"--client-tokens=planted", "redacted", "--upstream-token"},
		"--insecure-no-client-auth":   {"--insecure-no-client-auth", "true", "--upstream-token"},
		"--budget":                    {"--budget=5/day,5/week", `"5/week"`, "N/month"},
		"--client-budget":             {"--client-budget=shop:5/day", `"shop:5/day"`, "NAME=TOKEN"},
		"--trusted-documents-only":    {"--trusted-documents-only", "true", "--trusted-documents"},
		"--unknown":                   {"--unknown=1", "unknown", "flag"},
		"unexpected argument nothing": {"nothing", "nothing", "unexpected"},
	}
	for setting, test := range tests {
		t.Run(setting, func(t *testing.T) {
			expectOneLine(t, test[:1], append(test[1:], setting))
		})
	}
}

// expectOneLine starts the program with arguments that it must refuse.
func expectOneLine(t *testing.T, arguments, wants []string) {
	t.Helper()
	err := command(t.Context(), arguments, io.Discard, io.Discard)
	if err == nil {
		t.Fatal("it started")
	}
	text := err.Error()
	if strings.Contains(text, "\n") || strings.Contains(text, "planted") {
		t.Errorf("not one line, or a secret in it: %s", text)
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not name %q", text, want)
		}
	}
}

func TestSettingCombinations(t *testing.T) {
	tests := map[string]struct{ arguments, wants []string }{
		"open service":          {[]string{"--upstream-token=planted"}, []string{"--client-tokens", "--insecure-no-client-auth"}},
		"bad hash":              {[]string{"--upstream-token=planted", "--client-tokens=good,sha256:planted"}, []string{"--client-tokens", "token 2", "64 hex digits"}},
		"both":                  {[]string{"--upstream-token=planted", "--client-tokens=planted", "--insecure-no-client-auth"}, []string{"--insecure-no-client-auth"}},
		"password in bad URL":   {[]string{"--upstream-url=https://u:planted@host/%zz"}, []string{"--upstream-url", "[redacted]"}},
		"password in URL":       {[]string{"--upstream-url=https://u:planted@host/"}, []string{"--upstream-url", "--upstream-token"}},
		"missing manifest":      {[]string{"--trusted-documents=/no/such/file"}, []string{"--trusted-documents", "/no/such/file"}},
		"relative URL":          {[]string{"--upstream-url=host/path"}, []string{"--upstream-url", "host/path"}},
		"nowhere to listen":     {[]string{"--listen=203.0.113.1:80"}, []string{"--listen", "203.0.113.1:80"}},
		"nowhere for operators": {[]string{"--listen=127.0.0.1:0", "--admin-listen=203.0.113.1:80"}, []string{"--admin-listen", "203.0.113.1:80"}},
		"listening off":         {[]string{"--listen=off"}, []string{"--listen", "off", "host:port"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { expectOneLine(t, test.arguments, test.wants) })
	}
}

func TestSettingsFromEnvironment(t *testing.T) {
	t.Setenv("ORDERGRAPH_CACHE_TTL", "7s")
	t.Setenv("ORDERGRAPH_CACHE_SIZE", "1GiB")
	t.Setenv("ORDERGRAPH_GRAPHIQL", "false")
	t.Setenv("ORDERGRAPH_CORS_ORIGINS", "https://a.example,https://b.example")
	c, err := settings("--cache-size=2KiB")
	if err != nil {
		t.Fatal(err)
	}
	if c.Cache.TTL != 7*time.Second || c.Cache.Size != 2048 || c.Operations.GraphiQL || !c.Operations.Introspection || len(c.Serving.CorsOrigins) != 2 {
		t.Errorf("%+v", c)
	}
	t.Setenv("ORDERGRAPH_CACHE_TTL", "soon")
	expectOneLine(t, nil, []string{"--cache-ttl", "ORDERGRAPH_CACHE_TTL", `"soon"`, "30s"})
}

// Each setting of the contract, with its default as the help shows it.
var promisedSettings = map[string]string{
	"listen": "localhost:8080", "h2c": "false", "admin-listen": "localhost:8081", "upstream-url": "", "upstream-token": "", "client-tokens": "",
	"insecure-no-client-auth": "false", "upstream-timeout": "5s", "upstream-retries": "1", "upstream-concurrency": "64", "upstream-rate": "0",
	"request-timeout": "15s", "cache-size": "256MiB", "response-cache-size": "64MiB", "cache-ttl": "30s", "cache-ttl-closed": "10m", "cache-stale-if-error": "1h",
	"max-orders": "100", "max-attribute-keys": "100", "max-response": "16MiB", "max-body": "256KiB", "max-tokens": "2000", "max-depth": "20", "max-aliases": "30", "max-root-fields": "20",
	"max-directives": "20", "max-fields": "1000", "rate-limit": "0", "apq": "true", "trusted-documents": "", "trusted-documents-only": "false",
	"introspection": "true", "graphiql": "true", "router-secret": "", "cors-origins": "", "log-level": "info", "log-format": "json",
}

func TestHelpListsEverySetting(t *testing.T) {
	var stdout bytes.Buffer
	if err := command(t.Context(), []string{"--help"}, &stdout, io.Discard); err != nil {
		t.Fatal(err)
	}
	// Line breaks are for people.
	help := strings.Join(strings.Fields(stdout.String()), " ")
	for name, standard := range promisedSettings {
		variable := "($ORDERGRAPH_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + ")"
		if !strings.Contains(help, variable) || !strings.Contains(help, "--"+name) && !strings.Contains(help, "--[no-]"+name) {
			t.Errorf("the help lacks --%s or %s", name, variable)
		}
		if standard != "" && !strings.Contains(help, "Default: "+standard+". "+variable) {
			t.Errorf("the help lacks the default %s of --%s", standard, name)
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	percent := debug.SetGCPercent(100)
	t.Cleanup(func() {
		debug.SetMemoryLimit(before)
		debug.SetGCPercent(percent)
	})
	const standard = (240 + 64) << 20
	const needed = (240 + 64 + 52) << 20
	for _, test := range []struct {
		environment string
		container   uint64 // 0 is none
		caches      int64
		want        int64
	}{
		{"1GiB", 1_000_000_000, standard, before},
		{"", 0, standard, needed},
		{"", math.MaxUint64, standard, needed},
		{"", 1_000_000_000, standard, needed},
		{"", 100_000_000, standard, 90_000_000},
		{"", 0, 0, 52 << 20},
		{"", 0, 8 << 30, 9 << 30},
		{"", 1_000_000_000, 128 << 30, 900_000_000},
	} {
		debug.SetMemoryLimit(before)
		t.Setenv("GOMEMLIMIT", test.environment)
		limitMemory(test.caches, containerOf(test.container))
		if got := debug.SetMemoryLimit(-1); got != test.want {
			t.Errorf("GOMEMLIMIT=%q, container of %d, caches of %d: limit %d, want %d", test.environment, test.container, test.caches, got, test.want)
		}
	}
	for environment, want := range map[string]int{"": 400, "50": 100} { // GOGC itself counts when a process starts
		debug.SetGCPercent(100)
		t.Setenv("GOGC", environment)
		limitMemory(standard, containerOf(0))
		if got := debug.SetGCPercent(100); got != want {
			t.Errorf("GOGC=%q: %d %%, want %d %%", environment, got, want)
		}
	}
}

// containerOf has the given limit in bytes, 0 for none.
func containerOf(bytes uint64) func() (uint64, error) {
	return func() (uint64, error) {
		if bytes == 0 {
			return 0, memlimit.ErrNoLimit
		}
		return bytes, nil
	}
}

func TestVersion(t *testing.T) {
	var stdout bytes.Buffer
	if err := command(t.Context(), []string{"--version"}, &stdout, io.Discard); err != nil || strings.TrimSpace(stdout.String()) == "" {
		t.Errorf("%q %v", stdout.String(), err)
	}
}

func TestLogFormats(t *testing.T) {
	for format, want := range map[string]string{"json": `"msg":"m"`, "text": "WRN m"} {
		var output bytes.Buffer
		c, err := settings("--log-level=warn", "--log-format="+format)
		if err != nil {
			t.Fatal(err)
		}
		log := newLogger(c, &output)
		log.Info().Msg("hidden")
		log.Warn().Msg("m")
		if !strings.Contains(output.String(), want) || strings.Contains(output.String(), "hidden") {
			t.Errorf("%s: %s", format, output.String())
		}
	}
}
