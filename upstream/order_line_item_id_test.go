package upstream

import (
	"reflect"
	"testing"
)

func TestLineItemID(t *testing.T) {
	const rounded, exact = "128403042259997710", "128403042259997715"
	snapshot := func(query string) string {
		return `,"product_snapshot_url":"https: //trade.1688.com/order/offersnapshot.htm?` + query + `"`
	}
	tests := []struct {
		name, item string
		want       ID
		bad        bool
	}{
		{"text form", `"sub_item_id":` + rounded + `,"sub_item_idstring":"` + exact + `"`, exact, false},
		{"text form as a number", `"sub_item_idstring":` + exact, exact, false},
		{"other spelling", `"sub_item_id_string":"` + exact + `"`, exact, false},
		{"spelling of a naive converter", `"sub_item_i_d_string":"` + exact + `"`, exact, false},
		{"camel case", `"subItemIDString":"` + exact + `"`, exact, false},
		{"text form that contradicts", `"sub_item_id":7,"sub_item_idstring":"8"`, "8", false},
		{"number alone", `"sub_item_id":` + rounded, rounded, false},
		{"snapshot", `"sub_item_id":` + rounded + snapshot("orderentryid="+exact), exact, false},
		{"snapshot, clean", `"sub_item_id":` + rounded + snapshot("a=1&order_entry_id="+exact+"&b=2"), exact, false},
		{"snapshot, camel case", `"sub_item_id":` + rounded + snapshot("orderEntryId="+exact+"#top"), exact, false},
		{"snapshot of another line", `"sub_item_id":` + rounded + snapshot("orderentryid=58218860985545941"), rounded, false},
		{"snapshot without a number to compare", `"name":"n"` + snapshot("orderentryid="+exact), "", false},
		{"snapshot with another parameter", `"sub_item_id":` + rounded + snapshot("xorderentryid="+exact), rounded, false},
		{"snapshot with letters", `"sub_item_id":` + rounded + snapshot("orderentryid="+exact+"x"), rounded, false},
		{"text form over snapshot", `"sub_item_id":8,"sub_item_idstring":"9"` + snapshot("orderentryid=8"), "9", false},
		{"none", `"name":"n"`, "", false},
		{"empty text form", `"sub_item_id":5,"sub_item_idstring":""`, "5", false},
		{"malformed text form", `"sub_item_id":5,"sub_item_idstring":{"a":1}`, "5", false},
		{"malformed number", `"sub_item_id":1.5,"sub_item_idstring":"5"`, "5", false},
		{"malformed both", `"sub_item_id":1.5,"sub_item_idstring":true`, "", true},
	}
	for _, test := range tests {
		order := decodeResult(t, WebSiteCN1688, "", `"product_items":[{`+test.item+`}]`)
		if got := order.LineItems[0].ID; got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		bad := reflect.DeepEqual(paths(order), [][]any{{"LineItems", 0, "ID"}})
		if bad != test.bad || !bad && len(order.BadValues) > 0 {
			t.Errorf("%s: bad values %v", test.name, order.BadValues)
		}
	}
}
