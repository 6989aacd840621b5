// Package restfields tells of each field of the upstream's document by which field of the schema it is read: for those
// who know the REST interface and look for its fields in GraphQL.
package restfields

import (
	_ "embed" // the inventory
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Row is a row of the upstream's response table (返回参数).
type Row struct {
	// RestPath is where the value stands in the answer, as in result.base_info.pay_time, RestName its last name.
	RestPath string `json:"restPath"`
	RestName string `json:"restName"`
	// Chinese is the document's own description.
	Chinese string `json:"chinese"`
	// Path is the path in the schema, as in Order.paidAt. Four rows that are not of an order have another one, or -.
	Path string `json:"path"`
	// Type is the type of that field, and Nullable whether it may be null.
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
	// Unit is the unit or the form of the value on the wire.
	Unit string `json:"unit"`
	// Domain is the value of include_fields that the upstream needs for it; empty for what every answer has.
	Domain string `json:"domain"`
	// Meaning is the schema's description, without the upstream's terms.
	Meaning string `json:"meaning"`
}

// inventory has a row for each of the document's, by hand.
//
//go:embed fields.tsv
var inventory string

// Rows returns all rows in the order of the document, with the meanings that the schema gives its fields.
func Rows(schema *ast.Schema) ([]Row, error) {
	reader := csv.NewReader(strings.NewReader(inventory))
	reader.Comma, reader.LazyQuotes = '\t', true
	records, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the inventory: %w", err)
	}
	header := records[0]
	rows := make([]Row, 0, len(records)-1)
	for _, record := range records[1:] {
		of := func(column string) string { return record[slices.Index(header, column)] }
		row := Row{
			RestPath: of("upstream_path"), Chinese: of("documented_description"), Path: of("graphql_path"), Type: of("graphql_type"),
			Nullable: of("nullable") != "no", Unit: of("unit_or_format"), Domain: of("include_field"),
		}
		row.RestName = row.RestPath[strings.LastIndexByte(row.RestPath, '.')+1:]
		if row.Domain == "base" || row.Domain == "envelope" {
			row.Domain = ""
		}
		row.Meaning = withoutTerms(describe(schema, row.Path))
		rows = append(rows, row)
	}
	return rows, nil
}

// describe returns the description of the field at a path, which begins with a type.
func describe(schema *ast.Schema, path string) (description string) {
	first, rest, _ := strings.Cut(path, ".")
	definition := schema.Types[first]
	if definition == nil {
		return ""
	}
	if rest == "" {
		return definition.Description
	}
	for name := range strings.SplitSeq(rest, ".") {
		if definition == nil {
			return ""
		}
		field := definition.Fields.ForName(name)
		if field == nil {
			return ""
		}
		description, definition = field.Description, schema.Types[field.Type.Name()]
	}
	return description
}

// withoutTerms cuts off the upstream's terms, which a description ends with in parentheses.
func withoutTerms(description string) string {
	if !strings.HasSuffix(description, ")") {
		return description
	}
	depth := 0
	for at := len(description) - 1; at >= 0; at-- {
		switch description[at] {
		case ')':
			depth++
		case '(':
			depth--
		}
		if depth == 0 {
			return strings.TrimSpace(description[:at])
		}
	}
	return description
}

// Search returns the rows in which a term occurs: in its names, its paths or its meaning, in either language, in any
// case. The rows whose REST name it is come first.
func Search(rows []Row, term string) []Row {
	term = strings.ToLower(strings.TrimSpace(term))
	var named, others []Row
	for _, row := range rows {
		switch text := strings.ToLower(strings.Join([]string{row.RestPath, row.Chinese, row.Path, row.Type, row.Meaning}, "\n")); {
		case term != "" && row.RestName == term:
			named = append(named, row)
		case strings.Contains(text, term):
			others = append(others, row)
		}
	}
	return append(named, others...)
}

// TSV returns rows as tab-separated values, with a line of names.
func TSV(rows []Row) string {
	var text strings.Builder
	text.WriteString("restPath\tchinese\tpath\ttype\tnullable\tunit\tdomain\tmeaning\n")
	oneCell := strings.NewReplacer("\t", " ", "\n", " ")
	for _, row := range rows {
		cells := []string{row.RestPath, row.Chinese, row.Path, row.Type, fmt.Sprint(row.Nullable), row.Unit, row.Domain, row.Meaning}
		for i := range cells {
			cells[i] = oneCell.Replace(cells[i])
		}
		text.WriteString(strings.Join(cells, "\t") + "\n")
	}
	return text.String()
}
