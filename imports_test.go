package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "ordergraph"

// importRule says which packages of this module a package may import. It holds for the packages that
// the pattern names: one, or with "/..." all below it that have no rule of their own.
type importRule struct {
	pattern string
	allowed []string
}

// importRules are the architecture: graph is what we offer, upstream what we consume, and only the
// main package knows both ends. A package without a rule is a violation, so that a new one has to be
// given its place.
var importRules = []importRule{
	{"", []string{"graph/program"}},
	{"graph/program", []string{"graph", "graph/...", "upstream", "upstream/..."}},
	{"upstream/lru", nil},
	{"graph", []string{"graph/...", "upstream"}},
	{"graph/internal/scope", []string{"upstream"}},
	{"graph/internal/generated", []string{"graph/scalar", "upstream"}},
	{"graph/projection", []string{"graph/internal/generated", "graph/limits", "graph/scalar", "upstream"}},
	{"graph/internal/codes", nil},
	{"graph/telemetry", []string{"graph/internal/codes", "graph/internal/scope", "graph/transport", "upstream", "upstream/lru"}},
	{"graph/internal/httpx", nil},
	{"graph/transport", []string{"graph/internal/codes", "graph/internal/httpx", "graph/internal/scope", "graph/respcache", "upstream/lru", "upstream"}},
	{"graph/graphiql/...", []string{"graph/internal/httpx"}},
	{"graph/...", []string{"graph/internal/codes", "graph/internal/httpx", "graph/internal/scope", "upstream/lru", "upstream"}},
	{"upstream", nil},
	{"upstream/cache", []string{"upstream/lru", "upstream", "upstream/cache/shared"}},
	{"upstream/cache/shared", nil},
	{"upstream/client", []string{"upstream/lru", "upstream", "upstream/cache/shared"}},
	{"upstream/cache/rediscache", []string{"upstream/cache/shared"}},
	// The emulated upstream must not share structs with the client: a typo would agree with itself.
	{"upstream/sandbox/...", nil},
	{"e2e/...", nil},
}

// keptFrom names modules that a package must not depend on, even through others.
var keptFrom = map[string][]string{
	"upstream": {
		"github.com/99designs/gqlgen", "github.com/vektah/gqlparser", "github.com/graph-gophers/dataloader",
		"github.com/dgraph-io/ristretto", "github.com/redis",
	},
}

// goPackage is what go list tells about a package. Imports of tests are not part of it.
type goPackage struct {
	ImportPath    string
	Imports, Deps []string
}

func TestImportsRunOneWay(t *testing.T) {
	packages := listPackages(t)
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages only", len(packages))
	}
	for _, violation := range violations(packages) {
		t.Error(violation)
	}
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var listed goPackage
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, listed)
	}
}

// violations returns one line for each import that no rule allows.
func violations(packages []goPackage) []string {
	var list []string
	for _, listed := range packages {
		name, _ := ours(listed.ImportPath)
		rule, found := ruleOf(name)
		if !found {
			list = append(list, fmt.Sprintf("%s has no rule in imports_test.go", listed.ImportPath))
			continue
		}
		for _, path := range listed.Imports {
			if imported, isOurs := ours(path); isOurs && !rule.allows(imported) {
				list = append(list, fmt.Sprintf("%s must not import %s", listed.ImportPath, path))
			}
		}
		for _, kept := range keptFrom[name] {
			if slices.ContainsFunc(listed.Deps, func(path string) bool { return within(path, kept) }) {
				list = append(list, fmt.Sprintf("%s must not depend on %s", listed.ImportPath, kept))
			}
		}
	}
	return list
}

// ours returns the path of a package within the module.
func ours(path string) (name string, isOurs bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

// ruleOf returns the rule for exactly the named package, else the first one whose pattern covers it.
func ruleOf(name string) (importRule, bool) {
	for _, rule := range importRules {
		if rule.pattern == name {
			return rule, true
		}
	}
	for _, rule := range importRules {
		if matches(rule.pattern, name) {
			return rule, true
		}
	}
	return importRule{}, false
}

func (r importRule) allows(name string) bool {
	return slices.ContainsFunc(r.allowed, func(pattern string) bool { return matches(pattern, name) })
}

func matches(pattern, name string) bool {
	above, isTree := strings.CutSuffix(pattern, "/...")
	return pattern == name || isTree && within(name, above)
}

// within reports whether path is root or below it.
func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func TestViolationsAreFound(t *testing.T) {
	tests := []struct {
		name string
		goPackage
		want string
	}{
		{"the program may import everything", goPackage{module + "/graph/program", []string{"fmt", module + "/graph", module + "/upstream/cache"}, nil}, ""},
		{"the graph its parts", goPackage{module + "/graph", []string{module + "/graph/internal/generated", module + "/upstream"}, nil}, ""},
		{"the graph no cache", goPackage{module + "/graph", []string{module + "/upstream/cache"}, nil}, "ordergraph/graph must not import ordergraph/upstream/cache"},
		{"parts no siblings", goPackage{module + "/graph/loader", []string{module + "/graph/lookahead"}, nil}, "ordergraph/graph/loader must not import ordergraph/graph/lookahead"},
		{"parts not the whole", goPackage{module + "/graph/loader", []string{module + "/graph"}, nil}, "ordergraph/graph/loader must not import ordergraph/graph"},
		{"new parts upstream only", goPackage{module + "/graph/new", []string{module + "/upstream", module + "/upstream/sandbox"}, nil}, "ordergraph/graph/new must not import ordergraph/upstream/sandbox"},
		{"the page nothing", goPackage{module + "/graph/graphiql", []string{module + "/upstream"}, nil}, "ordergraph/graph/graphiql must not import ordergraph/upstream"},
		{"generated code the scalars", goPackage{module + "/graph/internal/generated", []string{module + "/graph/scalar", module + "/upstream"}, nil}, ""},
		{"the client nothing", goPackage{module + "/upstream", []string{module + "/graph"}, nil}, "ordergraph/upstream must not import ordergraph/graph"},
		{"the cache the client", goPackage{module + "/upstream/cache", []string{module + "/upstream"}, nil}, ""},
		{"the shared cache nothing", goPackage{module + "/upstream/cache/rediscache", []string{module + "/upstream"}, nil}, "ordergraph/upstream/cache/rediscache must not import ordergraph/upstream"},
		{"the sandbox nothing", goPackage{module + "/upstream/sandbox", []string{module + "/upstream"}, nil}, "ordergraph/upstream/sandbox must not import ordergraph/upstream"},
		{"nobody main", goPackage{module + "/graph", []string{module}, nil}, "ordergraph/graph must not import ordergraph"},
		{"the client no GraphQL", goPackage{module + "/upstream", nil, []string{"github.com/vektah/gqlparser/v2/ast"}}, "ordergraph/upstream must not depend on github.com/vektah/gqlparser"},
		{"an unknown package", goPackage{module + "/others", nil, nil}, "ordergraph/others has no rule in imports_test.go"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := strings.Join(violations([]goPackage{test.goPackage}), "\n"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
