package graph

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const browserAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

func TestPublicRoutes(t *testing.T) {
	body := `{"query":"{__typename}"}`
	type headers = map[string]string
	tests := []struct {
		name, method, target, body string
		headers                    headers
		without                    bool // GraphiQL
		status                     int
		want                       headers
	}{
		{name: "post", method: "POST", target: "/graphql", body: body, status: 200},
		{name: "a slash at the end", method: "POST", target: "/graphql/", body: body, status: 200},
		{name: "get with a slash at the end", method: "GET", target: "/graphql/?query=%7B__typename%7D", headers: headers{"X-Requested-With": "x"}, status: 200},
		{name: "two slashes", method: "POST", target: "/graphql//", body: body, status: 307},
		{name: "below", method: "POST", target: "/graphql/x", body: body, status: 404, want: headers{"Cache-Control": "no-store"}},
		{name: "another case", method: "POST", target: "/GraphQL", body: body, status: 404},
		{name: "options", method: "OPTIONS", target: "/graphql/", status: 204, want: headers{"Allow": "GET, POST, OPTIONS"}},
		{name: "put", method: "PUT", target: "/graphql/", status: 405, want: headers{"Allow": "GET, POST, OPTIONS"}},
		{name: "head", method: "HEAD", target: "/graphql", status: 405, want: headers{"Allow": "GET, POST, OPTIONS"}},
		{name: "nowhere", method: "GET", target: "/nowhere", status: 404, want: headers{
			"Cache-Control": "no-store", "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		}},
		{name: "another method", method: "POST", target: "/schema.graphql", status: 405, want: headers{"Allow": "GET, HEAD", "Cache-Control": "no-store"}},
		{name: "schema", method: "HEAD", target: "/schema.graphql", status: 200, want: headers{"Cache-Control": "no-cache"}},
		{name: "a browser", method: "GET", target: "/graphql", headers: headers{"Accept": browserAccept}, status: 302, want: headers{"Location": "graphiql/", "Cache-Control": "no-store", "Vary": "Accept"}},
		{name: "a browser, a slash at the end", method: "GET", target: "/graphql/", headers: headers{"Accept": browserAccept}, status: 302, want: headers{"Location": "../graphiql/"}},
		{name: "a browser's head", method: "HEAD", target: "/graphql", headers: headers{"Accept": "text/html"}, status: 302, want: headers{"Location": "graphiql/"}},
		{name: "a browser with something else", method: "GET", target: "/graphql?utm=1", headers: headers{"Accept": browserAccept}, status: 302},
		{name: "a browser with a query", method: "GET", target: "/graphql?query={__typename}", headers: headers{"Accept": browserAccept}, status: 400},
		{name: "a browser with a document", method: "GET", target: "/graphql?documentId=a", headers: headers{"Accept": browserAccept}, status: 400},
		{name: "a browser's post", method: "POST", target: "/graphql", body: body, headers: headers{"Accept": browserAccept}, status: 200},
		{name: "a browser without GraphiQL", without: true, method: "GET", target: "/graphql", headers: headers{"Accept": browserAccept}, status: 400},
		{name: "a program", method: "GET", target: "/graphql", headers: headers{"Accept": "*/*"}, status: 400},
		{name: "a program that takes HTML too", method: "GET", target: "/graphql", headers: headers{"Accept": "application/json, text/html;q=0.9"}, status: 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			handler, err := NewHandler(Options{SDL: "type Query{a:Int}", Orders: &fakeOrders{}, NoGraphiQL: test.without})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(test.method, test.target, strings.NewReader(test.body))
			r.Header.Set("Content-Type", "application/json")
			if test.body == "" && test.headers["X-Requested-With"] == "" {
				r.Header.Del("Content-Type")
			}
			for name, value := range test.headers {
				r.Header.Set(name, value)
			}
			got := httptest.NewRecorder()
			handler.ServeHTTP(got, r)
			if got.Code != test.status || got.Body.Len() > 1<<10 {
				t.Errorf("%d, want %d: %.300s", got.Code, test.status, got.Body)
			}
			for name, want := range test.want {
				if value := got.Header().Get(name); value != want {
					t.Errorf("%s is %q, want %q", name, value, want)
				}
			}
			if got.Header().Get("X-Request-Id") == "" || got.Code == http.StatusNotFound && !strings.Contains(got.Body.String(), "not found") {
				t.Errorf("%v %s", got.Header(), got.Body)
			}
		})
	}
}
