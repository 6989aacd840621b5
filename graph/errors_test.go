package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
	"ordergraph/upstream/cache"
)

// kindCodes are what clients match on, for the closed set of failures.
var kindCodes = map[upstream.Kind]string{
	upstream.KindInternal:          "INTERNAL_SERVER_ERROR",
	upstream.KindBadUserInput:      "BAD_USER_INPUT",
	upstream.KindTimeout:           "UPSTREAM_TIMEOUT",
	upstream.KindAccountNotFound:   "ACCOUNT_NOT_FOUND",
	upstream.KindUpstreamError:     "UPSTREAM_ERROR",
	upstream.KindUnsupported:       "UPSTREAM_UNSUPPORTED",
	upstream.KindPermissionDenied:  "PERMISSION_DENIED",
	upstream.KindQuotaExhausted:    "QUOTA_EXHAUSTED",
	upstream.KindPermissionOrQuota: "PERMISSION_OR_QUOTA",
	upstream.KindShopNotAuthorized: "SHOP_NOT_AUTHORIZED",
	upstream.KindBadResponse:       "UPSTREAM_BAD_RESPONSE",
	upstream.KindRateLimited:       "RATE_LIMITED",
	upstream.KindUnavailable:       "UPSTREAM_UNAVAILABLE",
	upstream.KindUnauthenticated:   "UNAUTHENTICATED",
	upstream.KindOverloaded:        "OVERLOADED",
	upstream.KindBudgetExhausted:   "BUDGET_EXHAUSTED",
	upstream.KindNotCached:         "NOT_CACHED",
}

func TestEachKindHasItsCodeAndAMessage(t *testing.T) {
	for kind := upstream.KindInternal; kind <= upstream.KindNotCached; kind++ {
		t.Run(kind.String(), func(t *testing.T) {
			failure := &upstream.Error{Kind: kind, Cause: errors.New("dial tcp 10.1.2.3: secret")}
			server := newServer(t, Options{Orders: &fakeOrders{answer: func(_ context.Context, request upstream.Request) (upstream.Result, error) {
				if request.Key.ID == 2 {
					return upstream.Result{Order: &upstream.Order{ID: 2}}, nil
				}
				return upstream.Result{}, fmt.Errorf("wrapped: %w", failure)
			}}})
			response := server.run(t, t.Context(), `{a:order(id:1){id} b:order(id:2){id} c:orders(ids:[2,1]){id}}`, "")
			check(t, response, `{"a":null,"b":{"id":"2"},"c":[{"id":"2"},null]}`, kindCodes[kind]+" a", kindCodes[kind]+" c[1]")
			for _, err := range response.Errors {
				if err.Extensions["retryable"] != kind.Retryable() {
					t.Errorf("retryable is %v", err.Extensions["retryable"])
				}
				if len(err.Message) < 20 || strings.Contains(err.Message, "10.1.2.3") || len(err.Locations) != 1 {
					t.Errorf("message %q, locations %v", err.Message, err.Locations)
				}
				if _, given := err.Extensions["upstreamStatus"]; given {
					t.Error("the upstream sent no status")
				}
			}
		})
	}
}

func TestWhatTheUpstreamSaidIsPassedOn(t *testing.T) {
	server := newServer(t, Options{Orders: &fakeOrders{answer: func(context.Context, upstream.Request) (upstream.Result, error) {
		return upstream.Result{}, &upstream.Error{Kind: upstream.KindShopNotAuthorized, Status: 302, AuthorizationURL: "https://example.com/grant", RetryAfter: 1500 * time.Millisecond}
	}}})
	response := server.run(t, t.Context(), `{order(id:1){id}}`, "")
	check(t, response, `{"order":null}`, "SHOP_NOT_AUTHORIZED order")
	extensions := response.Errors[0].Extensions
	if extensions["upstreamStatus"] != 302 || extensions["authorizationUrl"] != "https://example.com/grant" ||
		extensions["retryAfterSeconds"] != 2 {
		t.Errorf("extensions %v", extensions)
	}
}

