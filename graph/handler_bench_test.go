package graph_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// fortyFields has 42 fields of the documented order.
const fortyFields = `{order(id:"58218860983545941"){
	id status createdAt paidAt updatedAt total{amount currencyCode} shippingFee{amount} merchandiseTotal{amount}
	buyer{loginId userId} seller{loginId userId}
	lineItems{id name quantity unit status unitPrice{amount} total{amount} product{id} imageUrls skuId}
	domesticShipping{recipientName province city district addressLine shipments{id trackingNumber status shippedAt lineItemIds}}
}}`

// BenchmarkHandler40 answers a usual query on a cached order, without network.
func BenchmarkHandler40(b *testing.B) { benchmarkHandler(b, fortyFields) }

// BenchmarkHandlerAll answers a query of all fields on a cached order, without network.
func BenchmarkHandlerAll(b *testing.B) {
	benchmarkHandler(b, `{order(id:"58218860983545941")`+allFields(b)+`}`)
}

func benchmarkHandler(b *testing.B, query string) {
	s := newStack(b, stackOptions{})
	body := requestBody(b, query, "")
	var answer bytes.Buffer
	post := func() {
		answer.Reset()
		request := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		writer := &bodyWriter{header: http.Header{}, Writer: &answer}
		s.handler.ServeHTTP(writer, request)
	}
	post()
	s.sandbox.Reset()
	b.ReportAllocs()
	b.SetBytes(int64(answer.Len()))
	for b.Loop() {
		post()
	}
	if calls := s.calls(); len(calls) > 0 || bytes.Contains(answer.Bytes(), []byte(`"errors"`)) {
		b.Fatalf("calls %q, answer %s", calls, &answer)
	}
}

// bodyWriter is a response writer that costs next to nothing.
type bodyWriter struct {
	header http.Header
	io.Writer
}

func (w *bodyWriter) Header() http.Header { return w.header }
func (*bodyWriter) WriteHeader(int)       {}
