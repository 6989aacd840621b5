package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestOrdersAreDeterministic(t *testing.T) {
	for _, id := range []string{"1", "50000", "9223372036854775807"} {
		for _, site := range []string{site1688, siteAlibaba} {
			body := parameters(site, id, everyDomain)
			first, second := post(New(Options{}), body).Body.Bytes(), post(New(Options{}), body).Body.Bytes()
			if !bytes.Equal(first, second) {
				t.Errorf("%s %s: two answers differ", site, id)
			}
		}
	}
	// The invented orders are part of other people's tests: this one must not change.
	base := fetch(t, New(Options{}), parameters(site1688, "55555", ""))["base_info"].(map[string]any)
	for name, want := range map[string]any{
		"status": "waitlogisticstakein", "create_time": "20250120095126000+0800", "buyer_login_id": "示例采购011",
	} {
		if base[name] != want {
			t.Errorf("order 55555: %s is %v, want %v", name, base[name], want)
		}
	}
}

func TestOrdersDiffer(t *testing.T) {
	s := New(Options{})
	a := fetch(t, s, parameters(site1688, "50000", ""))
	b := fetch(t, s, parameters(site1688, "50001", ""))
	c := fetch(t, s, parameters(siteAlibaba, "50000", ""))
	for name, other := range map[string]any{"another id": b, "another site": c} {
		if at(t, a, "base_info.create_time") == at(t, other, "base_info.create_time") {
			t.Errorf("%s has the same order", name)
		}
	}
}

// collect adds the paths (without indexes) of everything in value, and its scalar values by path.
func collect(value any, path string, values map[string]map[string]bool) {
	if values[path] == nil {
		values[path] = map[string]bool{}
	}
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			collect(inner, join(path, name), values)
		}
	case []any:
		for _, inner := range value {
			collect(inner, path, values)
		}
	case nil:
	default:
		values[path][fmt.Sprint(value)] = true
	}
}

// documentedPaths reads the rows of the document's response table.
func documentedPaths(t *testing.T) []string {
	t.Helper()
	file, err := os.Open("../../graph/restfields/fields.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var paths []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if columns := strings.Split(lines.Text(), "\t"); columns[0] != "n" {
			path := columns[1]
			if strings.HasPrefix(path, "result.") {
				path = "data." + path
			}
			paths = append(paths, path)
		}
	}
	if err := lines.Err(); err != nil || len(paths) != 295 {
		t.Fatalf("%d rows, %v", len(paths), err)
	}
	return paths
}

func TestEveryDocumentedFieldAppears(t *testing.T) {
	paths := documentedPaths(t)
	s := New(Options{})
	everything, invented := map[string]map[string]bool{}, map[string]map[string]bool{}
	collect(decode(t, post(s, parameters(site1688, "900", everyDomain, "color", "batch")).Body.Bytes()), "", everything)
	for id := 100_000; id < 100_500; id++ {
		for _, site := range []string{site1688, siteAlibaba} {
			body := parameters(site, fmt.Sprint(id), everyDomain, "color", "batch")
			collect(decode(t, post(s, body).Body.Bytes()), "", invented)
		}
	}
	containers := map[string]bool{}
	for _, path := range paths {
		for i := range path {
			if path[i] == '.' {
				containers[path[:i]] = true
			}
		}
	}
	for _, path := range paths {
		if everything[path] == nil || len(everything[path]) == 0 && !containers[path] {
			t.Errorf("the test id 900 lacks %s", path)
		}
		if invented[path] == nil || len(invented[path]) == 0 && !containers[path] {
			t.Errorf("no invented order has %s", path)
		}
	}
	t.Run("values", func(t *testing.T) { checkVariety(t, invented) })
}

