package sandbox

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// leaf returns the name of the innermost member in a path, not of a list index.
func leaf(path string) string {
	names := strings.Split(path, ".")
	slices.Reverse(names)
	for _, name := range names {
		if _, err := strconv.Atoi(name); err != nil {
			return name
		}
	}
	return ""
}

var listIndex = regexp.MustCompile(`\.\d+`)

// general returns a path without its list indexes.
func general(path string) string { return listIndex.ReplaceAllString(path, "") }

// isTime reports whether a member holds a point in time. buyer_pay_timeout and its like don't.
func isTime(name string) bool {
	return strings.HasSuffix(name, "_time") || strings.HasPrefix(name, "gmt_")
}

// kept are the members of base_info without which an order can't be told.
func kept(path string) bool {
	switch path {
	case "", "base_info", "base_info.id", "base_info.id_of_str", "base_info.status":
		return true
	}
	return false
}

func nulls(result object) object {
	return rewrite(result, "", func(path string, value any) any {
		if kept(path) {
			return value
		}
		return nil
	}).(object)
}

var sentinelValues = map[string]any{
	"alipay_trade_id":        "UNCREATED",
	"phone":                  "86-",
	"mobile":                 "86-",
	"telephone":              "86-",
	"to_phone":               "86-",
	"to_mobile":              "86-",
	"from_phone":             "86-",
	"from_mobile":            "86-",
	"from_post":              "000000",
	"to_post":                "000000",
	"zip":                    "000000",
	"receive_post":           "000000",
	"logistics_bill_no":      "不需要物流",
	"no_logistics_condition": "-1",
	"order_biz_info":         "",
	"order_invoice_info":     list{},
	"overseas_extra_address": object{},
	"customs":                nil,
	"step_order_list":        "",
	"pay_channel_list":       list{},
	"quote_list":             nil,
}

func sentinels(result object) object {
	emptyTimes := []any{"", "0", "0000-00-00 00:00:00", nil, "0001-01-01 00:00:00", "19700101080000000+0800", "1970-01-01 00:00:00"}
	times := 0
	return rewrite(result, "", func(path string, value any) any {
		name := leaf(path)
		if sentinel, found := sentinelValues[name]; found {
			return sentinel
		}
		_, isText := value.(string)
		switch {
		case kept(path), !isText, name == "sub_item_idstring", name == "sub_item_ids":
			return value
		case isTime(name):
			times++
			return emptyTimes[times%len(emptyTimes)]
		case name == "type" && strings.Contains(path, "logistics_items"):
			return "2"
		}
		return ""
	}).(object)
}

// unknownValues are what an enumeration might have tomorrow.
var unknownValues = map[string]any{
	"base_info.status":                                        "waitmoonlanding",
	"base_info.refund_status":                                 "waitarbitration",
	"base_info.close_reason":                                  "buyerChangedMind",
	"base_info.close_operate_type":                            "CLOSE_TRADE_BY_ROBOT",
	"base_info.trade_type":                                    "77",
	"base_info.business_type":                                 "zz",
	"base_info.pay_timeout_type":                              number("7"),
	"base_info.step_order_list.step_order_status":             "waitinspection",
	"base_info.step_order_list.step_pay_status":               number("5"),
	"trade_terms.pay_status":                                  "77",
	"trade_terms.pay_way":                                     "11",
	"product_items.status":                                    "waitmoonlanding",
	"product_items.refund_status":                             "WAIT_ARBITRATION",
	"product_items.close_reason":                              "测试",
	"product_items.logistics_status":                          number("6"),
	"native_logistics.logistics_items.type":                   "3",
	"native_logistics.logistics_items.status":                 "flying",
	"native_logistics.logistics_items.no_logistics_condition": "6",
	"order_invoice_info.invoice_type":                         number("9"),
	"order_rate_info.buyer_rate_status":                       number("7"),
	"order_rate_info.seller_rate_status":                      number("8"),
	"customs.type":                                            number("2"),
}

func unknownEnums(result object) object {
	return rewrite(result, "", func(path string, value any) any {
		if unknown, found := unknownValues[general(path)]; found {
			return unknown
		}
		return value
	}).(object)
}

// malformedValues are wrong in themselves: neither empty, nor a sentinel, nor of any form that the
// upstream is known to send.
var malformedValues = map[string]any{
	"base_info.total_amount":                       "twelve",
	"base_info.discount":                           "1,5",
	"base_info.pay_time":                           "yesterday",
	"base_info.step_pay_all":                       "perhaps",
	"base_info.pay_timeout":                        "soon",
	"base_info.receiver_info":                      number("17"),
	"product_items.0.quantity":                     object{{"value", number("3")}},
	"native_logistics.logistics_items.0.carriage":  "free",
	"order_rate_info.buyer_rate_list.0.star_level": "five",
	"customs.attributes.0.weight":                  "heavy",
}

