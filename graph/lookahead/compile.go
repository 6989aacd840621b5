package lookahead

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/upstream"
)

// compilation is the work of Compile.
type compilation struct {
	schema  *ast.Schema
	objects map[string]*object
	fields  map[*ast.FieldDefinition]*field
	domains map[*ast.FieldDefinition]upstream.Domains
}

// declare notes every object type and what its fields need by themselves.
func (c *compilation) declare() error {
	for name, definition := range c.schema.Types {
		if err := c.readDomains(definition); err != nil {
			return err
		}
		if definition.Kind == ast.Object {
			c.objects[name] = &object{definition: definition, satisfies: c.satisfied(definition), fields: map[string]*field{}}
		}
	}
	for _, object := range c.objects {
		for _, definition := range object.definition.Fields {
			field := &field{
				domains:    c.domains[definition],
				attributes: object.definition.Name == orderType && definition.Name == attributesField,
				objects:    c.possible(definition.Type.Name()),
			}
			object.fields[definition.Name] = field
			c.fields[definition] = field
		}
	}
	return nil
}

// readDomains reads the @domain of every field. Those of an interface are read to be refused if they
// are unknown, and are otherwise of no use: a value always has an object type.
func (c *compilation) readDomains(definition *ast.Definition) error {
	for _, field := range definition.Fields {
		domains, err := domainsOf(field)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", definition.Name, field.Name, err)
		}
		c.domains[field] = domains
	}
	return nil
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

func (c *compilation) satisfied(definition *ast.Definition) []string {
	names := []string{definition.Name}
	for _, abstract := range c.schema.GetImplements(definition) {
		names = append(names, abstract.Name)
	}
	return names
}

// possible returns the object types that a value of the named type can have; none for a scalar.
func (c *compilation) possible(name string) []*object {
	definition := c.schema.Types[name]
	if definition == nil || !definition.IsCompositeType() {
		return nil
	}
	var objects []*object
	for _, possible := range c.schema.GetPossibleTypes(definition) {
		objects = append(objects, c.objects[possible.Name])
	}
	return objects
}

// reach computes what can be needed below each field: repeated until nothing grows, since types may
// refer to each other in circles.
func (c *compilation) reach() {
	for grown := true; grown; {
		grown = false
		for _, field := range c.fields {
			below, attributes := field.below, field.attributesBelow
			for _, object := range field.objects {
				for _, inner := range object.fields {
					below |= inner.domains | inner.below
					attributes = attributes || inner.attributes || inner.attributesBelow
				}
			}
			if below != field.below || attributes != field.attributesBelow {
				field.below, field.attributesBelow, grown = below, attributes, true
			}
		}
	}
}

// plan leaves out the fields that need nothing, nor anything below them.
func (c *compilation) plan() *Plan {
	for definition, field := range c.fields {
		if !field.matters() {
			delete(c.fields, definition)
		}
	}
	for _, object := range c.objects {
		for name, field := range object.fields {
			if !field.matters() {
				delete(object.fields, name)
			}
		}
	}
	return &Plan{order: c.objects[orderType], fields: c.fields}
}

func (f *field) matters() bool {
	return f.domains|f.below != 0 || f.attributes || f.attributesBelow
}
