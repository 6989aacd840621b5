package graph_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/upstream"
)

// fieldRow is one row of restfields/fields.tsv: one field of the upstream's response.
type fieldRow struct{ upstreamPath, unit, path, typeName, nullable, domain string }

func readFieldRows(t testing.TB) []fieldRow {
	t.Helper()
	file, err := os.Open("restfields/fields.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comma, reader.LazyQuotes = '\t', true
	records, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(records[0], name) }
	var rows []fieldRow
	for _, record := range records[1:] {
		row := fieldRow{
			upstreamPath: record[column("upstream_path")],
			unit:         record[column("unit_or_format")],
			path:         record[column("graphql_path")],
			typeName:     record[column("graphql_type")],
			nullable:     record[column("nullable")],
			domain:       record[column("include_field")],
		}
		if strings.HasPrefix(row.path, "Order.") {
			rows = append(rows, row)
		}
	}
	if len(records) != 296 || len(rows) != 291 {
		t.Fatalf("restfields/fields.tsv has %d rows, %d of them of an order; want 296 and 291", len(records), len(rows))
	}
	return rows
}

func readSchema(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func federationSource(t *testing.T) *ast.Source {
	t.Helper()
	text, err := os.ReadFile("federation.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	return &ast.Source{Name: "federation.graphqls", Input: string(text)}
}

// schemaProblems returns everything in which a schema differs from what it must be, one line each.
func schemaProblems(t *testing.T, text string, rows []fieldRow) []string {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: text}, federationSource(t))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(
		inventoryProblems(schema, rows),
		rawTwinProblems(schema),
		descriptionProblems(schema),
		valueProblems(t, schema),
		tagProblems(schema),
		domainProblems(schema),
		contractProblems(schema, readEnums(t)),
		entityProblems(schema),
	)
}

func TestSchema(t *testing.T) {
	for _, problem := range schemaProblems(t, readSchema(t), readFieldRows(t)) {
		t.Error(problem)
	}
}

