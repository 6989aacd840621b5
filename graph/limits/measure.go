package limits

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// cost is what a part of a document comes to once its fragments are expanded. Every count
// saturates.
type cost struct {
	// depth is the number of fields on the longest way down, and the only count that is a maximum.
	depth int
	// rootFields is the number of fields at the part's own level.
	rootFields                  int
	aliases, directives, fields int
}

// add adds the cost of a part at the same level.
func (c cost) add(other cost) cost {
	return cost{
		depth:      max(c.depth, other.depth),
		rootFields: add(c.rootFields, other.rootFields),
		aliases:    add(c.aliases, other.aliases),
		directives: add(c.directives, other.directives),
		fields:     add(c.fields, other.fields),
	}
}

// nest returns the cost of a field whose selections cost c.
func (c cost) nest() cost {
	c.depth = add(c.depth, 1)
	c.fields = add(c.fields, 1)
	c.rootFields = 1
	return c
}

// measurement is one pass over a document. Each fragment is visited once, however often it is
// spread, so the pass is linear in the size of the document.
type measurement struct {
	fragments map[string]*fragment
	// open is the chain of fragments whose spreads are being followed.
	open []string
	// cycles holds an error for each fragment that spreads itself. What it costs is not defined.
	cycles gqlerror.List
	// longestWord is the length of the longest name or value that validation compares with the
	// schema, in bytes.
	longestWord int
	// nodes counts the nodes of the document as it is written, fragments not expanded.
	nodes int
}

type fragment struct {
	definition *ast.FragmentDefinition
	state      visit
	cost       cost
}

type visit uint8

const (
	unvisited visit = iota
	visiting
	visited
)

// measure counts what document expands to. Fragments that nothing spreads cost nothing, for
// validation refuses them, but are looked at for cycles and long words.
func measure(document *ast.QueryDocument) (cost, *measurement) {
	m := &measurement{fragments: make(map[string]*fragment, len(document.Fragments))}
	for _, definition := range document.Fragments {
		// The first of two namesakes is the one that gqlparser spreads.
		if m.fragments[definition.Name] == nil {
			m.fragments[definition.Name] = &fragment{definition: definition}
		}
	}
	var total cost
	for _, operation := range document.Operations {
		total = total.add(m.operation(operation))
	}
	for _, definition := range document.Fragments {
		m.spread(definition.Name, definition.Position)
	}
	return total, m
}

func (m *measurement) operation(operation *ast.OperationDefinition) cost {
	m.nodes += 1 + 2*len(operation.VariableDefinitions)
	c := m.directives(operation.Directives)
	for _, variable := range operation.VariableDefinitions {
		m.word(variable.Type.Name())
		m.value(variable.DefaultValue)
		c = c.add(m.directives(variable.Directives))
	}
	return c.add(m.selections(operation.SelectionSet))
}

func (m *measurement) selections(selections ast.SelectionSet) cost {
	var c cost
	m.nodes += len(selections)
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			c = c.add(m.field(selection))
		case *ast.InlineFragment:
			m.word(selection.TypeCondition)
			c = c.add(m.directives(selection.Directives)).add(m.selections(selection.SelectionSet))
		case *ast.FragmentSpread:
			c = c.add(m.directives(selection.Directives)).add(m.spread(selection.Name, selection.Position))
		}
	}
	return c
}

func (m *measurement) field(field *ast.Field) cost {
	m.word(field.Name)
	m.arguments(field.Arguments)
	c := m.directives(field.Directives).add(m.selections(field.SelectionSet)).nest()
	// An alias that repeats the field's name can't be told from none.
	if field.Alias != field.Name {
		c.aliases = add(c.aliases, 1)
	}
	return c
}

// spread returns the cost of the named fragment: nothing if there is none, or if it is just being
// spread, which validation reports.
func (m *measurement) spread(name string, position *ast.Position) cost {
	f := m.fragments[name]
	if f == nil {
		return cost{}
	}
	switch f.state {
	case visited:
		return f.cost
	case visiting:
		m.cycle(name, position)
		return cost{}
	}
	f.state = visiting
	m.nodes++
	m.open = append(m.open, name)
	m.word(f.definition.TypeCondition)
	f.cost = m.directives(f.definition.Directives).add(m.selections(f.definition.SelectionSet))
	m.open = m.open[:len(m.open)-1]
	f.state = visited
	return f.cost
}

func (m *measurement) directives(directives ast.DirectiveList) cost {
	m.nodes += len(directives)
	for _, directive := range directives {
		m.word(directive.Name)
		m.arguments(directive.Arguments)
	}
	return cost{directives: min(len(directives), saturated)}
}

func (m *measurement) arguments(arguments ast.ArgumentList) {
	m.nodes += len(arguments)
	for _, argument := range arguments {
		m.word(argument.Name)
		m.value(argument.Value)
	}
}

func (m *measurement) value(value *ast.Value) {
	if value == nil {
		return
	}
	m.nodes += 1 + len(value.Children)
	if value.Kind != ast.Variable {
		m.word(value.Raw)
	}
	for _, child := range value.Children {
		m.word(child.Name)
		m.value(child.Value)
	}
}

func (m *measurement) word(word string) { m.longestWord = max(m.longestWord, len(word)) }

// cycle notes that the named fragment is spread within itself, in the words of gqlparser's
// NoFragmentCycles. Only the first few cycles are kept, and of each the first few fragments.
func (m *measurement) cycle(name string, position *ast.Position) {
	if len(m.cycles) >= maxErrors {
		return
	}
	message := `Cannot spread fragment "` + name + `" within itself`
	if via := m.open[slices.Index(m.open, name)+1:]; len(via) > 0 {
		message += ` via "` + strings.Join(via[:min(len(via), maxErrors)], `", "`) + `"`
	}
	m.cycles = append(m.cycles, gqlerror.ErrorPosf(position, "%s.", message))
}