// malformedPlaces names malformedValues for people.
const malformedPlaces = "total_amount, discount, pay_time, step_pay_all, pay_timeout, receiver_info, " +
	"quantity of the first line item, product_img_url of the second, carriage of the first shipment, " +
	"star_level of the first review of the buyer, weight of the first customs item"

func malformed(result object) object {
	return rewrite(result, "", func(path string, value any) any {
		if wrong, found := malformedValues[path]; found {
			return wrong
		}
		if path == "product_items.1.product_img_url" {
			return list{"https://img.example.test/ibank/1.jpg", object{{"url", "https://img.example.test/ibank/2.jpg"}}}
		}
		return value
	}).(object)
}

// inGBK sends a remark in another encoding: "张三".
func inGBK(result object) object {
	base := result.get("base_info").(object)
	return with(result, "base_info", with(base, "remark", raw("\"\xd5\xc5\xc8\xfd\"")))
}

// halfSurrogates cuts texts in the middle of a character that UTF-16 writes as a pair, as a program that
// counts its units does, names included.
func halfSurrogates(result object) object {
	return rewrite(result, "", func(path string, value any) any {
		switch leaf(path) {
		case "buyer_feedback", "name":
			if text, isText := value.(string); isText {
				quoted := appendString(nil, text)
				return raw(quoted[:len(quoted)-1]) + `\ud83d"`
			}
		case "remark":
			return raw(`"\ude00\ud83d\ud83d\ude00"`)
		case "base_info":
			return append(value.(object), member{"emoji", raw(`{"\ud83d":"\ude00"}`)})
		}
		return value
	}).(object)
}

// loneValues sends the first element of each list in place of the list.
func loneValues(result object) object {
	return rewrite(result, "", func(_ string, value any) any {
		if elements, isList := value.(list); isList && len(elements) > 0 {
			return elements[0]
		}
		return value
	}).(object)
}

// mangled does to an order what happened to the document's sample.
func mangled(result object) object {
	result = rewrite(result, "", func(path string, value any) any {
		name := leaf(path)
		switch value := value.(type) {
		case string:
			return mangledText(name, value)
		case number:
			if name == "sub_item_id" || name == "phase" || name == "step_order_id" {
				return rounded(value)
			}
		}
		return value
	}).(object)
	items := slices.Clone(result.get("product_items").(list))
	for i := 1; i < len(items); i++ { // in the sample only the first line item has its exact id
		items[i] = without(items[i], "sub_item_idstring")
	}
	return with(result, "product_items", items)
}

func mangledText(name, value string) string {
	switch {
	case name == "sub_item_ids":
		return strings.ReplaceAll(value, ",", ",\n        ")
	case name == "product_snapshot_url":
		value = strings.ReplaceAll(value, "offer_snapshot.htm?order_entry_id", "offersnapshot.htm?orderentryid")
		return strings.ReplaceAll(value, ":", ": ")
	case name == "product_img_url" || name == "gmt_pay_expire_time":
		return strings.ReplaceAll(value, ":", ": ")
	case name == "logistics_code" || name == "refund_id":
		return strings.ToLower(value)
	}
	return value
}

// rounded returns an integer as a float64 has it.
func rounded(value any) number {
	float, err := strconv.ParseFloat(string(value.(number)), 64)
	if err != nil {
		panic(fmt.Sprintf("sandbox: %v is no number", value))
	}
	integer, _ := big.NewFloat(float).Int(nil)
	return number(integer.String())
}

// otherForms writes values in the other forms in which the upstream or a wrapper is known to send
// them. The values stay the same.
func otherForms(result object) object {
	result = rewrite(result, "", func(path string, value any) any {
		name := leaf(path)
		switch value := value.(type) {
		case string:
			if isTime(name) {
				return otherTime(name, value)
			}
		case bool:
			return phpBool(name, value)
		case number:
			if strings.HasSuffix(name, "amount") && strings.Contains(string(value), ".") {
				return exponent(value)
			}
		}
		return value
	}).(object)
	return with(result, "guarantees_terms", list{result.get("guarantees_terms")})
}

// otherTime writes a time of the document's form as epoch seconds or milliseconds, as RFC 3339 or
// without an offset, depending on the member's name.
func otherTime(name, value string) any {
	if len(value) < 14 || value[4] == '-' {
		return value
	}
	t, err := time.Parse("20060102150405.000-0700", value[:14]+"."+value[14:])
	if err != nil {
		panic(fmt.Sprintf("sandbox: time %q: %v", value, err))
	}
	switch len(name) % 4 {
	case 0:
		return integer(t.Unix())
	case 1:
		return integer(t.UnixMilli())
	case 2:
		return t.Format(time.RFC3339)
	default:
		return plainDate(t)
	}
}

// exponent writes 12.34 as 1234e-2.
func exponent(value number) number {
	whole, fraction, _ := strings.Cut(string(value), ".")
	mantissa := strings.TrimLeft(whole+fraction, "0")
	if mantissa == "" {
		mantissa = "0"
	}
	return number(fmt.Sprintf("%se-%d", mantissa, len(fraction)))
}
