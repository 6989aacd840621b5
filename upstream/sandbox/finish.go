package sandbox

import (
	"fmt"
	"hash/crc32"
)

// withDomains leaves out what was not asked for (include_fields). The review statuses belong to no
// domain, only the two lists of reviews do.
func withDomains(result object, asked domains) object {
	if asked == allDomains {
		return result
	}
	kept := make(object, 0, len(result))
	for _, m := range result {
		switch {
		case m.name == "guarantees_terms" && asked&guaranteesTerms == 0,
			m.name == "native_logistics" && asked&nativeLogistics == 0,
			m.name == "order_invoice_info" && asked&orderInvoice == 0,
			m.name == "seller_rate_list" && asked&rateDetail == 0:
			continue
		case m.name == "product_items" && asked&guaranteesTerms == 0:
			m.value = withoutInEach(m.value, "guarantees_terms")
		case m.name == "order_rate_info" && asked&rateDetail == 0:
			m.value = without(m.value, "buyer_rate_list", "seller_rate_list")
		}
		kept = append(kept, m)
	}
	return kept
}

func withoutInEach(value any, names ...string) any {
	elements, isList := value.(list)
	if !isList {
		return value
	}
	kept := make(list, len(elements))
	for i, element := range elements {
		kept[i] = without(element, names...)
	}
	return kept
}

// without returns a copy of an object without some members, and any other value as it is.
func without(value any, names ...string) any {
	o, isObject := value.(object)
	if !isObject {
		return value
	}
	kept := make(object, 0, len(o))
next:
	for _, m := range o {
		for _, name := range names {
			if m.name == name {
				continue next
			}
		}
		kept = append(kept, m)
	}
	return kept
}

// with returns a copy of an object with another value of a member, which it gets if it had none.
func with(o object, name string, value any) object {
	changed := make(object, 0, len(o)+1)
	found := false
	for _, m := range o {
		if m.name == name {
			m.value, found = value, true
		}
		changed = append(changed, m)
	}
	if !found {
		changed.add(name, value)
	}
	return changed
}

// withAttributes adds the extended attributes that were asked for (attribute_keys): every key has a
// value, which depends on the order and the key alone; every second one has a description.
func withAttributes(result object, order int64, keys []string) object {
	attributes := make(list, len(keys))
	for i, key := range keys {
		sum := crc32.ChecksumIEEE(fmt.Appendf(nil, "%d %s", order, key))
		attribute := object{{"key", key}, {"value", fmt.Sprintf("%08x", sum)}}
		if sum%2 == 0 {
			attribute.add("description", "扩展属性 "+key)
		}
		attributes[i] = attribute
	}
	return with(result, "ext_attributes", attributes)
}

// withNewerKeys adds keys that the platform has and the document lacks. What edition 2 changes is
// not documented: here it changes nothing but them.
func withNewerKeys(result object) object {
	added := map[string]object{
		"":                         {{"from_encrypt_order", false}, {"encrypt_out_order_info", nil}, {"international_logistics", object{}}},
		"base_info":                {{"out_order_id", "EXT-20240001"}, {"inventory_mode", integer(1)}, {"currency", "CNY"}, {"buyer_level", "L2"}, {"new_step_order_list", list{object{{"step_no", integer(1)}, {"step_name", "付定金"}}}}},
		"base_info.seller_contact": {{"shop_name", "示例旗舰店"}},
		"order_biz_info":           {{"is_cz", false}, {"shipping_insurance", "none"}},
		"trade_terms.0":            {{"pay_status_desc", "已付款"}},
		"product_items.0":          {{"share_postage", number("1.25")}, {"can_send_goods", true}},
		"native_logistics":         {{"privacy_protection", true}},
	}
	return rewrite(result, "", func(path string, value any) any {
		members, isObject := value.(object)
		if !isObject {
			return value
		}
		return append(members, added[path]...)
	}).(object)
}
