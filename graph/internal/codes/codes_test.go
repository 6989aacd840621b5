package codes

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/errcode"
)

// all returns the values of all constants.
func all(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok {
			value, _ := strconv.Unquote(literal.Value)
			values = append(values, value)
		}
		return true
	})
	return values
}

func TestCodesAreDistinctAndInTheReadme(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := all(t)
	if slices.Sort(codes); !slices.Equal(codes, slices.Sorted(slices.Values(All[:]))) {
		t.Errorf("All are %v", All)
	}
	known := map[string]bool{}
	for _, code := range codes {
		if known[code] || !regexp.MustCompile(`^[A-Z]+(_[A-Z]+)+$|^[A-Z]+$`).MatchString(code) {
			t.Errorf("%s is there twice, or is no code", code)
		}
		known[code] = true
		if !regexp.MustCompile("(?m)^\\| [^|]*`" + code + "`[^|]* \\|").Match(readme) {
			t.Errorf("README.md has no row for %s", code)
		}
	}
	if len(codes) < 20 || !known[ShopNotAuthorized] {
		t.Errorf("%d codes: %s", len(codes), strings.Join(codes, " "))
	}
}

// gqlgen sets two of them itself.
func TestCodesOfTheLibrary(t *testing.T) {
	if ParseFailed != errcode.ParseFailed || ValidationFailed != errcode.ValidationFailed {
		t.Errorf("the library has %s and %s", errcode.ParseFailed, errcode.ValidationFailed)
	}
}

func TestAllAreAll(t *testing.T) {
	if got, want := slices.Sorted(slices.Values(All[:])), slices.Sorted(slices.Values(all(t))); !slices.Equal(got, want) {
		t.Errorf("All has %q, want %q", got, want)
	}
}
