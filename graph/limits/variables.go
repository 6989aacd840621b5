package limits

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// VariableError says why a variable of a request is refused. Its text is for the client, and repeats no
// value.
type VariableError struct {
	variable string
	path     string // within the variable, as in "[2].id"
	problem  string
}

func (e *VariableError) Error() string {
	return fmt.Sprintf("Variable %q %s.", "$"+e.variable+e.path, e.problem)
}

// within returns the error as one of the value that holds the refused one under step.
func (e *VariableError) within(step string) *VariableError {
	e.path = step + e.path
	return e
}

// coerceVariables returns the variables of an operation by the specification's rules for the coercion
// of variables, so that planning and execution see one and the same value: an ID is a text, an enum value
// its name, a list a []any even if one value was given for it, and what was left out has its default. A
// variable without a value and without a default is absent, which differs from null.
//
// gqlparser coerces, too, but accepts numbers as texts and enum values in any case, checks numbers of no
// list, and leaves defaults as they are written (vektah/gqlparser#126). What is returned here passes its
// check unchanged.
func coerceVariables(schema *ast.Schema, operation *ast.OperationDefinition, given map[string]any) (map[string]any, *VariableError) {
	coerced := make(map[string]any, len(operation.VariableDefinitions))
	for _, definition := range operation.VariableDefinitions {
		value, isGiven := given[definition.Variable]
		if !isGiven {
			if definition.DefaultValue == nil && !definition.Type.NonNull {
				continue
			}
			value, isGiven = defaultValue(definition.DefaultValue)
		}
		if !isGiven {
			return nil, &VariableError{variable: definition.Variable, problem: "is missing"}
		}
		result, err := coerce(schema, definition.Type, value)
		if err != nil {
			err.variable = definition.Variable
			return nil, err
		}
		coerced[definition.Variable] = result
	}
	return coerced, nil
}

// defaultValue returns a default of a document or schema that has proven valid; false if there is none.
func defaultValue(literal *ast.Value) (value any, isGiven bool) {
	if literal == nil {
		return nil, false
	}
	value, err := literal.Value(nil)
	return value, err == nil
}

// coerce returns a value of JSON, or of a literal, as a value of typ.
func coerce(schema *ast.Schema, typ *ast.Type, value any) (any, *VariableError) {
	switch {
	case value == nil && typ.NonNull:
		return nil, &VariableError{problem: "must not be null"}
	case value == nil:
		return nil, nil
	case typ.Elem != nil:
		return coerceList(schema, typ.Elem, value)
	}
	definition := schema.Types[typ.NamedType]
	switch definition.Kind {
	case ast.Enum:
		name, isName := value.(string)
		if !isName || definition.EnumValues.ForName(name) == nil {
			return nil, &VariableError{problem: "must be a value of the enum " + definition.Name}
		}
		return name, nil
	case ast.InputObject:
		return coerceObject(schema, definition, value)
	default:
		return coerceScalar(definition.Name, value)
	}
}

func coerceList(schema *ast.Schema, element *ast.Type, value any) (any, *VariableError) {
	elements, isList := value.([]any)
	if !isList {
		only, err := coerce(schema, element, value)
		return []any{only}, err
	}
	coerced := make([]any, len(elements))
	for i, value := range elements {
		result, err := coerce(schema, element, value)
		if err != nil {
			return nil, err.within("[" + strconv.Itoa(i) + "]")
		}
		coerced[i] = result
	}
	return coerced, nil
}

func coerceObject(schema *ast.Schema, definition *ast.Definition, value any) (any, *VariableError) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, &VariableError{problem: "must be an object of the type " + definition.Name}
	}
	coerced := make(map[string]any, len(definition.Fields))
	known := 0
	for _, field := range definition.Fields {
		value, isGiven := object[field.Name]
		if isGiven {
			known++
		} else if value, isGiven = defaultValue(field.DefaultValue); !isGiven {
			if field.Type.NonNull {
				return nil, (&VariableError{problem: "is missing"}).within("." + field.Name)
			}
			continue
		}
		result, err := coerce(schema, field.Type, value)
		if err != nil {
			return nil, err.within("." + field.Name)
		}
		coerced[field.Name] = result
	}
	if known < len(object) {
		return nil, &VariableError{problem: "has a field that " + definition.Name + " does not have"}
	}
	if definition.Directives.ForName("oneOf") != nil && !isOneOf(coerced) {
		return nil, &VariableError{problem: "must have exactly one field, which is not null"}
	}
	return coerced, nil
}

func isOneOf(object map[string]any) bool {
	for _, value := range object {
		return len(object) == 1 && value != nil
	}
	return false
}

// coerceScalar leaves a custom scalar as it is: its own type reads it.
func coerceScalar(name string, value any) (any, *VariableError) {
	var problem string
	switch name {
	case "String":
		if _, isText := value.(string); isText {
			return value, nil
		}
		problem = "must be a String"
	case "Boolean":
		if _, isBoolean := value.(bool); isBoolean {
			return value, nil
		}
		problem = "must be a Boolean"
	case "ID":
		if text, isID := coerceID(value); isID {
			return text, nil
		}
		problem = "must be an ID: a String or a whole number"
	case "Int":
		if number, isInt := coerceInt(value); isInt {
			return number, nil
		}
		problem = "must be an Int: a whole number of 32 bits"
	case "Float":
		if number, isFloat := coerceFloat(value); isFloat {
			return number, nil
		}
		problem = "must be a Float"
	default:
		return value, nil
	}
	return nil, &VariableError{problem: problem}
}

// coerceID keeps every digit of a number.
func coerceID(value any) (text string, ok bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), isWholeNumber(value.String())
	case int64:
		return strconv.FormatInt(value, 10), true
	default:
		return "", false
	}
}

// isWholeNumber reports whether a number of JSON has neither a fraction nor an exponent.
func isWholeNumber(number string) bool {
	return !slices.ContainsFunc([]byte(number), func(c byte) bool { return c == '.' || c == 'e' || c == 'E' })
}

// coerceInt accepts 1.0 and 1e2 as well, which have no fractional part.
func coerceInt(value any) (number int64, ok bool) {
	float, ok := coerceFloat(value)
	whole := float == math.Trunc(float) && math.MinInt32 <= float && float <= math.MaxInt32
	if !ok || !whole {
		return 0, false
	}
	return int64(float), true
}

func coerceFloat(value any) (number float64, ok bool) {
	switch value := value.(type) {
	case json.Number:
		number, err := value.Float64()
		return number, err == nil
	case int64:
		return float64(value), true
	case float64:
		return value, true
	default:
		return 0, false
	}
}
