package client

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"ordergraph/upstream"
)

var documentedKey = upstream.Key{ID: 58218860983545941}

// documentedAnswer returns the upstream's own sample of an answer.
func documentedAnswer(t *testing.T) []byte {
	t.Helper()
	body, err := os.ReadFile("../testdata/fixtures/01_seed_sample_repaired.json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// newTestClient returns a client of handler over loopback.
func newTestClient(t *testing.T, options Options, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	options.URL = server.URL + "/vv/external/1688get-order-info"
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func testRequest() upstream.Request {
	return upstream.Request{Key: documentedKey, Caller: &upstream.Caller{Authorization: "caller's token"}, Meter: &upstream.Meter{}}
}

// checkFailure fails the test unless err is an *Error of the kind.
func checkFailure(t *testing.T, err error, kind upstream.Kind) *upstream.Error {
	t.Helper()
	failure, ok := errors.AsType[*upstream.Error](err)
	if !ok || failure.Kind != kind {
		t.Fatalf("got error %v, want %s", err, kind)
	}
	return failure
}

func TestClientRequest(t *testing.T) {
	var got *http.Request
	var body string
	client := newTestClient(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got, body = r, string(text)
		_, _ = w.Write(documentedAnswer(t))
	})
	for _, test := range []struct {
		key   upstream.Key
		needs upstream.Needs
		want  string
		held  upstream.Needs
	}{
		{
			upstream.Key{ID: documentedKey.ID},
			upstream.Needs{},
			`{"web_site":"1688","order_id":58218860983545941,"include_fields":"GuaranteesTerms","edition":"1"}`,
			upstream.Needs{Domains: upstream.DomainGuaranteesTerms},
		},
		{
			upstream.Key{Site: upstream.WebSiteAlibaba, Edition: upstream.EditionV2, ID: documentedKey.ID},
			upstream.Needs{Domains: upstream.DomainOrderInvoice | upstream.DomainNativeLogistics, AttributeKeys: []string{"a", `"</script>`}},
			`{"web_site":"alibaba","order_id":58218860983545941,"include_fields":"NativeLogistics,OrderInvoice","edition":"2","attribute_keys":["a","\"</script>"]}`,
			upstream.Needs{Domains: upstream.DomainOrderInvoice | upstream.DomainNativeLogistics, AttributeKeys: []string{"a", `"</script>`}},
		},
	} {
		request := testRequest()
		request.Key, request.Needs = test.key, test.needs
		result, err := client.Order(context.Background(), request)
		if err != nil {
			t.Fatal(err)
		}
		if body != test.want {
			t.Errorf("sent %s, want %s", body, test.want)
		}
		if !reflect.DeepEqual(result.Held, test.held) {
			t.Errorf("holds %v, want %v", result.Held, test.held)
		}
		if result.Order == nil || string(result.Body) != string(upstream.CompactAnswer(documentedAnswer(t))) {
			t.Error("the order or its body is missing")
		}
		if result.FetchedAt.IsZero() || !result.FreshUntil.IsZero() {
			t.Errorf("fetched at %v, fresh until %v", result.FetchedAt, result.FreshUntil)
		}
		wantHeader := http.Header{
			"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}, "Authorization": {"caller's token"},
			"Content-Length": {fmt.Sprint(len(test.want))}, "Content-Type": {"application/json"}, "User-Agent": {"ordergraph"},
		}
		if got.Method != http.MethodPost || got.RequestURI != "/vv/external/1688get-order-info" || !reflect.DeepEqual(got.Header, wantHeader) {
			t.Errorf("sent %s %s with %v, want the headers %v", got.Method, got.RequestURI, got.Header, wantHeader)
		}
		if counts := request.Meter.Usage(); counts != (upstream.Usage{Calls: 1, Points: 1}) {
			t.Errorf("the bill is %+v", counts)
		}
	}
}

// A token that is replaced is sent from the next call on.
func TestSetToken(t *testing.T) {
	var sent []string
	client := newTestClient(t, Options{Token: "old"}, func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header.Get("Authorization"))
		_, _ = w.Write(documentedAnswer(t))
	})
	for _, token := range []upstream.Secret{"new", "newer"} {
		if _, err := client.Order(t.Context(), testRequest()); err != nil {
			t.Fatal(err)
		}
		client.SetToken(token)
	}
	if _, err := client.Order(t.Context(), testRequest()); err != nil || !slices.Equal(sent, []string{"old", "new", "newer"}) {
		t.Errorf("sent %q, %v", sent, err)
	}
}