// TestSchemaProblems does harm to the schema and wants each one noticed.
func TestSchemaProblems(t *testing.T) {
	text, rows := readSchema(t), readFieldRows(t)
	tests := []struct{ name, old, new, problem string }{
		{"field gone", "  qualityAssurance: String\n", "  x: String\n", "Order.guarantees.qualityAssurance: missing"},
		{"other type", "  trackingNumber: String\n", "  trackingNumber: ID\n", "Order.domesticShipping.shipments.trackingNumber: is ID, want String"},
		{"not nullable", "  orderNote: String @tag", "  orderNote: String! @tag", "Order.orderNote: is String!, want String"},
		{"nullable list", "  payments: [OrderPayment!]!\n", "  payments: [OrderPayment!]\n", "Order.payments: is [OrderPayment!], want [OrderPayment!]!"},
		{"domain gone", `OrderInvoice @domain(name: "OrderInvoice")`, "OrderInvoice", "Order.invoice.title: needs no domain, want OrderInvoice"},
		{"domain too much", "  reviews: OrderReviews\n", "  reviews: OrderReviews @domain(name: \"RateDetail\")\n", "Order.reviews: needs RateDetail, want no domain"},
		{"domain of a link", `shipments: [OrderShipment!] @domain(name: "NativeLogistics")`, "shipments: [OrderShipment!]", "OrderLineItem.shipments: needs no domain, want NativeLogistics"},
		{"unknown domain", `@domain(name: "OrderInvoice")`, `@domain(name: "Invoice")`, `Order.invoice: unknown domain "Invoice"`},
		{"twin gone", "  methodRaw: String\n", "  x: String\n", "OrderPayment.methodRaw: missing"},
		{"description gone", "  \"Who carries it. (物流公司, `logistics_items.logistics_company_*`)\"\n", "", "OrderShipment.carrier: no description"},
		{"value without description", "  \"Version 2.0. (版本 2.0, `2`)\"\n", "", "Edition.V2: no description"},
		{"argument without description", "    \"Keys to ask the upstream for in addition. (垂直表中的attributeKeys, `attribute_keys`)\"\n", "", "Order.extraAttributes(keys:): no description"},
		{"description without its path", "`customs.attributes.c_name`", "`c`", "OrderCustomsItem.chineseName: description lacks `…c_name`"},
		{"value without Chinese", "(买家取消订单; `buyerCancel`)", "(`buyerCancel`)", "OrderCancellationReason.BUYER_CANCELLED: description lacks the Chinese term"},
		{"value without its form", "(买家取消订单; `buyerCancel`)", "(买家取消订单)", "BUYER_CANCELLED: description lacks what the upstream sends"},
		{"sandbox", "One order. It is", "One order of the sandbox. It is", "Query.order: description speaks of what isn't there"},
		{"description without Chinese", "(英文名称, `customs", "(`customs", "OrderCustomsItem.englishName: description lacks the Chinese term"},
		{"default gone", "webSite: WebSite! = CN_1688\n    \"The version of the upstream's answer: ", "webSite: WebSite!\n    \"The version of the upstream's answer: ", "Query.order(webSite:): is WebSite!, want WebSite! = CN_1688"},
		{"link gone", "  member: Member @tag(name: \"pii\")\n}\n\n\"Who sells", "  x: Member\n}\n\n\"Who sells", "OrderBuyer.member: missing"},
		{"key of another site", `type Order @key(fields: "webSite id")`, `type Order @key(fields: "webSite id") @key(fields: "id")`, `Order: keys are [webSite id id], want [webSite id]`},
		{"tag gone", `taxpayerId: String @tag(name: "pii")`, "taxpayerId: String", "OrderInvoice.taxpayerId: is described as personal data and not tagged"},
		{"tag of a type gone", `type OrderContact @tag(name: "pii")`, "type OrderContact", "OrderContact: is described as personal data and not tagged"},
		{"tag of a way there gone", `recipient: OrderRecipient @tag(name: "pii")`, "recipient: OrderRecipient", "Order.recipient: is described as personal data and not tagged"},
		{"other tag", `buyerMemo: String @tag(name: "pii")`, `buyerMemo: String @tag(name: "private")`, "Order.buyerMemo: is tagged private"},
		{"tag without a word", "The taxpayer's number. Personal data.", "The taxpayer's number.", "OrderInvoice.taxpayerId: is tagged and not described as personal data"},
		{"personal by its name", "  trackingNumber: String\n", "  trackingNumber: String\n  \"The number.\"\n  receiverPhone: String\n", "OrderShipment.receiverPhone: is not described as personal data"},
		{"value gone", "  ONE_CENT_SAMPLE\n", "  TWO_CENT_SAMPLE\n", "OrderBusinessType: lacks ONE_CENT_SAMPLE"},
		{"value too much", "  SIGN_FAILED\n", "  SIGN_FAILED\n  \"Lost.\"\n  LOST\n", "OrderStatus.LOST: not in enums.tsv"},
		{"UNKNOWN gone", "  SELLER_REFUSED\n  \"A value that is not known yet: the raw field beside this one has what was sent. (未枚举: 其他状态)\"\n  UNKNOWN\n", "  SELLER_REFUSED\n", "OrderRefundStatus: lacks UNKNOWN"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			harmed := strings.Replace(text, test.old, test.new, 1)
			if harmed == text {
				t.Fatalf("the schema has no %q", test.old)
			}
			problems := schemaProblems(t, harmed, rows)
			if !slices.ContainsFunc(problems, func(problem string) bool { return strings.Contains(problem, test.problem) }) {
				t.Errorf("problems are %q, want one with %q", problems, test.problem)
			}
		})
	}
}

