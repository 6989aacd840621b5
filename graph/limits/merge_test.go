package limits

import (
	"regexp"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	reference "github.com/vektah/gqlparser/v2/validator"
)

const petSchema = `
interface Pet { name(surname: Boolean = false): String friend: Pet friends: [Pet] }
type Dog implements Pet { name(surname: Boolean = false): String friend: Dog friends: [Pet] volume: Int! age: Int toy(like: Taste): Toy }
type Cat implements Pet { name(surname: Boolean = false): String friend: Cat friends: [Pet] volume: Int age: String toy(like: Taste): Ball lives: [Int] }
type Toy { name: String }
type Ball { name: ID }
union Any = Dog | Cat
input Taste { colour: String size: Int tags: [String] }
type Query { pet: Pet any: Any dog: Dog cat: Cat }
`

// mergeCases are documents with fields under one response name; the conflict's message is that of
// gqlparser where both report one.
var mergeCases = []struct{ name, document, want string }{
	{"the same field", "{pet{name name}}", ""},
	{"the same alias", "{pet{a:name a:name}}", ""},
	{"another field", "{dog{name:volume name}}", `Fields "name" conflict because "volume" and "name" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
	{"other arguments", "{dog{name name(surname:true)}}", `Fields "name" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.`},
	{"arguments in another order within an object", `{dog{toy(like:{colour:"a",size:1}){name} toy(like:{size:1,colour:"a"}){name}}}`, ""},
	{"another value deep in an argument", `{dog{toy(like:{tags:["a","b"]}){name} toy(like:{tags:["b","a"]}){name}}}`, `Fields "toy" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.`},
	{"another object's field of the same shape", "{pet{...on Dog{a:name} ...on Cat{a:name}}}", ""},
	{"another object's other field of the same shape", "{pet{...on Dog{a:age} ...on Cat{a:volume}}}", ""},
	{"another object's field with other arguments", "{pet{...on Dog{name(surname:true)} ...on Cat{name}}}", ""},
	{"another object's field, not null", "{pet{...on Dog{volume} ...on Cat{volume}}}", `Fields "volume" conflict because they return conflicting types "Int!" and "Int". Use different aliases on the fields to fetch both if this was intentional.`},
	{"another object's field of another type", "{pet{...on Dog{age} ...on Cat{age}}}", `Fields "age" conflict because they return conflicting types "Int" and "String". Use different aliases on the fields to fetch both if this was intentional.`},
	{"another object's list", "{pet{...on Dog{a:age} ...on Cat{a:lives}}}", `Fields "a" conflict because they return conflicting types "Int" and "[Int]". Use different aliases on the fields to fetch both if this was intentional.`},
	{"shapes beneath different objects", "{pet{...on Dog{toy{name}} ...on Cat{toy{name}}}}", `Fields "toy" conflict because subfields "name" conflict because they return conflicting types "String" and "ID". Use different aliases on the fields to fetch both if this was intentional.`},
	{"values beneath different objects", "{pet{...on Dog{friend{a:name}} ...on Cat{friend{a:name(surname:true)}}}}", ""},
	{"an interface's field meets an object's", "{pet{a:name ...on Dog{a:age}}}", `Fields "a" conflict because "name" and "age" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
	{"beneath the same field twice", "{dog{friend{a:name} friend{a:age}}}", `Fields "friend" conflict because subfields "a" conflict because "name" and "age" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
	{"two levels down", "{dog{friend{friend{a:name a:age}} name}}", `Fields "a" conflict because "name" and "age" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
	{"in a fragment", "{dog{...A a:name}} fragment A on Dog{a:age}", `Fields "a" conflict because "age" and "name" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
	{"between fragments", "{pet{...A ...B}} fragment A on Dog{friend{...C}} fragment B on Dog{friend{a:age}} fragment C on Dog{a:name}", `Fields "friend" conflict because subfields "a" conflict because "name" and "age" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
	{"in the second operation", "query a{dog{name}} query b{dog{name:age name}}", `Fields "name" conflict because "age" and "name" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
	{"in a union", "{any{__typename ...on Dog{__typename a:name} ...on Cat{a:name}}}", ""},
	{"names of types", "{any{...on Dog{a:__typename} ...on Cat{a:lives}}}", `Fields "a" conflict because they return conflicting types "String" and "[Int]". Use different aliases on the fields to fetch both if this was intentional.`},
	{"three kinds of parents", "{pet{friend{name} ...on Dog{friend{name}} ...on Cat{friend{name(surname:true)}}}}", `Fields "friend" conflict because subfields "name" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.`},
	{"variables", "query($a:Boolean){dog{name(surname:$a) name(surname:$a)}}", ""},
	{"other variables", "query($a:Boolean,$b:Boolean){dog{name(surname:$a) name(surname:$b)}}", `Fields "name" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.`},
	{"fewer arguments", "{dog{name(surname:true) name}}", `Fields "name" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.`},
}

func TestMerge(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: petSchema})
	for _, test := range mergeCases {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if list := verdict(t, schema, Limits{}, test.document); len(list) > 0 {
				got = list[0].Message
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			compareVerdicts(t, schema, test.document)
		})
	}
}

// longNumber finds what gqlparser does not read with every digit, and numbersAsText does.
var longNumber = regexp.MustCompile(`[0-9]{18}|[eE][-+]?[0-9]{3}`)

// compareVerdicts checks that this package refuses just what gqlparser's own rules refuse.
func compareVerdicts(tb testing.TB, schema *ast.Schema, text string) {
	tb.Helper()
	theirs, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, Default().Tokens)
	if err != nil || len(theirs.Operations) == 0 || longNumber.MatchString(text) {
		return // They are refused before, or are read in another way on purpose.
	}
	list := verdict(tb, schema, Limits{}, text)
	if len(list) > 0 && limitOf(list[0]) != "" {
		return
	}
	if expected := reference.ValidateWithRules(schema, theirs, nil); (len(list) == 0) != (len(expected) == 0) {
		tb.Errorf("%s\n  ours: %v\ntheirs: %v", text, list, expected)
	}
}

func FuzzValidate(f *testing.F) {
	pets, orders := gqlparser.MustLoadSchema(&ast.Source{Input: petSchema}), orderSchema(f)
	for _, test := range mergeCases {
		f.Add(test.document)
	}
	for _, test := range hostile {
		if len(test.document) < 8000 {
			f.Add(test.document)
		}
	}
	f.Add(allFields(orders))
	f.Add(readFile(f, "testdata/introspection.graphql"))
	f.Add("query($a:ID=1){...a ...b}fragment a on Query{order(id:$a){...c}}fragment b on Query{...a}fragment c on Order{...c}")
	f.Add("fragment a on Query{b:__typename}fragment a on Query{__typename}{...a}")
	f.Add("{...a @skip(if:true)}fragment a on Query @include(if:true){pet{...{...on Dog@skip(if:false){name}}}}")
	f.Fuzz(func(t *testing.T, text string) {
		compareVerdicts(t, pets, text)
		compareVerdicts(t, orders, text)
	})
}
