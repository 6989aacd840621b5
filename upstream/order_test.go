package upstream

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// decodeResult reads an order from the JSON of its parts; base is the content of its base_info.
func decodeResult(t testing.TB, site WebSite, base, parts string) *Order {
	t.Helper()
	if parts != "" {
		parts = "," + parts
	}
	body := `{"status":0,"data":{"result":{"base_info":{"id_of_str":"1",` + base + `"x":0}` + parts + `}}}`
	answer, err := DecodeAnswer([]byte(body), Key{Site: site, ID: 1}, time.Now())
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return answer.Order
}

// paths returns the paths of the order's bad values.
func paths(order *Order) (paths [][]any) {
	for _, value := range order.BadValues {
		paths = append(paths, value.Path)
	}
	return paths
}

func TestOrderStatusIsNeverNull(t *testing.T) {
	tests := []struct {
		base, value, raw string
		present          bool
	}{
		{``, "UNKNOWN", "", false},
		{`"status":null,`, "UNKNOWN", "", false},
		{`"status":"",`, "UNKNOWN", "", true},
		{`"status":"new",`, "UNKNOWN", "new", true},
		{`"status":"success",`, "SUCCESS", "success", true},
	}
	for _, test := range tests {
		order := decodeResult(t, WebSiteCN1688, test.base, "")
		raw, present := order.StatusRaw().Text()
		if order.Status.String() != test.value || raw != test.raw || present != test.present {
			t.Errorf("%s: %s, raw %q %t", test.base, order.Status, raw, present)
		}
	}
}

func TestPaymentTimeout(t *testing.T) {
	tests := []struct {
		base  string
		want  Int
		wrong bool
	}{
		{``, Int{}, false},
		{`"pay_timeout":null,`, Int{}, false},
		{`"pay_timeout":"",`, Int{}, false},
		{`"pay_timeout":259200,"pay_timeout_type":0,`, Int{259200, true}, false},
		{`"pay_timeout":"259200",`, Int{259200, true}, false},
		{`"pay_timeout":259200.0,"pay_timeout_type":7,`, Int{259200, true}, false},
		{`"pay_timeout":0,`, Int{0, true}, false},
		{`"pay_timeout":2147483647,`, Int{2147483647, true}, false},
		{`"pay_timeout":2147483648,`, Int{}, true},
		{`"pay_timeout":1.5,`, Int{}, true},
		{`"pay_timeout":"soon",`, Int{}, true},
		{`"pay_timeout":"(3)",`, Int{}, true},
		{`"pay_timeout":20170913231708000,"pay_timeout_type":1,`, Int{}, false},
		{`"pay_timeout":"soon","pay_timeout_type":"1.0",`, Int{}, false},
	}
	for _, test := range tests {
		order := decodeResult(t, WebSiteCN1688, test.base, "")
		if order.PaymentTimeoutSeconds != test.want {
			t.Errorf("%s: %v, want %v", test.base, order.PaymentTimeoutSeconds, test.want)
		}
		wrong := reflect.DeepEqual(paths(order), [][]any{{"PaymentTimeoutSeconds"}})
		if wrong != test.wrong || !wrong && len(order.BadValues) > 0 {
			t.Errorf("%s: bad values %v", test.base, order.BadValues)
		}
	}
}

func TestPaymentTimeoutRawKeepsEverything(t *testing.T) {
	order := decodeResult(t, WebSiteCN1688, `"pay_timeout":20170913231708000123456789,"pay_timeout_type":1,`, "")
	if raw, _ := order.PaymentTimeoutRaw.Text(); raw != "20170913231708000123456789" {
		t.Errorf("raw text %q", raw)
	}
}

func TestReviewsOfSeller(t *testing.T) {
	const inner, outer = `"seller_rate_list":[{"content":"inner"}]`, `"seller_rate_list":[{"content":"outer"},{"content":"second"}]`
	tests := []struct {
		parts string
		want  []Text
	}{
		{`"order_rate_info":{` + inner + `},` + outer, []Text{"inner"}},
		{`"order_rate_info":{"seller_rate_list":[]},` + outer, []Text{"outer", "second"}},
		{`"order_rate_info":{"buyer_rate_status":4},` + outer, []Text{"outer", "second"}},
		{outer, []Text{"outer", "second"}},
		{`"order_rate_info":{` + inner + `}`, []Text{"inner"}},
		{`"seller_rate_list":[]`, nil},
	}
	for _, test := range tests {
		order := decodeResult(t, WebSiteCN1688, "", test.parts)
		var got []Text
		if order.Reviews != nil {
			for _, review := range order.Reviews.ReviewsOfSeller {
				got = append(got, review.Content)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.parts, got, test.want)
		}
		if order.OuterReviewsOfSeller != nil {
			t.Errorf("%s: the outer list is kept twice", test.parts)
		}
	}
}

