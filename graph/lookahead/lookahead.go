// Package lookahead tells what a GraphQL selection needs of an order before anything is executed:
// the domains that the upstream must be asked for, and the keys of extra attributes.
//
// The schema alone says it: a field with @domain(name: "NativeLogistics") needs that domain, and
// Order.extraAttributes(keys:) needs its keys. Compile reads that once, so that a request costs one
// walk over its selection, without memory of its own.
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
	order  *object
	fields map[*ast.FieldDefinition]*field
}

// object is an object type: the only kind of type that a value has when it is executed.
type object struct {
	definition *ast.Definition
	// satisfies holds the type conditions that apply to the type: its name, its interfaces and its
	// unions.
	satisfies []string
	// fields holds those that matter. Looked up by name only where the parent is an abstract type.
	fields map[string]*field
}

// field is what one field of an object type needs. A field that needs nothing, nor anything below
// it, has none.
type field struct {
	domains upstream.Domains
	// below holds the domains that a selection below the field can need at most.
	below upstream.Domains
	// attributes tells that this is Order.extraAttributes, attributesBelow that it can be selected
	// below.
	attributes, attributesBelow bool
	// objects are the types that the field's value can have.
	objects []*object
}

// Compile reads every @domain of the schema. It refuses a domain that the upstream doesn't have,
// naming the field and the domain, and a schema without the type Order.
func Compile(schema *ast.Schema) (*Plan, error) {
	if schema.Types[orderType] == nil {
		return nil, fmt.Errorf("the schema has no type %s", orderType)
	}
	compilation := compilation{
		schema:  schema,
		objects: map[string]*object{},
		fields:  map[*ast.FieldDefinition]*field{},
		domains: map[*ast.FieldDefinition]upstream.Domains{},
	}
	if err := compilation.declare(); err != nil {
		return nil, err
	}
	compilation.reach()
	return compilation.plan(), nil
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
	walk.selections(p.order, selections)
	if len(walk.keys) == 0 {
		return upstream.Needs{Domains: walk.domains}, walk.nullKey
	}
	return upstream.Needs{Domains: walk.domains, AttributeKeys: slices.Sorted(maps.Keys(walk.keys))}, walk.nullKey
}
