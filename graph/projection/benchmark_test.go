package projection

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/upstream"
)

// BenchmarkWrite writes a usual selection of the documented order.
func BenchmarkWrite(b *testing.B) {
	sources := []*ast.Source{source(b, "../../schema.graphqls"), source(b, "../federation.graphqls")}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		b.Fatal(err)
	}
	plan, err := Compile(schema, func(object, field string) bool {
		return schema.Types[object].Fields.ForName(field).Directives.ForName("domain") != nil
	})
	if err != nil {
		b.Fatal(err)
	}
	body := source(b, "../../upstream/sandbox/fixtures/01_documented_sample.json").Input
	answer, err := upstream.DecodeAnswer([]byte(body), upstream.Key{ID: 58218860983545941}, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	operation, field := operationOf(b, schema, `{order(id:1){
		id status createdAt paidAt updatedAt total{amount currencyCode} shippingFee{amount} merchandiseTotal{amount}
		buyer{loginId userId} seller{loginId userId}
		lineItems{id name quantity unit status unitPrice{amount} total{amount} product{id} imageUrls skuId}
		domesticShipping{recipientName province city district addressLine shipments{id trackingNumber status shippedAt lineItemIds}}
	}}`)
	ctx := graphql.WithOperationContext(b.Context(), operation)
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: field})
	var written bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		written.Reset()
		shown, err := plan.InterceptField(ctx, func(context.Context) (any, error) { return answer.Order, nil })
		if err != nil {
			b.Fatal(err)
		}
		shown.(graphql.Marshaler).MarshalGQL(&written)
	}
	b.SetBytes(int64(written.Len()))
}

func source(b *testing.B, path string) *ast.Source {
	b.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	return &ast.Source{Name: path, Input: string(text)}
}
