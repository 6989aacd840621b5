package limits

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/core"

	"ordergraph/graph/internal/codes"
	"ordergraph/upstream/lru"
)

const (
	// maxCachedBytes bounds the documents that strangers can make us remember.
	maxCachedBytes = 32 << 20
	// nodeBytes is what one node of a parsed document takes, with its position and comments; measured
	// as 145 to 353 bytes.
	nodeBytes = 400
)

// An answer that refuses a document stays under 16 KiB: a character of a message may become six in
// JSON, and what stands around the message takes some hundred bytes.
const (
	maxErrors  = 8
	maxMessage = 240 // bytes
)

// longestHinted is the longest name or value, in bytes, for which "Did you mean" is looked for: the
// search takes time in proportion to it, for each name of the schema. The schema's own names are
// much shorter.
const longestHinted = 64

// Parser reads operations that are within limits. NewParser makes one. Safe for concurrent use.
type Parser struct {
	schema         *ast.Schema
	limits         Limits
	hinting, plain []core.Rule
	documents      *lru.Cache[string, *document] // by their texts
	hits, misses   atomic.Uint64
}

// document is a document that has proven valid, with what was found out about it.
type document struct {
	*ast.QueryDocument
	// conditions are the variables that @skip and @include of an operation depend on.
	conditions map[*ast.OperationDefinition][]string
	// kept is what Kept returns for each operation.
	kept map[*ast.OperationDefinition]*sync.Map
}

const keptExtension = "Kept"

// Kept returns where to keep what follows from the document of an operation alone. It is forgotten with the
// document. It is nil if variables decide what the operation selects, and for one that no Parser made.
func Kept(operation *graphql.OperationContext) *sync.Map {
	kept, _ := operation.Stats.GetExtension(keptExtension).(*sync.Map)
	return kept
}

// NewParser returns a parser of operations on schema. It gives hints ("Did you mean …") if suggestions is
// set.
func NewParser(schema *ast.Schema, limits Limits, suggestions bool) *Parser {
	return &Parser{
		schema: schema, limits: limits.withDefaults(),
		hinting: standardRules(suggestions), plain: standardRules(false),
		documents: lru.New[string, *document](maxCachedBytes, nil),
	}
}

// Stats returns what the cache of documents holds and did.
func (p *Parser) Stats() lru.Stats {
	stats := p.documents.Stats()
	stats.Hits, stats.Misses = p.hits.Load(), p.misses.Load()
	return stats
}

// Parse parses and validates a request, and coerces its variables. Its errors are small. The operation that
// it returns lacks all that is not in the request.
func (p *Parser) Parse(params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	operation := &graphql.OperationContext{
		RawQuery: params.Query, OperationName: params.OperationName, Variables: params.Variables,
		Extensions: params.Extensions, Headers: params.Headers,
	}
	list := p.parse(operation)
	// Names and values of the request are repeated in the messages.
	for _, err := range list {
		err.Message = shorten(err.Message, maxMessage)
	}
	return operation, list
}

func (p *Parser) parse(operation *graphql.OperationContext) gqlerror.List {
	document, found := p.documents.Get(operation.RawQuery)
	if found {
		p.hits.Add(1)
	} else {
		p.misses.Add(1)
		operation.Stats.Parsing.Start = time.Now()
		read, size, list := p.read(operation.RawQuery)
		operation.Stats.Parsing.End = time.Now()
		if len(list) > 0 {
			return list
		}
		document = read
		p.documents.Put(operation.RawQuery, document, size)
	}
	operation.Doc = document.QueryDocument
	operation.Operation = document.Operations.ForName(operation.OperationName)
	if operation.Operation == nil && operation.OperationName == "" {
		return invalid(gqlerror.Errorf("The document has several operations: name one of them in operationName."))
	} else if operation.Operation == nil {
		return invalid(gqlerror.Errorf("The document has no operation named %q.", operation.OperationName))
	}
	if kept := document.kept[operation.Operation]; kept != nil {
		operation.Stats.SetExtension(keptExtension, kept)
	}
	variables, err := coerceVariables(p.schema, operation.Operation, operation.Variables)
	if err != nil {
		return gqlerror.List{gqlerror.Wrap(err)}
	}
	operation.Variables = variables
	for _, name := range document.conditions[operation.Operation] {
		// Validation lets it pass if the variable has a default, and gqlgen then panics.
		if value, given := variables[name]; given && value == nil {
			return gqlerror.List{gqlerror.Wrap(&VariableError{variable: name, problem: "must not be null: @skip or @include depends on it"})}
		}
	}
	return nil
}

