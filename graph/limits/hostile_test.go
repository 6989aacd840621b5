package limits

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// hostile are documents that are refused, each with the work it was written to cause. The names say
// which; want is the code of the first error, or the limit.
var hostile = []struct{ name, document, want string }{
	{"bomb of 2^34 leaves", bomb(34, "...f%d ...f%d", "id status"), MaxFields},
	{"bomb of 2^34 leaves beneath fields", "{orders(ids:[]){...f0}}" + fragments(16, "lineItems{shipments{lineItems{id}}...l}...f%[1]d...f%[1]d", "id") +
		"fragment l on OrderLineItem{id}", MaxFields},
	{"bomb whose fragments are never spread", "{__typename}" + fragments(34, "...f%d ...f%d", "id"), "GRAPHQL_VALIDATION_FAILED"},
	{"chain of 240 fragments", bomb(240, "...f%d", "unknown"), "GRAPHQL_VALIDATION_FAILED"},
	{"cycle of 240 fragments", bomb(240, "...f%d", "...f0"), "GRAPHQL_VALIDATION_FAILED"},
	{"every fragment spreads every other", clique(40), MaxFields},
	{"fragment within itself", "{...a}fragment a on Query{...a order(id:1){id}}", "GRAPHQL_VALIDATION_FAILED"},
	{"one field 2000 times", "{order(id:1){" + strings.Repeat("id ", 1990) + "}}", MaxFields},
	{"fields that conflict", "{order(id:1){" + strings.Repeat("id ", 990) + "id:status}}", "GRAPHQL_VALIDATION_FAILED"},
	{"objects that conflict", "{order(id:1){" + strings.Repeat("total{amount}", 480) + "total{amount:currencyCode}}}", "GRAPHQL_VALIDATION_FAILED"},
	{"256 KiB of fields", "{order(id:1){" + strings.Repeat("id ", 85_000) + "}}", MaxTokens},
	{"256 KiB of aliases", "{" + numbered(16_000, "a%d:__typename ") + "}", MaxTokens},
	{"256 KiB of variables", "query(" + numbered(22_000, "$a%d:ID ") + "){__typename}", MaxTokens},
	{"256 KiB of operations", numbered(10_000, "query q%d{__typename}"), MaxTokens},
	{"256 KiB of braces", strings.Repeat("{a", 128_000), MaxDepth},
	{"256 KiB of comments", "{__typename" + strings.Repeat("\n#", 128_000) + "}", MaxTokens},
	{"unused variables", "query(" + numbered(490, "$a%d:ID ") + "){__typename}", "GRAPHQL_VALIDATION_FAILED"},
	{"operations", numbered(390, "query q%d{__typename}"), MaxRootFields},
	{"operations without root fields", numbered(250, "query q%d{...f}"), "GRAPHQL_VALIDATION_FAILED"},
	{"operations over a chain", numbered(120, "query q%d{...f0}") + strings.ReplaceAll(fragments(120, "...f%d", "nothing"), "Order", "Query"), MaxRootFields},
	{"unknown fields", "{order(id:1){" + numbered(900, "unknownFieldNumber%d ") + "}}", "GRAPHQL_VALIDATION_FAILED"},
	{"unknown arguments", "{order(id:1" + numbered(600, " ids%d:1") + "){id}}", "GRAPHQL_VALIDATION_FAILED"},
	{"a field's name of 250 KB", "{order(id:1){" + long + "}}", "GRAPHQL_VALIDATION_FAILED"},
	{"a type's name of 250 KB", "{order(id:1){...f}}fragment f on " + long + "{id}", "GRAPHQL_VALIDATION_FAILED"},
	{"an enum value of 250 KB", "{order(id:1,webSite:" + long + "){id}}", "GRAPHQL_VALIDATION_FAILED"},
	{"a string of 250 KB as an enum value", `{order(id:1,webSite:"` + long + `"){id}}`, "GRAPHQL_VALIDATION_FAILED"},
	{"an argument's name of 250 KB", "{order(id:1," + long + ":1){id}}", "GRAPHQL_VALIDATION_FAILED"},
	{"a variable's type of 250 KB", "query($a:" + long + "){order(id:$a){id}}", "GRAPHQL_VALIDATION_FAILED"},
	{"a directive's name of 250 KB", "{order(id:1){id @" + long + "}}", "GRAPHQL_VALIDATION_FAILED"},
	{"names of 120 KB in a cycle", "{...a}fragment a on Query{..." + long[:120_000] + "}fragment " + long[:120_000] + " on Query{...a}", "GRAPHQL_VALIDATION_FAILED"},
	{"names of 40 KB that conflict, nested", nestedConflict(long[:40_000]), "GRAPHQL_VALIDATION_FAILED"},
	{"characters that grow in JSON", `{order(id:1,webSite:"` + strings.Repeat(`<\u0001`, 30_000) + `"){id}}`, "GRAPHQL_VALIDATION_FAILED"},
	{"errors with such characters", "{order(id:1){" + strings.Repeat(`total(a:"<<<<<<<<<<")`, 150) + "}}", "GRAPHQL_VALIDATION_FAILED"},
	{"a list 990 deep", "{order(id:" + strings.Repeat("[", 990) + strings.Repeat("]", 990) + "){id}}", "GRAPHQL_VALIDATION_FAILED"},
	{"a syntax error of 250 KB", "{order(id:1){id}} " + long, "GRAPHQL_PARSE_FAILED"},
}

