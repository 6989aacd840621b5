package upstream

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// enumType is what all enums have in common.
type enumType interface {
	decodable
	Raw() RawText
	String() string
	UnmarshalGQL(value any) error
}

// newEnums holds a constructor of each enum by the name of its GraphQL type.
var newEnums = map[string]func() enumType{
	"OrderStatus":           func() enumType { return new(OrderStatus) },
	"RefundStatus":          func() enumType { return new(RefundStatus) },
	"CancellationReason":    func() enumType { return new(CancellationReason) },
	"CancellationInitiator": func() enumType { return new(CancellationInitiator) },
	"TradeType":             func() enumType { return new(TradeType) },
	"BusinessType":          func() enumType { return new(BusinessType) },
	"PaymentStageStatus":    func() enumType { return new(PaymentStageStatus) },
	"StagePaymentStatus":    func() enumType { return new(StagePaymentStatus) },
	"PaymentTimeoutType":    func() enumType { return new(PaymentTimeoutType) },
	"PaymentStatus":         func() enumType { return new(PaymentStatus) },
	"PaymentMethod":         func() enumType { return new(PaymentMethod) },
	"FulfillmentStatus":     func() enumType { return new(FulfillmentStatus) },
	"ShipmentType":          func() enumType { return new(ShipmentType) },
	"ShipmentStatus":        func() enumType { return new(ShipmentStatus) },
	"NoCarrierReason":       func() enumType { return new(NoCarrierReason) },
	"InvoiceType":           func() enumType { return new(InvoiceType) },
	"ReviewStatus":          func() enumType { return new(ReviewStatus) },
	"CustomsRecordType":     func() enumType { return new(CustomsRecordType) },
}

// TestEnumTable wants every value of testdata/enums.tsv in every wire form that it lists.
func TestEnumTable(t *testing.T) {
	file, err := os.Open("testdata/enums.tsv")
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
	types := map[string]bool{}
	for _, record := range records[1:] {
		name, value, wire := record[0], record[1], record[2]
		types[name] = true
		newEnum := newEnums[name]
		if newEnum == nil {
			t.Errorf("%s: no such enum", name)
			continue
		}
		for _, form := range strings.FieldsFunc(wire, func(r rune) bool { return r == ',' || r == ';' }) {
			form = strings.TrimPrefix(strings.TrimSpace(form), "alibaba ")
			enum := newEnum()
			if err := enum.decode(quote(t, form)); err != nil || enum.String() != value {
				t.Errorf("%s: %q is %q, %v, want %q", name, form, enum, err, value)
			}
			if got := enum.Raw(); got != (RawText{form, true}) {
				t.Errorf("%s: the raw text of %q is %v", name, form, got)
			}
		}
		if err := newEnum().UnmarshalGQL(value); err != nil {
			t.Errorf("%s.%s: %v", name, value, err)
		}
	}
	if len(types) != len(newEnums) {
		t.Errorf("testdata/enums.tsv has %d enums, want %d", len(types), len(newEnums))
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
		{"CancellationInitiator", `"CLOSE_TRADE_BY_CREADIT"`, "CREDIT_COMPLAINT", "CLOSE_TRADE_BY_CREADIT"},
		{"CancellationInitiator", `"close_trade_by_credit"`, "CREDIT_COMPLAINT", "close_trade_by_credit"},
		{"TradeType", `"50060"`, "TRADE_4", "50060"},
		{"TradeType", `50060`, "TRADE_4", "50060"},
		{"TradeType", `5.006e4`, "TRADE_4", "5.006e4"},
		{"TradeType", `1`, "ESCROW", "1"},
		{"TradeType", `1.0`, "ESCROW", "1.0"},
		{"TradeType", `"1.0"`, "ESCROW", "1.0"},
		{"TradeType", `"10"`, "ACCOUNT_PERIOD", "10"},
		{"TradeType", `1e1`, "ACCOUNT_PERIOD", "1e1"},
		{"TradeType", `"1e999999999"`, "UNKNOWN", "1e999999999"},
		{"TradeType", `1.5`, "UNKNOWN", "1.5"},
		{"TradeType", `"-1"`, "UNKNOWN", "-1"},
		{"PaymentMethod", `1.3`, "UNKNOWN", "1.3"},
		{"PaymentMethod", `13.00`, "PAYMENT_PLATFORM", "13.00"},
		{"PaymentMethod", `"11"`, "UNKNOWN", "11"},
		{"PaymentMethod", `"ach"`, "ECHECK", "ach"},
		{"PaymentStatus", `"SUCCESS"`, "SUCCEEDED", "SUCCESS"},
		{"PaymentStatus", `"PAY_SUCCESS"`, "PAYMENT_SUCCEEDED", "PAY_SUCCESS"},
		{"InvoiceType", `9`, "UNKNOWN", "9"},
		{"InvoiceType", `0`, "ORDINARY", "0"},
		{"InvoiceType", `-0`, "ORDINARY", "-0"},
		{"ShipmentType", `"SELF_SEND_GOODS"`, "SELF_SHIPPED", "SELF_SEND_GOODS"},
		{"ShipmentType", `2`, "NO_LOGISTICS", "2"},
		{"NoCarrierReason", `"-1"`, "", "-1"},
		{"NoCarrierReason", `-1`, "", "-1"},
		{"NoCarrierReason", `-1.0`, "", "-1.0"},
		{"NoCarrierReason", `"1"`, "THIRD_PARTY_CARRIER", "1"},
		{"NoCarrierReason", `"-2"`, "UNKNOWN", "-2"},
	}
	for _, test := range tests {
		enum := newEnums[test.name]()
		if err := enum.decode(jsontext.Value(test.json)); err != nil {
			t.Errorf("%s: %s: %v", test.name, test.json, err)
		}
		if got := enum.String(); got != test.value {
			t.Errorf("%s: %s is %q, want %q", test.name, test.json, got, test.value)
		}
		if raw, present := enum.Raw().Text(); raw != test.raw || !present {
			t.Errorf("%s: the raw text of %s is %q, %t, want %q", test.name, test.json, raw, present, test.raw)
		}
	}
}

