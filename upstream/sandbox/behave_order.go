package sandbox

import (
	"net/http"
	"strings"
)

// rich returns an order that has everything.
func (e *exchange) rich() object {
	return generate(e.request.site, e.request.orderID, traits{status: "success", items: 3, everything: true})
}

// altered answers with a changed order that has everything.
func altered(change func(object) object) behavior {
	return func(e *exchange) { e.sendDocument(e.success(e.finish(change(e.rich())))) }
}

func everything(result object) object { return result }

func bare(result object) object {
	base := result.get("base_info").(object)
	return object{{"base_info", object{{"id", base.get("id")}, {"id_of_str", base.get("id_of_str")}, {"status", base.get("status")}}}}
}

func noBaseInfo(e *exchange) {
	e.sendDocument(e.success(without(e.finish(e.rich()), "base_info")))
}

func wrongOrder(e *exchange) {
	other := e.request
	other.orderID = e.request.orderID%1_000_000 + 424_242_000_000
	e.sendDocument(e.success(e.finish(generate(other.site, other.orderID, traits{}))))
}

// roundedID sends the id as a float64 has it, the way a JavaScript program in between would.
func roundedID(e *exchange) {
	result := e.result()
	base := without(result.get("base_info"), "id_of_str").(object)
	e.sendDocument(e.success(with(result, "base_info", with(base, "id", rounded(base.get("id"))))))
}

func statusInData(e *exchange) {
	data := e.success(e.result()).get("data").(object)
	e.sendDocument(object{{"data", append(data, member{"status", integer(0)})}})
}

func noResultLevel(e *exchange) {
	result := e.success(e.result()).get("data").(object).get("result").(object)
	e.sendDocument(object{{"data", with(result, "deduct_money", integer(points))}, {"status", integer(0)}})
}

func noStatus(e *exchange) {
	e.sendDocument(without(e.success(e.result()), "status"))
}

func successCodeAsText(e *exchange) {
	e.sendDocument(object{{"code", "0"}, {"msg", texts[0]}, {"data", e.success(e.result()).get("data")}})
}

func threePoints(e *exchange) {
	document := e.success(e.result())
	e.sandbox.log.charge(2)
	e.sendDocument(with(document, "data", with(document.get("data").(object), "deduct_money", integer(3))))
}

// flip changes the status of an order with each call.
func flip(e *exchange) {
	status := "waitsellersend"
	if e.sandbox.log.flip(e.request.orderID) {
		status = "waitbuyerreceive"
	}
	e.sendDocument(e.success(e.finish(generate(e.request.site, e.request.orderID, traits{status: status}))))
}

func newerKeys(e *exchange) {
	e.request.edition = "2"
	e.sendDocument(e.success(e.finish(e.rich())))
}

func large(result object) object {
	items := result.get("product_items").(list)
	many := make(list, 0, 500)
	for i := range cap(many) {
		item := items[i%len(items)].(object)
		lineID := digits(909_000_000_000_000 + int64(i))
		item = with(with(item, "sub_item_id", number(lineID)), "sub_item_idstring", lineID)
		many = append(many, item)
	}
	return with(result, "product_items", many)
}

func dangling(result object) object {
	return rewrite(result, "", func(path string, value any) any {
		switch path {
		case "native_logistics.logistics_items.0.sub_item_ids":
			return "404000000000000001," + value.(string)
		case "native_logistics.logistics_items.1.sub_item_ids":
			return "404000000000000002"
		}
		return value
	}).(object)
}

// php answers as a PHP program does that keeps everything in arrays.
func php(e *exchange) {
	document := rewrite(e.success(e.finish(e.rich())), "", likePHP)
	e.send(http.StatusOK, appendDocument(nil, document, appendStringLikePHP))
}

func likePHP(path string, value any) any {
	name := path[strings.LastIndexByte(path, '.')+1:]
	switch name {
	case "order_biz_info":
		return ""
	case "order_invoice_info":
		return list{}
	}
	switch value := value.(type) {
	case number:
		if name == "status" { // of the envelope
			return value
		}
		return string(value)
	case bool:
		return phpBool(name, value)
	case list:
		return numbered(value)
	}
	return value
}

// phpBool writes a boolean in one of the forms that PHP programs and databases use.
func phpBool(name string, value bool) any {
	forms := [][2]any{{"0", "1"}, {number("0"), number("1")}, {"false", "true"}, {"N", "Y"}}
	form := forms[len(name)%len(forms)]
	if value {
		return form[1]
	}
	return form[0]
}

// numbered turns a list into an object with numbered keys, with gaps, the greatest first.
func numbered(elements list) any {
	if len(elements) == 0 {
		return elements
	}
	o := make(object, 0, len(elements))
	for i := len(elements) - 1; i >= 0; i-- {
		o.add(digits(int64(i*7)), elements[i])
	}
	return o
}
