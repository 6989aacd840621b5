package upstream

import (
	"encoding/csv"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// inventory is enums.tsv: the wire forms of each value of each enum.
func inventory(t *testing.T) map[string]map[string][]string {
	t.Helper()
	file, err := os.Open("enums.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comma, reader.LazyQuotes = '\t', true
	records, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	enums := map[string]map[string][]string{}
	for _, record := range records[1:] {
		if enums[record[0]] == nil {
			enums[record[0]] = map[string][]string{}
		}
		for _, form := range strings.FieldsFunc(record[2], func(r rune) bool { return r == ',' || r == ';' }) {
			form = strings.TrimPrefix(strings.TrimSpace(form), "alibaba ")
			enums[record[0]][record[1]] = append(enums[record[0]][record[1]], form)
		}
	}
	return enums
}

// TestEnumTable wants every value of enums.tsv in every wire form that it lists, and no other
// value.
func TestEnumTable(t *testing.T) {
	enums := inventory(t)
	for name, values := range enums {
		table := enumTables[name]
		if table == nil {
			t.Errorf("%s: no such enum", name)
			continue
		}
		for value, forms := range values {
			for _, form := range forms {
				enum := table.decode(quote(t, form))
				if enum.String() != value {
					t.Errorf("%s: %q is %q, want %q", name, form, enum, value)
				}
				if got := enum.Raw(); got != (RawText{form, true}) {
					t.Errorf("%s: the raw text of %q is %v", name, form, got)
				}
			}
		}
	}
	for name, table := range enumTables {
		for _, value := range table.byCanonical {
			if enums[name][value] == nil {
				t.Errorf("%s.%s: not in enums.tsv", name, value)
			}
		}
	}
}

func quote(t testing.TB, text string) jsontext.Value {
	t.Helper()
	value, err := jsontext.AppendQuote(nil, text)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestEnumForms(t *testing.T) {
	tests := []struct {
		name, json, value, raw string
	}{
		{"OrderStatus", `"waitbuyerpay"`, "WAIT_BUYER_PAY", "waitbuyerpay"},
		{"OrderStatus", `"WAIT_BUYER_PAY"`, "WAIT_BUYER_PAY", "WAIT_BUYER_PAY"},
		{"OrderStatus", `" waitBuyerPay\n"`, "WAIT_BUYER_PAY", " waitBuyerPay\n"},
		{"OrderStatus", `"w\u0061itbuyerpay"`, "WAIT_BUYER_PAY", "waitbuyerpay"},
		{"OrderStatus", `"confirmGoods"`, "GOODS_CONFIRMED", "confirmGoods"},
		{"OrderStatus", `"waitsomething"`, "UNKNOWN", "waitsomething"},
		{"OrderStatus", `"未枚举"`, "UNKNOWN", "未枚举"},
		{"OrderStatus", `"--"`, "UNKNOWN", "--"},
		{"OrderStatus", `""`, "", ""},
		{"OrderStatus", `"  "`, "", "  "},
		{"OrderStatus", `true`, "UNKNOWN", "true"},
		{"OrderStatus", `{"a": [1]}`, "UNKNOWN", `{"a": [1]}`},
		{"OrderCancellationInitiator", `"CLOSE_TRADE_BY_CREADIT"`, "CREDIT_COMPLAINT", "CLOSE_TRADE_BY_CREADIT"},
		{"OrderCancellationInitiator", `"close_trade_by_credit"`, "CREDIT_COMPLAINT", "close_trade_by_credit"},
		{"OrderTradeType", `"50060"`, "TRADE_4", "50060"},
		{"OrderTradeType", `50060`, "TRADE_4", "50060"},
		{"OrderTradeType", `5.006e4`, "TRADE_4", "5.006e4"},
		{"OrderTradeType", `1`, "ESCROW", "1"},
		{"OrderTradeType", `1.0`, "ESCROW", "1.0"},
		{"OrderTradeType", `"1.0"`, "ESCROW", "1.0"},
		{"OrderTradeType", `"10"`, "ACCOUNT_PERIOD", "10"},
		{"OrderTradeType", `1e1`, "ACCOUNT_PERIOD", "1e1"},
		{"OrderTradeType", `"1e999999999"`, "UNKNOWN", "1e999999999"},
		{"OrderTradeType", `1.5`, "UNKNOWN", "1.5"},
		{"OrderTradeType", `"-1"`, "UNKNOWN", "-1"},
		{"OrderPaymentMethod", `1.3`, "UNKNOWN", "1.3"},
		{"OrderPaymentMethod", `13.00`, "PAYMENT_PLATFORM", "13.00"},
		{"OrderPaymentMethod", `"11"`, "UNKNOWN", "11"},
		{"OrderPaymentMethod", `"ach"`, "ECHECK", "ach"},
		{"OrderPaymentStatus", `"SUCCESS"`, "SUCCEEDED", "SUCCESS"},
		{"OrderPaymentStatus", `"PAY_SUCCESS"`, "PAYMENT_SUCCEEDED", "PAY_SUCCESS"},
		{"OrderInvoiceType", `9`, "UNKNOWN", "9"},
		{"OrderInvoiceType", `0`, "ORDINARY", "0"},
		{"OrderInvoiceType", `-0`, "ORDINARY", "-0"},
		{"OrderShipmentType", `"SELF_SEND_GOODS"`, "SELF_SHIPPED", "SELF_SEND_GOODS"},
		{"OrderShipmentType", `2`, "NO_LOGISTICS", "2"},
		{"OrderCarrierlessDeliveryReason", `"-1"`, "", "-1"},
		{"OrderCarrierlessDeliveryReason", `-1`, "", "-1"},
		{"OrderCarrierlessDeliveryReason", `-1.0`, "", "-1.0"},
		{"OrderCarrierlessDeliveryReason", `"1"`, "THIRD_PARTY_CARRIER", "1"},
		{"OrderCarrierlessDeliveryReason", `"-2"`, "UNKNOWN", "-2"},
	}
	for _, test := range tests {
		enum := enumTables[test.name].decode(jsontext.Value(test.json))
		if got := enum.String(); got != test.value {
			t.Errorf("%s: %s is %q, want %q", test.name, test.json, got, test.value)
		}
		if raw, present := enum.Raw().Text(); raw != test.raw || !present {
			t.Errorf("%s: the raw text of %s is %q, %t, want %q", test.name, test.json, raw, present, test.raw)
		}
	}
}

func TestEnumZeroIsNull(t *testing.T) {
	var enum Enum
	if _, present := enum.Raw().Text(); present || enum.String() != "" || !enum.isNull() {
		t.Errorf("the zero value is %q", enum)
	}
}

func TestEnumIsOnePointer(t *testing.T) {
	table, value := enumTables["OrderStatus"], jsontext.Value(`"success"`)
	first, second := table.decode(value), table.decode(value)
	if first != second {
		t.Error("two readings of the same status differ")
	}
	var status Enum
	allocations := testing.AllocsPerRun(100, func() { status = table.decode(value) })
	if allocations != 0 {
		t.Errorf("reading a status in its usual form costs %v allocations, want none", allocations)
	}
	if status.String() != "SUCCESS" {
		t.Errorf("the status is %q", status)
	}
}

func FuzzEnum(f *testing.F) {
	for _, seed := range []string{"waitbuyerpay", "2.0", "-1", "", "1e1", "未枚举", "\x00", "1_0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := jsontext.AppendQuote(nil, text)
		if err != nil {
			return // not UTF-8, so no JSON string
		}
		for name, table := range enumTables {
			enum := table.decode(value)
			if raw, present := enum.Raw().Text(); raw != text || !present {
				t.Fatalf("%s: the raw text of %q is %q, %t", name, text, raw, present)
			}
			if got := enum.String(); got != "" && got != "UNKNOWN" && !slices.Contains(slices.Collect(maps.Values(table.byCanonical)), got) {
				t.Fatalf("%s: %q is %q, which is no value", name, text, got)
			}
		}
	})
}