func TestOuterReviewIsBadWhereItShows(t *testing.T) {
	order := decodeResult(t, WebSiteCN1688, "", `"seller_rate_list":[{"star_level":"many"}]`)
	if want := [][]any{{"Reviews", "ReviewsOfSeller", 0, "Rating"}}; !reflect.DeepEqual(paths(order), want) {
		t.Errorf("bad values at %v, want %v", paths(order), want)
	}
}

func TestCustomsCurrency(t *testing.T) {
	tests := []struct{ currency, want string }{
		{`"RMB"`, "CNY"}, {`"rmb "`, "CNY"}, {`"CNY"`, "CNY"}, {`"USD"`, "USD"}, {`""`, ""}, {`null`, ""},
	}
	for _, test := range tests {
		order := decodeResult(t, WebSiteCN1688, "", `"customs":{"attributes":[{"amount":3000.0,"currency":`+test.currency+`}]}`)
		item := order.CustomsDeclaration.Items[0]
		if got := *item.DeclaredValue; got != (Money{"3000.0", Text(test.want)}) {
			t.Errorf("%s: %v", test.currency, got)
		}
	}
}

func TestMoneyOfSite(t *testing.T) {
	const base = `"total_amount":6.15,"discount":-3989,`
	cn, international := decodeResult(t, WebSiteCN1688, base, ""), decodeResult(t, WebSiteAlibaba, base, "")
	if *cn.Total != (Money{"6.15", "CNY"}) || *cn.PriceAdjustment != (Money{"-39.89", "CNY"}) {
		t.Errorf("1688: %v, %v", *cn.Total, *cn.PriceAdjustment)
	}
	if *international.Total != (Money{"6.15", ""}) {
		t.Errorf("alibaba: %v", *international.Total)
	}
}

func TestSentinels(t *testing.T) {
	order := decodeResult(t, WebSiteCN1688, `"alipay_trade_id":"UNCREATED","buyer_contact":{"phone":"86-","name":"n"},`,
		`"native_logistics":{"logistics_items":[{"logistics_bill_no":"不需要物流","from_post":"000000","no_logistics_condition":"-1","to_post":"000000"}]}`)
	shipment := order.DomesticShipping.Shipments[0]
	if order.PaymentTransactionID != "" || order.Buyer.Contact.Phone != "" || shipment.TrackingNumber != "" || shipment.Origin != nil {
		t.Errorf("a sentinel is shown: %+v, %+v", order.BaseInfo, shipment)
	}
	if shipment.Destination().PostalCode != "000000" {
		t.Error("the destination's postal code is gone")
	}
	if raw, _ := shipment.NoCarrier.ReasonRaw().Text(); shipment.NoCarrier.Reason.String() != "" || raw != "-1" {
		t.Errorf("the reason -1 is %v, raw %q", shipment.NoCarrier.Reason, raw)
	}
}

func TestGroupsAreNullWhenEmpty(t *testing.T) {
	order := decodeResult(t, WebSiteCN1688, `"buyer_login_id":"","seller_id":null,`,
		`"native_logistics":{"logistics_items":[{"id":1,"to_city":""}]},"order_invoice_info":{"order_id":1},"overseas_extra_address":{"country":"UK"}`)
	shipment := order.DomesticShipping.Shipments[0]
	if order.Buyer != nil || order.Seller != nil || order.Cancellation != nil {
		t.Errorf("a party without members: %v, %v, %v", order.Buyer, order.Seller, order.Cancellation)
	}
	if shipment.Carrier != nil || shipment.NoCarrier != nil || shipment.Origin != nil || shipment.Destination() != nil {
		t.Errorf("a group without members: %+v", shipment)
	}
	if order.Invoice.Company != nil || order.Invoice.Recipient != nil || order.OverseasShipping.Forwarder != nil {
		t.Error("a group without members")
	}
}

func TestGuaranteesAreAList(t *testing.T) {
	const one, list = `{"assurance_type":"a"}`, `[{"assurance_type":"a"},{"assurance_type":"b"}]`
	for value, want := range map[string]int{one: 1, list: 2, `[]`: 0, `null`: 0, `{}`: 0, `{"0":` + one + `,"2":` + one + `}`: 2} {
		order := decodeResult(t, WebSiteCN1688, "", `"guarantees_terms":`+value+`,"product_items":[{"guarantees_terms":`+value+`}]`)
		if got := len(order.Guarantees); got != want {
			t.Errorf("%s: %d of the order, want %d", value, got, want)
		}
		if got := len(order.LineItems[0].Guarantees); got != want {
			t.Errorf("%s: %d of the line, want %d", value, got, want)
		}
	}
}