func TestClientAuthorization(t *testing.T) {
	for _, test := range []struct {
		name    string
		options Options
		caller  upstream.Secret
		want    []string
		kind    upstream.Kind
	}{
		{name: "pass-through", caller: " bearer  X", want: []string{"bearer  X"}},
		{name: "pass-through without a token", kind: upstream.KindUnauthenticated},
		{name: "service mode", options: Options{Token: "ours"}, caller: "client's", want: []string{"ours"}},
		{name: "service mode, nothing from the client", options: Options{Token: "ours"}, want: []string{"ours"}},
		{name: "anonymous", options: Options{AllowAnonymous: true}},
		{name: "anonymous with a token", options: Options{AllowAnonymous: true}, caller: "x", want: []string{"x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			var calls atomic.Int32
			client := newTestClient(t, test.options, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				got = r.Header["Authorization"]
				_, _ = io.WriteString(w, `{"status":0}`)
			})
			request := testRequest()
			request.Caller.Authorization = test.caller
			_, err := client.Order(context.Background(), request)
			if test.kind == upstream.KindUnauthenticated {
				checkFailure(t, err, upstream.KindUnauthenticated)
				if calls.Load() != 0 || request.Meter.Usage() != (upstream.Usage{}) {
					t.Error("a call was made")
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("sent %q (%v), want %q", got, err, test.want)
			}
		})
	}
}

func TestClientWithoutOrder(t *testing.T) {
	client := newTestClient(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":0,"data":[]}`)
	})
	result, err := client.Order(context.Background(), testRequest())
	if err != nil || result.Order != nil || result.FetchedAt.IsZero() {
		t.Errorf("got %+v and %v, want a result without an order", result, err)
	}
}

