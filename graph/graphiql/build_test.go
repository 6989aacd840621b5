package graphiql

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// content returns the inflated files of the build by name.
func content(t *testing.T) map[string]string {
	t.Helper()
	contents := make(map[string]string)
	for name := range load(Options{}) {
		contents[name] = string(body(t, get(t, Options{}, "GET", Path+name)))
	}
	return contents
}

func TestEveryFileHasAContentType(t *testing.T) {
	for name := range load(Options{}) {
		if contentTypes[path.Ext(name)] == "" {
			t.Errorf("%s: no content type for %s", name, path.Ext(name))
		}
	}
}

// The page's policy refuses inline scripts, and nothing may come from another host.
func TestPageLoadsOnlyItsOwnFiles(t *testing.T) {
	contents := content(t)
	html := contents[page]
	references := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(html, -1)
	if len(references) < 3 {
		t.Fatalf("%d references, want a script, a style and an icon at least", len(references))
	}
	for _, reference := range references {
		name, relative := strings.CutPrefix(reference[1], "./")
		if _, exists := contents[name]; !relative || !exists {
			t.Errorf("%s is no file of the build", reference[1])
		}
	}
	if regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(html) {
		t.Error("the page has an inline script")
	}
}

func TestStylesLoadOnlyTheIconFont(t *testing.T) {
	found := 0
	for name, text := range content(t) {
		if path.Ext(name) != ".css" {
			continue
		}
		for _, match := range regexp.MustCompile(`url\(["']?([^)"']*)`).FindAllStringSubmatch(text, -1) {
			if strings.Contains(match[1], "codicon") {
				found++
			} else if !strings.HasPrefix(match[1], "data:image/") {
				t.Errorf("%s loads %.80s", name, match[1])
			}
		}
	}
	if found != 1 {
		t.Errorf("the icon font is loaded %d times, want once", found)
	}
}

func TestLicencesAreShipped(t *testing.T) {
	licences := content(t)["LICENCES.md"]
	// The last one is in a worker only.
	for _, name := range []string{"graphiql", "@graphiql/react", "monaco-editor", "react", "graphql", "picomatch-browser"} {
		section := regexp.MustCompile(`(?m)^## ` + regexp.QuoteMeta(name) + ` [\d.]+ \(MIT\)$`)
		if !section.MatchString(licences) {
			t.Errorf("the licence of %s is missing", name)
		}
	}
}

// The tabs of the first visit must be valid queries: nobody else runs them.
func TestOperationsOfTheTabsAreValid(t *testing.T) {
	schema := loadSchema(t, "../../schema.graphqls", "../federation.graphqls")
	names, err := filepath.Glob("web/src/operations/*.graphql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no operations: %v", err)
	}
	for _, name := range names {
		document, errs := gqlparser.LoadQueryWithRules(schema, read(t, name), nil)
		if errs != nil {
			t.Errorf("%s: %v", name, errs)
			continue
		}
		if len(document.Operations) != 1 || document.Operations[0].Name == "" {
			t.Errorf("%s: want one operation with a name, which is the tab's title", name)
		}
	}
}

func loadSchema(t *testing.T, names ...string) *ast.Schema {
	t.Helper()
	var sources []*ast.Source
	for _, name := range names {
		sources = append(sources, &ast.Source{Name: name, Input: read(t, name)})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
