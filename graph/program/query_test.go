package program

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

func TestQueryCommand(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("query.graphql", "query A($id: ID!) { order(id: $id) { id } }\nquery B { __typename }\n")
	variables := write("variables.json", `{"id": "9223372036854775807"}`)
	down := freeAddress(t)
	for name, test := range map[string]struct {
		arguments      []string
		code           int
		stdout, stderr string
	}{
		"complete":         {[]string{`{order(id:"58218860983545941"){id total{amount}}}`}, 0, "{\n  \"order\": {\n    \"id\": \"58218860983545941\",\n    \"total\": {\n      \"amount\": \"6.15\"\n    }\n  }\n}\n", "calls: 1, points: 1, hits: 0, stale: 0\n"},
		"more points":      {[]string{`{order(id:809){id}}`}, 0, `"809"`, "calls: 1, points: 3, hits: 0, stale: 0\n"},
		"dry run":          {[]string{"--dry-run", `{orders(ids:[1,2,1]){id}}`}, 0, "{\n  \"orders\": [\n    null,", "would make calls: 2, for points: 2\n"},
		"file":             {[]string{"-f", file, "--operation=A", `--variables={"id":"1"}`}, 0, `"id": "1"`, "calls: 1,"},
		"another one":      {[]string{"--file=" + file, "--operation", "B"}, 0, `"Query"`, "calls: 0,"},
		"variables file":   {[]string{"-f", file, "--operation=A", "--variables=@" + variables}, 0, `"id": "9223372036854775807"`, "calls: 1,"},
		"partial":          {[]string{`{orders(ids:[1,103]){id}}`}, 2, `"id": "1"`, "error: orders.1: "},
		"its code":         {[]string{`{order(id:103){id}}`}, 2, `"order": null`, "(ACCOUNT_NOT_FOUND)\n"},
		"invalid":          {[]string{`{nothing}`}, 3, "", "(GRAPHQL_VALIDATION_FAILED)\n"},
		"no document":      {[]string{`{`}, 3, "", "(GRAPHQL_PARSE_FAILED)\n"},
		"too many":         {[]string{"--max-orders=1", `{orders(ids:[1,2]){id}}`}, 3, "", "(QUERY_TOO_COMPLEX)\n"},
		"which operation":  {[]string{"-f", file}, 3, "", "error: "},
		"cause":            {[]string{"--upstream-url=http://" + down + "/", "--upstream-retries=0", `{order(id:1){id}}`}, 2, `"order": null`, "connection refused"},
		"no query":         {nil, 1, "", "--file"},
		"two queries":      {[]string{"-f", file, "{__typename}"}, 1, "", "not both"},
		"no file":          {[]string{"-f", "/no/such/file"}, 1, "", "--file: open /no/such/file"},
		"no variables":     {[]string{"{__typename}", "--variables=[1]"}, 1, "", "--variables"},
		"half variables":   {[]string{"{__typename}", `--variables={"a":`}, 1, "", "--variables"},
		"null variables":   {[]string{"{__typename}", `--variables=null`}, 1, "", "--variables"},
		"variables absent": {[]string{"{__typename}", `--variables=@/no/such/file`}, 1, "", "--variables: open"},
		"no server":        {[]string{"{__typename}", "--server=http://" + down}, 1, "", "connection refused"},
		"no address":       {[]string{"{__typename}", "--server=localhost:8080"}, 1, "", "--server"},
		"password":         {[]string{"{__typename}", "--server=http://u:planted@localhost:8080"}, 1, "", "--server"},
		"setting":          {[]string{"{__typename}", "--cache-ttl=soon"}, 1, "", "--cache-ttl"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := exitOf(t, []string{"ORDERGRAPH_TOKEN=mine"}, append([]string{"query"}, test.arguments...)...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) || strings.Contains(stderr, "planted") {
				t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
			}
			if (stdout != "") != (code == 0 || code == 2) {
				t.Errorf("exit code %d with the data %q", code, stdout)
			}
			if code == 1 && strings.Count(stderr, "\n") != 1 {
				t.Errorf("not one line: %s", stderr)
			}
		})
	}
}