// TestRememberedRefusals: whoever was refused is told so without a call, and for how long.
func TestRememberedRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for kind, holds := range map[upstream.Kind]int{
			upstream.KindQuotaExhausted: 30, upstream.KindPermissionDenied: 30, upstream.KindPermissionOrQuota: 30,
			upstream.KindShopNotAuthorized: 15, upstream.KindAccountNotFound: 60,
		} {
			refusing := &fakeOrders{answer: func(context.Context, upstream.Request) (upstream.Result, error) {
				return upstream.Result{}, &upstream.Error{Kind: kind}
			}}
			orders, err := cache.New(refusing, cache.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer orders.Close()
			server := newServer(t, Options{Orders: orders})
			ctx := scope.With(t.Context(), &scope.Scope{Caller: &upstream.Caller{}})
			for _, left := range []any{nil, holds - 10} {
				response := server.run(t, ctx, `{order(id:1){id}}`, "")
				check(t, response, `{"order":null}`, kindCodes[kind]+" order")
				extensions := response.Errors[0].Extensions
				if remembered := left != nil; extensions["retryAfterSeconds"] != left || (extensions["remembered"] == true) != remembered {
					t.Errorf("extensions %v, want %v seconds", extensions, left)
				}
				time.Sleep(10 * time.Second)
			}
			if calls := len(refusing.requests); calls != 1 {
				t.Errorf("%s: %d calls", kind, calls)
			}
		}
	})
}

func TestFaultsOfOursAreLoggedAndHidden(t *testing.T) {
	tests := []struct {
		name   string
		answer func(context.Context, upstream.Request) (upstream.Result, error)
		logged string
	}{
		{"an error of no kind", func(context.Context, upstream.Request) (upstream.Result, error) {
			return upstream.Result{}, errors.New("a detail")
		}, "a detail"},
		{"a panic", func(context.Context, upstream.Request) (upstream.Result, error) { panic("13800000000") }, "runtime/debug.Stack"},
		{"a runtime error", func(context.Context, upstream.Request) (upstream.Result, error) {
			var order *upstream.Order
			return upstream.Result{Order: &upstream.Order{ID: order.ID}}, nil
		}, "nil pointer dereference"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := newServer(t, Options{Orders: &fakeOrders{answer: test.answer}})
			response := server.run(t, t.Context(), `{order(id:1){id}}`, "")
			check(t, response, `{"order":null}`, "INTERNAL_SERVER_ERROR order")
			if locations := response.Errors[0].Locations; len(locations) != 1 || locations[0].Column != 2 {
				t.Errorf("located at %v", locations)
			}
			if response.Errors[0].Message != internalMessage {
				t.Errorf("message %q", response.Errors[0].Message)
			}
			cause := response.Errors[0].Err
			if cause == nil || !strings.Contains(cause.Error(), test.logged) {
				t.Fatalf("cause %v, want %q", cause, test.logged)
			}
			if strings.Contains(cause.Error(), "13800000000") {
				t.Errorf("the log would show what was thrown: %v", cause)
			}
			if shown, err := json.Marshal(response.Errors[0]); err != nil || strings.Contains(string(shown), test.logged) {
				t.Errorf("the client would be shown the cause: %s %v", shown, err)
			}
		})
	}
}

func TestTheRequestsTimeoutIsNotTheUpstreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wait := func(ctx context.Context, _ upstream.Request) (upstream.Result, error) {
			<-ctx.Done()
			return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout, Cause: context.Cause(ctx)}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		response := newServer(t, Options{Orders: &fakeOrders{answer: wait}}).run(t, ctx, `{order(id:1){id}}`, "")
		check(t, response, `{"order":null}`, "REQUEST_TIMEOUT order")
	})
	own := func(context.Context, upstream.Request) (upstream.Result, error) {
		return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout, Cause: context.DeadlineExceeded}
	}
	response := newServer(t, Options{Orders: &fakeOrders{answer: own}}).run(t, t.Context(), `{order(id:1){id}}`, "")
	check(t, response, `{"order":null}`, "UPSTREAM_TIMEOUT order")
}

