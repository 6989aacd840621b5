package httpx

import (
	"net/http"
	"testing"
)

func TestAcceptsGzip(t *testing.T) {
	tests := []struct {
		name   string
		values []string
		want   bool
	}{
		{"no header", nil, false},
		{"empty", []string{""}, false},
		{"gzip", []string{"gzip"}, true},
		{"upper case", []string{"GZIP"}, true},
		{"old name", []string{"x-gzip"}, true},
		{"a browser's", []string{"gzip, deflate, br, zstd"}, true},
		{"last of several lines", []string{"br", "deflate, gzip"}, true},
		{"refused", []string{"gzip;q=0"}, false},
		{"refused with digits", []string{"gzip; q=0.000, br"}, false},
		{"refused, the rest allowed", []string{"gzip;q=0, *"}, false},
		{"refused after the star", []string{"*, gzip;q=0"}, false},
		{"weighted", []string{"gzip ; Q=0.1"}, true},
		{"star", []string{"*"}, true},
		{"star refused", []string{"*;q=0"}, false},
		{"star refused, gzip allowed", []string{"*;q=0, gzip"}, true},
		{"others only", []string{"br, deflate;q=1, identity"}, false},
		{"weighted, after another", []string{"br;q=1, gzip;q=0.5"}, true},
		{"gzip allowed, the rest refused", []string{"gzip, *;q=0"}, true},
		{"unreadable weight", []string{"gzip;q=high"}, false},
		{"name as a part", []string{"gzipped"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := AcceptsGzip(&http.Request{Header: http.Header{"Accept-Encoding": test.values}}); got != test.want {
				t.Errorf("AcceptsGzip of %q = %v, want %v", test.values, got, test.want)
			}
		})
	}
}
