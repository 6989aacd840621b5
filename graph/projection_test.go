package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/upstream"
)

// idOfOrder finds the id that a fixture's order has.
var idOfOrder = regexp.MustCompile(`"id_of_str":\s*"(\d+)"`)

// servedOrders are orders as a cache serves them in an outage: one is complete, one lacks parts, one has malformed
// values, one fails, and one does not exist.
func servedOrders(t *testing.T, body string, lacking upstream.Domains) *fakeOrders {
	t.Helper()
	found := idOfOrder.FindStringSubmatch(body)
	if found == nil {
		found = []string{"", "1"}
	}
	own, err := upstream.ParseOrderID(found[1])
	if err != nil {
		t.Fatal(err)
	}
	complete, malformed := decodedOrder(t, own, body), decodedOrder(t, 1, readText(t, "testdata/malformed.json"))
	outage := &upstream.Error{Kind: upstream.KindUnavailable}
	return &fakeOrders{answer: func(_ context.Context, request upstream.Request) (upstream.Result, error) {
		held := upstream.Needs{Domains: request.Needs.Domains &^ lacking, AttributeKeys: request.Needs.AttributeKeys}
		result := upstream.Result{Held: held}
		switch request.Key.ID {
		case 1:
			result.Order = with(complete, request.Key)
		case 2:
			result.Order, result.Missing = without(with(complete, request.Key), lacking), outage
		case 3:
			result.Order = with(malformed, request.Key)
		case 4:
			result.Order, result.Missing = without(with(malformed, request.Key), lacking), outage
		case 5:
			return result, outage
		}
		return result, nil
	}}
}

// with returns an order under another key. Its lines and shipments still lead to each other.
func with(order *upstream.Order, key upstream.Key) *upstream.Order {
	shown := *order
	shown.ID, shown.WebSite, shown.Edition = key.ID, key.Site, key.Edition
	return &shown
}

// without returns an order as it is decoded from an answer without some parts.
func without(order *upstream.Order, parts upstream.Domains) *upstream.Order {
	if parts.Covers(upstream.DomainOrderInvoice) {
		order.Invoice = nil
	}
	if parts.Covers(upstream.DomainRateDetail) {
		order.Reviews = nil
	}
	if parts.Covers(upstream.DomainGuaranteesTerms) {
		order.Guarantees = nil
	}
	return order
}

// TestProjectionEqualsExecution wants of many selections the same bytes and errors from the projection as from
// the general execution: of single orders, lists and entities, of complete orders and of such that lack parts or
// have malformed values.
func TestProjectionEqualsExecution(t *testing.T) {
	files, err := filepath.Glob("../upstream/testdata/fixtures/0*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	longest, failed := 0, 0
	for i, file := range append(files, "testdata/malformed.json") {
		lacking := upstream.Domains(1) << (i % 4)
		options := Options{Orders: servedOrders(t, readText(t, file), lacking|upstream.DomainOrderInvoice)}
		written := newServer(t, options)
		options.fieldByField = true
		executed := newServer(t, options)
		random := rand.New(rand.NewPCG(1, uint64(i)))
		for i := range 150 {
			s := &selections{schema: servedSchema(), random: random, conditional: i%2 == 0}
			query := s.query(s.of(s.schema.Types["Order"], 6))
			one, other := written.run(t, t.Context(), query, ""), executed.run(t, t.Context(), query, "")
			if !bytes.Equal(one.Data, other.Data) {
				t.Fatalf("%s:\n%s\n\nprojected\n%s\n\nexecuted\n%s", filepath.Base(file), query, one.Data, other.Data)
			}
			if got, want := sortedErrors(t, one), sortedErrors(t, other); !slices.Equal(got, want) {
				t.Fatalf("%s:\n%s\n\nprojected\n%s\n\nexecuted\n%s", filepath.Base(file), query, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			longest, failed = max(longest, len(one.Data)), max(failed, len(one.Errors))
		}
	}
	if longest < 2000 || failed < 10 {
		t.Errorf("the longest answer has %d bytes, and one at most %d errors: too little was compared", longest, failed)
	}
}

// sortedErrors returns the errors of a response as texts. Up to which of many are listed one by one depends on
// the order in which fields are executed.
func sortedErrors(t *testing.T, response *graphql.Response) []string {
	t.Helper()
	var texts []string
	for _, err := range response.Errors {
		text, failure := json.Marshal(err)
		if failure != nil {
			t.Fatal(failure)
		}
		texts = append(texts, string(text))
	}
	slices.Sort(texts)
	return texts
}

// selections makes up selections.
type selections struct {
	schema *ast.Schema
	random *rand.Rand
	// conditional says that there are conditions.
	conditional bool
	fragments   strings.Builder
	named       int
}

// chance is true once in so many times.
func (s *selections) chance(of int) bool { return s.random.IntN(of) == 0 }

// of makes up a selection of a type, with aliases, fields that come twice, fragments and conditions.
func (s *selections) of(definition *ast.Definition, depth int) string {
	text := "{__typename" + s.condition()
	for _, field := range definition.Fields {
		if !s.chance(3) {
			continue
		}
		selected := s.field(field, depth)
		switch {
		case selected == "":
		case s.chance(10):
			text += fmt.Sprintf(" ...%s{%s}", s.condition(), selected)
		case s.chance(10):
			text += fmt.Sprintf(" ... on %s%s{%s %s}", definition.Name, s.condition(), selected, s.field(field, depth))
		case s.chance(10):
			s.named++
			fmt.Fprintf(&s.fragments, " fragment f%d on %s{%s}", s.named, definition.Name, selected)
			text += fmt.Sprintf(" ...f%d ...f%d%s", s.named, s.named, s.condition())
		default:
			text += " " + selected
		}
	}
	return text + "}"
}

func (s *selections) field(field *ast.FieldDefinition, depth int) string {
	text := field.Name
	if s.chance(5) {
		text = strings.ToUpper(field.Name) + ":" + field.Name
	}
	text += s.condition()
	if below := s.schema.Types[field.Type.Name()]; below.Kind == ast.Object {
		if depth == 0 {
			return ""
		}
		return text + s.of(below, depth-1)
	}
	return text
}

func (s *selections) condition() string {
	conditions := [...]string{" @include(if:$yes)", " @skip(if:$no)", " @include(if:$no)", " @skip(if:true)"}
	if !s.conditional {
		return ""
	}
	if choice := s.random.IntN(8 * len(conditions)); choice < len(conditions) {
		return conditions[choice]
	}
	return ""
}

// query shows a selection of orders in each way that there is.
func (s *selections) query(selected string) string {
	query := "{order(id:1)" + selected + " lacking:order(id:2)" + selected + " malformed:orders(ids:[1,3])" + selected +
		" all:orders(ids:[4,1,5,9])" + selected +
		` _entities(representations:[{__typename:"Order",webSite:CN_1688,id:2},{__typename:"Order",webSite:CN_1688,id:1}]){...on Order` + selected + "}}"
	if s.conditional {
		query = "query($yes:Boolean=true,$no:Boolean=false)" + strings.TrimSuffix(query, "}") + " never:__typename @include(if:$no) @skip(if:$yes)}"
	}
	return query + s.fragments.String()
}
