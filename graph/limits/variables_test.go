package limits

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

const inputSchema = `
scalar Any
enum Colour { RED GREEN }
input Taste { colour: Colour! = RED size: Int weight: Float tags: [String!] = "none" next: Taste must: ID! }
input Choice @oneOf { a: Int b: String }
type Query { f(
  int: Int float: Float string: String boolean: Boolean id: ID any: Any colour: Colour
  matrix: [[Int]] strict: [[Int!]!]! = [] taste: Taste choice: Choice
): Int }`

// coerced returns what is left of one variable, as JSON, or the error.
func coerced(t *testing.T, parser *Parser, argument, definition, variables string) string {
	t.Helper()
	params := &graphql.RawParams{Query: "query($v:" + definition + "){f(" + argument + ":$v)}"}
	decoder := json.NewDecoder(strings.NewReader(variables))
	decoder.UseNumber()
	if err := decoder.Decode(&params.Variables); err != nil {
		t.Fatal(err)
	}
	operation, list := parser.Parse(params)
	if len(list) > 0 {
		return list[0].Message
	}
	text, err := json.Marshal(operation.Variables)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCoercion(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: inputSchema})
	parser := NewParser(schema, Limits{}, true)
	for _, test := range []struct{ argument, definition, variables, want string }{
		{"int", "Int", `{"v":2147483647}`, `{"v":2147483647}`},
		{"int", "Int", `{"v":-2147483648}`, `{"v":-2147483648}`},
		{"int", "Int", `{"v":1.0}`, `{"v":1}`},
		{"int", "Int", `{"v":2147483648}`, `Variable "$v" must be an Int: a whole number of 32 bits.`},
		{"int", "Int", `{"v":1.5}`, `Variable "$v" must be an Int: a whole number of 32 bits.`},
		{"int", "Int", `{"v":"1"}`, `Variable "$v" must be an Int: a whole number of 32 bits.`},
		{"int", "Int", `{"v":true}`, `Variable "$v" must be an Int: a whole number of 32 bits.`},
		{"int", "Int", `{"v":null}`, `{"v":null}`},
		{"int", "Int", `{}`, `{}`},
		{"int", "Int=5", `{}`, `{"v":5}`},
		{"int", "Int=5", `{"v":null}`, `{"v":null}`},
		{"int", "Int!", `{"v":null}`, `Variable "$v" must not be null.`},
		{"float", "Float", `{"v":1}`, `{"v":1}`},
		{"float", "Float", `{"v":1.25}`, `{"v":1.25}`},
		{"float", "Float", `{"v":1e400}`, `Variable "$v" must be a Float.`},
		{"float", "Float", `{"v":"1.5"}`, `Variable "$v" must be a Float.`},
		{"float", "Float=1", `{}`, `{"v":1}`},
		{"string", "String", `{"v":5}`, `Variable "$v" must be a String.`},
		{"string", "String", `{"v":""}`, `{"v":""}`},
		{"boolean", "Boolean", `{"v":false}`, `{"v":false}`},
		{"boolean", "Boolean", `{"v":0}`, `Variable "$v" must be a Boolean.`},
		{"id", "ID", `{"v":99999999999999999999}`, `{"v":"99999999999999999999"}`},
		{"id", "ID", `{"v":-4}`, `{"v":"-4"}`},
		{"id", "ID=4", `{}`, `{"v":"4"}`},
		{"id", "ID", `{"v":4.0}`, `Variable "$v" must be an ID: a String or a whole number.`},
		{"any", "Any", `{"v":{"a":[1.50,null]}}`, `{"v":{"a":[1.50,null]}}`},
		{"colour", "Colour", `{"v":"RED"}`, `{"v":"RED"}`},
		{"colour", "Colour", `{"v":"red"}`, `Variable "$v" must be a value of the enum Colour.`},
		{"matrix", "[[Int]]", `{"v":1}`, `{"v":[[1]]}`},
		{"matrix", "[[Int]]", `{"v":[1,[2,null],null,[]]}`, `{"v":[[1],[2,null],null,[]]}`},
		{"matrix", "[[Int]]", `{"v":[[1,"2"]]}`, `Variable "$v[0][1]" must be an Int: a whole number of 32 bits.`},
		{"strict", "[[Int!]!]=[[3],4]", `{}`, `{"v":[[3],[4]]}`},
		{"strict", "[[Int!]!]!", `{"v":[[1],null]}`, `Variable "$v[1]" must not be null.`},
		{"taste", "Taste", `{"v":{"must":1}}`, `{"v":{"colour":"RED","must":"1","tags":["none"]}}`},
		{"taste", "Taste", `{"v":{"must":1,"next":{"must":"2","colour":"GREEN","tags":[]},"tags":null}}`, `{"v":{"colour":"RED","must":"1","next":{"colour":"GREEN","must":"2","tags":[]},"tags":null}}`},
		{"taste", "Taste", `{"v":{}}`, `Variable "$v.must" is missing.`},
		{"taste", "Taste", `{"v":{"must":1,"next":{"must":null}}}`, `Variable "$v.next.must" must not be null.`},
		{"taste", "Taste", `{"v":{"must":1,"colour":null}}`, `Variable "$v.colour" must not be null.`},
		{"taste", "Taste", `{"v":{"must":1,"size":"big"}}`, `Variable "$v.size" must be an Int: a whole number of 32 bits.`},
		{"taste", "Taste", `{"v":{"must":1,"price":1}}`, `Variable "$v" has a field that Taste does not have.`},
		{"taste", "Taste", `{"v":[]}`, `Variable "$v" must be an object of the type Taste.`},
		{"choice", "Choice", `{"v":{"a":1}}`, `{"v":{"a":1}}`},
		{"choice", "Choice", `{"v":{"a":1,"b":"x"}}`, `Variable "$v" must have exactly one field, which is not null.`},
		{"choice", "Choice", `{"v":{"a":null}}`, `Variable "$v" must have exactly one field, which is not null.`},
		{"choice", "Choice", `{"v":{}}`, `Variable "$v" must have exactly one field, which is not null.`},
	} {
		if got := coerced(t, parser, test.argument, test.definition, test.variables); got != test.want {
			t.Errorf("%s = %s:\n got %s\nwant %s", test.definition, test.variables, got, test.want)
		}
	}
}

// A request that is coerced keeps its own variables.
func TestCoercionChangesNoRequest(t *testing.T) {
	params := &graphql.RawParams{
		Query:     "query($ids:[ID!]!){orders(ids:$ids){id}}",
		Variables: map[string]any{"ids": []any{json.Number("1")}},
	}
	if _, list := newParser(t, Limits{}, true).Parse(params); len(list) > 0 {
		t.Fatal(list)
	}
	if text, err := json.Marshal(params.Variables); err != nil || string(text) != `{"ids":[1]}` {
		t.Errorf("%s, %v", text, err)
	}
}

// BenchmarkCoercion shows what a list of 30,000 keys costs, about 250 KB of a request.
func BenchmarkCoercion(b *testing.B) {
	parser := newParser(b, Limits{}, true)
	keys := make([]any, 30_000)
	for i := range keys {
		keys[i] = "key1234"
	}
	params := &graphql.RawParams{
		Query:     "query($k:[String!]!){order(id:1){extraAttributes(keys:$k){key}}}",
		Variables: map[string]any{"k": keys},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, list := parser.Parse(params); len(list) > 0 {
			b.Fatal(list)
		}
	}
}
