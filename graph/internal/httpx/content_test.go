package httpx

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

func ask(content *Content, method string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "/", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	w.Header().Set("Vary", "Origin")
	content.ServeHTTP(w, r)
	return w.Result()
}

func TestContent(t *testing.T) {
	text := strings.Repeat("text ", 1000)
	content := NewContent("text/plain", "no-cache", Gzip([]byte(text)))
	tags := map[string]bool{}
	for _, encoding := range []string{"gzip", ""} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			got := ask(content, method, "Accept-Encoding", encoding)
			body, err := io.ReadAll(got.Body)
			if err != nil || got.StatusCode != http.StatusOK {
				t.Fatal(got.StatusCode, err)
			}
			if length := got.Header.Get("Content-Length"); method == http.MethodGet && length != strconv.Itoa(len(body)) {
				t.Errorf("Content-Length %s of %d bytes", length, len(body))
			}
			if method == http.MethodHead && len(body) > 0 {
				t.Errorf("HEAD was answered %d bytes", len(body))
			}
			if method == http.MethodGet && encoding == "gzip" {
				reader, err := gzip.NewReader(strings.NewReader(string(body)))
				if err != nil {
					t.Fatal(err)
				}
				body, _ = io.ReadAll(reader)
			}
			if method == http.MethodGet && string(body) != text {
				t.Errorf("%q: %d bytes, want %d", encoding, len(body), len(text))
			}
			for name, want := range map[string]string{
				"Content-Type": "text/plain", "Cache-Control": "no-cache", "Vary": "Accept-Encoding, Origin", "Content-Encoding": encoding,
			} {
				if value := got.Header.Get(name); value != want {
					t.Errorf("%s %q: %s is %q, want %q", method, encoding, name, value, want)
				}
			}
			tags[got.Header.Get("Etag")] = true
		}
	}
	if len(tags) != 2 || tags[""] {
		t.Errorf("two encodings have the tags %v", tags)
	}
	for tag := range tags {
		matching := 0
		for _, encoding := range []string{"gzip", ""} {
			got := ask(content, http.MethodGet, "Accept-Encoding", encoding, "If-None-Match", tag)
			if got.StatusCode == http.StatusNotModified && got.Header.Get("Etag") == tag && got.Header.Get("Content-Type") == "" {
				matching++
			}
		}
		if matching != 1 {
			t.Errorf("%s matches %d encodings, want one", tag, matching)
		}
	}
}

func TestIfNoneMatch(t *testing.T) {
	for _, tag := range []string{EntityTag([]byte("a")), "W/" + EntityTag([]byte("a"))} {
		opaque := strings.TrimPrefix(tag, "W/")
		for value, want := range map[string]bool{
			opaque: true, "W/" + opaque: true, `"x", ` + opaque: true, `W/"x",W/` + opaque + `, "y"`: true, "*": true, " * ": true,
			`"x"`: false, `W/"x"`: false, strings.Trim(opaque, `"`): false, opaque[:len(opaque)-1]: false,
			`"` + opaque + `"`: false, "": false, `W/`: false, `"`: false,
		} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("If-None-Match", value)
			w := httptest.NewRecorder()
			got := NotModified(w, r, []string{tag})
			if got != want || got != (w.Code == http.StatusNotModified) || w.Header().Get("Etag") != tag {
				t.Errorf("If-None-Match %s: %v, %d", value, got, w.Code)
			}
		}
	}
	if EntityTag([]byte("a")) == EntityTag([]byte("b")) {
		t.Error("one tag for two contents")
	}
}
