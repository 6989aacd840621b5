package transport

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hashed builds a request as Apollo's clients do; an empty text is left out.
func hashed(id, text string) string {
	body := map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": id}}}
	if text != "" {
		body["query"] = text
	}
	encoded, _ := json.Marshal(body)
	return string(encoded)
}

func TestAutomaticPersistedQueries(t *testing.T) {
	handler := serve(t, Options{}, nil)
	const text = `{order(id:1)}`
	id := digestOf(text)
	parameters := url.Values{"extensions": {`{"persistedQuery":{"version":1,"sha256Hash":"` + id + `"}}`}}
	steps := []struct {
		name    string
		request *http.Request
		status  int
		code    string
	}{
		{"unknown", post(hashed(id, "")), 200, "PERSISTED_QUERY_NOT_FOUND"},
		{"unknown, modern", post(hashed(id, ""), "Accept", graphqlType), 400, "PERSISTED_QUERY_NOT_FOUND"},
		{"unknown by get", get(parameters, "X-Requested-With", "x"), 200, "PERSISTED_QUERY_NOT_FOUND"},
		{"wrong hash", post(hashed(digestOf("other"), text)), 400, "BAD_REQUEST"},
		{"not kept under a wrong hash", post(hashed(digestOf("other"), "")), 200, "PERSISTED_QUERY_NOT_FOUND"},
		{"invalid text", post(hashed(digestOf("{no}"), "{no}")), 200, "GRAPHQL_VALIDATION_FAILED"},
		{"invalid text is not kept", post(hashed(digestOf("{no}"), "")), 200, "PERSISTED_QUERY_NOT_FOUND"},
		{"with its text", post(hashed(id, text)), 200, ""},
		{"known", post(hashed(id, "")), 200, ""},
		{"known, as codegen writes it", post(hashed("sha256:"+id, "")), 200, ""},
		{"with its text, as codegen writes it", post(hashed("sha256:"+id, text)), 200, ""},
		{"another algorithm", post(hashed("sha512:"+id, "")), 400, "BAD_REQUEST"},
		{"known, upper case", post(hashed(strings.ToUpper(id), "")), 200, ""},
		{"known by get", get(parameters, "X-Requested-With", "x"), 200, ""},
		{"known by documentId", post(`{"documentId":"sha256:` + id + `"}`), 200, ""},
		{"known by get, no preflight", get(parameters), 400, "BAD_REQUEST"},
	}
	for _, step := range steps {
		got := send(t, handler, step.request)
		if got.Code != step.status || got.code() != step.code {
			t.Errorf("%s: %d %q, want %d %q: %s", step.name, got.Code, got.code(), step.status, step.code, got.Body)
		}
		if step.code == "PERSISTED_QUERY_NOT_FOUND" && got.body.Errors[0].Message != "PersistedQueryNotFound" {
			t.Errorf("%s: message %q", step.name, got.body.Errors[0].Message)
		}
	}
}

func TestAutomaticPersistedQueriesOff(t *testing.T) {
	handler := serve(t, Options{Documents: Documents{NoAutomatic: true}}, nil)
	const text = `{order(id:1)}`
	if got := send(t, handler, post(hashed(digestOf(text), text))); got.code() != "" {
		t.Errorf("a text with its hash: %s", got.Body)
	}
	got := send(t, handler, post(hashed(digestOf(text), "")))
	if got.code() != "PERSISTED_QUERY_NOT_SUPPORTED" || got.body.Errors[0].Message != "PersistedQueryNotSupported" {
		t.Errorf("a hash: %s", got.Body)
	}
}

func TestTrustedDocuments(t *testing.T) {
	const (
		byCodegen = `query C{order(id:1)}`
		byRelay   = `query R{wide}`
		relayID   = "0123456789abcdef0123456789abcdef"
	)
	codegenID := digestOf(byCodegen)
	manifest, err := parseManifest([]byte(`{"sha256:` + codegenID + `":"` + byCodegen + `","` + relayID + `":"` + byRelay + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		body string
		open string // the code where other documents run as well
		only string // the code where nothing else runs
	}{
		"documentId":            {`{"documentId":"sha256:` + codegenID + `"}`, "", ""},
		"documentId, bare":      {`{"documentId":"` + codegenID + `"}`, "", ""},
		"documentId, Relay":     {`{"documentId":"` + relayID + `"}`, "", ""},
		"extension":             {hashed(codegenID, ""), "", ""},
		"extension, prefixed":   {hashed("sha256:"+codegenID, ""), "", ""},
		"its text":              {query(byCodegen), "", ""},
		"its text and hash":     {hashed(codegenID, byCodegen), "", ""},
		"unknown id":            {`{"documentId":"` + digestOf("x") + `"}`, "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND"},
		"unknown hash":          {hashed(digestOf("x"), ""), "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND"},
		"another text":          {query(`{wide}`), "", "UNTRUSTED_DOCUMENT"},
		"another space":         {query(byCodegen + " "), "", "UNTRUSTED_DOCUMENT"},
		"another text and hash": {hashed(digestOf(`{wide}`), `{wide}`), "", "UNTRUSTED_DOCUMENT"},
		"a hash and other text": {hashed(codegenID, `{wide}`), "BAD_REQUEST", "BAD_REQUEST"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			open := serve(t, Options{Documents: Documents{Trusted: manifest}}, nil)
			if got := send(t, open, post(test.body)); got.code() != test.open {
				t.Errorf("open: %s", got.Body)
			}
			only := serve(t, Options{Documents: Documents{Trusted: manifest, TrustedOnly: true}}, nil)
			if got := send(t, only, post(test.body)); got.code() != test.only {
				t.Errorf("only: %s", got.Body)
			}
		})
	}
}

