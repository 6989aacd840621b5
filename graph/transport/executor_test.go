package transport

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

var testSchema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	type Query { order(id: ID!): String  many(ids: [ID!]!): String  any(value: Any): String  wide: String }
	type Mutation { pay: String }
	scalar Any
`})

// exec is what a test lets the executor answer.
type exec func(ctx context.Context, operation *graphql.OperationContext) *graphql.Response

// answerData answers every operation with the given data.
func answerData(data string) exec {
	return func(context.Context, *graphql.OperationContext) *graphql.Response {
		return &graphql.Response{Data: json.RawMessage(data)}
	}
}

func answerErrors(data string, list ...*gqlerror.Error) exec {
	return func(context.Context, *graphql.OperationContext) *graphql.Response {
		response := &graphql.Response{Errors: list}
		if data != "" {
			response.Data = json.RawMessage(data)
		}
		return response
	}
}

// newExecutor returns gqlgen's executor over the test schema. It parses and validates for real.
func newExecutor(answer exec) graphql.GraphExecutor {
	return executor.New(&graphql.ExecutableSchemaMock{
		SchemaFunc:     func() *ast.Schema { return testSchema },
		ComplexityFunc: func(context.Context, string, string, int, map[string]any) (int, bool) { return 0, false },
		ExecFunc: func(ctx context.Context) graphql.ResponseHandler {
			operation := graphql.GetOperationContext(ctx)
			return func(ctx context.Context) *graphql.Response { return answer(ctx, operation) }
		},
	})
}

// serve returns the handler as it stands behind the edge.
func serve(t *testing.T, options Options, answer exec) http.Handler {
	t.Helper()
	if answer == nil {
		answer = answerData(`{"order":"one"}`)
	}
	options.Executor = newExecutor(answer)
	return serveAs(t, options)
}

func serveAs(t *testing.T, options Options) http.Handler {
	t.Helper()
	handler, err := NewHandler(options)
	if err != nil {
		t.Fatal(err)
	}
	edge, err := NewEdge(handler, EdgeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return edge
}

// reply is an answer with its body decoded.
type reply struct {
	*httptest.ResponseRecorder
	body struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Path       []any
			Extensions map[string]any
		}
		Extensions map[string]any
	}
}

func (r *reply) code() string {
	if len(r.body.Errors) == 0 {
		return ""
	}
	code, _ := r.body.Errors[0].Extensions["code"].(string)
	return code
}

func send(t *testing.T, handler http.Handler, r *http.Request) *reply {
	t.Helper()
	got := &reply{ResponseRecorder: httptest.NewRecorder()}
	handler.ServeHTTP(got.ResponseRecorder, r)
	if got.Body.Len() > 0 && got.Header().Get("Content-Encoding") == "" {
		if err := json.Unmarshal(got.Body.Bytes(), &got.body); err != nil {
			t.Fatalf("answer %q: %v", got.Body, err)
		}
	}
	return got
}
