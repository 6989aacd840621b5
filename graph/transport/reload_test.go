package transport

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/scope"
	"ordergraph/graph/respcache"
	"ordergraph/upstream"
)

// manifestOf returns trusted documents by their ids.
func manifestOf(t *testing.T, texts map[string]string) *Manifest {
	t.Helper()
	encoded, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(path, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	manifest, err := ReadManifest(path)
	if err != nil {
		t.Fatal(err)
	}
	return manifest
}

// What is reloaded holds from the next request on, also where the whole response is at hand.
func TestReload(t *testing.T) {
	const id, gone = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
	executed := 0
	var trusted bool
	service := func(tokens ...upstream.Secret) Access { return Access{Service: true, ClientTokens: tokens} }
	handler, err := NewHandler(Options{
		Access: service("t1", "t2"), RouterSecret: "r1", Responses: respcache.New(shelf{}, 1<<20),
		Documents: Documents{TrustedOnly: true, Trusted: manifestOf(t, map[string]string{id: `{wide}`, gone: `{gone:wide}`})},
		Executor: newExecutor(func(ctx context.Context, operation *graphql.OperationContext) *graphql.Response {
			executed++
			trusted = scope.From(ctx).RouterTrusted
			showOrders(ctx, 1, time.Now().Add(time.Hour))
			text, _ := json.Marshal(operation.RawQuery)
			return &graphql.Response{Data: text}
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(token, id string) *reply {
		t.Helper()
		return send(t, handler, post(`{"documentId":"`+id+`"}`, "Authorization", "Bearer "+token, "X-Router-Secret", "r1"))
	}
	expect := func(name string, got *reply, data, code string, executions int) {
		t.Helper()
		if text := strings.Trim(string(got.body.Data), `"`); text != data || got.code() != code || executed != executions {
			t.Errorf("%s: %s after %d executions, want %s %s after %d", name, got.Body, executed, data, code, executions)
		}
	}
	expect("before", ask("t1", id), `{wide}`, "", 1)
	expect("before, from the other client", ask("t2", id), `{wide}`, "", 2)
	expect("before, the other document", ask("t1", gone), `{gone:wide}`, "", 3)
	expect("before, at hand", ask("t1", gone), `{gone:wide}`, "", 3)
	if !trusted {
		t.Error("the router was not trusted")
	}

	next := manifestOf(t, map[string]string{id: `{new:wide}`, strings.Repeat("a", 32): `{wide}`})
	if err := handler.Reload(service("t1", "sha256:"), "r1", next); err == nil || strings.Contains(err.Error(), "t1") {
		t.Errorf("a bad token: %v", err)
	}
	for name, options := range map[string]struct {
		access Access
		router upstream.Secret
	}{"no tokens": {service(), "r1"}, "no service": {Access{ClientTokens: service("t1").ClientTokens}, "r1"}, "no secret": {service("t1"), ""}} {
		if handler.Reload(options.access, options.router, next) == nil {
			t.Errorf("%s: no error", name)
		}
	}
	expect("after errors", ask("t2", gone), `{gone:wide}`, "", 4)

	if err := handler.Reload(service("t1", "t3"), "r2", next); err != nil {
		t.Fatal(err)
	}
	expect("a removed token", ask("t2", id), "", codes.Unauthenticated, 4)
	expect("a removed document", ask("t1", gone), "", codes.PersistedNotFound, 4)
	expect("another document of the same id", ask("t1", id), `{new:wide}`, "", 5)
	if trusted {
		t.Error("the router's old secret is trusted")
	}
	expect("that, at hand", ask("t1", id), `{new:wide}`, "", 5)
	expect("a new token", ask("t3", id), `{new:wide}`, "", 6)
	if request := post(`{}`, "X-Router-Secret", "r2"); !handler.TrustsRouter(request) || handler.TrustsRouter(post(`{}`, "X-Router-Secret", "r1")) {
		t.Error("the router's secret is not the new one")
	}
}

// A document that is trusted before and after finds the responses from before.
func TestReloadKeepsResponses(t *testing.T) {
	executed := 0
	documents := manifestOf(t, map[string]string{digestOf(`{wide}`): `{wide}`})
	handler, err := NewHandler(Options{
		Responses: respcache.New(shelf{}, 1<<20), Documents: Documents{Trusted: documents},
		Executor: newExecutor(func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			executed++
			showOrders(ctx, 1, time.Now().Add(time.Hour))
			return &graphql.Response{Data: json.RawMessage(`{}`)}
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for _, body := range []string{query(`{wide}`), hashed(digestOf(`{wide}`), "")} {
			if got := send(t, handler, post(body)); got.Code != http.StatusOK || executed != 1 {
				t.Errorf("%s after %d executions", got.Body, executed)
			}
		}
		if err := handler.Reload(Access{}, "", documents); err != nil {
			t.Fatal(err)
		}
	}
}