var long = strings.Repeat("a", 250_000)

func numbered(count int, format string) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, format, i)
	}
	return text.String()
}

// fragments returns count fragments f0, f1 … on Order, each spreading the next as body says, and a
// last one of leaf.
func fragments(count int, body, leaf string) string {
	var text strings.Builder
	for i := range count {
		next := strings.NewReplacer("%[1]d", fmt.Sprint(i+1), "%d", fmt.Sprint(i+1)).Replace(body)
		fmt.Fprintf(&text, "fragment f%d on Order{%s}", i, next)
	}
	fmt.Fprintf(&text, "fragment f%d on Order{%s}", count, leaf)
	return text.String()
}

func bomb(count int, body, leaf string) string {
	return "{order(id:1){...f0}}" + fragments(count, body, leaf)
}

func clique(count int) string {
	var text strings.Builder
	text.WriteString("{order(id:1){...f0}}")
	for i := range count {
		fmt.Fprintf(&text, "fragment f%d on Order{", i)
		for range 20 {
			fmt.Fprintf(&text, "...f%d ", (i*7+text.Len())%count)
		}
		text.WriteString("id}")
	}
	return text.String()
}

func nestedConflict(name string) string {
	return "{" + name + ":order(id:1){" + name + ":lineItems{" + name + ":id}}" + name + ":order(id:1){" + name + ":lineItems{" + name + ":name}}}"
}

func TestHostileDocumentsAreRefusedInAFewWords(t *testing.T) {
	schema := orderSchema(t)
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			_, list := NewParser(schema, Limits{}, true).Parse(&graphql.RawParams{Query: test.document})
			if len(list) == 0 {
				t.Fatal("not refused")
			}
			answer, err := json.Marshal(map[string]any{"errors": list})
			if err != nil {
				t.Fatal(err)
			}
			if len(answer) >= 12<<10 {
				t.Errorf("the answer has %d bytes: %.300s", len(answer), answer)
			}
			if !refusedFor(list, test.want) {
				t.Errorf("refused, but not with %s: %.500s", test.want, answer)
			}
		})
	}
}

// refusedFor reports whether list reports the limit want, or no limit if want is a code.
func refusedFor(list gqlerror.List, want string) bool {
	for _, err := range list {
		switch limitOf(err) {
		case want:
			return true
		case "":
		default:
			return false
		}
	}
	return strings.HasPrefix(want, "GRAPHQL_")
}

// The bomb of the security requirements is 1.5 KB; a bomb that needs more is another test.
func TestBombIsSmall(t *testing.T) {
	if size := len(hostile[0].document); size > 1500 {
		t.Errorf("%d bytes", size)
	}
}

// BenchmarkHostile shows what refusing costs, the parser included; no document may come near 5 ms.
func BenchmarkHostile(b *testing.B) {
	parser := newParser(b, Limits{}, true)
	for _, test := range hostile {
		b.Run(strings.ReplaceAll(test.name, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parser.Parse(&graphql.RawParams{Query: test.document})
			}
		})
	}
}

// fortyFields is a usual query.
const fortyFields = `query($id:ID!){order(id:$id){
	id status createdAt paidAt updatedAt total{amount currencyCode} shippingFee{amount} merchandiseTotal{amount}
	buyer{loginId userId} seller{loginId userId}
	lineItems{id name quantity unit status unitPrice{amount} total{amount} product{id} imageUrls skuId}
	domesticShipping{recipientName province city district addressLine shipments{id trackingNumber status shippedAt lineItemIds}}
}}`

// BenchmarkAccepted shows what a new document costs that is valid, the parser included.
func BenchmarkAccepted(b *testing.B) {
	schema, parser := orderSchema(b), newParser(b, Limits{}, true)
	for name, document := range map[string]string{
		"all_fields":            allFields(schema),
		"forty_fields":          fortyFields,
		"introspection":         readFile(b, "testdata/introspection.graphql"),
		"one_field_1000_times":  "{order(id:1){" + strings.Repeat("id ", 999) + "}}",
		"one_object_480_times":  "{order(id:1){" + strings.Repeat("total{amount}", 480) + "}}",
		"chain_of_240":          bomb(240, "...f%d", "id"),
		"180_fragments_abreast": "{order(id:1){" + numbered(180, "...g%d ") + "}}" + numbered(180, "fragment g%d on Order{id status}"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, list := parser.read(document); len(list) > 0 {
					b.Fatal(list)
				}
			}
		})
	}
}
