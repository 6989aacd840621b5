package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Introspection is executed once, however it is written and sent, and for whomever.
func TestIntrospectionIsExecutedOnce(t *testing.T) {
	executed := 0
	handler := serve(t, Options{}, func(context.Context, *graphql.OperationContext) *graphql.Response {
		executed++
		return &graphql.Response{Data: json.RawMessage(`{"n":` + fmt.Sprint(executed) + `}`)}
	})
	for _, request := range []*reply{
		send(t, handler, post(query(`query Q{__schema{queryType{name}}}`))),
		send(t, handler, post(query(`query  Q { __schema { queryType { name } } } # again`), "Authorization", "other")),
		send(t, handler, post(query(`query Q{__schema{queryType{name}}}`), "Cache-Control", "no-cache")),
		send(t, handler, get(url.Values{"query": {`query Q{__schema{queryType{name}}}`}}, "X-Requested-With", "x")),
	} {
		if string(request.body.Data) != `{"n":1}` || request.Header().Get("Cache-Control") != "no-store" || request.Header().Get("Etag") != "" {
			t.Errorf("%d %v %s", request.Code, request.Header(), request.Body)
		}
	}
	for i, other := range []string{
		`query R{__schema{queryType{name}}}`,
		`query Q{__schema{types{name}}}`,
		`{__type(name:"Query"){name} __typename}`,
		`{__type(name:"Query"){name} wide}`, // not introspection alone
		`{__type(name:"Query"){name} wide}`,
		`{__typename}`,
	} {
		if got := send(t, handler, post(query(other))); string(got.body.Data) != `{"n":`+fmt.Sprint(i+2)+`}` {
			t.Errorf("%s: %s", other, got.Body)
		}
	}
}

func TestIntrospectionWithErrorsIsNotKept(t *testing.T) {
	handler := serve(t, Options{}, answerErrors(`null`, &gqlerror.Error{Message: "m", Extensions: map[string]any{"code": "QUERY_TOO_COMPLEX"}}))
	for range 2 {
		if got := send(t, handler, post(query(`{__schema{types{name}}}`))); got.code() != "QUERY_TOO_COMPLEX" {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	}
}

// A flood of different introspections stays within its bytes.
func TestKeptIntrospectionsAreBounded(t *testing.T) {
	executed := 0
	answer := json.RawMessage(`"` + strings.Repeat("x", 900<<10) + `"`)
	handler := serve(t, Options{}, func(context.Context, *graphql.OperationContext) *graphql.Response {
		executed++
		return &graphql.Response{Data: answer}
	})
	ask := func(i int) { send(t, handler, post(query(fmt.Sprintf(`query Q%d{__schema{queryType{name}}}`, i)))) }
	last := maxIntrospectionBytes/(2*len(answer)) + 2
	for i := range last + 1 {
		ask(i)
		ask(0)
	}
	if executed != last+1 {
		t.Fatalf("%d executions of %d operations", executed, last+1)
	}
	ask(last)
	ask(1)
	if executed != last+2 {
		t.Errorf("the first is not forgotten, or the last is: %d executions more", executed-last-1)
	}
}