func TestManifestFile(t *testing.T) {
	good, other := digestOf("{wide}"), digestOf("{other}")
	apollo := func(version, operations string) string {
		return `{"operations":[` + operations + `],"format":"apollo-persisted-query-manifest","version":` + version + `}`
	}
	const md5 = "0123456789abcdef0123456789abcdef"
	tests := map[string]struct {
		text  string
		error string
	}{
		"empty":               {`{}`, ""},
		"good":                {`{"` + good + `":"{wide}"}`, ""},
		"codegen":             {`{"sha256:` + good + `":"{wide}"}`, ""},
		"Relay with MD5":      {`{"` + md5 + `":"{wide}"}`, ""},
		"Apollo":              {apollo("1", `{"id":"`+good+`","name":"Q","type":"query","body":"{wide}"}`), ""},
		"Apollo, empty":       {apollo("1", ``), ""},
		"Apollo Kotlin":       {`{"` + good + `":{"name":"Q","source":"{wide}"}}`, ""},
		"array":               {`[]`, "not an object"},
		"null":                {`null`, "not an object"},
		"nothing":             {``, "EOF"},
		"no JSON":             {`x`, "invalid character"},
		"short key":           {`{"abc":"{wide}"}`, "neither sha256:<hex> nor"},
		"no hex":              {`{"sha256:` + strings.Repeat("x", 64) + `":"{wide}"}`, "neither sha256:<hex> nor"},
		"text no string":      {`{"` + good + `":5}`, "no text"},
		"no source":           {`{"` + good + `":{}}`, "no text"},
		"trailing":            {`{}{}`, "follows"},
		"key given twice":     {`{"` + good + `":"a","` + good + `":"b"}`, "duplicate"},
		"hash of another":     {`{"` + other + `":"{wide}"}`, "is not the SHA-256 of its operation"},
		"codegen, of another": {`{"sha256:` + other + `":"{wide}"}`, "is not the SHA-256 of its operation"},
		"Kotlin, of another":  {`{"` + other + `":{"name":"Q","source":"{wide}"}}`, "is not the SHA-256 of its operation"},
		"Apollo, of another":  {apollo("1", `{"id":"`+other+`","body":"{wide}"}`), "is not the SHA-256 of its operation"},
		"SHA-1 as SHA-256":    {`{"sha256:` + md5 + `":"{wide}"}`, "is not the SHA-256 of its operation"},
		"Apollo, version 2":   {apollo("2", ``), "version 1"},
		"Apollo, no version":  {`{"format":"apollo-persisted-query-manifest","operations":[]}`, "version 1"},
		"another format":      {`{"format":"x","version":1,"operations":[]}`, "version 1"},
		"Apollo, no list":     {`{"format":"apollo-persisted-query-manifest","version":1,"operations":{}}`, "version 1"},
		"Apollo, no id":       {apollo("1", `{"body":"{wide}"}`), "operation 0 has no id"},
		"Apollo, no object":   {apollo("1", `5`), "operation 0 has no id"},
		"Apollo, no body":     {apollo("1", `{"id":"`+good+`"}`), "no text"},
		"Apollo, own ids":     {apollo("1", `{"id":"Q","body":"{wide}"}`), "neither sha256:<hex> nor"},
		"one id of two":       {apollo("1", `{"id":"`+md5+`","body":"{wide}"},{"id":"`+md5+`","body":"{other}"}`), "names two operations"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "manifest.json")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			manifest, err := ReadManifest(path)
			if text, _ := manifest.find(good); err == nil && strings.Contains(test.text, good) && text != "{wide}" {
				t.Errorf("found %q", text)
			}
			if test.error == "" && err != nil || test.error != "" && (err == nil || !strings.Contains(err.Error(), test.error)) {
				t.Errorf("error %v, want %q", err, test.error)
			}
		})
	}
	if _, err := ReadManifest(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a missing file is no error")
	}
}

// A file without an end, or one that is no manifest, does not fill the memory.
func TestManifestFileIsBounded(t *testing.T) {
	large := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(large, make([]byte, maxManifest+1), 0o600); err != nil {
		t.Fatal(err)
	}
	paths := []string{large}
	if _, err := os.Stat("/dev/zero"); err == nil {
		paths = append(paths, "/dev/zero")
	}
	for _, path := range paths {
		if _, err := ReadManifest(path); err == nil || !strings.Contains(err.Error(), "more than 16 MiB") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Texts that strangers leave here stay within their bytes: those that are used longest ago go.
func TestPersistedDocumentsAreBounded(t *testing.T) {
	handler := serve(t, Options{}, nil)
	large := strings.Repeat("x", 200<<10)
	text := func(i int) string { return fmt.Sprintf("{wide} # %d %s", i, large) }
	ask := func(i int) *reply {
		return send(t, handler, post(hashed(digestOf(text(i)), "")))
	}
	last := maxDocumentBytes/len(large) + 2
	for i := range last + 1 {
		if got := send(t, handler, post(hashed(digestOf(text(i)), text(i)))); got.Code != http.StatusOK {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		if got := ask(0); got.code() != "" {
			t.Fatalf("%d: the text in use was forgotten: %s", i, got.Body)
		}
	}
	if got := ask(1); got.code() != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("the text that was not used for longest: %d %s", got.Code, got.Body)
	}
	if got := ask(last); got.code() != "" {
		t.Errorf("the last text: %s", got.Body)
	}
}
