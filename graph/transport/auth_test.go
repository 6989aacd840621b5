package transport

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

func TestAccess(t *testing.T) {
	digest := sha256.Sum256([]byte("hashed"))
	service := Access{Service: true, ClientTokens: []upstream.Secret{"plain", "shop=named", "padded==", "x=y=z==", upstream.Secret("sha256:" + hex.EncodeToString(digest[:]))}}
	tests := map[string]struct {
		access                Access
		authorization         string
		status                int
		upstreamToken, tenant string
	}{
		"pass-through":             {Access{}, "Bearer a", 200, "Bearer a", "Bearer a"},
		"pass-through, any scheme": {Access{}, "token  A b", 200, "token  A b", "token  A b"},
		"pass-through without":     {Access{}, "", 200, "", ""},
		"service, plain":           {service, "Bearer plain", 200, "", "plain"},
		"service, hashed":          {service, "Bearer hashed", 200, "", "hashed"},
		"service, scheme's case":   {service, "bEARER plain", 200, "", "plain"},
		"service, named":           {service, "Bearer named", 200, "", "named"},
		"service, name and token":  {service, "Bearer shop=named", 401, "", ""},
		"service, padded":          {service, "Bearer padded==", 200, "", "padded=="},
		"service, = in it":         {service, "Bearer y=z==", 200, "", "y=z=="},
		"service, wrong":           {service, "Bearer plaiN", 401, "", ""},
		"service, prefix":          {service, "Bearer plai", 401, "", ""},
		"service, the hash itself": {service, "Bearer sha256:" + hex.EncodeToString(digest[:]), 401, "", ""},
		"service, trailing space":  {service, "Bearer plain x", 401, "", ""},
		"service, empty":           {service, "Bearer", 401, "", ""},
		"service, basic":           {service, "Basic plain", 401, "", ""},
		"service, without":         {service, "", 401, "", ""},
		"service, open":            {Access{Service: true}, "Bearer x", 200, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var s *scope.Scope
			handler := serveAs(t, Options{Access: test.access, Executor: newExecutor(func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
				s = scope.From(ctx)
				return &graphql.Response{Data: json.RawMessage(`{}`)}
			})})
			got := send(t, handler, post(query(`{wide}`), "Authorization", test.authorization))
			if got.Code != test.status {
				t.Fatalf("status %d, want %d: %s", got.Code, test.status, got.Body)
			}
			if test.status == http.StatusUnauthorized {
				if got.code() != codes.Unauthenticated || !strings.HasPrefix(got.Header().Get("WWW-Authenticate"), "Bearer ") || s != nil {
					t.Errorf("%v %s", got.Header(), got.Body)
				}
				return
			}
			clients := map[string]string{"plain": "client-1", "named": "shop", "padded==": "client-3", "y=z==": "x", "hashed": "client-5"}
			if want := clients[test.tenant]; s.Caller.Client != want {
				t.Errorf("client %q, want %q", s.Caller.Client, want)
			}
			if s.Caller.Authorization.Reveal() != test.upstreamToken || s.Caller.Tenant.Reveal() != test.tenant {
				t.Errorf("authorization %q tenant %q", s.Caller.Authorization.Reveal(), s.Caller.Tenant.Reveal())
			}
		})
	}
}

func TestClientTokensAreChecked(t *testing.T) {
	for _, token := range []upstream.Secret{"", "sha256:", "sha256:00", upstream.Secret("sha256:" + strings.Repeat("g", 64))} {
		_, err := NewHandler(Options{Executor: newExecutor(nil), Access: Access{Service: true, ClientTokens: []upstream.Secret{"good", token}}})
		if err == nil || !strings.HasPrefix(err.Error(), "client token 2 is not allowed, want ") || strings.Contains(err.Error(), "ggg") {
			t.Errorf("token %q: %v", token.Reveal(), err)
		}
	}
}

func TestRouterSecret(t *testing.T) {
	tests := map[string]struct {
		secret upstream.Secret
		shown  string
		want   bool
	}{
		"right":        {"s3cret", "s3cret", true},
		"wrong":        {"s3cret", "S3cret", false},
		"none shown":   {"s3cret", "", false},
		"none set":     {"", "anything", false},
		"neither":      {"", "", false},
		"longer shown": {"s3cret", "s3cret2", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			trusted := false
			handler := serve(t, Options{RouterSecret: test.secret}, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
				trusted = scope.From(ctx).RouterTrusted
				return &graphql.Response{Data: json.RawMessage(`{}`)}
			})
			send(t, handler, post(query(`{wide}`), "X-Router-Secret", test.shown))
			if trusted != test.want {
				t.Errorf("trusted %v, want %v", trusted, test.want)
			}
		})
	}
}
