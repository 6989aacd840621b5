package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// fortyFields selects 42 fields, as a page that shows an order would.
const fortyFields = `{id status createdAt paidAt updatedAt total{amount currencyCode} shippingFee{amount} ` +
	`merchandiseTotal{amount} buyer{loginId userId} seller{loginId userId} ` +
	`lineItems{id name quantity unit status unitPrice{amount} total{amount} product{id} imageUrls skuId} ` +
	`domesticShipping{recipientName province city district addressLine ` +
	`shipments{id trackingNumber status shippedAt lineItemIds}}}`

// fewFields selects what a request checks, and a field that has to be asked for upstream by name.
const fewFields = `{id status lineItems{id} domesticShipping{city}}`

// allFields selects every field of an order in the schema, but for those that lead back, such as from
// a shipment to its line items.
func allFields(schema string) (string, error) {
	document, err := parser.ParseSchema(&ast.Source{Name: "schema.graphqls", Input: schema})
	if err != nil {
		return "", fmt.Errorf("the schema: %w", err)
	}
	types := objectTypes{}
	for _, definition := range append(document.Definitions, document.Extensions...) {
		if definition.Kind == ast.Object {
			types[definition.Name] = append(types[definition.Name], definition.Fields...)
		}
	}
	if len(types["Order"]) == 0 {
		return "", fmt.Errorf("the schema has no type Order")
	}
	return types.selection("Order"), nil
}

// objectTypes holds the fields of each object type.
type objectTypes map[string]ast.FieldList

func (o objectTypes) selection(name string) string {
	var text strings.Builder
	for _, field := range o[name] {
		kind := field.Type.Name()
		if o.reaches(kind, name, map[string]bool{}) {
			continue
		}
		text.WriteByte(' ')
		text.WriteString(field.Name)
		if len(o[kind]) > 0 {
			text.WriteString(o.selection(kind))
		}
	}
	return "{" + strings.TrimPrefix(text.String(), " ") + "}"
}

// reaches reports whether the fields of from, or of what they lead to, have the type to.
func (o objectTypes) reaches(from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, field := range o[from] {
		if o.reaches(field.Type.Name(), to, seen) {
			return true
		}
	}
	return false
}

// persistedQuery returns the extension that names query by its hash.
func persistedQuery(query string) string {
	text, err := json.Marshal(map[string]any{"persistedQuery": map[string]any{
		"version": 1, "sha256Hash": fmt.Sprintf("%x", sha256.Sum256([]byte(query))),
	}})
	if err != nil {
		panic(err) // Texts and numbers can be written as JSON.
	}
	return string(text)
}
