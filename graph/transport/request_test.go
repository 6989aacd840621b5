package transport

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
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

// Headers that say nothing, or in another form what is always so, are no mistake.
func TestLenientHeaders(t *testing.T) {
	handler := serve(t, Options{}, nil)
	for name, test := range map[string]struct {
		header http.Header
		status int
	}{
		"empty encoding":              {http.Header{"Content-Encoding": {""}}, 200},
		"blank encoding":              {http.Header{"Content-Encoding": {" \t"}}, 200},
		"two empty encodings":         {http.Header{"Content-Encoding": {"", ","}}, 200},
		"identity twice":              {http.Header{"Content-Encoding": {"Identity, identity"}}, 200},
		"identity and gzip":           {http.Header{"Content-Encoding": {"identity, gzip"}}, 415},
		"empty, then gzip":            {http.Header{"Content-Encoding": {"", "gzip"}}, 415},
		"US-ASCII":                    {http.Header{"Content-Type": {"application/json; charset=US-ASCII"}}, 200},
		"ASCII, quoted":               {http.Header{"Content-Type": {`application/json;charset="ascii"`}}, 200},
		"UTF-8, quoted":               {http.Header{"Content-Type": {`application/json; charset="UTF-8"`}}, 200},
		"utf8":                        {http.Header{"Content-Type": {"application/json;charset=utf8"}}, 200},
		"empty charset":               {http.Header{"Content-Type": {"application/json; charset="}}, 200},
		"empty charset, quoted":       {http.Header{"Content-Type": {`application/json; charset=""`}}, 200},
		"a semicolon at the end":      {http.Header{"Content-Type": {"application/json;"}}, 200},
		"another case":                {http.Header{"Content-Type": {"Application/JSON; Charset=Utf-8"}}, 200},
		"another parameter":           {http.Header{"Content-Type": {"application/json; odata=verbose; charset=utf-8"}}, 200},
		"latin":                       {http.Header{"Content-Type": {"application/json; charset=latin1"}}, 415},
		"a list of types":             {http.Header{"Content-Type": {"application/json, text/plain"}}, 415},
		"empty type":                  {http.Header{"Content-Type": {""}}, 415},
		"empty accept":                {http.Header{"Accept": {""}}, 200},
		"empty accepts":               {http.Header{"Accept": {"", " ,"}}, 200},
		"nothing is acceptable":       {http.Header{"Accept": {"*/*;q=0"}}, 406},
		"empty credentials":           {http.Header{"Authorization": {""}}, 200},
		"empty others":                {http.Header{"Accept-Encoding": {""}, "Cache-Control": {""}, "If-None-Match": {""}, "Origin": {""}, "X-Request-Id": {""}, "X-Router-Secret": {""}}, 200},
		"a coding that is not wanted": {http.Header{"Accept-Encoding": {"gzip;q=0, identity;q=1, *;q=0"}}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			r := post(query(`{order(id:1)}`))
			for key, values := range test.header {
				r.Header[key] = values
			}
			if got := send(t, handler, r); got.Code != test.status {
				t.Errorf("%d %s", got.Code, got.Body)
			}
		})
	}
}

// A query string is read as browsers write it.
func TestQueryStrings(t *testing.T) {
	handler := serve(t, Options{}, func(_ context.Context, operation *graphql.OperationContext) *graphql.Response {
		data, err := json.Marshal(operation.RawQuery)
		if err != nil {
			t.Error(err)
		}
		return &graphql.Response{Data: data}
	})
	const good = "query=%7Bwide%7D"
	for raw, want := range map[string]string{
		good:                       "{wide}",
		"&" + good + "&&":          "{wide}",
		good + ";a=b":              "",
		"a=b;c&" + good:            "{wide}",
		good + "&x=1;2&;":          "{wide}",
		"query=%7Bwide%7D%23;%3B;": "{wide}#;;;",
		"query=%7Bwide%7D%23;+x":   "{wide}#; x",
		good + "&variables={};":    "",
		good + "&variables=%7B%22a%22%3A%22;%22%7D": "{wide}",
		good + "&a=%zz":   "",
		good + "&" + good: "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/graphql", nil)
		r.URL.RawQuery = raw
		r.Header.Set("Graphql-Preflight", "")
		got := send(t, handler, r)
		var shown string
		if got.Code == http.StatusOK && got.body.Data != nil {
			if err := json.Unmarshal(got.body.Data, &shown); err != nil {
				t.Error(err)
			}
		}
		if shown != want {
			t.Errorf("%s: %d %s, want %q", raw, got.Code, got.Body, want)
		}
	}
}
