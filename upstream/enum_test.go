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

// newEnums holds a constructor of each enum by the name that testdata/enums.tsv has for its type.
var newEnums = map[string]func() enumType{
	"OrderStatus":                    func() enumType { return new(OrderStatus) },
	"OrderRefundStatus":              func() enumType { return new(OrderRefundStatus) },
	"OrderCancellationReason":        func() enumType { return new(OrderCancellationReason) },
	"OrderCancellationInitiator":     func() enumType { return new(OrderCancellationInitiator) },
	"OrderTradeType":                 func() enumType { return new(OrderTradeType) },
	"OrderBusinessType":              func() enumType { return new(OrderBusinessType) },
	"OrderPaymentStageStatus":        func() enumType { return new(OrderPaymentStageStatus) },
	"OrderStagePaymentStatus":        func() enumType { return new(OrderStagePaymentStatus) },
	"OrderPaymentTimeoutType":        func() enumType { return new(OrderPaymentTimeoutType) },
	"OrderPaymentStatus":             func() enumType { return new(OrderPaymentStatus) },
	"OrderPaymentMethod":             func() enumType { return new(OrderPaymentMethod) },
	"OrderFulfillmentStatus":         func() enumType { return new(OrderFulfillmentStatus) },
	"OrderShipmentType":              func() enumType { return new(OrderShipmentType) },
	"OrderShipmentStatus":            func() enumType { return new(OrderShipmentStatus) },
	"OrderCarrierlessDeliveryReason": func() enumType { return new(OrderCarrierlessDeliveryReason) },
	"OrderInvoiceType":               func() enumType { return new(OrderInvoiceType) },
	"OrderReviewStatus":              func() enumType { return new(OrderReviewStatus) },
	"OrderCustomsRecordType":         func() enumType { return new(OrderCustomsRecordType) },
}

// enumTables holds the table of each enum by the same names.
var enumTables = map[string]*enumTable{
	"OrderStatus":                    orderStatusTable,
	"OrderRefundStatus":              refundStatusTable,
	"OrderCancellationReason":        cancellationReasonTable,
	"OrderCancellationInitiator":     cancellationInitiatorTable,
	"OrderTradeType":                 tradeTypeTable,
	"OrderBusinessType":              businessTypeTable,
	"OrderPaymentStageStatus":        paymentStageStatusTable,
	"OrderStagePaymentStatus":        stagePaymentStatusTable,
	"OrderPaymentTimeoutType":        paymentTimeoutTypeTable,
	"OrderPaymentStatus":             paymentStatusTable,
	"OrderPaymentMethod":             paymentMethodTable,
	"OrderFulfillmentStatus":         fulfillmentStatusTable,
	"OrderShipmentType":              shipmentTypeTable,
	"OrderShipmentStatus":            shipmentStatusTable,
	"OrderCarrierlessDeliveryReason": noCarrierReasonTable,
	"OrderInvoiceType":               invoiceTypeTable,
	"OrderReviewStatus":              reviewStatusTable,
	"OrderCustomsRecordType":         customsRecordTypeTable,
}

// inventory is testdata/enums.tsv: the wire forms of each value of each enum.
func inventory(t *testing.T) map[string]map[string][]string {
	t.Helper()
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

// TestEnumTable wants every value of testdata/enums.tsv in every wire form that it lists, and no other
// value.
func TestEnumTable(t *testing.T) {
	enums := inventory(t)
	for name, values := range enums {
		newEnum := newEnums[name]
		if newEnum == nil {
			t.Errorf("%s: no such enum", name)
			continue
		}
		for value, forms := range values {
			for _, form := range forms {
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
	}
	if len(enums) != len(newEnums) {
		t.Errorf("testdata/enums.tsv has %d enums, want %d", len(enums), len(newEnums))
	}
	for name, table := range enumTables {
		for _, value := range table.values {
			if enums[name][value] == nil {
				t.Errorf("%s.%s: not in testdata/enums.tsv", name, value)
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