// checkVariety checks that the invented orders have the documented values of the enumerations.
func checkVariety(t *testing.T, values map[string]map[string]bool) {
	for path, wanted := range map[string]string{
		"base_info.status":                                        "waitbuyerpay waitsellersend waitlogisticstakein waitbuyerreceive waitbuyersign signinsuccess confirm_goods success cancel terminated",
		"base_info.refund_status":                                 strings.Join(refundStatuses, " "),
		"base_info.close_reason":                                  strings.Join(closeReasons, " "),
		"base_info.close_operate_type":                            strings.Join(closeOperators, " "),
		"base_info.trade_type":                                    "1 2 3 4 5 6 7 8 9 10 50060",
		"base_info.business_type":                                 "ta wholesale cn ws yp yf fs cz ag hp supply factory quick xiangpin f2f cyfw sp wg lst cb distribution cab manufact",
		"base_info.pay_timeout_type":                              "0 1",
		"base_info.pay_channel_list":                              "支付宝 网商银行信任付 诚e赊 对公转账 赊销宝 账期支付 合并支付渠道 支付平台 声明付款 网商电子银行承兑汇票 银行转账 跨境宝 红包 其它",
		"base_info.step_order_list.step_order_status":             "success " + strings.Join(stageStatuses, " "),
		"base_info.step_order_list.step_pay_status":               "1 2 4 6 8",
		"trade_terms.pay_status":                                  "1 2 4 6 7 8 9 12 WAIT_PAY PAYER_PAID PART_SUCCESS PAY_SUCCESS CLOSED CANCELLED SUCCESS FAIL",
		"trade_terms.pay_way":                                     "1 2 3 4 5 6 7 8 9 10 12 13 ECL CC TT ACH",
		"product_items.refund_status":                             strings.Join(itemRefundStatuses, " "),
		"product_items.logistics_status":                          "1 2 3 4 5 7 8",
		"native_logistics.logistics_items.type":                   "0 1 2",
		"native_logistics.logistics_items.status":                 "alreadysend",
		"native_logistics.logistics_items.no_logistics_condition": "-1 1 2 3 4 5",
		"order_invoice_info.invoice_type":                         "0 1 9",
		"order_rate_info.buyer_rate_status":                       "4 5 6",
		"order_rate_info.seller_rate_status":                      "4 5 6",
		"customs.type":                                            "1",
		"customs.attributes.currency":                             "USD CNY RMB",
	} {
		for want := range strings.FieldsSeq(wanted) {
			if !values["data.result."+path][want] {
				t.Errorf("no invented order has %s %s", path, want)
			}
		}
	}
}

func decimal(t *testing.T, value any) *big.Rat {
	t.Helper()
	number, isNumber := value.(json.Number)
	if !isNumber {
		t.Fatalf("%v is no number", value)
	}
	rat, ok := new(big.Rat).SetString(number.String())
	if !ok {
		t.Fatalf("%v is no decimal", value)
	}
	return rat
}

// TestAmountsAgree checks that yuan are yuan and fen are fen.
func TestAmountsAgree(t *testing.T) {
	s := New(Options{})
	hundred := big.NewRat(100, 1)
	negative := false
	for id := 100_000; id < 100_200; id++ {
		result := fetch(t, s, parameters(site1688, fmt.Sprint(id), everyDomain))
		items, adjustments := new(big.Rat), new(big.Rat)
		for _, item := range result["product_items"].([]any) {
			adjustment := decimal(t, at(t, item, "entry_discount"))
			negative = negative || adjustment.Sign() < 0
			full := new(big.Rat).Mul(decimal(t, at(t, item, "price")), decimal(t, at(t, item, "quantity")))
			paid := decimal(t, at(t, item, "item_amount"))
			if full.Add(full, new(big.Rat).Quo(adjustment, hundred)).Cmp(paid) != 0 {
				t.Errorf("%d: price × quantity + entry_discount is %s, item_amount %s", id, full, paid)
			}
			items.Add(items, paid)
			adjustments.Add(adjustments, adjustment)
		}
		base := result["base_info"].(map[string]any)
		if adjustments.Cmp(decimal(t, base["discount"])) != 0 {
			t.Errorf("%d: ∑ entry_discount is %s, discount %v", id, adjustments, base["discount"])
		}
		items.Add(items, decimal(t, base["shipping_fee"]))
		if base["coupon_fee"] != nil {
			items.Sub(items, decimal(t, base["coupon_fee"]))
		}
		if items.Cmp(decimal(t, base["total_amount"])) != 0 {
			t.Errorf("%d: the sum is %s, total_amount %v", id, items, base["total_amount"])
		}
		refund := new(big.Rat).Mul(decimal(t, base["refund"]), hundred)
		if refund.Cmp(decimal(t, base["refund_payment"])) != 0 {
			t.Errorf("%d: refund %v, refund_payment %v", id, base["refund"], base["refund_payment"])
		}
		terms := new(big.Rat)
		for _, term := range result["trade_terms"].([]any) {
			terms.Add(terms, decimal(t, at(t, term, "phas_amount")))
		}
		if terms.Cmp(decimal(t, base["total_amount"])) != 0 {
			t.Errorf("%d: ∑ phas_amount is %s, total_amount %v", id, terms, base["total_amount"])
		}
	}
	if !negative {
		t.Error("no order has a price cut")
	}
}

