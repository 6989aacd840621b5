package limits

import (
	"cmp"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// longestHinted is the longest name or value, in bytes, for which "Did you mean" is looked for: the
// search takes time in proportion to it, for each name of the schema. The schema's own names are
// much shorter.
const longestHinted = 64

// validator decides about one document at a time, in place of gqlparser's set of rules.
type validator struct {
	limits         Limits
	hinting, plain []core.Rule
}

func newValidator(limits Limits, suggestions bool) *validator {
	v := &validator{limits: limits, plain: standardRules(false)}
	v.hinting = v.plain
	if suggestions {
		v.hinting = standardRules(true)
	}
	return v
}

// validate returns why document is refused, at most maxErrors reasons, and notes in the document what
// execution needs of the schema. Each step is cheap because the ones before have passed.
func (v *validator) validate(schema *ast.Schema, document ast.QueryDocument) gqlerror.List {
	counts, m := measure(&document)
	if exceeded := v.limits.check(counts); len(exceeded) > 0 {
		return present(exceeded)
	}
	list := v.hinting
	if m.longestWord > longestHinted {
		list = v.plain
	}
	if found := applyRules(schema, document, list, m.cycles); len(found) > 0 {
		return found
	}
	return merge(document)
}

// standardRules returns gqlparser's rules but two: measure finds fragment cycles, merge the
// overlapping fields that can't be merged.
func standardRules(suggestions bool) []core.Rule {
	list := []core.Rule{
		numbersAsText,
		rules.FragmentsOnCompositeTypesRule, rules.KnownDirectivesRule, rules.KnownFragmentNamesRule,
		rules.KnownRootTypeRule, rules.LoneAnonymousOperationRule, rules.MaxIntrospectionDepth,
		rules.NoUndefinedVariablesRule, rules.NoUnusedFragmentsRule, rules.NoUnusedVariablesRule,
		rules.PossibleFragmentSpreadsRule,
		rules.ProvidedRequiredArgumentsRule, rules.SingleFieldSubscriptionsRule,
		rules.UniqueArgumentNamesRule, rules.UniqueDirectivesPerLocationRule,
		rules.UniqueFragmentNamesRule, rules.UniqueInputFieldNamesRule, rules.UniqueOperationNamesRule, rules.UniqueVariableNamesRule,
		rules.VariablesAreInputTypesRule, rules.VariablesInAllowedPositionRule,
	}
	if suggestions {
		list = append(
			list, rules.FieldsOnCorrectTypeRule, rules.KnownArgumentNamesRule, rules.KnownTypeNamesRule,
			rules.ScalarLeafsRule, rules.ValuesOfCorrectTypeRule,
		)
	} else {
		list = append(
			list, rules.FieldsOnCorrectTypeRuleWithoutSuggestions, rules.KnownArgumentNamesRuleWithoutSuggestions,
			rules.KnownTypeNamesRuleWithoutSuggestions, rules.ScalarLeafsRuleWithoutSuggestions,
			rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
		)
	}
	slices.SortFunc(list, func(a, b core.Rule) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// applyRules returns found and what the rules in list find, at most maxErrors in all.
func applyRules(schema *ast.Schema, document ast.QueryDocument, list []core.Rule, found gqlerror.List) gqlerror.List {
	events := &core.Events{}
	for _, rule := range list {
		rule.RuleFunc(events, func(options ...core.ErrorOption) {
			if len(found) >= maxErrors {
				*events = core.Events{} // Enough: all rules stop.
				return
			}
			err := &gqlerror.Error{Rule: rule.Name}
			for _, option := range options {
				option(err)
			}
			found = append(found, err)
		})
	}
	walkOperations(schema, document, events)
	walkFragments(schema, document, events)
	return found
}

// walkOperations walks the operations and what they spread. Left to itself, gqlparser would then walk
// each fragment with all that it spreads, which is quadratic; so it finds no fragments any more. The
// document is a copy.
func walkOperations(schema *ast.Schema, document ast.QueryDocument, events *core.Events) {
	left := len(document.Operations)
	events.OnOperation(func(walker *core.Walker, _ *ast.OperationDefinition) {
		if left--; left == 0 {
			walker.Document.Fragments = nil
		}
	})
	core.Walk(schema, &document, events)
}

// walkFragments walks the definitions of the fragments without what is in them: that has been looked
// at wherever they are spread, and one that is spread nowhere is refused as such.
func walkFragments(schema *ast.Schema, document ast.QueryDocument, events *core.Events) {
	var definitions ast.QueryDocument
	for _, fragment := range document.Fragments {
		fragment.Definition = schema.Types[fragment.TypeCondition]
		definitions.Fragments = append(definitions.Fragments, &ast.FragmentDefinition{
			Name: fragment.Name, TypeCondition: fragment.TypeCondition, Position: fragment.Position,
		})
	}
	core.Walk(schema, &definitions, events)
}