func TestRequestErrors(t *testing.T) {
	tests := []struct{ name, query, variables, data, fault string }{
		{"syntax", `{order(id:1`, "", "", "GRAPHQL_PARSE_FAILED"},
		{"empty", ``, "", "", "GRAPHQL_VALIDATION_FAILED"},
		{"an unknown field", `{nothing}`, "", "", "GRAPHQL_VALIDATION_FAILED"},
		{"a mutation", `mutation{x}`, "", "", "GRAPHQL_VALIDATION_FAILED"},
		{"a missing argument", `{order{id}}`, "", "", "GRAPHQL_VALIDATION_FAILED"},
		{"a literal of another type", `{order(id:1.5){id}}`, "", "", "GRAPHQL_VALIDATION_FAILED"},
		{"a missing variable", `query($id:ID!){order(id:$id){id}}`, "", "", "BAD_USER_INPUT"},
		{"a null variable", `query($id:ID!){order(id:$id){id}}`, `{"id":null}`, "", "BAD_USER_INPUT"},
		{"a null in a list", `query($ids:[ID!]!){orders(ids:$ids){id}}`, `{"ids":["1",null]}`, "", "BAD_USER_INPUT"},
		{"a variable of another type", `query($id:ID!){order(id:$id){id}}`, `{"id":{}}`, "", "BAD_USER_INPUT"},
		{"an unknown enum value", `query($s:WebSite!){order(id:1,webSite:$s){id}}`, `{"s":"X"}`, "", "BAD_USER_INPUT"},
		{"an enum value in another case", `query($s:WebSite!){order(id:1,webSite:$s){id}}`, `{"s":"cn_1688"}`, "", "BAD_USER_INPUT"},
		{"a null in place of a default", `query($s:WebSite=ALIBABA){order(id:1,webSite:$s){id}}`, `{"s":null}`, `{"order":null}`, "BAD_USER_INPUT order"},
		{"a null that decides", `query($x:Boolean=true){order(id:1){id buyer{...@skip(if:$x){memberId}}}}`, `{"x":null}`, "", "BAD_USER_INPUT"},
		{"a null that decides at the root", `query($x:Boolean=true){order(id:1)@include(if:$x){id}}`, `{"x":null}`, "", "BAD_USER_INPUT"},
		{"a limit", `{` + strings.Repeat("x:__typename ", 3000) + `}`, "", "", "QUERY_TOO_COMPLEX"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response := newServer(t, Options{}).run(t, t.Context(), test.query, test.variables)
			check(t, response, test.data, test.fault)
			for _, err := range response.Errors {
				for _, word := range []string{"upstream.", "json.Number", "interface {}", "strconv"} {
					if strings.Contains(err.Message, word) {
						t.Errorf("message %q holds Go text", err.Message)
					}
				}
			}
		})
	}
}

func TestANullThatDecidesNothingPasses(t *testing.T) {
	response := newServer(t, Options{}).run(t, t.Context(), `query($d:Boolean=false){__type(name:"Edition"){enumValues(includeDeprecated:$d){name}}}`, `{"d":null}`)
	check(t, response, `{"__type":{"enumValues":[{"name":"V1"},{"name":"V2"}]}}`)
}

// FuzzArguments looks for arguments that the planner reads differently from the resolvers: an order
// that was not planned is an internal error.
func FuzzArguments(f *testing.F) {
	for _, value := range []string{`1`, `"1"`, `01`, `1.5`, `1e400`, `"１"`, `["1",2]`, `null`, `true`, `{"__typename":"Order","webSite":"CN_1688","id":1}`, `9223372036854775808`, `"\r\n1"`} {
		f.Add(value, `"CN_1688"`, `"V1"`)
	}
	f.Add(`1`, `null`, `"v1"`)
	server := newServer(f, Options{})
	const query = `query($v:ID!,$s:WebSite!,$e:Edition!){order(id:$v,webSite:$s,edition:$e){id} orders(ids:[$v,"1"],webSite:$s,edition:$e){id}}`
	const list = `query($v:[ID!]!,$s:WebSite=ALIBABA,$e:Edition=V2){orders(ids:$v,webSite:$s,edition:$e){id}}`
	const entities = `query($v:[_Any!]!){_entities(representations:$v){__typename}}`
	f.Fuzz(func(t *testing.T, value, site, edition string) {
		variables := `{"v":` + value + `,"s":` + site + `,"e":` + edition + `}`
		if !json.Valid([]byte(variables)) {
			return
		}
		for _, query := range []string{query, list, entities} {
			response := server.run(t, t.Context(), query, variables)
			if slices.ContainsFunc(faults(response.Errors), func(fault string) bool { return strings.HasPrefix(fault, codes.Internal) }) {
				t.Errorf("%s with %s: %v", query, variables, response.Errors)
			}
		}
	})
}
