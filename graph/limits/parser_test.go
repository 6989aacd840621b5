package limits

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

func newParser(tb testing.TB, limits Limits, suggestions bool) *Parser {
	tb.Helper()
	return NewParser(orderSchema(tb), limits, suggestions)
}

func TestParserRefusesWithTheLimit(t *testing.T) {
	parser := newParser(t, Limits{}, true)
	for document, want := range map[string]string{
		chain(21):                   `max-depth [{"message":"The document nests too deep: max-depth is 20."}]`,
		strings.Repeat("#\n", 3000): `max-tokens [{"message":"The document has too many tokens: max-tokens is 2000."}]`,
		"{nothing}": ` [{"message":"Cannot query field \"nothing\" on type \"Query\".",` +
			`"locations":[{"line":1,"column":2}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]`,
		"{order(id:1){id}}}": ` [{"message":"Unexpected }",` +
			`"locations":[{"line":1,"column":18}],"extensions":{"code":"GRAPHQL_PARSE_FAILED"}}]`,
	} {
		_, list := parser.Parse(&graphql.RawParams{Query: document})
		text, err := json.Marshal(list)
		if got := limitOf(list[0]) + " " + string(text); err != nil || got != want {
			t.Errorf("%.40s:\n got %s, %v\nwant %s", document, got, err, want)
		}
	}
}

func TestParserBoundsWhatItRepeats(t *testing.T) {
	parser := newParser(t, Limits{}, true)
	for name, params := range map[string]*graphql.RawParams{
		"operation name": {Query: "query a{__typename}", OperationName: long},
		"enum variable":  {Query: "query($a:WebSite!){order(id:1,webSite:$a){id}}", Variables: map[string]any{"a": long}},
		"variable's name": {
			Query:     "query($" + long + ":Int){order(id:$" + long + "){id}}",
			Variables: map[string]any{long: "x"},
		},
		"path": {
			Query:     "query($" + long + ":Boolean!){order(id:1){id @skip(if:$" + long + ")}}",
			Variables: map[string]any{long: "x"},
		},
	} {
		_, list := parser.Parse(params)
		answer, err := json.Marshal(list)
		if err != nil || len(list) == 0 || len(answer) > 2000 {
			t.Errorf("%s: %d bytes, %v: %.200s", name, len(answer), err, answer)
		}
	}
}

func TestParserLooksAtAValidDocumentOnce(t *testing.T) {
	parser := newParser(t, Limits{}, true)
	document := allFields(orderSchema(t))
	first, list := parser.Parse(&graphql.RawParams{Query: document})
	if len(list) > 0 {
		t.Fatal(list)
	}
	second, list := parser.Parse(&graphql.RawParams{Query: document})
	if len(list) > 0 {
		t.Fatal(list)
	}
	if first.Doc != second.Doc {
		t.Error("the document was parsed twice")
	}
}

// A refused document leaves nothing behind, and is refused again.
func TestParserForgetsARefusedDocument(t *testing.T) {
	parser := newParser(t, Limits{}, true)
	cache := parser.documents
	for range 2 {
		if _, list := parser.Parse(&graphql.RawParams{Query: chain(21)}); len(list) == 0 {
			t.Fatal("not refused")
		}
	}
	if size := cache.Size(); size != 0 {
		t.Errorf("%d bytes cached", size)
	}
}

// What execution needs of validation must be there, though gqlparser's own walk was cut short.
func TestParserAnnotatesTheDocument(t *testing.T) {
	operation, list := newParser(t, Limits{}, true).Parse(&graphql.RawParams{
		Query:     "query($id:ID!){...A} fragment A on Query{order(id:$id){...B}} fragment B on Order{total{amount}}",
		Variables: map[string]any{"id": "1"},
	})
	if len(list) > 0 {
		t.Fatal(list)
	}
	if operation.Operation.VariableDefinitions[0].Definition == nil {
		t.Error("the variable has no definition")
	}
	for _, fragment := range operation.Doc.Fragments {
		if fragment.Definition == nil {
			t.Errorf("fragment %s has no definition", fragment.Name)
		}
		field := fragment.SelectionSet[0].(*ast.Field)
		if field.Definition == nil || field.ObjectDefinition != fragment.Definition {
			t.Errorf("field %s has no definition", field.Name)
		}
	}
	order := operation.Doc.Fragments[0].SelectionSet[0].(*ast.Field)
	if order.SelectionSet[0].(*ast.FragmentSpread).Definition != operation.Doc.Fragments[1] {
		t.Error("the spread does not lead to its fragment")
	}
}

func TestHintsOnlyWhereWanted(t *testing.T) {
	for _, document := range []string{
		"{orde(id:1){id}}",
		"{order(id:1){idd}}",
		"{order(idd:1){id}}",
		"{order(id:1,webSite:CN_1689){id}}",
		`{order(id:1,webSite:"CN_1688"){id}}`,
		"{order(id:1){total}}",
		"{order(id:1){...a}} fragment a on Orde{id}",
	} {
		for _, suggestions := range []bool{true, false} {
			_, list := newParser(t, Limits{}, suggestions).Parse(&graphql.RawParams{Query: document})
			if hinted := strings.Contains(list.Error(), "Did you mean"); hinted != suggestions {
				t.Errorf("suggestions %v: %s", suggestions, list.Error())
			}
		}
	}
}

func TestDocumentCacheStaysWithinItsBytes(t *testing.T) {
	parser := newParser(t, Limits{}, true)
	cache := parser.documents
	for i := range 600 {
		padding := strings.Repeat(" ", 64<<10)
		if _, list := parser.Parse(&graphql.RawParams{Query: fmt.Sprintf("query q%d{__typename}%s", i, padding)}); len(list) > 0 {
			t.Fatal(list)
		}
	}
	if size := cache.Size(); size > maxCachedBytes || size < maxCachedBytes/2 {
		t.Errorf("%d bytes are held", size)
	}
	if _, found := cache.Get(fmt.Sprintf("query q%d{__typename}%s", 599, strings.Repeat(" ", 64<<10))); !found {
		t.Error("the latest document is gone")
	}
}
