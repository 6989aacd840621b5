package graph_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/graph"
	"ordergraph/graph/transport"
	"ordergraph/upstream"
	"ordergraph/upstream/cache"
)

// slowOrders answers at once, but for the orders whose id begins with 9: their calls time out after a
// minute, or what is set.
type slowOrders struct {
	fail    error
	timeout time.Duration
}

func (o slowOrders) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	request.Meter.Add(upstream.Usage{Calls: 1, Points: 3})
	if strings.HasPrefix(request.Key.ID.String(), "9") {
		select {
		case <-time.After(cmp.Or(o.timeout, time.Minute)):
		case <-ctx.Done():
		}
		return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout, Cause: context.Cause(ctx)}
	}
	if request.Key.ID == 404 {
		return upstream.Result{}, nil
	}
	if o.fail != nil {
		return upstream.Result{}, o.fail
	}
	body := []byte(`{"base_info":{"status":"success"}}`)
	answer, err := upstream.DecodeAnswer(body, request.Key, time.Now())
	return upstream.Result{Order: answer.Order, Body: body}, err
}

// TestRequestTimeout wants what has come by then to be answered, and the rest to fail where it stands.
func TestRequestTimeout(t *testing.T) {
	const timeout = "REQUEST_TIMEOUT"
	for name, test := range map[string]struct {
		query, data string
		status      int
		faults      []string
		calls       int
	}{
		"a list": {
			`{orders(ids:[1,91,2]){id}}`, `{"orders":[{"id":"1"},null,{"id":"2"}]}`, 200, []string{timeout + " [orders 1]"}, 3,
		},
		"aliases": {
			`{a:order(id:1){id} b:order(id:91){id} c:order(id:92){id}}`, `{"a":{"id":"1"},"b":null,"c":null}`, 200,
			[]string{timeout + " [b]", timeout + " [c]"},
			3,
		},
		"one order twice": {
			`{a:order(id:1){id} c:orders(ids:[91,1,91]){id}}`, `{"a":{"id":"1"},"c":[null,{"id":"1"},null]}`, 200,
			[]string{timeout + " [c 0]", timeout + " [c 2]"},
			2,
		},
		"entities": {
			`{_entities(representations:[{__typename:"Order",webSite:"CN_1688",id:"91"},{__typename:"Order",webSite:"CN_1688",id:"1"}]){...on Order{id}}}`,
			`{"_entities":[null,{"id":"1"}]}`, 200,
			[]string{timeout + " [_entities 0]"},
			2,
		},
		"beside what is no order": {`{__typename order(id:91){id}}`, `{"__typename":"Query","order":null}`, 200, []string{timeout + " [order]"}, 1},
		"beside an unknown order": {`{a:order(id:404){id} b:order(id:91){id}}`, `{"a":null,"b":null}`, 200, []string{timeout + " [b]"}, 2},
		"beside a wrong id": {
			`{a:order(id:0){id} b:order(id:91){id}}`, `{"a":null,"b":null}`, 200, []string{"BAD_USER_INPUT [a]", timeout + " [b]"}, 1,
		},
		"nothing to show":      {`{order(id:91){id}}`, "", 504, []string{timeout + " []"}, 1},
		"no order of a list":   {`{orders(ids:[91,92,91]){id}}`, "", 504, []string{timeout + " []"}, 2},
		"no order of aliases":  {`{a:order(id:91){id} b:orders(ids:[92,93]){id}}`, "", 504, []string{timeout + " []"}, 3},
		"the call's own limit": {`{a:order(id:1){id} b:order(id:91){id}}`, `{"a":{"id":"1"},"b":null}`, 200, []string{"UPSTREAM_TIMEOUT [b]"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls slowOrders
				if name == "the call's own limit" {
					calls.timeout = time.Second
				}
				orders, err := cache.New(calls, cache.Options{Size: 1 << 20, TTL: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				defer orders.Close()
				handler := newHandler(t, graph.Options{Orders: orders, HTTP: transport.Options{RequestTimeout: 2 * time.Second}})
				start := time.Now()
				got, body := postTo(t, handler, test.query)
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("took %v", took)
				}
				if got.Code != test.status || string(body.Data) != test.data || !slices.Equal(body.faults(), test.faults) {
					t.Errorf("%d %s, want %d %s with %v", got.Code, got.Body, test.status, test.data, test.faults)
				}
				if got.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("Cache-Control is %q", got.Header().Get("Cache-Control"))
				}
				if bill := body.Extensions.Upstream; bill == nil || bill.Calls != test.calls || bill.Points != 3*test.calls {
					t.Errorf("extensions.upstream is %+v, want %d calls: %s", bill, test.calls, got.Body)
				}
				for _, failure := range body.Errors {
					if len(failure.Path) > 0 && (len(failure.Locations) != 1 || !strings.HasPrefix(test.query[failure.Locations[0].Column-1:], failure.Path[0].(string))) {
						t.Errorf("located elsewhere than at its field: %v", failure)
					}
					if failure.Extensions["retryable"] != (failure.Extensions["code"] != "BAD_USER_INPUT") {
						t.Errorf("retryable: %v", failure)
					}
				}
			})
		})
	}
}

// TestRequestTimeoutShowsStaleCopies: the time that is up is an outage like any other, and a copy that lacks
// a part shows the rest.
func TestRequestTimeoutShowsStaleCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := false
		orders, err := cache.New(upstreamFunc(func(ctx context.Context, request upstream.Request) (upstream.Result, error) {
			if slow {
				<-ctx.Done()
				return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout, Cause: ctx.Err()}
			}
			return slowOrders{}.Order(ctx, request)
		}), cache.Options{Size: 1 << 20, TTL: time.Second, StaleIfError: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		defer orders.Close()
		handler := newHandler(t, graph.Options{Orders: orders, HTTP: transport.Options{RequestTimeout: 2 * time.Second}})
		postTo(t, handler, `{order(id:1){id}}`)
		time.Sleep(time.Minute)
		slow = true
		got, body := postTo(t, handler, `{orders(ids:[1,2]){id}}`)
		if string(body.Data) != `{"orders":[{"id":"1"},null]}` || !slices.Equal(body.faults(), []string{"REQUEST_TIMEOUT [orders 1]"}) {
			t.Errorf("%s", got.Body)
		}
		got, body = postTo(t, handler, `{orders(ids:[1,2]){id invoice{title}}}`)
		want := []string{"REQUEST_TIMEOUT [orders 0 invoice]", "REQUEST_TIMEOUT [orders 1]"}
		if string(body.Data) != `{"orders":[{"id":"1","invoice":null},null]}` || !slices.Equal(body.faults(), want) {
			t.Errorf("a copy without the invoice: %s", got.Body)
		}
	})
}

type upstreamFunc func(ctx context.Context, request upstream.Request) (upstream.Result, error)

func (f upstreamFunc) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	return f(ctx, request)
}

// answerBody is an answer, decoded.
type answerBody struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Locations  []struct{ Line, Column int }
		Extensions map[string]any
	}
	Extensions struct{ Upstream *upstream.Usage }
}

// faults lists the code and the path of each error, sorted.
func (b answerBody) faults() []string {
	var list []string
	for _, failure := range b.Errors {
		list = append(list, fmt.Sprint(failure.Extensions["code"], " ", failure.Path))
	}
	slices.Sort(list)
	return list
}

// postTo sends a query to a handler without a network.
func postTo(t testing.TB, handler http.Handler, query string, headers ...string) (*httptest.ResponseRecorder, answerBody) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(string(requestBody(t, query, ""))))
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	var body answerBody
	if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v: %s", err, recorder.Body)
	}
	return recorder, body
}
