package graph

import (
	"context"
	"fmt"
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

func TestLinksHaveABudget(t *testing.T) {
	links := func(pairs int) string {
		return strings.Repeat("lineItems{shipments{", pairs) + "id" + strings.Repeat("}}", pairs)
	}
	const refused = "QUERY_TOO_COMPLEX "
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
			response := newServer(t, Options{Orders: linkedOrders(40, 2)}).run(t, t.Context(), test.query, "")
			got := strings.Join(faults(response.Errors), ", ")
			if want := refused + test.want; got != want && (test.want != "" || got != "") {
				t.Errorf("errors %q, want %q", got, want)
			}
			if test.want != "" && response.Errors[0].Extensions["limit"] != linkedValuesLimit {
				t.Errorf("extensions %v", response.Errors[0].Extensions)
			}
		})
	}
}

// The orders of one request share the budget: each alone would be admitted.
func TestLinkBudgetIsTheRequests(t *testing.T) {
	server := newServer(t, Options{Orders: linkedOrders(200, 10), MaxOrders: 100})
	query := "{orders(ids:[%s]){lineItems{shipments{id lineItems{id name quantity}}}}}"
	if response := server.run(t, t.Context(), fmt.Sprintf(query, "1"), ""); len(response.Errors) != 1 {
		t.Errorf("one order of 200 lines, there and back: %v", response.Errors)
	}
	once := "{orders(ids:[%s]){lineItems{shipments{id code status trackingNumber}}}}"
	if response := server.run(t, t.Context(), fmt.Sprintf(once, "1"), ""); len(response.Errors) != 0 {
		t.Errorf("one order: %v", response.Errors)
	}
	ids := strings.TrimSuffix(strings.Repeat("1,", 40), ",")
	response := server.run(t, t.Context(), fmt.Sprintf(once, ids), "")
	if refused := len(response.Errors); refused != 15 {
		t.Errorf("%d of 40 orders with 8,000 linked values each are refused, want 15", refused)
	}
}
