package limits

import (
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

func TestNumbersKeepEveryDigit(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		scalar Any
		type Query { byID(id: ID, ids: [ID]): Int byInt(number: Int, fraction: Float): Int byAny(any: Any): Int }
	`})
	tests := []struct {
		query string
		valid bool
	}{
		{`{byID(id: 99999999999999999999)}`, true},
		{`{byID(ids: [1, 99999999999999999999, "x"])}`, true},
		{`{byID(ids: 99999999999999999999)}`, true},
		{`query($id: ID = 99999999999999999999) {byID(id: $id)}`, true},
		{`{byID(id: 1.5)}`, false},
		{`{byID(id: true)}`, false},
		{`{byAny(any: 1e400)}`, true},
		{`{byAny(any: {a: [99999999999999999999, {b: 1e400}]})}`, true},
		{`{byInt(number: 99999999999999999999)}`, false},
		{`{byInt(number: 5, fraction: 5.5)}`, true},
		{`{byInt(number: 5, fraction: 5)}`, true},
	}
	for _, test := range tests {
		document, _, errs := NewParser(schema, Limits{}, true).read(test.query)
		if valid := len(errs) == 0; valid != test.valid {
			t.Errorf("%s: valid %v, want %v: %v", test.query, valid, test.valid, errs)
			continue
		}
		if !test.valid {
			continue
		}
		field := document.Operations[0].SelectionSet[0].(*ast.Field)
		for _, argument := range field.Arguments {
			if _, err := argument.Value.Value(nil); err != nil {
				t.Errorf("%s: %v", test.query, err)
			}
		}
	}
}