func TestClientHTTPStatus(t *testing.T) {
	const (
		order = `{"status":0,"data":{"deduct_money":3,"base_info":{"id_of_str":"58218860983545941","status":"success"}}}`
		empty = `{"status":0,"data":{"deduct_money":3}}`
		wrong = `{"status":0,"data":{"deduct_money":3,"product_items":[{"name":"x"}]}}`
	)
	for _, test := range []struct {
		status int
		body   string
		kind   upstream.Kind
		outage bool
		code   int
		points int
	}{
		// An envelope counts under any status.
		{200, `{"status":103}`, upstream.KindAccountNotFound, false, 103, 0},
		{302, `{"status":103}`, upstream.KindAccountNotFound, false, 103, 0},
		{403, `{"status":302}`, upstream.KindShopNotAuthorized, false, 302, 0},
		{404, `{"status":103}`, upstream.KindAccountNotFound, false, 103, 0},
		{429, `{"status":204,"msg":"API调用次数不足"}`, upstream.KindQuotaExhausted, false, 204, 0},
		{500, `{"status":103,"data":{"deduct_money":2}}`, upstream.KindAccountNotFound, false, 103, 2},
		{404, `{"status":101}`, upstream.KindTimeout, true, 101, 0},
		{500, `{"status":200}`, upstream.KindUpstreamError, true, 200, 0},
		{500, `{"status":999}`, upstream.KindUpstreamError, false, 999, 0},
		{200, order, upstream.KindInternal, false, 0, 3}, // upstream.KindInternal: no error
		{302, order, upstream.KindInternal, false, 0, 3},
		{401, order, upstream.KindInternal, false, 0, 3},
		{500, order, upstream.KindInternal, false, 0, 3},

		// Success without an order counts under 2xx alone.
		{200, empty, upstream.KindInternal, false, 0, 3},
		{202, empty, upstream.KindInternal, false, 0, 3},
		{302, empty, upstream.KindBadResponse, false, 0, 3},
		{401, empty, upstream.KindPermissionOrQuota, false, 0, 3},
		{403, empty, upstream.KindPermissionOrQuota, false, 0, 3},
		{404, empty, upstream.KindBadResponse, false, 0, 3},
		{429, empty, upstream.KindRateLimited, false, 0, 3},
		{500, empty, upstream.KindUnavailable, true, 0, 3},
		{503, empty, upstream.KindUnavailable, true, 0, 3},
		{200, wrong, upstream.KindBadResponse, false, 0, 3},
		{403, wrong, upstream.KindPermissionOrQuota, false, 0, 3},
		{500, wrong, upstream.KindUnavailable, true, 0, 3},
		{500, `{"status":0,"data":{"base_info":{"id":5}}}`, upstream.KindUnavailable, true, 0, 0},

		// Without an envelope the status is all there is.
		{429, ``, upstream.KindRateLimited, false, 0, 0},
		{429, `{"error_code":"gw.QosAppFrequencyLimit"}`, upstream.KindRateLimited, false, 0, 0},
		{500, `<html>`, upstream.KindUnavailable, true, 0, 0},
		{502, ``, upstream.KindUnavailable, true, 0, 0},
		{503, `null`, upstream.KindUnavailable, true, 0, 0},
		{504, `{}`, upstream.KindUnavailable, true, 0, 0},
		{301, ``, upstream.KindBadResponse, false, 0, 0},
		{304, ``, upstream.KindBadResponse, false, 0, 0},
		{400, `{"error_code":"gw.ParamMissing"}`, upstream.KindBadResponse, false, 0, 0},
		{401, `Unauthorized`, upstream.KindPermissionOrQuota, false, 0, 0},
		{401, `{"message":"Unauthorized"}`, upstream.KindPermissionOrQuota, false, 0, 0},
		{403, `<html>`, upstream.KindPermissionOrQuota, false, 0, 0},
		{404, `[]`, upstream.KindBadResponse, false, 0, 0},
		{407, ``, upstream.KindBadResponse, false, 0, 0},
		{451, `{"status":0`, upstream.KindBadResponse, false, 0, 0},

		// Under 2xx it is an outage if it cannot be read, else an answer.
		{200, `<html>`, upstream.KindBadResponse, true, 0, 0},
		{200, ``, upstream.KindBadResponse, true, 0, 0},
		{204, ``, upstream.KindBadResponse, true, 0, 0},
		{200, `{"status":0`, upstream.KindBadResponse, true, 0, 0},
		{200, `{"message":"Unauthorized"}`, upstream.KindBadResponse, false, 0, 0},
		{200, `{"code":401,"msg":"token无效"}`, upstream.KindUpstreamError, false, 401, 0},
		{200, `{"status":0,"data":{"base_info":{"id":5}}}`, upstream.KindBadResponse, false, 0, 0},
	} {
		t.Run(fmt.Sprint(test.status, test.body), func(t *testing.T) {
			client := newTestClient(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				if test.status != 304 && test.status != 204 {
					_, _ = io.WriteString(w, test.body)
				}
			})
			request := testRequest()
			result, err := client.Order(context.Background(), request)
			if test.kind == upstream.KindInternal {
				if err != nil || (result.Order != nil) != (test.body == order) {
					t.Fatalf("got %+v and %v", result, err)
				}
			} else if failure := checkFailure(t, err, test.kind); failure.Status != test.code || failure.Outage != test.outage {
				t.Errorf("code %d, outage %t; want %d, %t", failure.Status, failure.Outage, test.code, test.outage)
			}
			if counts := request.Meter.Usage(); counts != (upstream.Usage{Calls: 1, Points: test.points}) {
				t.Errorf("the bill is %+v, want 1 call and %d points", counts, test.points)
			}
		})
	}
}

func TestClientFollowsNoRedirect(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		client := newTestClient(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, status)
		})
		_, err := client.Order(context.Background(), testRequest())
		if failure := checkFailure(t, err, upstream.KindBadResponse); failure.Outage {
			t.Errorf("HTTP %d is an outage", status)
		}
	}
	if elsewhere.Load() != 0 {
		t.Errorf("%d redirects were followed", elsewhere.Load())
	}
}

func TestClientReadsGzip(t *testing.T) {
	client := newTestClient(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = zip.Write(documentedAnswer(t))
		if err := zip.Close(); err != nil {
			t.Error(err)
		}
	})
	result, err := client.Order(context.Background(), testRequest())
	if err != nil || result.Order == nil {
		t.Fatalf("got %v, want an order", err)
	}
}

