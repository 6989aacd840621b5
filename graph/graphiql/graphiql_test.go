package graphiql

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// get asks the handler for a path. Headers come in pairs of a name and a value.
func get(t *testing.T, options Options, method, path string, headers ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	Handler(options).ServeHTTP(recorder, request)
	return recorder.Result()
}

func body(t *testing.T, response *http.Response) []byte {
	t.Helper()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// asset returns the path of one file of the build whose name matches.
func asset(t *testing.T, pattern string) string {
	t.Helper()
	for name := range load(Options{}) {
		if regexp.MustCompile(pattern).MatchString(name) {
			return Path + name
		}
	}
	t.Fatalf("no file of the build matches %s", pattern)
	return ""
}

func TestStatusOfPathsAndMethods(t *testing.T) {
	script := asset(t, `^assets/index-.*\.js$`)
	tests := []struct {
		method, path string
		status       int
		header       string
		value        string
	}{
		{"GET", "/graphiql/", 200, "Content-Type", "text/html; charset=utf-8"},
		{"HEAD", "/graphiql/", 200, "Content-Type", "text/html; charset=utf-8"},
		{"GET", "/graphiql/index.html", 200, "Content-Type", "text/html; charset=utf-8"},
		{"GET", "/graphiql/", 200, "Cache-Control", "no-cache"},
		{"GET", "/graphiql/favicon.svg", 200, "Content-Type", "image/svg+xml"},
		{"GET", "/graphiql/favicon.svg", 200, "Cache-Control", "no-cache"},
		{"GET", "/graphiql/LICENCES.md", 200, "Content-Type", "text/markdown; charset=utf-8"},
		{"GET", script, 200, "Content-Type", "text/javascript; charset=utf-8"},
		{"GET", script, 200, "Cache-Control", "public, max-age=31536000, immutable"},
		{"GET", asset(t, `\.css$`), 200, "Content-Type", "text/css; charset=utf-8"},
		{"GET", asset(t, `\.ttf$`), 200, "Content-Type", "font/ttf"},
		{"GET", "/graphiql", 307, "Location", "graphiql/"},
		{"HEAD", "/graphiql", 307, "Location", "graphiql/"},
		{"POST", "/graphiql", 405, "Allow", "GET, HEAD"},
		{"POST", "/graphiql/", 405, "Allow", "GET, HEAD"},
		{"OPTIONS", "/graphiql/", 405, "Allow", "GET, HEAD"},
		{"GET", "/graphiql/missing.js", 404, "Content-Type", "text/plain; charset=utf-8"},
		{"GET", "/graphiql/index.html.gz", 404, "ETag", ""},
		{"GET", "/graphiql/assets/", 404, "Cache-Control", ""},
		{"GET", "/graphiql/assets/../index.html", 404, "ETag", ""},
		{"GET", "/graphiql//", 404, "ETag", ""},
		{"GET", "/graphiql/x/graphiql/", 404, "ETag", ""},
		{"GET", "/graphiql/x/graphiql", 404, "Location", ""},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path+" "+test.header, func(t *testing.T) {
			response := get(t, Options{}, test.method, test.path)
			if response.StatusCode != test.status {
				t.Errorf("status %d, want %d", response.StatusCode, test.status)
			}
			if got := response.Header.Get(test.header); got != test.value {
				t.Errorf("%s: %q, want %q", test.header, got, test.value)
			}
		})
	}
}

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; " +
			"style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; base-uri 'none'; " +
			"form-action 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin",
	}
	requests := [][2]string{
		{"GET", "/graphiql/"},
		{"GET", asset(t, `worker-.*\.js$`)},
		{"GET", "/graphiql"},
		{"GET", "/graphiql/missing"},
		{"POST", "/graphiql/"},
	}
	for _, request := range requests {
		response := get(t, Options{}, request[0], request[1])
		for name, value := range want {
			if got := response.Header.Get(name); got != value {
				t.Errorf("%v: %s: %q, want %q", request, name, got, value)
			}
		}
	}
}

