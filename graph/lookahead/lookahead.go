// Package lookahead tells what a GraphQL selection needs of an order before anything is executed:
// the domains that the upstream must be asked for, and the keys of extra attributes.
//
// The schema alone says it: a field with @domain(name: "NativeLogistics") needs that domain, and
// Order.extraAttributes(keys:) needs its keys. Compile reads that once, so that a request costs one
// walk over its selection.
package lookahead

import (
	"fmt"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/upstream"
)

// The names in the schema that say something about needs.
const (
	orderType        = "Order"
	domainDirective  = "domain"
	domainArgument   = "name"
	attributesField  = "extraAttributes"
	attributesOption = "keys"
)

// Plan knows what each field of the schema needs. It is immutable.
type Plan struct {
	// domains has the fields that need any, by themselves.
	domains map[*ast.FieldDefinition]upstream.Domains
	// attributes is Order.extraAttributes, nil if there is none.
	attributes *ast.FieldDefinition
	unions     map[string]bool
}

// Compile reads every @domain of the schema. It refuses a domain that the upstream doesn't have,
// naming the field and the domain, and a schema without the type Order. Below an order it knows object types
// alone: it refuses interfaces, and fields whose type is a union.
func Compile(schema *ast.Schema) (*Plan, error) {
	order := schema.Types[orderType]
	if order == nil {
		return nil, fmt.Errorf("the schema has no type %s", orderType)
	}
	plan := &Plan{
		domains: map[*ast.FieldDefinition]upstream.Domains{}, attributes: order.Fields.ForName(attributesField), unions: map[string]bool{},
	}
	for name, definition := range schema.Types {
		if definition.Kind == ast.Union {
			plan.unions[name] = true
		}
		for _, field := range definition.Fields {
			domains, err := domainsOf(field)
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", name, field.Name, err)
			}
			if domains != 0 {
				plan.domains[field] = domains
			}
			result := schema.Types[field.Type.Name()]
			if definition.Kind == ast.Interface || result.Kind == ast.Interface || result.Kind == ast.Union && definition != schema.Query {
				return nil, fmt.Errorf("%s.%s: interfaces, and unions below an order, are not supported", name, field.Name)
			}
		}
	}
	return plan, nil
}

// domainsOf returns what the field's directives name.
func domainsOf(field *ast.FieldDefinition) (upstream.Domains, error) {
	var domains upstream.Domains
	for _, directive := range field.Directives.ForNames(domainDirective) {
		name := ""
		if argument := directive.Arguments.ForName(domainArgument); argument != nil {
			name = argument.Value.Raw
		}
		domain, err := upstream.ParseDomain(name)
		if err != nil {
			return 0, fmt.Errorf("@%s: %w", domainDirective, err)
		}
		domains |= domain
	}
	return domains, nil
}

// Needs returns what the selections of a field need of an order, whether the field's type is Order
// or abstract: type conditions are judged for an Order. The selections must have been validated
// against the schema that the plan was compiled from, and the variables coerced.
//
// Of more than maxKeys attribute keys it returns any maxKeys+1. nullKey is a field that has a null among its
// keys, which a variable with a default can bring there: execution refuses that.
//
// Each fragment and each variable is read once, however often it is used, so the cost is linear in the
// request.
func (p *Plan) Needs(selections ast.SelectionSet, variables map[string]any, maxKeys int) (needs upstream.Needs, nullKey *ast.Field) {
	walk := walk{plan: p, variables: variables, maxKeys: maxKeys}
	walk.selections(orderType, selections)
	if len(walk.keys) == 0 {
		return upstream.Needs{Domains: walk.domains}, walk.nullKey
	}
	return upstream.Needs{Domains: walk.domains, AttributeKeys: slices.Sorted(maps.Keys(walk.keys))}, walk.nullKey
}
