package limits

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// chain returns a valid query whose selections nest depth deep, through the links between line
// items and shipments.
func chain(depth int) string {
	names := []string{"order(id:1)"}
	for len(names) < depth-1 {
		names = append(names, []string{"shipments", "lineItems"}[len(names)%2])
	}
	return "{" + strings.Join(names, "{") + "{id" + strings.Repeat("}", depth)
}

// exceededBy returns the names of the limits that list reports.
func exceededBy(list gqlerror.List) []string {
	var names []string
	for _, err := range list {
		exceeded, ok := errors.AsType[*Error](err)
		if !ok {
			names = append(names, err.Message)
			continue
		}
		names = append(names, fmt.Sprint(exceeded.Limit, " ", exceeded.Maximum))
	}
	return names
}

func TestEachLimitAtItsMaximumAndBeyond(t *testing.T) {
	schema := orderSchema(t)
	repeat := func(count int, format string) string {
		var text strings.Builder
		for i := range count {
			fmt.Fprintf(&text, format, i)
		}
		return text.String()
	}
	for _, test := range []struct {
		name, document string
		want           []string
	}{
		{"depth, at the maximum", chain(20), nil},
		{"depth", chain(21), []string{"max-depth 20"}},
		{"depth, through fragments", "{order(id:1){...A}} fragment A on Order{lineItems{...B}} fragment B on OrderLineItem{" +
			strings.Repeat("shipments{lineItems{", 9) + "id" + strings.Repeat("}}", 9) + "}", []string{"max-depth 20"}},
		{"depth, inline fragments don't nest", "{order(id:1){" + strings.Repeat("...{", 30) + "id" + strings.Repeat("}", 30) + "}}", nil},
		{"aliases, at the maximum", "{order(id:1){" + repeat(30, "a%d:id ") + "}}", nil},
		{"aliases", "{order(id:1){" + repeat(31, "a%d:id ") + "}}", []string{"max-aliases 30"}},
		{"aliases, as often as their fragment is spread", repeat(8, "query q%d{order(id:1){...A}}") +
			"fragment A on Order{" + repeat(4, "a%d:id ") + "}", []string{"max-aliases 30"}},
		{"an alias that repeats the name is none", "{order(id:1){" + strings.Repeat("id:id ", 31) + "}}", nil},
		{"root fields, at the maximum", "{" + strings.Repeat("__typename ", 20) + "}", nil},
		{"root fields", "{" + strings.Repeat("__typename ", 21) + "}", []string{"max-root-fields 20"}},
		{"root fields, through fragments", "{" + strings.Repeat("...A ", 11) + "} fragment A on Query{...{__typename __typename}}", []string{"max-root-fields 20"}},
		{"root fields, of all operations", repeat(21, "query q%d{__typename}"), []string{"max-root-fields 20"}},
		{"aliases and root fields", "{" + repeat(31, "a%d:order(id:1){id}") + "}", []string{"max-aliases 30", "max-root-fields 20"}},
		{"directives, at the maximum", "{order(id:1){" + strings.Repeat("id @skip(if:true)", 20) + "}}", nil},
		{"directives", "{order(id:1){" + strings.Repeat("id @skip(if:true)", 21) + "}}", []string{"max-directives 20"}},
		{"directives, wherever they are", "query($a:ID=1 " + strings.Repeat("@a", 3) + ")" + strings.Repeat("@b", 3) + "{...A " +
			strings.Repeat("@c ", 3) + "order(id:$a){id ...{id}}} fragment A on Query " + strings.Repeat("@d", 3) + "{..." +
			strings.Repeat("@e", 3) + "{__typename}... on Query " + strings.Repeat("@f", 6) + "{__typename}}", []string{"max-directives 20"}},
		{"fields, at the maximum", "{order(id:1){" + strings.Repeat("id ", 999) + "}}", nil},
		{"fields", "{order(id:1){" + strings.Repeat("id ", 1000) + "}}", []string{"max-fields 1000"}},
		{"fields, through fragments", "{order(id:1){" + strings.Repeat("...A ", 100) + "}} fragment A on Order{" + strings.Repeat("id ", 10) + "}", []string{"max-fields 1000"}},
		{"tokens", "{order(id:1){" + strings.Repeat("id ", 2000) + "}}", []string{"max-tokens 2000"}},
		{"tokens, as comments", "{order(id:1){id" + strings.Repeat("\n#", 2000) + "\n}}", []string{"max-tokens 2000"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := exceededBy(verdict(t, schema, Limits{}, test.document))
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestMaximaAreSettings(t *testing.T) {
	set := Limits{Tokens: 100, Depth: 3, Aliases: 1, RootFields: 1, Directives: 1, Fields: 6}
	document := "{a:__typename b:__typename order(id:1){buyer{member{id @skip(if:true) @skip(if:true)}}}}"
	want := []string{"max-depth 3", "max-aliases 1", "max-root-fields 1", "max-directives 1"}
	if got := exceededBy(verdict(t, orderSchema(t), set, document)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMessageNamesLimitAndMaximum(t *testing.T) {
	for name := range excesses {
		text := (&Error{Limit: name, Maximum: 77}).Error()
		if !strings.Contains(text, name) || !strings.Contains(text, "77") {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestWhatEveryoneAsksPasses(t *testing.T) {
	schema := orderSchema(t)
	for name, document := range map[string]string{
		"all fields of an order": allFields(schema),
		"standard introspection": readFile(t, "testdata/introspection.graphql"),
	} {
		t.Run(name, func(t *testing.T) {
			if list := verdict(t, schema, Limits{}, document); len(list) > 0 {
				t.Error(list)
			}
		})
	}
}
