package limits

import (
	"cmp"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

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

// numbersAsText is no rule but a repair: it makes the document's numbers texts where a scalar keeps
// every digit. A literal ID may be a whole number of any size, and a custom scalar may hold any
// number; gqlparser would read both into 64 bits, refuse a larger ID as if it were no ID, and panic
// over a custom scalar when the field is executed. It must stand before ValuesOfCorrectType.
var numbersAsText = core.Rule{Name: "NumbersAsText", RuleFunc: func(events *core.Events, _ core.AddErrFunc) {
	events.OnValue(func(_ *core.Walker, value *ast.Value) {
		switch value.Kind {
		case ast.IntValue:
			if isCustom(value.Definition) || value.Definition.Name == "ID" {
				value.Kind = ast.StringValue
			}
		case ast.FloatValue:
			if isCustom(value.Definition) {
				value.Kind = ast.StringValue
			}
		}
	})
}}

// isCustom reports whether a value of the type is read by a scalar of ours, or is within one, where
// nothing has a type.
func isCustom(definition *ast.Definition) bool {
	if definition == nil {
		return true
	}
	return definition.Kind == ast.Scalar &&
		!slices.Contains([]string{"Int", "Float", "String", "Boolean", "ID"}, definition.Name)
}