// read returns the document with the given text, and about what it takes in memory, or why it is refused: at
// most maxErrors reasons. It notes in the document what execution needs of the schema. Each step is cheap
// because the ones before have passed.
func (p *Parser) read(text string) (_ *document, size int, refused gqlerror.List) {
	parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, p.limits.Tokens)
	if err != nil {
		return nil, 0, gqlerror.List{p.parseError(gqlerror.WrapIfUnwrapped(err))}
	}
	if len(parsed.Operations) == 0 {
		return nil, 0, invalid(gqlerror.Errorf("The document has no operation."))
	}
	counts, m := measure(parsed)
	if exceeded := p.limits.check(counts); len(exceeded) > 0 {
		return nil, 0, exceeded
	}
	rules := p.hinting
	if m.longestWord > longestHinted {
		rules = p.plain
	}
	d := &document{parsed, map[*ast.OperationDefinition][]string{}, map[*ast.OperationDefinition]*sync.Map{}}
	found := applyRules(p.schema, *parsed, append(rules[:len(rules):len(rules)], core.Rule{RuleFunc: d.noteConditions}), m.cycles)
	if len(found) == 0 {
		found = merge(*parsed)
	}
	for _, operation := range parsed.Operations {
		if len(d.conditions[operation]) == 0 {
			d.kept[operation] = &sync.Map{}
		}
	}
	return d, len(text) + nodeBytes*m.nodes, invalid(found...)
}

// noteConditions is no rule, but shares the walk of the rules.
func (d *document) noteConditions(events *core.Events, _ core.AddErrFunc) {
	events.OnDirective(func(walker *core.Walker, directive *ast.Directive) {
		for _, argument := range directive.Arguments {
			if argument.Value.Kind == ast.Variable {
				d.conditions[walker.CurrentOperation] = append(d.conditions[walker.CurrentOperation], argument.Value.Raw)
			}
		}
	})
}

// parseError returns an error of the parser as it is shown. The parser has no type for its limits, only
// texts; nothing that repeats words of a client is one of these.
func (p *Parser) parseError(err *gqlerror.Error) *gqlerror.Error {
	switch err.Message {
	case fmt.Sprintf("exceeded token limit of %d", p.limits.Tokens):
		return gqlerror.Wrap(&Error{Limit: MaxTokens, Maximum: p.limits.Tokens})
	case fmt.Sprintf("exceeded maximum nesting depth of %d", parser.MaxNestingDepth):
		// The parser counts lists and input objects as well.
		return gqlerror.Wrap(&Error{Limit: MaxDepth, Maximum: min(p.limits.Depth, parser.MaxNestingDepth)})
	}
	errcode.Set(err, codes.ParseFailed)
	return err
}

func invalid(list ...*gqlerror.Error) gqlerror.List {
	for _, err := range list {
		errcode.Set(err, codes.ValidationFailed)
	}
	return list
}

// shorten cuts text to at most length bytes and an ellipsis, between two characters.
func shorten(text string, length int) string {
	if len(text) <= length {
		return text
	}
	for length > 0 && !utf8.RuneStart(text[length]) {
		length--
	}
	return text[:length] + "…"
}
