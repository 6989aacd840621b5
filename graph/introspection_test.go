package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/graph/internal/generated"
)

func servedText(t testing.TB) string {
	t.Helper()
	text, err := APISchema(readText(t, "../schema.graphqls"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The text for clients has what the subgraph's has, without what routers and the planning need: each
// type, field, argument and value with its type, default, description and deprecation.
func TestAPISchemaIsTheSchemaWithoutFederation(t *testing.T) {
	api, err := gqlparser.LoadSchema(&ast.Source{Name: "api", Input: servedText(t)})
	if err != nil {
		t.Fatalf("gqlparser refuses it: %v", err)
	}
	want := apiSchema(servedSchema())
	if got, want := described(api), described(want); got != want {
		t.Errorf("%s", firstDifference(got, want))
	}
	if !strings.HasPrefix(servedText(t), "\"\"\"\nOrders of 1688.com") || !strings.Contains(servedText(t), "可直接用它们搜索。\n\"\"\"\nschema {\n  query: Query\n}\n") {
		t.Errorf("it begins with %.400s", servedText(t))
	}
	for _, word := range []string{"@key", "@link", "@domain", "@shareable", "@tag", "@cost", "@listSize", "extend ", "_Any", "_Service", "_entities", "federation__", "directive "} {
		if strings.Contains(servedText(t), word) {
			t.Errorf("the text for clients has %q", word)
		}
	}
	if !strings.Contains(servedText(t), "scalar DateTime @specifiedBy(url: ") {
		t.Error("@specifiedBy is gone")
	}
}

// described lists what a schema says, one line each.
func described(schema *ast.Schema) string {
	lines := []string{"schema " + schema.Description}
	for name, definition := range schema.Types {
		lines = append(lines, fmt.Sprintf("%s %s %q %s", definition.Kind, name, definition.Description, deprecation(definition.Directives)))
		for _, field := range definition.Fields {
			lines = append(lines, fmt.Sprintf("%s.%s %s %q %s", name, field.Name, field.Type, field.Description, deprecation(field.Directives)))
			for _, argument := range field.Arguments {
				lines = append(lines, fmt.Sprintf("%s.%s(%s) %s=%s %q %s", name, field.Name, argument.Name, argument.Type, argument.DefaultValue.String(), argument.Description, deprecation(argument.Directives)))
			}
		}
		for _, value := range definition.EnumValues {
			lines = append(lines, fmt.Sprintf("%s.%s %q %s", name, value.Name, value.Description, deprecation(value.Directives)))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func deprecation(directives ast.DirectiveList) string {
	if directive := directives.ForName("deprecated"); directive != nil {
		return fmt.Sprint("deprecated", len(directive.Arguments))
	}
	return ""
}

func firstDifference(got, want string) string {
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			return "got  " + gotLines[i] + "\nwant " + wantLines[i]
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(gotLines), len(wantLines))
}

// stockIntrospection is gqlgen's own.
func stockIntrospection(t *testing.T) *server {
	t.Helper()
	resolver := &resolver{}
	exec := executor.New(generated.NewExecutableSchema(generated.Config{Schema: apiSchema(servedSchema()), Resolvers: resolver}))
	exec.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		graphql.GetOperationContext(ctx).DisableIntrospection = false
		return next(ctx)
	})
	return &server{executor: exec}
}

// Introspection answers, byte by byte, what gqlgen does for the part of the schema that is for clients; but
// a list that a kind of type doesn't have may be null, as the specification wants it, and not empty.
func TestIntrospectionIsGqlgens(t *testing.T) {
	ours, stock := newServer(t, Options{}), stockIntrospection(t)
	names := []string{"Order", "OrderStatus", "WebSite", "Query", "Money", "String", "ID", "DateTime", "__Type", "__TypeKind", "OrderLineItem", "Nothing", "_Any", "_Entity"}
	queries := []string{
		`{__schema{description}}`,
		readText(t, "limits/testdata/introspection.graphql"),
		completeIntrospection(t),
		`{__schema{__typename types{__typename name}} a:__schema{queryType{name fields{name args{name defaultValue}}} mutationType{name}}}`,
		`{__schema{...a ...a directives{name locations args{name type{kind name ofType{name}}}}}} fragment a on __Schema{types{name ...b} types{kind}} fragment b on __Type{fields{type{...c}}} fragment c on __Type{name ofType{...d}} fragment d on __Type{kind name fields{n:name}}`,
	}
	for _, name := range names {
		queries = append(queries, `{__type(name:"`+name+`"){__typename kind name description specifiedByURL isOneOf possibleTypes{name} interfaces{name} inputFields{name} ofType{name} enumValues(includeDeprecated:true){name description isDeprecated deprecationReason} fields(includeDeprecated:true){name description isDeprecated deprecationReason args{name} type{kind name ofType{kind name enumValues{name} ofType{name fields{name}}}}}}}`)
	}
	for _, query := range queries {
		got, want := ours.run(t, t.Context(), query, ""), stock.run(t, t.Context(), query, "")
		lines := strings.NewReplacer("},{", "},\n{", ":[]", ":null")
		gotLines, wantLines := lines.Replace(string(got.Data)), lines.Replace(string(want.Data))
		if len(got.Errors)+len(want.Errors) > 0 || gotLines != wantLines {
			t.Errorf("%.80s: %v %v\n%s", query, got.Errors, want.Errors, firstDifference(gotLines, wantLines))
		}
	}
}

// completeIntrospection selects every field that introspection has, so that a new one is not forgotten.
func completeIntrospection(t *testing.T) string {
	t.Helper()
	schema := servedSchema()
	var selection func(name string, above []string) string
	selection = func(name string, above []string) string {
		text := "{__typename"
		for _, field := range schema.Types[name].Fields {
			below := schema.Types[field.Type.Name()]
			arguments := ""
			if len(field.Arguments) > 0 {
				arguments = "(includeDeprecated:true)"
			}
			if below.IsLeafType() {
				text += " " + field.Name
			} else if !slices.Contains(above, below.Name) {
				text += " " + field.Name + arguments + selection(below.Name, append(slices.Clone(above), name))
			}
		}
		return text + "}"
	}
	return "{__schema" + selection("__Schema", []string{"__Type"}) + " __type(name:\"Order\")" + selection("__Type", nil) + "}"
}

func TestIntrospectionListsTheAPIAlone(t *testing.T) {
	response := newServer(t, Options{}).run(t, t.Context(), `{__schema{types{name fields{name}} directives{name}} __type(name:"_Any"){name}}`, "")
	var data struct {
		Schema struct {
			Types []struct {
				Name   string
				Fields []struct{ Name string }
			}
			Directives []struct{ Name string }
		} `json:"__schema"`
		Type any `json:"__type"`
	}
	if err := json.Unmarshal(response.Data, &data); err != nil {
		t.Fatal(err)
	}
	var directives []string
	for _, directive := range data.Schema.Directives {
		directives = append(directives, directive.Name)
	}
	if want := []string{"deprecated", "include", "oneOf", "skip", "specifiedBy"}; !slices.Equal(directives, want) {
		t.Errorf("directives %q, want %q", directives, want)
	}
	for _, listed := range data.Schema.Types {
		if isFederation(listed.Name) {
			t.Errorf("type %s is listed", listed.Name)
		}
		for _, field := range listed.Fields {
			if isFederation(field.Name) {
				t.Errorf("field %s.%s is listed", listed.Name, field.Name)
			}
		}
	}
	if data.Type != nil {
		t.Errorf("__type finds %v", data.Type)
	}
}

// A few kilobytes select a hundred thousand fields of the schema; as much as tools ask for passes.
func TestIntrospectionIsBounded(t *testing.T) {
	server := newServer(t, Options{})
	one := `__schema{types{fields{name description args{name description defaultValue type{name}} type{name fields{name description type{name kind ofType{name kind}}}}}}}`
	if response := server.run(t, t.Context(), "{a:"+one+" order(id:1){id}}", ""); len(response.Errors) > 0 || !bytes.HasSuffix(response.Data, []byte(`,"order":{"id":"1"}}`)) {
		t.Errorf("a usual one: %v", response.Errors)
	}
	var many strings.Builder
	for i := range 19 {
		fmt.Fprintf(&many, "a%d:%s ", i, one)
	}
	response := server.run(t, t.Context(), "{"+many.String()+"}", "")
	if string(response.Data) != "null" || len(response.Errors) == 0 || response.Errors[0].Extensions["code"] != "QUERY_TOO_COMPLEX" ||
		response.Errors[0].Extensions["limit"] != "max-introspection" {
		t.Errorf("%d bytes, %v", len(response.Data), response.Errors)
	}
	for _, err := range response.Errors {
		checkLocation(t, "{"+many.String()+"}", err)
	}
}

func BenchmarkIntrospection(b *testing.B) {
	server := newServer(b, Options{})
	query := readText(b, "limits/testdata/introspection.graphql")
	b.ReportAllocs()
	for b.Loop() {
		if response := server.execute(b.Context(), &graphql.RawParams{Query: query}); len(response.Errors) > 0 {
			b.Fatal(response.Errors)
		}
	}
}
