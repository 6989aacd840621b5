package transport

import (
	"net/http"
	"testing"
	"time"

	"ordergraph/upstream"
)

func TestFreshnessOfARequest(t *testing.T) {
	now := time.Now()
	for header, want := range map[string]upstream.Freshness{
		"":                                {},
		"no-cache":                        {NoCache: true},
		"private, No-Cache ":              {NoCache: true},
		"max-age=0":                       {NoCache: true},
		`max-age="000"`:                   {NoCache: true},
		"max-age=5":                       {MaxAge: 5 * time.Second},
		"max-age=9, MAX-AGE=3, max-age=7": {MaxAge: 3 * time.Second},
		"max-age=99999999999999999999999": {MaxAge: maxSeconds * time.Second},
		"max-age, max-age=, max-age=-1, max-age=1.5, max-age=soon": {},
		"only-if-cached":                   {OnlyIfCached: true},
		"max-stale":                        {MaxStale: maxSeconds * time.Second},
		"max-stale=60,only-if-cached":      {MaxStale: time.Minute, OnlyIfCached: true},
		"max-stale=, max-stale=x":          {},
		"max-stale=5, max-age=7, no-cache": {MaxStale: 5 * time.Second, MaxAge: 7 * time.Second, NoCache: true},
	} {
		want.ArrivedAt = now
		if got := freshnessOf(http.Header{"Cache-Control": {"no-store", header}}, now); got != want {
			t.Errorf("%q: %+v, want %+v", header, got, want)
		}
	}
}
