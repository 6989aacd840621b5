package sandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// call posts a body to a sandbox without a network.
func call(t testing.TB, s *Sandbox, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, Path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// parameters returns a request body for an order and the given domains; "" leaves them to the default.
func parameters(site, id, includeFields string) string {
	p := map[string]any{"web_site": site, "order_id": json.Number(id)}
	if includeFields != "" {
		p["include_fields"] = includeFields
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return string(body)
}