// TestClientBoundsAnswers sends far more than the bound and watches what that allocates.
func TestClientBoundsAnswers(t *testing.T) {
	const half = 512 << 20
	endless := func(w io.Writer) {
		block := []byte(strings.Repeat(" ", 1<<20))
		for range half / len(block) {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	for name, handler := range map[string]http.HandlerFunc{
		"half a GiB": func(w http.ResponseWriter, _ *http.Request) { endless(w) },
		"announced": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(half))
			endless(w)
		},
		"gzip bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			zip := gzip.NewWriter(w)
			endless(zip)
			_ = zip.Close() // the client may be gone
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := newTestClient(t, Options{MaxAnswerBytes: 1 << 20}, handler)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := client.Order(context.Background(), testRequest())
			runtime.ReadMemStats(&after)
			if failure := checkFailure(t, err, upstream.KindBadResponse); failure.Outage {
				t.Error("an answer that is too large is an outage")
			}
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 32<<20 {
				t.Errorf("%d MiB were allocated", allocated>>20)
			}
		})
	}
}

// TestClientBoundIsExact reads an answer of exactly the bound.
func TestClientBoundIsExact(t *testing.T) {
	const body = `{"status":0}`
	for extra, kind := range map[string]upstream.Kind{"": upstream.KindInternal, " ": upstream.KindBadResponse} {
		client := newTestClient(t, Options{MaxAnswerBytes: int64(len(body))}, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, body+extra)
		})
		if _, err := client.Order(context.Background(), testRequest()); upstream.KindOf(err) != kind {
			t.Errorf("%d more bytes: %v", len(extra), err)
		}
	}
}

// hijack answers with bytes that need not be HTTP, then ends the connection.
func hijack(t *testing.T, answer string, reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		connection, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close() //nolint:errcheck // the test is about a broken connection
		flush(t, buffer, answer)
		if reset {
			if err := connection.(*net.TCPConn).SetLinger(0); err != nil {
				t.Error(err)
			}
		}
	}
}

func flush(t *testing.T, buffer *bufio.ReadWriter, text string) {
	if _, err := buffer.WriteString(text); err != nil {
		t.Error(err)
	}
	if err := buffer.Flush(); err != nil {
		t.Error(err)
	}
}

func TestClientBrokenConnections(t *testing.T) {
	const header = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
	for _, test := range []struct {
		name, answer string
		reset        bool
		kind         upstream.Kind
		answered     bool // whether it is an answer nevertheless
	}{
		{"closed before an answer", "", false, upstream.KindUnavailable, false},
		{"reset before an answer", "", true, upstream.KindUnavailable, false},
		{"truncated header", "HTTP/1.1 200 OK\r\nContent-Ty", false, upstream.KindBadResponse, false},
		{"truncated body", header + `{"status":0`, false, upstream.KindBadResponse, false},
		{"truncated chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"sta", false, upstream.KindBadResponse, false},
		{"malformed header", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", false, upstream.KindBadResponse, false},
		{"not gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n{\"status\":0}", false, upstream.KindBadResponse, false},
		{"truncated body of a refusal", "HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\n{\"status\":0", false, upstream.KindPermissionOrQuota, true},
		{"reset in the body of a redirect", "HTTP/1.1 302 No\r\nContent-Length: 100\r\n\r\n", true, upstream.KindBadResponse, true},
		{"truncated body of a failure", "HTTP/1.1 502 No\r\nContent-Length: 100\r\n\r\n{\"status\":103}", false, upstream.KindUnavailable, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var calls atomic.Int32
			answer := hijack(t, test.answer, test.reset)
			client := newTestClient(t, Options{Retries: 3}, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				answer(w, r)
			})
			request := testRequest()
			_, err := client.Order(context.Background(), request)
			if failure := checkFailure(t, err, test.kind); failure.Outage == test.answered {
				t.Errorf("outage: %t", failure.Outage)
			}
			if calls.Load() != 1 || request.Meter.Usage().Calls != 1 {
				t.Errorf("%d calls arrived, %+v on the bill; what was written must not be sent again", calls.Load(), request.Meter.Usage())
			}
		})
	}
}

func TestClientReusesConnections(t *testing.T) {
	connections := map[string]bool{}
	client := newTestClient(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		connections[r.RemoteAddr] = true
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, strings.Repeat("x", 300_000))
	})
	for range 3 {
		_, err := client.Order(context.Background(), testRequest())
		checkFailure(t, err, upstream.KindBadResponse)
	}
	if len(connections) != 1 {
		t.Errorf("%d connections for 3 calls", len(connections))
	}
}

