package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ordergraph/upstream"
)

// linkedOrders is an upstream whose orders have lines that are all in each shipment.
func linkedOrders(lines, shipments int) *fakeOrders {
	var items, parcels, names []string
	for i := range lines {
		items = append(items, fmt.Sprintf(`{"sub_item_idstring":"%d"}`, 1000+i))
		names = append(names, fmt.Sprint(1000+i))
	}
	for i := range shipments {
		parcels = append(parcels, fmt.Sprintf(`{"id":%d,"sub_item_ids":%q}`, i, strings.Join(names, ",")))
	}
	body := fmt.Sprintf(`{"status":0,"data":{"result":{"base_info":{"id":1,"id_of_str":"1","status":"success"},`+
		`"product_items":[%s],"native_logistics":{"logistics_items":[%s]}}}}`, strings.Join(items, ","), strings.Join(parcels, ","))
	return &fakeOrders{answer: func(_ context.Context, request upstream.Request) (upstream.Result, error) {
		key := request.Key
		key.ID = 1
		answer, err := upstream.DecodeAnswer([]byte(body), key, time.Now())
		return upstream.Result{Order: answer.Order}, err
	}}
}

// TestLinksLeadBack: each pair of links shows 40 lines 80 times more often, so that a document within
// every other limit would stand for 80^9 of them.
func TestLinksLeadBack(t *testing.T) {
	links := func(pairs int) string {
		return strings.Repeat("lineItems{shipments{", pairs) + "id" + strings.Repeat("}}", pairs)
	}
	for _, test := range []struct {
		name, query string
		want        string // the path of the error, "" for none
	}{
		{"each link once", "{order(id:1){lineItems{id shipments{id lineItems{id}}} domesticShipping{shipments{id lineItems{id shipments{id}}}}}}", ""},
		{"nine times there and back", "{order(id:1){" + links(9) + "}}", "order"},
		{"through a fragment", "{order(id:1){...A}}fragment A on Order{" + links(9) + "}", "order"},
		{"through a type condition on the entity", "{order(id:1){...on _Entity{...on Order{" + links(9) + "}}}}", "order"},
		{"from the shipments", "{order(id:1){domesticShipping{shipments{" + links(8) + "}}}}", "order"},
		{"by an alias", "{order(id:1){x:lineItems{y:shipments{" + links(8) + "}}}}", "order"},
		{"of an entity", `{_entities(representations:[{__typename:"Order",webSite:CN_1688,id:"1"}]){...on Order{` + links(9) + "}}}", "_entities[0]"},
		{"of one of two orders of a list", "{orders(ids:[1]){id} many:orders(ids:[1]){" + links(9) + "}}", "many[0]"},
		{"left out", "{order(id:1){...@skip(if:true){" + links(9) + "}}}", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			response := newServer(t, Options{Orders: linkedOrders(40, 2), MaxResponse: 1 << 20}).run(t, t.Context(), test.query, "")
			got := strings.Join(faults(response.Errors), ", ")
			if want := "QUERY_TOO_COMPLEX " + test.want; got != want && (test.want != "" || got != "") {
				t.Errorf("errors %q, want %q", got, want)
			}
			if len(response.Data) > 1<<20 {
				t.Errorf("%d bytes", len(response.Data))
			}
			for _, err := range response.Errors {
				if err.Extensions["limit"] != "max-response" || err.Extensions["maximum"] != 1<<20 || !strings.Contains(err.Message, "max-response is 1048576") {
					t.Errorf("%s %v", err.Message, err.Extensions)
				}
				checkLocation(t, test.query, err)
			}
		})
	}
}

// The root fields of one request share the bound: each alone would fit. What fits beside what does not is
// shown.
func TestTheResponseIsBounded(t *testing.T) {
	const lines = "{lineItems{id name quantity unit status}}" // 200 of them are some 12,000 bytes
	for _, test := range []struct {
		name, query string
		fits        []bool
	}{
		{"places in a list", "{orders(ids:[1,1,1,1,1])" + lines + "}", []bool{true, true, true, false, false}},
		{"aliases", "{a:order(id:1)" + lines + " b:order(id:1)" + lines + " c:order(id:1)" + lines + " d:order(id:1)" + lines + " e:order(id:1){id}}", []bool{true, true, true, false, true}},
		{"a large one first", "{a:order(id:1){" + strings.Repeat("lineItems{shipments{", 5) + "id" + strings.Repeat("}}", 5) + "} b:order(id:1){id}}", []bool{false, true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			const most = 45_000
			response := newServer(t, Options{Orders: linkedOrders(200, 10), MaxResponse: most}).run(t, t.Context(), test.query, "")
			if len(response.Data) > most+100 {
				t.Errorf("%d bytes", len(response.Data))
			}
			var data map[string]json.RawMessage
			if err := json.Unmarshal(response.Data, &data); err != nil {
				t.Fatal(err)
			}
			var places []json.RawMessage
			if data["orders"] != nil {
				if err := json.Unmarshal(data["orders"], &places); err != nil {
					t.Fatal(err)
				}
			} else {
				for _, alias := range slices.Sorted(maps.Keys(data)) {
					places = append(places, data[alias])
				}
			}
			failed := 0
			for i, fits := range test.fits {
				if (string(places[i]) != "null") != fits {
					t.Errorf("place %d: %.80s, fits: %v", i, places[i], fits)
				}
				if !fits {
					failed++
				}
			}
			if len(response.Errors) != failed {
				t.Errorf("%d errors, want %d: %v", len(response.Errors), failed, response.Errors)
			}
		})
	}
}

// TestHangingUpEndsTheWriting: what is written for nobody is not written on.
func TestHangingUpEndsTheWriting(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	orders := linkedOrders(100, 2)
	answer := orders.answer
	orders.answer = func(ctx context.Context, request upstream.Request) (upstream.Result, error) {
		defer hangUp()
		return answer(ctx, request)
	}
	query := "{order(id:1){" + strings.Repeat("lineItems{shipments{", 2) + "id" + strings.Repeat("}}", 2) + "}}"
	if response := newServer(t, Options{Orders: orders}).run(t, ctx, query, ""); response != nil && len(response.Data) > 1000 {
		t.Errorf("%d bytes for nobody", len(response.Data))
	}
}
