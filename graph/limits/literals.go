package limits

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

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

// isCustom tells whether a value of the type is read by a scalar of ours, or is within one, where
// nothing has a type.
func isCustom(definition *ast.Definition) bool {
	if definition == nil {
		return true
	}
	return definition.Kind == ast.Scalar &&
		!slices.Contains([]string{"Int", "Float", "String", "Boolean", "ID"}, definition.Name)
}