// inventoryProblems walks the path of every row.
func inventoryProblems(schema *ast.Schema, rows []fieldRow) []string {
	required := map[string]bool{}
	for _, row := range rows {
		required[row.path] = required[row.path] || row.nullable == "no"
	}
	var problems []string
	for _, row := range rows {
		want := row.typeName
		if required[row.path] {
			want += "!"
		}
		fields, found := walk(schema, row.path)
		if !found {
			problems = append(problems, row.path+": missing")
			continue
		}
		field := fields[len(fields)-1]
		if got := field.Type.String(); got != want {
			problems = append(problems, fmt.Sprintf("%s: is %s, want %s", row.path, got, want))
		}
		if problem := domainProblem(fields, row.domain); problem != "" {
			problems = append(problems, row.path+": "+problem)
		}
		owner, _ := walk(schema, row.path[:strings.LastIndexByte(row.path, '.')])
		for _, lack := range descriptionLacks(field, row) {
			problems = append(problems, fmt.Sprintf("%s.%s: description lacks %s", typeNameOf(owner), field.Name, lack))
		}
	}
	return problems
}

// walk returns the field definitions along a path that begins with a type's name.
func walk(schema *ast.Schema, path string) (fields []*ast.FieldDefinition, found bool) {
	names := strings.Split(path, ".")
	owner := schema.Types[names[0]]
	for _, name := range names[1:] {
		if owner == nil {
			return fields, false
		}
		field := owner.Fields.ForName(name)
		if field == nil {
			return fields, false
		}
		fields = append(fields, field)
		owner = schema.Types[field.Type.Name()]
	}
	return fields, true
}

func typeNameOf(fields []*ast.FieldDefinition) string {
	if len(fields) == 0 {
		return "Order"
	}
	return fields[len(fields)-1].Type.Name()
}

func domainOf(field *ast.FieldDefinition) string {
	directive := field.Directives.ForName("domain")
	if directive == nil {
		return ""
	}
	return directive.Arguments.ForName("name").Value.Raw
}

// domainProblem compares the domains along a path with the one that its row names.
func domainProblem(fields []*ast.FieldDefinition, want string) string {
	if want == "base" || want == "envelope" {
		want = ""
	}
	var got []string
	for _, field := range fields {
		if domain := domainOf(field); domain != "" {
			got = append(got, domain)
		}
	}
	if strings.Join(got, " and ") == want {
		return ""
	}
	return fmt.Sprintf("needs %s, want %s", orNone(strings.Join(got, " and ")), orNone(want))
}

func orNone(domain string) string {
	if domain == "" {
		return "no domain"
	}
	return domain
}

var codeSpan = regexp.MustCompile("`[^`]+`")

// descriptionLacks tells what a description must have and has not: the upstream's name for the field.
func descriptionLacks(field *ast.FieldDefinition, row fieldRow) (lacks []string) {
	wire := row.upstreamPath[strings.LastIndexByte(row.upstreamPath, '.')+1:]
	named := slices.ContainsFunc(codeSpan.FindAllString(field.Description, -1), func(span string) bool {
		span = strings.Trim(span, "`")
		return span == wire || strings.HasSuffix(span, "."+wire)
	})
	if !named {
		lacks = append(lacks, "`…"+wire+"`")
	}
	return lacks
}

