package graph

import (
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
)

// What a request says about its variables is refused as a whole, before any call, if the specification
// does not allow it for the variable's type.
func TestVariablesOfAWrongTypeAreRefused(t *testing.T) {
	const (
		keys     = `query($v:[String!]){order(id:1){extraAttributes(keys:$v){key}}}`
		inList   = `query($v:String!){order(id:1){extraAttributes(keys:["a",$v]){key}}}`
		id       = `query($v:ID!){order(id:$v){id}}`
		ids      = `query($v:[ID!]!){orders(ids:$v){id}}`
		idInList = `query($v:ID!){orders(ids:["2",$v]){id}}`
		site     = `query($v:WebSite!){order(id:1,webSite:$v){id}}`
		edition  = `query($v:Edition=V2){orders(ids:[1],edition:$v){id}}`
		skip     = `query($v:Boolean!){order(id:1){id @skip(if:$v)}}`
		entity   = `query($v:_Any!){_entities(representations:[$v]){__typename}}`
	)
	for query, values := range map[string][]string{
		keys:     {`5`, `[5]`, `["a",5]`, `true`, `["a",true]`, `[null]`, `["a",null]`, `{}`, `["a",{}]`, `[["a"]]`, `1.5`, `["a",[]]`},
		inList:   {`5`, `true`, `null`, `["a"]`, `{}`},
		id:       {`1.5`, `1.0`, `1e3`, `true`, `false`, `{}`, `["1"]`, `[]`, `null`},
		ids:      {`null`, `[null]`, `["1",null]`, `["1",true]`, `["1",1.5]`, `[["1"]]`, `{"a":1}`, `true`, `["1",{}]`},
		idInList: {`null`, `true`, `[]`, `1.5`},
		site:     {`"cn_1688"`, `"1688"`, `"X"`, `""`, `0`, `true`, `["CN_1688"]`, `{}`, `null`},
		edition:  {`"v1"`, `1`, `"V3"`, `["V1"]`},
		skip:     {`"true"`, `1`, `0`, `"false"`, `[true]`, `null`, `{}`},
		entity:   {`null`},
	} {
		for _, value := range values {
			orders := &fakeOrders{}
			response := newServer(t, Options{Orders: orders}).run(t, t.Context(), query, `{"v":`+value+`}`)
			check(t, response, "", "BAD_USER_INPUT")
			for _, err := range response.Errors {
				if !strings.HasPrefix(err.Message, `Variable "$v`) || err.Path != nil {
					t.Errorf("%s with %s: %s at %v", query, value, err.Message, err.Path)
				}
			}
			if calls := orders.calls(); len(calls) != 0 {
				t.Errorf("%s with %s: calls %q", query, value, calls)
			}
		}
	}
}

func TestAVariableIsNamedWithThePlaceOfItsFault(t *testing.T) {
	response := newServer(t, Options{}).run(t, t.Context(), `query($v:[String!]){order(id:1){extraAttributes(keys:$v){key}}}`, `{"v":["a","b",5]}`)
	if len(response.Errors) != 1 || response.Errors[0].Message != `Variable "$v[2]" must be a String.` {
		t.Errorf("%v", response.Errors)
	}
	response = newServer(t, Options{}).run(t, t.Context(), `query($v:ID!){order(id:$v){id}}`, "")
	if len(response.Errors) != 1 || response.Errors[0].Message != `Variable "$v" is missing.` {
		t.Errorf("%v", response.Errors)
	}
}

