package restfields

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

func readRows(t testing.TB) ([]Row, *ast.Schema) {
	t.Helper()
	text, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	document, err := parser.ParseSchema(&ast.Source{Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	schema := &ast.Schema{Types: map[string]*ast.Definition{}}
	for _, definition := range document.Definitions {
		schema.Types[definition.Name] = definition
	}
	rows, err := Rows(schema)
	if err != nil {
		t.Fatal(err)
	}
	return rows, schema
}

// TestRows holds the inventory to the schema: each row of an order is a field with that type, and has a meaning.
func TestRows(t *testing.T) {
	rows, schema := readRows(t)
	if len(rows) != 295 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		if row.RestName == "" || row.RestPath != row.RestName && !strings.HasSuffix(row.RestPath, "."+row.RestName) {
			t.Errorf("%+v", row)
		}
		first, rest, isField := strings.Cut(row.Path, ".")
		if first != "Order" || !isField {
			continue
		}
		definition, typeName := schema.Types["Order"], ""
		for name := range strings.SplitSeq(rest, ".") {
			field := definition.Fields.ForName(name)
			if field == nil {
				t.Fatalf("%s: there is no %s", row.Path, name)
			}
			typeName, definition = field.Type.String(), schema.Types[field.Type.Name()]
		}
		if strings.TrimRight(typeName, "!") != strings.TrimRight(row.Type, "!") {
			t.Errorf("%s is %s in the schema, %s in the inventory", row.Path, typeName, row.Type)
		}
		if row.Meaning == "" || strings.Contains(row.Meaning, "`base_info.") || strings.HasSuffix(row.Meaning, ")") {
			t.Errorf("%s means %q", row.Path, row.Meaning)
		}
	}
}

func TestWithoutTerms(t *testing.T) {
	for description, want := range map[string]string{
		"When. (时间, `a.b`)": "When.", "What (if any) it is. (什么(注), `a`)": "What (if any) it is.", "Nothing.": "Nothing.", "": "", "a)": "a)", "(x)": "",
	} {
		if got := withoutTerms(description); got != want {
			t.Errorf("%q: %q, want %q", description, got, want)
		}
	}
}

func TestSearch(t *testing.T) {
	rows, _ := readRows(t)
	for term, want := range map[string]string{
		"pay_time": "Order.paidAt", "PAY_TIME": "Order.paidAt", " 付款时间 ": "Order.paidAt", "result.base_info.pay_time": "Order.paidAt",
		"deduct_money": "extensions.upstream.points", "Order.seller.creditLevel": "Order.seller.creditLevel",
	} {
		found := Search(rows, term)
		if len(found) == 0 || found[0].Path != want {
			t.Errorf("%q: %+v", term, found)
		}
	}
	for term, want := range map[string]int{"": 295, "no such thing": 0} {
		if found := Search(rows, term); len(found) != want {
			t.Errorf("%q: %d rows, want %d", term, len(found), want)
		}
	}
	for _, row := range rows {
		for _, term := range []string{row.RestName, row.RestPath, row.Chinese} {
			found := false
			for _, other := range Search(rows, term) {
				found = found || other == row
			}
			if !found {
				t.Errorf("%q does not find %s", term, row.RestPath)
			}
		}
	}
}

func TestHandler(t *testing.T) {
	rows, _ := readRows(t)
	mux := http.NewServeMux()
	if err := Register(mux, rows); err != nil {
		t.Fatal(err)
	}
	ask := func(method, target string, headers ...string) *httptest.ResponseRecorder {
		t.Helper()
		r, w := httptest.NewRequest(method, target, nil), httptest.NewRecorder()
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		mux.ServeHTTP(w, r)
		return w
	}
	var decoded []Row
	got := ask("GET", Path+".json")
	if err := json.Unmarshal(got.Body.Bytes(), &decoded); err != nil || len(decoded) != 295 || decoded[10] != rows[10] || got.Header().Get("Content-Type") != "application/json" {
		t.Errorf("JSON: %v, %d rows", err, len(decoded))
	}
	if again := ask("GET", Path+".json", "If-None-Match", got.Header().Get("Etag")); again.Code != http.StatusNotModified {
		t.Errorf("asked again: %d", again.Code)
	}
	got = ask("GET", Path+".tsv")
	if lines := strings.Split(strings.TrimSpace(got.Body.String()), "\n"); len(lines) != 296 || strings.Count(lines[7], "\t") != 7 {
		t.Errorf("%d lines of TSV", len(lines))
	}
	for target, want := range map[string]struct {
		status int
		rows   int
	}{
		Path: {200, 295}, Path + "?q=": {200, 295}, Path + "?q=pay_time": {200, 6}, Path + "?q=%E4%BB%98%E6%AC%BE%E6%97%B6%E9%97%B4": {200, 2},
		Path + "?q=nothing+like+it": {200, 0}, Path + "?q=" + strings.Repeat("x", 201): {400, 0}, Path + "?q=%3Cscript%3E": {200, 0}, Path + "/": {404, 0},
	} {
		got := ask("GET", target)
		if count := strings.Count(got.Body.String(), "<tr><td>"); got.Code != want.status || count != want.rows {
			t.Errorf("%.60s: %d with %d rows, want %d with %d", target, got.Code, count, want.status, want.rows)
		}
		if strings.Contains(got.Body.String(), "<script>") {
			t.Errorf("%s: the term is not escaped", target)
		}
	}
	for _, target := range []string{Path, Path + "?q=x"} {
		got := ask("GET", target)
		style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(got.Body.String())
		if style == nil || !strings.Contains(got.Header().Get("Content-Security-Policy"), "'sha256-"+hashOf(style[1])+"'") || strings.Contains(got.Body.String(), "style=") {
			t.Errorf("%s: the policy %q blocks the style", target, got.Header().Get("Content-Security-Policy"))
		}
	}
	if got := ask("HEAD", Path); got.Code != 200 || got.Body.Len() > 0 {
		t.Errorf("HEAD: %d, %d bytes", got.Code, got.Body.Len())
	}
	if got := ask("POST", Path); got.Code != 405 {
		t.Errorf("POST: %d", got.Code)
	}
}