func hasHan(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// valueProblems looks for values of enums whose description doesn't have a form in which the upstream sends them.
func valueProblems(t *testing.T, schema *ast.Schema) (problems []string) {
	named := map[*ast.EnumValueDefinition]bool{}
	for enum, forms := range readEnums(t) {
		for form, name := range forms {
			value := schema.Types[enum].EnumValues.ForName(name)
			if value == nil {
				continue // enumProblems tells
			}
			named[value] = named[value] || slices.ContainsFunc(codeSpan.FindAllString(value.Description, -1), func(span string) bool {
				return plain(span) == form
			})
		}
	}
	for value, is := range named {
		if !is {
			problems = append(problems, value.Name+": description lacks what the upstream sends")
		}
	}
	return problems
}

var (
	// personalNames are the names of fields that can only hold personal data.
	personalNames = regexp.MustCompile(`(?i)(phone|email|fax|fullName|recipientName|contactName|senderName|nickname|address|postalCode|taxpayer|bank|loginId|alipayId|userId|memberId|note$|message$|memo$)`)
	saysPersonal  = regexp.MustCompile(`(?i)\bpersonal data\b`)
)

// tagProblems wants the tag pii on what its description, that of its type, or that of the type that it leads to, calls
// personal data, and nowhere else: routers and catalogues read tags, people descriptions.
func tagProblems(schema *ast.Schema) (problems []string) {
	check := func(name string, directives ast.DirectiveList, personal bool) {
		tags := directives.ForNames("tag")
		switch {
		case personal && len(tags) == 0:
			problems = append(problems, name+": is described as personal data and not tagged")
		case !personal && len(tags) > 0:
			problems = append(problems, name+": is tagged and not described as personal data")
		case len(tags) > 0 && tags[0].Arguments.ForName("name").Value.Raw != "pii":
			problems = append(problems, name+": is tagged "+tags[0].Arguments.ForName("name").Value.Raw)
		}
	}
	for _, definition := range schema.Types {
		whole := saysPersonal.MatchString(definition.Description)
		check(definition.Name, definition.Directives, whole)
		for _, field := range definition.Fields {
			name := definition.Name + "." + field.Name
			personal := whole || saysPersonal.MatchString(field.Description) || saysPersonal.MatchString(schema.Types[field.Type.Name()].Description)
			check(name, field.Directives, personal)
			if !personal && schema.Types[field.Type.Name()].Kind == ast.Scalar && personalNames.MatchString(field.Name) {
				problems = append(problems, name+": is not described as personal data")
			}
		}
	}
	return problems
}

// rawTwinProblems looks for the raw twin of every field of an open enum.
func rawTwinProblems(schema *ast.Schema) (problems []string) {
	for _, definition := range schema.Types {
		for _, field := range definition.Fields {
			enum := schema.Types[field.Type.Name()]
			if definition.BuiltIn || enum.Kind != ast.Enum || enum.EnumValues.ForName("UNKNOWN") == nil {
				continue
			}
			name := definition.Name + "." + field.Name + "Raw"
			twin := definition.Fields.ForName(field.Name + "Raw")
			if twin == nil {
				problems = append(problems, name+": missing")
			} else if twin.Type.String() != "String" {
				problems = append(problems, fmt.Sprintf("%s: is %s, want String", name, twin.Type))
			}
		}
	}
	return problems
}

// descriptionProblems looks for definitions without a description in English and the upstream's Chinese term.
func descriptionProblems(schema *ast.Schema) (problems []string) {
	described := func(name, description string) {
		switch {
		case strings.TrimSpace(description) == "":
			problems = append(problems, name+": no description")
		case !hasHan(description):
			problems = append(problems, name+": description lacks the Chinese term")
		case strings.Contains(description, "sandbox"):
			problems = append(problems, name+": description speaks of what isn't there with a real upstream")
		}
	}
	described("schema", schema.Description)
	for _, definition := range schema.Types {
		if definition.BuiltIn || strings.HasPrefix(definition.Name, "_") || strings.Contains(definition.Name, "__") {
			continue
		}
		described(definition.Name, definition.Description)
		for _, value := range definition.EnumValues {
			described(definition.Name+"."+value.Name, value.Description)
		}
		for _, field := range definition.Fields {
			if strings.HasPrefix(field.Name, "_") {
				continue
			}
			described(definition.Name+"."+field.Name, field.Description)
			for _, argument := range field.Arguments {
				described(fmt.Sprintf("%s.%s(%s:)", definition.Name, field.Name, argument.Name), argument.Description)
			}
		}
	}
	described("@domain", schema.Directives["domain"].Description)
	for _, argument := range schema.Directives["domain"].Arguments {
		described("@domain("+argument.Name+":)", argument.Description)
	}
	return problems
}

func domainProblems(schema *ast.Schema) (problems []string) {
	for _, definition := range schema.Types {
		for _, field := range definition.Fields {
			if domain := domainOf(field); domain != "" {
				if _, err := upstream.ParseDomain(domain); err != nil {
					problems = append(problems, fmt.Sprintf("%s.%s: %v", definition.Name, field.Name, err))
				}
			}
		}
	}
	return problems
}