// A running server is asked with the token, and its copies are used.
func TestQueryCommandAsksAServer(t *testing.T) {
	_, upstreamURL, _ := startSandbox(t)
	p := start(t, "--upstream-url="+upstreamURL, "--upstream-token=ours", "--client-tokens=t1,t2")
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("Bearer t1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		variables []string
		server    string
		code      int
		want      string
	}{
		{"no token", nil, "", 3, "(UNAUTHENTICATED)"},
		{"a wrong one", []string{"ORDERGRAPH_TOKEN=Bearer t3"}, "", 3, "(UNAUTHENTICATED)"},
		{"by a variable", []string{"ORDERGRAPH_TOKEN=Bearer t1"}, "", 0, "calls: 1, points: 1, hits: 0, stale: 0\n"},
		{"by a file", []string{"ORDERGRAPH_TOKEN_FILE=" + file}, "/graphql", 0, "calls: 0, points: 0, hits: 1, stale: 0\n"},
		{"with a slash", []string{"ORDERGRAPH_TOKEN=Bearer t2"}, "/", 0, "calls: 1,"},
		{"another path", []string{"ORDERGRAPH_TOKEN=Bearer t1"}, "/nowhere", 1, "404"},
		{"both", []string{"ORDERGRAPH_TOKEN=Bearer t1", "ORDERGRAPH_TOKEN_FILE=" + file}, "", 1, "both"},
		{"an empty file", []string{"ORDERGRAPH_TOKEN_FILE=/dev/null"}, "", 1, "empty"},
		{"no header", []string{"ORDERGRAPH_TOKEN=planted\nX-Other: 1"}, "", 1, "[redacted]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, _, stderr := exitOf(t, test.variables, "query", "--server="+p.public+test.server, `{order(id:"58218860983545941"){id}}`)
			if code != test.code || !strings.Contains(stderr, test.want) || strings.Contains(stderr, "planted") {
				t.Errorf("exit code %d: %s", code, stderr)
			}
		})
	}
}

// Nothing that a server says goes to a terminal as it is, and no redirect gets the token.
func TestQueryCommandDistrustsServers(t *testing.T) {
	var asked atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	answers := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := <-answers
		if answer == "" {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
			return
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	for _, test := range []struct {
		answer string
		code   int
	}{
		{"", 1},
		{"<html>", 1},
		{"{}", 1},
		{"null", 1},
		{`{"data":`, 1},
		{`[]`, 1},
		{`{"errors":[]}`, 3},
		{`{"data":{},"errors":[{"message":"\u001b[31mred\nline","path":["a\u001b",0]}]}`, 2},
		{`{"data":{},"errors":[{"message":1}]}`, 1},
		{`{"data":null}`, 0},
	} {
		answers <- test.answer
		code, stdout, stderr := exitOf(t, nil, "query", "--server="+server.URL, "{a}")
		if code != test.code || strings.Contains(stdout+stderr, "\x1b") {
			t.Errorf("%s: exit code %d, %q, %q", test.answer, code, stdout, stderr)
		}
	}
	if asked.Load() > 0 {
		t.Error("a redirect was followed")
	}
}

// Who may ask in service mode is no question to whoever has its settings.
func TestQueryCommandInServiceMode(t *testing.T) {
	sent := make(chan string, 1)
	paid := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent <- r.Header.Get("Authorization")
		fmt.Fprint(w, `{"status":0,"deduct_money":2,"data":{"result":{"base_info":{"id":1,"id_of_str":"1","status":"success"}}}}`)
	}))
	defer paid.Close()
	code, stdout, stderr := exitOf(t, nil, "query", "--upstream-url="+paid.URL, "--upstream-token=ours", "--client-tokens=t1", "{order(id:1){status}}")
	if code != 0 || !strings.Contains(stdout, `"SUCCESS"`) || !strings.Contains(stderr, "points: 2") {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	if token := <-sent; token != "ours" {
		t.Errorf("sent %q", token)
	}
}
