package lookahead

import (
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"ordergraph/upstream"
)

// noRules validates nothing, which still binds the document to the schema.
func noRules() *rules.Rules { return rules.NewRules() }

// reference executes a selection as a server does, one object type after the other, and unites what
// the executed fields need. It has no memory and no shortcuts.
type reference struct {
	t         *testing.T
	schema    *ast.Schema
	operation *graphql.OperationContext
	needs     upstream.Needs
	budget    int
}

func (r *reference) execute(object *ast.Definition, selections ast.SelectionSet) {
	satisfies := []string{object.Name}
	for _, abstract := range r.schema.GetImplements(object) {
		satisfies = append(satisfies, abstract.Name)
	}
	for _, field := range graphql.CollectFields(r.operation, selections, satisfies) {
		if r.budget--; r.budget < 0 {
			return
		}
		definition := object.Fields.ForName(field.Name)
		if definition == nil {
			continue // __typename
		}
		r.field(object, definition, field)
		if result := r.schema.Types[definition.Type.Name()]; result.IsCompositeType() {
			for _, possible := range r.schema.GetPossibleTypes(result) {
				r.execute(possible, field.Selections)
			}
		}
	}
}

func (r *reference) field(object *ast.Definition, definition *ast.FieldDefinition, field graphql.CollectedField) {
	for _, directive := range definition.Directives.ForNames("domain") {
		domain, err := upstream.ParseDomain(directive.Arguments.ForName("name").Value.Raw)
		if err != nil {
			r.t.Fatal(err)
		}
		r.needs.Domains |= domain
	}
	if object.Name != "Order" || field.Name != "extraAttributes" {
		return
	}
	var keys []string
	for _, value := range graphql.CoerceList(field.ArgumentMap(r.operation.Variables)["keys"]) {
		key, err := graphql.UnmarshalString(value)
		if err != nil {
			r.t.Fatal(err)
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	r.needs = r.needs.Union(upstream.Needs{AttributeKeys: slices.Compact(keys)})
}

// FuzzNeeds compares the lookahead with the reference on every small valid query.
func FuzzNeeds(f *testing.F) {
	for _, query := range []string{
		fortyFields,
		`query($s:Boolean!){order(id:1){invoice @skip(if:$s){id}}}`,
		`query($i:Boolean=false,$k:[String!]=["z"]){order(id:1){...f @include(if:$i) extraAttributes(keys:$k){key}}} fragment f on Order{shipping{city}}`,
		`{order(id:1){...n lineItems{...n} seller{...on Seller{invoice{id}}}}} fragment n on Line{...on Order{invoice{id}} ...on LineItem{shipments{id}}}`,
		`{_entities(representations:[]){...on Line{...on Order{guarantees{name}}} ...on Product{origin{city}}}}`,
		`{order(id:1){x:extraAttributes(keys:"a"){key} y:extraAttributes(keys:["b","a"]){key}}}`,
		`{order(id:1){buyer{self{reviews{ofBuyer{text}}}} buyer{self{id}}}}`,
		`{order(id:1){...a @skip(if:true) ...a ...b}} fragment a on Line{...on Order{guarantees{name}}} fragment b on Order{...a lineItems{...a shipments{id}}}`,
	} {
		f.Add(query, true, "key")
	}
	plan, schema := compile(f)
	order := schema.Types["Order"]
	f.Fuzz(func(t *testing.T, query string, flag bool, key string) {
		document, errs := gqlparser.LoadQueryWithRules(schema, query, rules.NewDefaultRules())
		if errs != nil || len(query) > 2000 {
			return
		}
		operation := document.Operations[0]
		given := map[string]any{"s": flag, "i": flag, "k": []any{key, "z"}}
		variables, err := validator.VariableValues(schema, operation, given)
		if err != nil {
			return
		}
		for _, selection := range operation.SelectionSet {
			field, ok := selection.(*ast.Field)
			if !ok || field.SelectionSet == nil || field.Definition.Type.Name() != "Order" && field.Name != "_entities" {
				continue
			}
			reference := reference{t: t, schema: schema, operation: &graphql.OperationContext{Doc: document, Variables: variables}, budget: 10000}
			reference.execute(order, field.SelectionSet)
			if reference.budget < 0 {
				return
			}
			needs, _ := plan.Needs(field.SelectionSet, variables, 100)
			if needs.Domains != reference.needs.Domains || !slices.Equal(needs.AttributeKeys, reference.needs.AttributeKeys) {
				t.Errorf("needs %v, reference %v, query %s", needs, reference.needs, query)
			}
		}
	})
}