func TestNewRefusesOptions(t *testing.T) {
	for name, options := range map[string]Options{
		"no URL":        {},
		"relative":      {URL: "/vv"},
		"no host":       {URL: "http:///vv"},
		"other scheme":  {URL: "ftp://a.example/"},
		"credentials":   {URL: "http://user:hunter2@a.example/"},
		"unreadable":    {URL: "http://a.example/\x7f?hunter2"},
		"negative time": {URL: "http://a.example/", Timeout: -1},
		"negative rate": {URL: "http://a.example/", Rate: -1},
		"negative size": {URL: "http://a.example/", MaxAnswerBytes: -1},
	} {
		if _, err := New(options); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClientErrorsHideTheBody(t *testing.T) {
	const private = "13312919596"
	for _, answer := range []string{
		private + " " + private + "\r\n\r\n",
		"HTTP/1.1 " + private + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + private + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + private + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + private + private + private + "\r\n\r\n",
	} {
		client := newTestClient(t, Options{}, hijack(t, answer, false))
		_, err := client.Order(context.Background(), testRequest())
		if err == nil || strings.Contains(err.Error(), private) {
			t.Errorf("%q: %v", answer, err)
		}
	}
}

// TestClientAsksBeforeItWrites: whoever asked may have gone while the call waited.
func TestClientAsksBeforeItWrites(t *testing.T) {
	var calls atomic.Int32
	client := newTestClient(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		_, _ = io.WriteString(w, `{"status":0}`)
	})
	for _, wanted := range []bool{true, false} {
		asked := 0
		request := testRequest()
		request.Begin = func() bool { asked++; return wanted }
		_, err := client.Order(context.Background(), request)
		if wanted != (err == nil) {
			t.Errorf("wanted %t: %v", wanted, err)
		}
		if !wanted {
			failure := checkFailure(t, err, upstream.KindTimeout)
			if !errors.Is(failure, context.Canceled) {
				t.Errorf("got %v, want one that was cancelled", failure)
			}
		}
		if counts := request.Meter.Usage(); asked != 1 || counts.Calls != int(calls.Swap(0)) || (counts.Calls == 1) != wanted {
			t.Errorf("wanted %t: asked %d times, the bill is %+v", wanted, asked, counts)
		}
	}
}

// TestClientRetriesWithoutConnection fails before anything can be written, over the real network.
func TestClientRetriesWithoutConnection(t *testing.T) {
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := refusing.Addr().String()
	if err := refusing.Close(); err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	unknown := httptest.NewUnstartedServer(http.NotFoundHandler())
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0)
	unknown.StartTLS()
	defer unknown.Close()
	for name, address := range map[string]string{
		"refused":             "http://" + refused,
		"no TLS":              "https://" + plain.Listener.Addr().String(),
		"unknown certificate": unknown.URL,
	} {
		t.Run(name, func(t *testing.T) {
			attempts := 0
			client, err := New(Options{URL: address, Retries: 1, Observe: func(ctx context.Context) (context.Context, func(Attempt)) {
				attempts++
				return ctx, func(Attempt) {}
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			request := testRequest()
			asked := 0
			request.Begin = func() bool { asked++; return true }
			_, err = client.Order(context.Background(), request)
			if failure := checkFailure(t, err, upstream.KindUnavailable); !failure.Outage {
				t.Error("no outage")
			}
			if calls := request.Meter.Usage().Calls; attempts != 2 || asked != 2 || calls != 0 {
				t.Errorf("%d attempts, asked %d times and %d calls on the bill, want 2, 2 and 0", attempts, asked, calls)
			}
		})
	}
}

// TestForgottenCallerIsNobody makes no call for a request that doesn't say who asks or who pays: it must not be
// taken for the tenant without a token.
func TestForgottenCallerIsNobody(t *testing.T) {
	wire := &fakeWire{}
	client := wire.client(t, Options{AllowAnonymous: true})
	for name, forget := range map[string]func(*upstream.Request){
		"caller": func(r *upstream.Request) { r.Caller = nil },
		"meter":  func(r *upstream.Request) { r.Meter = nil },
	} {
		t.Run(name, func(t *testing.T) {
			request := requestOf("")
			if _, err := client.Order(t.Context(), request); err != nil {
				t.Fatal(err)
			}
			made := wire.calls.Load()
			forget(&request)
			_, err := client.Order(t.Context(), request)
			checkFailure(t, err, upstream.KindInternal)
			if wire.calls.Load() != made {
				t.Error("a call was made")
			}
		})
	}
}