func TestVariablesAreCoerced(t *testing.T) {
	const smallest = " GuaranteesTerms"
	tests := []struct {
		name, query, variables string
		calls                  []string
	}{
		{"one value for a list", `query($v:[String!]){order(id:1){extraAttributes(keys:$v){key}}}`, `{"v":"a"}`, []string{"CN_1688 V1 1 GuaranteesTerms a"}},
		{"a default of one value for a list", `query($v:[String!]="a"){order(id:1){extraAttributes(keys:$v){key}}}`, "", []string{"CN_1688 V1 1 GuaranteesTerms a"}},
		{"a default", `query($v:WebSite!=ALIBABA){order(id:1,webSite:$v){id}}`, "", []string{"ALIBABA V1 1" + smallest}},
		{"a default that is a number", `query($v:[ID!]!=5){orders(ids:$v){id}}`, "", []string{"CN_1688 V1 5" + smallest}},
		{"defaults with every digit", `query($v:[ID!]=[9223372036854775807,"3"]){orders(ids:$v){id}}`, "", []string{"CN_1688 V1 3" + smallest, "CN_1688 V1 9223372036854775807" + smallest}},
		{"a value in place of a default", `query($v:WebSite=ALIBABA){order(id:1,webSite:$v){id}}`, `{"v":"CN_1688"}`, []string{"CN_1688 V1 1" + smallest}},
		{"an absent variable leaves the argument's default", `query($v:WebSite){order(id:1,webSite:$v){id}}`, `{}`, []string{"CN_1688 V1 1" + smallest}},
		{"an absent variable leaves an argument out", `query($v:[String!]){order(id:1){extraAttributes(keys:$v){key}}}`, `{}`, []string{"CN_1688 V1 1" + smallest}},
		{"a null where null may be", `query($v:[String!]){order(id:1){extraAttributes(keys:$v){key}}}`, `{"v":null}`, []string{"CN_1688 V1 1" + smallest}},
		{"a null in place of a default where null may be", `query($v:[String!]=["a"]){order(id:1){extraAttributes(keys:$v){key}}}`, `{"v":null}`, []string{"CN_1688 V1 1" + smallest}},
		{"a variable in a list", `query($v:String!){order(id:1){extraAttributes(keys:["a",$v]){key}}}`, `{"v":"5"}`, []string{"CN_1688 V1 1 GuaranteesTerms 5 a"}},
		{"a default in a list", `query($v:String="b"){order(id:1){extraAttributes(keys:["a",$v]){key}}}`, "", []string{"CN_1688 V1 1 GuaranteesTerms a b"}},
		{"an id in a list", `query($v:ID!){orders(ids:["2",$v]){id}}`, `{"v":9007199254740993}`, []string{"CN_1688 V1 2" + smallest, "CN_1688 V1 9007199254740993" + smallest}},
		{"an id in a representation", `query($v:ID!){_entities(representations:[{__typename:"Order",webSite:ALIBABA,id:$v}]){__typename}}`, `{"v":3}`, []string{"ALIBABA V1 3" + smallest}},
		{"one representation for a list", `query($v:[_Any!]!){_entities(representations:$v){__typename}}`, `{"v":{"__typename":"Order","webSite":"ALIBABA","id":3}}`, []string{"ALIBABA V1 3" + smallest}},
		{"a variable that nobody declares", `{order(id:1){id}}`, `{"v":5}`, []string{"CN_1688 V1 1" + smallest}},
		{"a null that decides nothing", `query($v:ID="2"){a:order(id:1){id} b:order(id:$v)@skip(if:true){id}}`, `{"v":null}`, []string{"CN_1688 V1 1" + smallest}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			orders := &fakeOrders{}
			response := newServer(t, Options{Orders: orders}).run(t, t.Context(), test.query, test.variables)
			if calls := orders.calls(); !slices.Equal(calls, test.calls) || len(response.Errors) > 0 {
				t.Errorf("calls %q, want %q: %v", calls, test.calls, response.Errors)
			}
		})
	}
}

