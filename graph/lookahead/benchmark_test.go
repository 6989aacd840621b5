package lookahead

import (
	"fmt"
	"strings"
	"testing"
)

// fortyFields is a usual query: 40 fields, three domains, one fragment.
const fortyFields = `{order(id:1){
	id total status note
	a: id b: total c: status d: note
	buyer{id name a: id b: name}
	lineItems{id total name a: id b: total c: name product{id name} shipments{id}}
	shipping{city a: city shipments{id a: id ...shipment}}
	invoice{id title a: id b: title}
	guarantees{name}
	reviews{status}
}} fragment shipment on Shipment{b: id lineItems{id name total}}`

func BenchmarkNeeds(b *testing.B) {
	plan, schema := compile(b)
	wide := &strings.Builder{}
	wide.WriteString("{order(id:1){")
	for i := range 300 {
		fmt.Fprintf(wide, "f%d: status ", i)
	}
	wide.WriteString("}}")
	for _, query := range []struct{ name, text string }{
		{"40 fields", fortyFields},
		{"300 fields", wide.String()},
		{"keys", `{order(id:1){extraAttributes(keys:["b","a"]){key}}}`},
	} {
		b.Run(query.name, func(b *testing.B) {
			field, variables := rootField(b, schema, query.text, nil)
			b.ReportAllocs()
			for b.Loop() {
				plan.Needs(field.SelectionSet, variables, 100)
			}
		})
	}
	for _, query := range []struct{ name, text string }{
		{"spread bomb", fragmentBomb()},
		{"nested spread bomb", nestedFragmentBomb()},
	} {
		b.Run(query.name, func(b *testing.B) {
			field := parse(b, schema, query.text)
			b.ReportAllocs()
			for b.Loop() {
				plan.Needs(field.SelectionSet, nil, 100)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	schema := loadSchema(b, schemaText)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(schema); err != nil {
			b.Fatal(err)
		}
	}
}
