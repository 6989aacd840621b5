package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestConnectionIsClosed(t *testing.T) {
	server := httptest.NewServer(serve(t, Options{MaxBody: 1000}, nil))
	defer server.Close()
	defer server.Client().CloseIdleConnections()
	small, large := query(`{wide}`), query(strings.Repeat(" ", 2000))
	for name, test := range map[string]struct {
		body   string
		length int64
		status int
		close  bool
	}{
		"small":              {small, int64(len(small)), http.StatusOK, false},
		"small, chunked":     {small, -1, http.StatusOK, true},
		"too large":          {large, int64(len(large)), http.StatusRequestEntityTooLarge, true},
		"too large, chunked": {large, -1, http.StatusRequestEntityTooLarge, true},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/graphql", strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = test.length
			r.Header.Set("Content-Type", jsonType)
			got, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Body.Close()
			if got.StatusCode != test.status || got.Close != test.close {
				t.Errorf("status %d, closed %v; want %d %v", got.StatusCode, got.Close, test.status, test.close)
			}
		})
	}
}