// TestShipmentsNameLineItems checks the link between parcels and line items.
func TestShipmentsNameLineItems(t *testing.T) {
	s := New(Options{})
	shipments := 0
	for id := 100_000; id < 100_200; id++ {
		result := fetch(t, s, parameters(site1688, fmt.Sprint(id), everyDomain))
		there := map[string]bool{}
		for _, item := range result["product_items"].([]any) {
			there[at(t, item, "sub_item_idstring").(string)] = true
		}
		parcels, _ := at(t, result, "native_logistics.logistics_items").([]any)
		for _, parcel := range parcels {
			shipments++
			for lineID := range strings.SplitSeq(at(t, parcel, "sub_item_ids").(string), ",") {
				if !there[lineID] {
					t.Errorf("%d: a shipment names %s, which is no line item", id, lineID)
				}
			}
		}
	}
	if shipments < 50 {
		t.Errorf("only %d shipments", shipments)
	}
}

// TestNobodyIsReal checks that phone numbers and hosts are of the invented kind.
func TestNobodyIsReal(t *testing.T) {
	mobile, host := regexp.MustCompile(`"1[3-9]\d{9}"`), regexp.MustCompile(`(?:https?://|@)[^/"]+`)
	for id := 100_000; id < 100_100; id++ {
		body := post(New(Options{}), parameters(site1688, fmt.Sprint(id), everyDomain)).Body.String()
		for _, number := range mobile.FindAllString(body, -1) {
			if !strings.HasPrefix(number, `"138000000`) {
				t.Errorf("%d: mobile number %s", id, number)
			}
		}
		for _, name := range host.FindAllString(body, -1) {
			if !strings.HasSuffix(name, ".example.test") && !strings.HasSuffix(name, "@example.com") {
				t.Errorf("%d: host %s", id, name)
			}
		}
	}
}

// FuzzOrder looks for an id whose order isn't JSON, isn't that order, or has an id that is no
// positive Java Long.
func FuzzOrder(f *testing.F) {
	f.Add(int64(5000), false)
	f.Add(int64(9223372036854775807), true)
	f.Fuzz(func(t *testing.T, id int64, international bool) {
		if id < 1 {
			return // No order id.
		}
		site := site1688
		if international {
			site = siteAlibaba
		}
		for _, wanted := range []traits{{}, {status: "success", items: 3, everything: true}} {
			result := decode(t, appendDocument(nil, generate(site, id, wanted), appendString))
			if got := at(t, result, "base_info.id_of_str"); got != fmt.Sprint(id) {
				t.Errorf("id_of_str is %v, want %d", got, id)
			}
			for _, item := range result["product_items"].([]any) {
				number, err := at(t, item, "sub_item_id").(json.Number).Int64()
				if err != nil || number < 1 {
					t.Errorf("sub_item_id %v: %v", at(t, item, "sub_item_id"), err)
				}
			}
		}
	})
}

func BenchmarkOrder(b *testing.B) {
	s := New(Options{})
	for name, id := range map[string]string{"invented": "55555", "everything": "900", "fixture": "58218860983545941"} {
		b.Run(name, func(b *testing.B) {
			body := parameters(site1688, id, everyDomain)
			b.ReportAllocs()
			for b.Loop() {
				post(s, body)
			}
		})
	}
}
