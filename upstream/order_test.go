package upstream

import (
	"reflect"
	"slices"
	"strings"
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

func TestPaymentDueAt(t *testing.T) {
	const (
		waiting   = `"status":"waitbuyerpay",`
		placed    = `"create_time":"20170913231708050-0700",`
		threeDays = `"pay_timeout":259200,"pay_timeout_type":0,`
	)
	tests := []struct {
		base, want string
		reported   bool
	}{
		{waiting + placed + threeDays, "2017-09-16T23:17:08.050-07:00", false},
		{waiting + `"create_time":"2024-02-28 23:59:59",` + `"pay_timeout":"1","pay_timeout_type":"0",`, "2024-02-29T00:00:00+08:00", false},
		{`"status":"WAIT_BUYER_PAY",` + placed + threeDays, "2017-09-16T23:17:08.050-07:00", false},
		{waiting + placed + `"pay_timeout":2147483647,"pay_timeout_type":0,`, "2085-10-02T02:31:15.050-07:00", false},
		{placed + threeDays, "", false},
		{`"status":"waitsellersend",` + placed + threeDays, "", false},
		{`"status":"brand_new",` + placed + threeDays, "", false},
		{waiting + placed + `"pay_timeout":259200,`, "", false},
		{waiting + placed + `"pay_timeout":259200,"pay_timeout_type":1,`, "", false},
		{waiting + placed + `"pay_timeout":259200,"pay_timeout_type":7,`, "", false},
		{waiting + placed + `"pay_timeout_type":0,`, "", false},
		{waiting + threeDays, "", false},
		// What is malformed is reported here too, but only where it is why there is no such time.
		{waiting + `"create_time":"soon",` + threeDays, "", true},
		{waiting + placed + `"pay_timeout":"soon","pay_timeout_type":0,`, "", true},
		{waiting + placed + `"pay_timeout":{"no":"value"},"pay_timeout_type":0,`, "", true},
		{`"status":"success","create_time":"soon",` + threeDays, "", false},
		{waiting + `"create_time":"soon","pay_timeout":259200,`, "", false},
		{waiting + placed + `"modify_time":"soon","pay_timeout_type":0,`, "", false},
	}
	for _, test := range tests {
		order := decodeResult(t, WebSiteCN1688, test.base, "")
		if got := order.PaymentDueAt.String(); got != test.want {
			t.Errorf("%s: %q, want %q", test.base, got, test.want)
		}
		reported := slices.ContainsFunc(paths(order), func(path []any) bool { return slices.Equal(path, []any{"PaymentDueAt"}) })
		if reported != test.reported {
			t.Errorf("%s: bad values %v", test.base, order.BadValues)
		}
	}
}

// TestStatusSaysMore wants to know of each status whether it is final, and the upstream's text for it.
func TestStatusSaysMore(t *testing.T) {
	tests := []struct {
		status, description string
		final               bool
	}{
		{"waitbuyerpay", "等待买家付款", false},
		{"WAIT_SELLER_SEND", "等待卖家发货", false},
		{"confirm_goods", "已收货", false},
		{"success", "交易成功", true},
		{"cancel", "交易取消", true},
		{"TERMINATED", "交易终止", true},
		{"waitlogisticstakein", "等待物流揽件", false},
		{"confirm_goods_and_has_subsidy", "已收货,已贴现", false},
		{"brand_new", "", false},
		{"", "", false},
	}
	for _, test := range tests {
		order := decodeResult(t, WebSiteCN1688, `"status":"`+test.status+`",`, "")
		if order.IsFinal() != test.final || string(order.StatusDescription()) != test.description {
			t.Errorf("%q: %t %q, want %t %q", test.status, order.IsFinal(), order.StatusDescription(), test.final, test.description)
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

func TestReviewsThatAreNotShownAreNotBad(t *testing.T) {
	for _, outer := range []string{`[{"star_level":"many"}]`, `"no reviews"`} {
		order := decodeResult(t, WebSiteCN1688, "", `"seller_rate_list":`+outer+`,"order_rate_info":{"seller_rate_list":{"star_level":5}}`)
		if reviews := order.Reviews.ReviewsOfSeller; len(reviews) != 1 || reviews[0].Rating.Value != 5 || len(order.BadValues) > 0 {
			t.Errorf("%s: %v, bad values %v", outer, reviews, order.BadValues)
		}
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
		`"native_logistics":{"logistics_items":[{"from_post":"000000","no_logistics_condition":"-1","no_logistics_name":"n","to_post":"000000"}]}`)
	shipment := order.DomesticShipping.Shipments[0]
	if order.PaymentTransactionID != "" || order.Buyer.Contact.Phone != "" || shipment.Origin != nil {
		t.Errorf("a sentinel is shown: %+v, %+v", order.BaseInfo, shipment)
	}
	if raw, _ := shipment.NoCarrier.ReasonRaw().Text(); shipment.NoCarrier.Reason.String() != "" || raw != "-1" {
		t.Errorf("the reason -1 is %v, raw %q", shipment.NoCarrier.Reason, raw)
	}
}

func TestShipmentPlaceholders(t *testing.T) {
	for text, want := range map[string]Text{
		"不需要物流": "", "无需物流": "", " 无需物流单号 ": "", "YT1": "YT1", "无需物流单号1": "无需物流单号1", "0": "0",
	} {
		order := decodeResult(t, WebSiteCN1688, "", `"native_logistics":{"logistics_items":[{"logistics_bill_no":"`+text+`"}]}`)
		if got := order.DomesticShipping.Shipments[0].TrackingNumber; got != want || len(order.BadValues) > 0 {
			t.Errorf("%q is %q, want %q; bad values %v", text, got, want, order.BadValues)
		}
	}
}

func TestPostalCodes(t *testing.T) {
	codes := func(code string) []Text {
		order := decodeResult(t, WebSiteCN1688, `"receiver_info":{"to_post":"`+code+`"},`,
			`"native_logistics":{"zip":"`+code+`","logistics_items":[{"from_post":"`+code+`","from_city":"c","to_post":"`+code+`","to_city":"c"}]},
			"order_invoice_info":{"receive_post":"`+code+`","receive_name":"n"}`)
		shipment := order.DomesticShipping.Shipments[0]
		return []Text{
			order.Recipient.PostalCode, order.DomesticShipping.PostalCode, shipment.Origin.PostalCode,
			shipment.Destination().PostalCode, order.Invoice.Recipient.PostalCode,
		}
	}
	for code, want := range map[string]Text{"000000": "", "312000": "312000", "00000": "00000"} {
		if got := codes(code); !slices.Equal(got, slices.Repeat([]Text{want}, 5)) {
			t.Errorf("%s is %q, want %q everywhere", code, got, want)
		}
	}
}

// groups are the groups of an order by their Go names, nil where they are not shown.
func groups(order *Order) map[string]any {
	shipment := order.DomesticShipping.Shipments[0]
	return map[string]any{
		"Buyer": order.Buyer, "Seller": order.Seller, "Cancellation": order.Cancellation,
		"Carrier": shipment.Carrier, "NoCarrier": shipment.NoCarrier, "Origin": shipment.Origin, "Destination": shipment.Destination(),
		"Forwarder": order.OverseasShipping.Forwarder, "Recipient": order.Invoice.Recipient, "Company": order.Invoice.Company,
	}
}

// groupKeys are the wire keys of the groups' members by the same names.
var groupKeys = map[string][]string{
	"Buyer":        {"buyer_id", "buyer_user_id", "buyer_login_id", "sub_buyer_login_id", "buyer_alipay_id", "buyer_contact"},
	"Seller":       {"seller_id", "seller_user_id", "seller_login_id", "seller_alipay_id", "seller_credit_level", "seller_contact"},
	"Cancellation": {"close_reason", "close_operate_type", "close_remark"},
	"Carrier":      {"logistics_company_id", "logistics_company_no", "logistics_company_name"},
	"NoCarrier":    {"no_logistics_condition", "no_logistics_bill_no", "no_logistics_name", "no_logistics_tel"},
	"Origin":       {"from_province", "from_city", "from_area", "from_address", "from_post", "from_phone", "from_mobile"},
	"Destination":  {"to_province", "to_city", "to_area", "to_address", "to_post", "to_phone", "to_mobile"},
	"Forwarder":    {"shipping_company_id", "shipping_company_name"},
	"Recipient":    {"receive_name", "receive_phone", "receive_mobile", "receive_code", "receive_code_text", "receive_street", "receive_post"},
	"Company":      {"register_code", "register_code_text", "register_street", "register_phone", "register_bank", "register_account_id"},
}

// orderWith returns an order in which the given keys of all groups have the same JSON value.
func orderWith(t *testing.T, keys []string, value string) *Order {
	t.Helper()
	members := ""
	for _, key := range keys {
		members += `"` + key + `":` + value + `,`
	}
	return decodeResult(t, WebSiteCN1688, members,
		`"native_logistics":{"logistics_items":[{`+members+`"id":1}]},"order_invoice_info":{`+members+`"order_id":1},"overseas_extra_address":{`+members+`"country":"UK"}`)
}

func TestGroupsAreNullWhenAllTheirMembersAre(t *testing.T) {
	var all []string
	for _, keys := range groupKeys {
		all = append(all, keys...)
	}
	for _, nothing := range []string{`null`, `""`, `"  "`, `[]`, `{}`} {
		texts := slices.DeleteFunc(slices.Clone(all), func(key string) bool {
			// A blank text is a text, but for ids, enums and objects.
			return nothing == `"  "` && !slices.Contains([]string{"buyer_id", "close_reason", "close_operate_type", "no_logistics_condition", "buyer_contact"}, key)
		})
		for name, group := range groups(orderWith(t, texts, nothing)) {
			if !reflect.ValueOf(group).IsNil() {
				t.Errorf("%s: %s is %+v", nothing, name, group)
			}
		}
	}
	for name, keys := range groupKeys {
		for _, key := range keys {
			value := `"1"`
			if strings.HasSuffix(key, "_contact") {
				value = `{"name":"1"}`
			}
			for other, group := range groups(orderWith(t, []string{key}, value)) {
				if (name == other) == reflect.ValueOf(group).IsNil() {
					t.Errorf("with %s alone %s is %+v", key, other, group)
				}
			}
		}
	}
	for key, sentinel := range map[string]string{
		"no_logistics_condition": `"-1"`, "no_logistics_tel": `"86-"`, "from_post": `"000000"`, "to_phone": `"86-"`, "register_phone": `"86-"`,
	} {
		for name, group := range groups(orderWith(t, []string{key}, sentinel)) {
			if !reflect.ValueOf(group).IsNil() {
				t.Errorf("with %s %s %s is %+v", key, sentinel, name, group)
			}
		}
	}
	if order := orderWith(t, []string{"no_logistics_condition"}, `-1.0`); groups(order)["NoCarrier"].(*OrderNoCarrier) != nil {
		t.Error("the number -1.0 makes a group")
	}
}

// TestGroupsKeepRawTexts wants the raw twins of a group that is shown to have what was sent.
func TestGroupsKeepRawTexts(t *testing.T) {
	order := decodeResult(t, WebSiteCN1688, `"close_reason":"","close_operate_type":"CLOSE_TRADE_BY_ROBOT",`, "")
	reason, sent := order.Cancellation.ReasonRaw().Text()
	if reason != "" || !sent || order.Cancellation.Initiator.String() != unknownValue {
		t.Errorf("reason %q, %t, initiator %v", reason, sent, order.Cancellation.Initiator)
	}
}

// listPlace is a list somewhere in an order: how the wire leads to it, and how the struct does.
type listPlace struct {
	keys    []string
	lists   []bool // which of the keys lead to a list
	get     func(order reflect.Value) reflect.Value
	element reflect.Type
}

// listPlaces finds the lists of a struct and of those within it.
func listPlaces(structType reflect.Type, at listPlace) (places []listPlace) {
	for _, field := range reflect.VisibleFields(structType) {
		key, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		if key == "" && option == "" || len(field.Index) > 1 && len(at.keys) == 0 {
			continue
		}
		inner := listPlace{keys: at.keys, lists: at.lists, get: func(order reflect.Value) reflect.Value {
			return reflect.Indirect(at.get(order)).FieldByIndex(field.Index)
		}}
		if key == "seller_rate_list" && len(at.keys) == 0 {
			inner.get = func(order reflect.Value) reflect.Value {
				return reflect.ValueOf(order.Interface().(*Order).Reviews.ReviewsOfSeller)
			}
		}
		if key != "" {
			inner.keys, inner.lists = append(slices.Clone(at.keys), key), append(slices.Clone(at.lists), field.Type.Kind() == reflect.Slice)
		}
		fieldType := field.Type
		if fieldType.Kind() == reflect.Slice {
			inner.element = fieldType.Elem()
			places = append(places, inner)
			list := inner.get
			inner.get = func(order reflect.Value) reflect.Value { return list(order).Index(0) }
			fieldType = fieldType.Elem()
		}
		if fieldType.Kind() == reflect.Pointer {
			fieldType = fieldType.Elem()
		}
		if fieldType.Kind() == reflect.Struct && fieldType != reflect.TypeFor[Money]() {
			places = append(places, listPlaces(fieldType, inner)...)
		}
	}
	return places
}

// nested returns the JSON of an order in which value lies at a place and every list has one element.
func (p listPlace) nested(value string) string {
	for i := len(p.keys) - 1; i >= 0; i-- {
		if i < len(p.keys)-1 && p.lists[i] {
			value = "[" + value + "]"
		}
		value = `{"` + p.keys[i] + `":` + value + `}`
	}
	if p.keys[0] != "base_info" {
		value = `{"base_info":{"status":"success"},` + value[1:]
	}
	return value
}

// TestListsInOtherShapes sends each list of an order as a lone value, and as an object whose keys are
// numbers.
func TestListsInOtherShapes(t *testing.T) {
	places := listPlaces(reflect.TypeFor[Order](), listPlace{get: func(order reflect.Value) reflect.Value { return order }})
	if len(places) != 16 {
		t.Errorf("an order has %d lists, want 16", len(places))
	}
	for _, place := range places {
		element := func(text string) string {
			if place.element.Kind() == reflect.Pointer {
				key, _, _ := strings.Cut(place.element.Elem().Field(0).Tag.Get("json"), ",")
				if place.element == reflect.TypeFor[*OrderLineItem]() {
					key = "sub_item_idstring"
				}
				return `{"` + key + `":` + text + `}`
			}
			return text
		}
		a, b := element(`"https://a.example/"`), element(`"http://b.example/"`)
		if place.keys[len(place.keys)-1] == "buyer_rate_list" || place.keys[len(place.keys)-1] == "seller_rate_list" {
			a, b = element(`"5"`), element(`"4"`)
		}
		want := decodeList(t, place, "["+a+","+b+"]")
		if want.Len() != 2 {
			t.Fatalf("%v: %d elements of 2", place.keys, want.Len())
		}
		for value, want := range map[string]reflect.Value{
			a:                                     want.Slice(0, 1),
			`{"10":` + b + `,"2":` + a + `}`:      want,
			`{"0":` + a + `}`:                     want.Slice(0, 1),
			`[null,` + a + `,{},"",[],` + b + `]`: want,
		} {
			got := decodeList(t, place, value)
			if !reflect.DeepEqual(got.Interface(), want.Interface()) {
				t.Errorf("%v: %s is %+v, want %+v", place.keys, value, got, want)
			}
		}
	}
}

func decodeList(t *testing.T, place listPlace, value string) reflect.Value {
	t.Helper()
	body := place.nested(value)
	answer, err := DecodeAnswer([]byte(body), documentedKey, fetchedAt)
	if err != nil || answer.Order == nil || len(answer.Order.BadValues) > 0 {
		t.Fatalf("%s: %v, %v", body, err, answer.Order)
	}
	list := place.get(reflect.ValueOf(answer.Order))
	for i := range list.Len() {
		unlink(list.Index(i))
	}
	return list
}

// unlink takes the links to its order from an element: they lead to another order each time.
func unlink(element reflect.Value) {
	switch element := element.Interface().(type) {
	case *OrderLineItem:
		element.links = nil
	case *OrderShipment:
		element.links = nil
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
