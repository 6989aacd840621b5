// Package limits refuses GraphQL documents that cost too much, before anything expensive is done
// with them.
//
// A document of a few kilobytes can stand for billions of fields (fragments that spread fragments),
// keep a quadratic validation rule busy for a tenth of a second (one field a thousand times), or
// make an error message of a quarter of a megabyte. So a new document is looked at in this order:
//
//  1. the parser stops at max-tokens;
//  2. measure counts what the document expands to, in one pass that visits each fragment once;
//  3. the validation rules run, linear ones only, and stop after a few errors;
//  4. merge decides whether overlapping fields can be merged, in time linear in the fields counted
//     by step 2. It stands in for gqlparser's OverlappingFieldsCanBeMerged, which is quadratic.
//
// A document that passed is kept and never looked at again; what is left to say about a refused one is
// small enough to send. Last, the variables are coerced, so that nothing behind this package has to doubt
// them.
package limits

import (
	"cmp"
	"fmt"
	"math"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Limits are the most that one document may hold. Fragments count as often as they are spread, and
// a document's operations count together: GraphiQL sends all of them to run one. Zero means the
// default; there is no "unlimited".
type Limits struct {
	// Tokens bounds the lexical tokens of the document, comments included (--max-tokens).
	Tokens int
	// Depth bounds how deep selections nest; a leaf field counts one, a fragment nothing (--max-depth).
	Depth int
	// Aliases bounds the aliased fields (--max-aliases).
	Aliases int
	// RootFields bounds the fields directly under the operations (--max-root-fields).
	RootFields int
	// Directives bounds the directives wherever they stand (--max-directives).
	Directives int
	// Fields bounds the fields, the same field twice being two (--max-fields).
	Fields int
}

// Default returns the limits under which a query of all fields of an order and the standard
// introspection query pass.
func Default() Limits {
	return Limits{Tokens: 2000, Depth: 20, Aliases: 30, RootFields: 20, Directives: 20, Fields: 1000}
}

func (l Limits) withDefaults() Limits {
	standard := Default()
	return Limits{
		Tokens:     cmp.Or(l.Tokens, standard.Tokens),
		Depth:      cmp.Or(l.Depth, standard.Depth),
		Aliases:    cmp.Or(l.Aliases, standard.Aliases),
		RootFields: cmp.Or(l.RootFields, standard.RootFields),
		Directives: cmp.Or(l.Directives, standard.Directives),
		Fields:     cmp.Or(l.Fields, standard.Fields),
	}
}

// check returns an error for every limit that counts exceed, in the order of the settings.
func (l Limits) check(counts cost) gqlerror.List {
	var exceeded gqlerror.List
	for _, bound := range []struct {
		name           string
		count, maximum int
	}{
		{MaxDepth, counts.depth, l.Depth},
		{MaxAliases, counts.aliases, l.Aliases},
		{MaxRootFields, counts.rootFields, l.RootFields},
		{MaxDirectives, counts.directives, l.Directives},
		{MaxFields, counts.fields, l.Fields},
	} {
		if bound.count > bound.maximum {
			exceeded = append(exceeded, gqlerror.Wrap(&Error{Limit: bound.name, Maximum: bound.maximum}))
		}
	}
	return exceeded
}

// The names of the limits, as in the settings and in extensions.limit.
const (
	MaxTokens     = "max-tokens"
	MaxDepth      = "max-depth"
	MaxAliases    = "max-aliases"
	MaxRootFields = "max-root-fields"
	MaxDirectives = "max-directives"
	MaxFields     = "max-fields"
	// These are not about the document alone: they are checked where the variables are known.
	MaxOrders        = "max-orders"
	MaxAttributeKeys = "max-attribute-keys"
	// MaxResponse is checked while the response is written.
	MaxResponse = "max-response"
)

// Error says that a request exceeds a limit. Its text is for the client.
type Error struct {
	// Limit is the name of the setting, Maximum its value.
	Limit   string
	Maximum int
}

var excesses = map[string]string{
	MaxTokens:        "The document has too many tokens",
	MaxDepth:         "The document nests too deep",
	MaxAliases:       "The document has too many aliases",
	MaxRootFields:    "The document has too many root fields",
	MaxDirectives:    "The document has too many directives",
	MaxFields:        "The document has too many fields",
	MaxOrders:        "The request names too many orders, or one order too often",
	MaxAttributeKeys: "The request names too many keys of extra attributes",
	MaxResponse:      "The order does not fit into the response, in bytes",
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s is %d.", excesses[e.Limit], e.Limit, e.Maximum)
}

// saturated is what counts stop at: a bomb's real number overflows every integer.
const saturated = math.MaxInt32

func add(a, b int) int { return min(a+b, saturated) }