func TestEnumZeroIsNull(t *testing.T) {
	for name, newEnum := range newEnums {
		enum := newEnum()
		if _, present := enum.Raw().Text(); present || enum.String() != "" {
			t.Errorf("the zero %s is %q", name, enum)
		}
		if got := marshalled(enum); got != "null" {
			t.Errorf("the zero %s is written as %s", name, got)
		}
		if err := enum.UnmarshalGQL("UNKNOWN"); err != nil || marshalled(enum) != `"UNKNOWN"` {
			t.Errorf("%s: UNKNOWN is written as %s, %v", name, marshalled(enum), err)
		}
		for _, wrong := range []any{"", "NO_SUCH_VALUE", 1, nil} {
			if err := newEnum().UnmarshalGQL(wrong); err == nil {
				t.Errorf("%s takes %v", name, wrong)
			}
		}
	}
}

// marshalled writes an enum the way gqlgen does: by value.
func marshalled(enum enumType) string {
	var text bytes.Buffer
	value := reflect.ValueOf(enum).Elem().Interface()
	value.(interface{ MarshalGQL(w io.Writer) }).MarshalGQL(&text)
	return text.String()
}

func TestEnumIsOnePointer(t *testing.T) {
	read := func() (status OrderStatus) {
		if err := status.decode(jsontext.Value(`"success"`)); err != nil {
			t.Fatal(err)
		}
		return status
	}
	first, second := read(), read()
	if first != second {
		t.Error("two readings of the same status differ")
	}
	value := jsontext.Value(`"success"`)
	var status OrderStatus
	allocations := testing.AllocsPerRun(100, func() { status.Enum = orderStatusTable.decode(value) })
	if allocations != 0 {
		t.Errorf("reading a status in its usual form costs %v allocations, want none", allocations)
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
		for name, newEnum := range newEnums {
			enum := newEnum()
			if err := enum.decode(value); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if raw, present := enum.Raw().Text(); raw != text || !present {
				t.Fatalf("%s: the raw text of %q is %q, %t", name, text, raw, present)
			}
			if got := enum.String(); got != "" && newEnum().UnmarshalGQL(got) != nil {
				t.Fatalf("%s: %q is %q, which is no value", name, text, got)
			}
		}
	})
}