// A null may be given for a variable with a default that stands where no null may be. That fails the
// field, without a call for it, and no other.
func TestANullArgumentFailsItsField(t *testing.T) {
	tests := []struct{ name, query, data, fault string }{
		{"an id", `query($v:ID="2"){a:order(id:$v){id} b:order(id:9){id}}`, `{"a":null,"b":{"id":"9"}}`, "BAD_USER_INPUT a"},
		{"an enum value", `query($v:Edition=V2){a:order(id:1,edition:$v){id} b:order(id:9){id}}`, `{"a":null,"b":{"id":"9"}}`, "BAD_USER_INPUT a"},
		{"an id in a list", `query($v:ID="2"){orders(ids:["107",$v]){id} b:order(id:1){id}}`, `null`, "BAD_USER_INPUT orders"},
		{"a list", `query($v:[ID!]=["2"]){orders(ids:$v){id}}`, `null`, "BAD_USER_INPUT orders"},
		{"a key in a list", `query($v:String="b"){a:order(id:1){id x:extraAttributes(keys:["a",$v]){key}} b:order(id:9){id}}`, `{"a":null,"b":{"id":"9"}}`, "BAD_USER_INPUT a.x"},
		{"a key of an order in a list", `query($v:String="b"){orders(ids:[1]){...f} b:order(id:9){id}} fragment f on Order{extraAttributes(keys:[$v]){key}}`, `{"orders":[null],"b":{"id":"9"}}`, "BAD_USER_INPUT orders[0].extraAttributes"},
		{"a key that a list is made of", `query($v:String="b"){a:order(id:1){extraAttributes(keys:[$v]){key}} b:order(id:9){id}}`, `{"a":null,"b":{"id":"9"}}`, "BAD_USER_INPUT a.extraAttributes"},
		{"a key of an entity", `query($v:String="b"){_entities(representations:[{__typename:"Order",webSite:CN_1688,id:1}]){...on Order{extraAttributes(keys:[$v]){key}}} b:order(id:9){id}}`, `{"_entities":[null],"b":{"id":"9"}}`, "BAD_USER_INPUT _entities[0].extraAttributes"},
		{"a name", `query($v:String="Order"){__type(name:$v){name} b:order(id:9){id}}`, ``, "BAD_USER_INPUT"},
		{"an id in a representation", `query($v:ID="2"){_entities(representations:[{__typename:"Order",webSite:CN_1688,id:$v}]){__typename} b:order(id:9){id}}`, `{"_entities":[null],"b":{"id":"9"}}`, "BAD_USER_INPUT _entities[0]"},
		{"representations", `query($v:[_Any!]=[]){_entities(representations:$v){__typename} b:order(id:9){id}}`, `{"_entities":[],"b":{"id":"9"}}`, "BAD_USER_INPUT _entities"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			orders := &fakeOrders{}
			response := newServer(t, Options{Orders: orders}).run(t, t.Context(), test.query, `{"v":null}`)
			check(t, response, test.data, test.fault)
			for _, call := range orders.calls() {
				if !strings.HasPrefix(call, "CN_1688 V1 9 ") && test.data != "null" {
					t.Errorf("call %q", call)
				}
			}
		})
	}
}

func TestAnOperationOfSeveralMustBeNamed(t *testing.T) {
	server := newServer(t, Options{})
	for query, want := range map[string]string{
		`query A{__typename} query B{__typename}`: "The document has several operations: name one of them in operationName.",
		`fragment f on Query{__typename}`:         "The document has no operation.",
		``:                                        "The document has no operation.",
	} {
		response := server.run(t, t.Context(), query, "")
		check(t, response, "", "GRAPHQL_VALIDATION_FAILED")
		if response.Errors[0].Message != want {
			t.Errorf("%s: %s", query, response.Errors[0].Message)
		}
	}
}

// TestANullConditionIsOfTheOperationThatRuns refuses a null that decides what is executed, also in a fragment,
// and lets it be where only another operation has a variable of that name in its conditions.
func TestANullConditionIsOfTheOperationThatRuns(t *testing.T) {
	document := `query A($x:Boolean){__type(name:"Order"){fields(includeDeprecated:$x){name}}}
		query B($x:Boolean=true){...f} query C($x:Boolean=true){order(id:1){id @skip(if:$x)}}
		fragment f on Query{...g ...g} fragment g on Query{order(id:1){id @include(if:$x)}}`
	for operation, refused := range map[string]bool{"A": false, "B": true, "C": true} {
		response := newServer(t, Options{Orders: &fakeOrders{}}).execute(t.Context(), &graphql.RawParams{
			Query: document, OperationName: operation, Variables: map[string]any{"x": nil},
		})
		if got := faults(response.Errors); refused != slices.Equal(got, []string{"BAD_USER_INPUT"}) || !refused && len(got) > 0 {
			t.Errorf("%s: %q, refused should be %t", operation, got, refused)
		}
	}
}
