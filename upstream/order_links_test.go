package upstream

import (
	"slices"
	"testing"
)

const linkedParts = `
	"product_items":[{"sub_item_idstring":"11","product_id":547486647009},{"sub_item_idstring":"12"},{"sub_item_idstring":"13"},{"name":"no id"}],
	"native_logistics":{"logistics_items":[
		{"id":1,"sub_item_ids":"12,\n        11,12,99"},
		{"id":2,"sub_item_ids":["12"]},
		{"id":3,"sub_item_ids":""}]}`

func TestShipmentLineItems(t *testing.T) {
	order := decodeResult(t, WebSiteCN1688, "", linkedParts)
	for i, want := range [][]ID{{"11", "12"}, {"12"}, nil} {
		var got []ID
		for _, item := range order.DomesticShipping.Shipments[i].LineItems() {
			got = append(got, item.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("shipment %d has lines %v, want %v", i, got, want)
		}
	}
	if got := order.DomesticShipping.Shipments[0].LineItemIDs; !slices.Equal(got, []ID{"12", "11", "99"}) {
		t.Errorf("the ids are %v: each must be there once, whether its line exists or not", got)
	}
}

func TestLineItemShipments(t *testing.T) {
	order := decodeResult(t, WebSiteCN1688, "", linkedParts)
	for i, want := range [][]ID{{"1"}, {"1", "2"}, nil, nil} {
		var got []ID
		for _, shipment := range order.LineItems[i].Shipments() {
			got = append(got, shipment.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("line %d has shipments %v, want %v", i, got, want)
		}
	}
}

func TestLinksWithoutShipping(t *testing.T) {
	order := decodeResult(t, WebSiteCN1688, "", `"product_items":[{"sub_item_id":11}]`)
	if got := order.LineItems[0].Shipments(); len(got) != 0 {
		t.Errorf("shipments %v", got)
	}
	if got := new(OrderLineItem).Shipments(); got == nil || len(got) > 0 {
		t.Errorf("shipments of a line without an order: %v", got)
	}
	if got := new(OrderShipment).LineItems(); got != nil {
		t.Errorf("lines of a shipment without an order: %v", got)
	}
}

func TestStubs(t *testing.T) {
	order := decodeResult(t, WebSiteCN1688, `"buyer_id":"b2b-1","seller_login_id":"s",`, linkedParts)
	if got := order.LineItems[0].Product(); got == nil || got.ID != "547486647009" {
		t.Errorf("product %v", got)
	}
	if got := order.LineItems[1].Product(); got != nil {
		t.Errorf("product %v of a line without a product id", got)
	}
	if got := order.Buyer.Member(); got == nil || got.ID != "b2b-1" {
		t.Errorf("buyer's member %v", got)
	}
	if got := order.Seller.Member(); got != nil {
		t.Errorf("seller's member %v without a member id", got)
	}
}