func TestBothEncodingsHaveTheSameContent(t *testing.T) {
	for name := range load(Options{}) {
		compressed := get(t, Options{}, "GET", Path+name, "Accept-Encoding", "gzip, deflate, br")
		plain := get(t, Options{}, "GET", Path+name, "Accept-Encoding", "gzip;q=0")
		if got := compressed.Header.Get("Content-Encoding"); got != "gzip" {
			t.Errorf("%s: Content-Encoding %q, want gzip", name, got)
		}
		if got := plain.Header.Get("Content-Encoding"); got != "" {
			t.Errorf("%s: Content-Encoding %q for a client that refuses gzip", name, got)
		}
		if compressed.Header.Get("ETag") == plain.Header.Get("ETag") {
			t.Errorf("%s: both encodings have the ETag %s", name, plain.Header.Get("ETag"))
		}
		reader, err := gzip.NewReader(bytes.NewReader(lengthChecked(t, compressed)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		inflated, err := io.ReadAll(reader)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(inflated, lengthChecked(t, plain)) {
			t.Errorf("%s: the two encodings differ", name)
		}
	}
}

// lengthChecked returns the body, whose length must be the announced one.
func lengthChecked(t *testing.T, response *http.Response) []byte {
	t.Helper()
	content := body(t, response)
	if announced := response.Header.Get("Content-Length"); announced != strconv.Itoa(len(content)) {
		t.Errorf("Content-Length %s of %d bytes", announced, len(content))
	}
	return content
}

func TestHeadHasTheHeadersOfGet(t *testing.T) {
	for _, encoding := range []string{"gzip", "identity"} {
		head := get(t, Options{}, "HEAD", Path, "Accept-Encoding", encoding)
		want := get(t, Options{}, "GET", Path, "Accept-Encoding", encoding)
		for name := range want.Header {
			if head.Header.Get(name) != want.Header.Get(name) {
				t.Errorf("%s: %s: %q, want %q", encoding, name, head.Header.Get(name), want.Header.Get(name))
			}
		}
		if content := body(t, head); len(content) != 0 {
			t.Errorf("%s: a body of %d bytes", encoding, len(content))
		}
	}
}

func TestNotModified(t *testing.T) {
	gzipTag := get(t, Options{}, "GET", Path, "Accept-Encoding", "gzip").Header.Get("ETag")
	plainTag := get(t, Options{}, "GET", Path).Header.Get("ETag")
	tests := []struct {
		name, encoding, ifNoneMatch string
		status                      int
	}{
		{"same", "gzip", gzipTag, 304},
		{"same, inflated", "", plainTag, 304},
		{"weak", "gzip", "W/" + gzipTag, 304},
		{"one of several", "gzip", `"other", ` + gzipTag, 304},
		{"any", "gzip", "*", 304},
		{"the other encoding's", "gzip", plainTag, 200},
		{"another", "gzip", `"other"`, 200},
		{"without quotes", "gzip", strings.Trim(gzipTag, `"`), 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response := get(t, Options{}, "GET", Path, "Accept-Encoding", test.encoding, "If-None-Match", test.ifNoneMatch)
			if response.StatusCode != test.status {
				t.Fatalf("status %d, want %d", response.StatusCode, test.status)
			}
			for _, name := range []string{"ETag", "Cache-Control", "Vary"} {
				if response.Header.Get(name) == "" {
					t.Errorf("no %s", name)
				}
			}
			if test.status == 304 && len(body(t, response)) != 0 {
				t.Error("a 304 with a body")
			}
		})
	}
}

func TestPageSaysWhoseDataItShowsAndWhichTokenItTakes(t *testing.T) {
	tests := []struct {
		options    Options
		attributes string
	}{
		{Options{Sandbox: true}, `data-sandbox="true" data-token="none"`},
		{Options{Sandbox: true, Token: NoToken}, `data-sandbox="true" data-token="none"`},
		{Options{}, `data-sandbox="false" data-token="none"`},
		{Options{Token: ClientToken}, `data-sandbox="false" data-token="client"`},
		{Options{Token: UpstreamToken}, `data-sandbox="false" data-token="upstream"`},
	}
	for _, test := range tests {
		response := get(t, test.options, "GET", Path)
		if text := string(lengthChecked(t, response)); !strings.Contains(text, `<html lang="en" `+test.attributes+`>`) {
			t.Errorf("%+v: the page doesn't have %s", test.options, test.attributes)
		}
		if tag := get(t, Options{Sandbox: true, Token: UpstreamToken}, "GET", Path).Header.Get("ETag"); response.Header.Get("ETag") == tag {
			t.Errorf("%+v: the ETag of another page", test.options)
		}
	}
}

// The list of test ids is there with a sandbox alone.
func TestTestIDs(t *testing.T) {
	for list, want := range map[string]int{"": http.StatusNotFound, `[{"id":"1"}]`: http.StatusOK} {
		w := httptest.NewRecorder()
		Handler(Options{TestIDs: []byte(list)}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path+"test-ids.json", nil))
		if w.Code != want || want == http.StatusOK && (w.Body.String() != list || w.Header().Get("Content-Type") != "application/json") {
			t.Errorf("%q: %d %v %s", list, w.Code, w.Header(), w.Body)
		}
	}
}
