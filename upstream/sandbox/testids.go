package sandbox

import "net/http"

// TestID is an order id that is answered in one particular way, like a test card of a payment
// service. The families: 1 to 10 an order in each status, 100 to 302 the response codes, 307 to 599
// HTTP statuses, 600 to 609 the connection, 700 to 719 the body, 800 to 819 the envelope, 900 to 919
// the values; four digits are variants of the first three.
type TestID struct {
	ID string `json:"id"`
	// Name is what Fault.Name and Call.Answer call this behaviour.
	Name string `json:"name"`
	// What says what the upstream does.
	What string `json:"what"`
	// Outcome is what the order is for a client: "order", "null" or "error".
	Outcome string `json:"outcome"`
	// Code is the error code that a client gets (errors[].extensions.code); empty if there is no error.
	Code string `json:"code,omitempty"`
}

// TestIDs returns all test ids, in the order of their families.
func TestIDs() []TestID {
	ids := make([]TestID, len(tests))
	for i := range tests {
		ids[i] = tests[i].TestID
	}
	return ids
}

type test struct {
	TestID
	behave behavior
}

// The kinds of TestID.Outcome.
const (
	outcomeOrder = "order"
	outcomeNull  = "null"
	outcomeError = "error"
)

var noPermission = refused("2041", "no-permission", "204 无该接口权限: no right to call", "PERMISSION_DENIED",
	204, "请求异常:无该接口权限,请前往官网开通正式接口。")

var tests = []test{
	inStatus("1", "waitbuyerpay"),
	inStatus("2", "waitsellersend"),
	inStatus("3", "waitlogisticstakein"),
	inStatus("4", "waitbuyerreceive"),
	inStatus("5", "waitbuyersign"),
	inStatus("6", "signinsuccess"),
	inStatus("7", "confirm_goods"),
	inStatus("8", "success"),
	inStatus("9", "cancel"),
	inStatus("10", "terminated"),

	refused("100", "bad-parameters", "100 请求参数错误", "BAD_USER_INPUT", 100, texts[100]),
	refused("101", "upstream-timeout", "101 请求超时", "UPSTREAM_TIMEOUT", 101, texts[101]),
	refused("103", "no-account", "103 旺旺账号不存在", "ACCOUNT_NOT_FOUND", 103, texts[103]),
	fails("1031", "no-account-as-text", `103 as {"code": "103"}, the code a string under another key`, "ACCOUNT_NOT_FOUND", codeAsText),
	refused("199", "undocumented-code", "a code that no document lists (199)", "UPSTREAM_ERROR", 199, "未知错误"),
	refused("200", "system-error", "200 系统错误, a failure here", "UPSTREAM_ERROR", 200, texts[200]),
	refused("203", "unsupported", "203 暂不支持当前接口", "UPSTREAM_UNSUPPORTED", 203, texts[203]),
	noPermission,
	refused("2042", "quota-exhausted", "204 API调用次数不足: no calls left", "QUOTA_EXHAUSTED",
		204, "请求异常:API调用次数不足,请前往网站兑换次数。"),
	refused("2043", "permission-or-quota", "204 with a text that tells neither", "PERMISSION_OR_QUOTA", 204, "请求异常"),
	fails("302", "not-authorized", "302 未授权店铺, the link in data.auth_link", "SHOP_NOT_AUTHORIZED",
		notAuthorized(object{{"auth_link", authorizationLink}, {"order_link", "https://fuwu.1688.com/"}}, texts[302])),
	fails("3021", "not-authorized-bare-link", "302 with data being the link itself", "SHOP_NOT_AUTHORIZED",
		notAuthorized(authorizationLink, texts[302])),
	fails("3022", "not-authorized-link-in-text", "302 with the link in the text", "SHOP_NOT_AUTHORIZED",
		notAuthorized(list{}, texts[302]+",请扫码授权: "+authorizationLink)),
	fails("3023", "not-authorized-script-link", "302 with a javascript: link, which must not reach a client", "SHOP_NOT_AUTHORIZED",
		notAuthorized(object{{"auth_link", "javascript:alert(document.cookie)"}}, texts[302])),
	fails("3024", "not-authorized-no-link", "302 without a link", "SHOP_NOT_AUTHORIZED",
		notAuthorized(list{}, texts[302])),

	fails("307", "redirect", "HTTP 307 to another path of the same host", "UPSTREAM_BAD_RESPONSE", redirect),
	fails("308", "redirect-host", "HTTP 308 to another host, where the token must not go", "UPSTREAM_BAD_RESPONSE", redirectHost),
	fails("400", "http-400", "HTTP 400 with the platform's own error object (gw.QosAppFrequencyLimit)", "UPSTREAM_BAD_RESPONSE", gatewayError),
	fails("403", "http-403", "HTTP 403 with an HTML page", "PERMISSION_OR_QUOTA", page(http.StatusForbidden)),
	fails("404", "http-404", "HTTP 404 with an HTML page", "UPSTREAM_BAD_RESPONSE", page(http.StatusNotFound)),
	fails("429", "http-429", "HTTP 429 with Retry-After: 2", "RATE_LIMITED", retryLater(http.StatusTooManyRequests)),
	fails("500", "http-500", "HTTP 500 with an HTML page", "UPSTREAM_UNAVAILABLE", page(http.StatusInternalServerError)),
	fails("5001", "http-500-code", "HTTP 500 with an envelope: code 103", "ACCOUNT_NOT_FOUND", underHTTP500(responseCode(103))),
	answers("5002", "http-500-order", "HTTP 500 with an envelope: a whole order", underHTTP500(order)),
	fails("502", "http-502", "HTTP 502 with an HTML page", "UPSTREAM_UNAVAILABLE", page(http.StatusBadGateway)),
	fails("503", "http-503", "HTTP 503 with Retry-After: 2", "UPSTREAM_UNAVAILABLE", retryLater(http.StatusServiceUnavailable)),
	fails("504", "http-504", "HTTP 504 with an HTML page", "UPSTREAM_UNAVAILABLE", page(http.StatusGatewayTimeout)),

	answers("600", "slow", "an order after 3 seconds", slow),
	fails("601", "hang", "no answer, until the caller gives up", "UPSTREAM_TIMEOUT", hang),
	fails("602", "reset", "the connection is reset before an answer", "UPSTREAM_UNAVAILABLE", (*exchange).reset),
	fails("603", "reset-in-body", "the connection is reset in the middle of the body", "UPSTREAM_UNAVAILABLE", resetInBody),
	fails("604", "drip", "one byte of the body every half second", "UPSTREAM_TIMEOUT", drip),
	fails("605", "hang-in-body", "half of the body, then nothing more", "UPSTREAM_TIMEOUT", hangInBody),

	fails("700", "empty-body", "HTTP 200 without a body", "UPSTREAM_BAD_RESPONSE", body("application/json", "")),
	fails("701", "html", "HTTP 200 with an HTML page", "UPSTREAM_BAD_RESPONSE", page(http.StatusOK)),
	fails("702", "truncated-json", "the JSON ends in the middle", "UPSTREAM_BAD_RESPONSE", truncated),
	fails("703", "not-an-envelope", "JSON that is no object", "UPSTREAM_BAD_RESPONSE", body("application/json", `["ok"]`)),
	fails("704", "deep-json", "200,000 levels of JSON", "UPSTREAM_BAD_RESPONSE", deep),
	fails("705", "too-large", "half a gigabyte of JSON", "UPSTREAM_BAD_RESPONSE", tooLarge),
	fails("706", "gzip-bomb", "one megabyte of gzip that inflates to a gigabyte", "UPSTREAM_BAD_RESPONSE", gzipBomb),
	fails("707", "bad-gzip", "Content-Encoding: gzip before something else", "UPSTREAM_BAD_RESPONSE", badGzip),
	{TestID{"708", "bad-utf8", "an order whose remark is GBK, not UTF-8", outcomeOrder, "UPSTREAM_BAD_DATA"}, altered(inGBK)},
	answers("709", "wrong-media-type", "an order sent as text/html", wrongMediaType),
	answers("710", "byte-order-mark", "an order behind a byte order mark", byteOrderMark),

	null("800", "no-data", "success with data: null", success(nil)),
	null("801", "empty-data", "success with data: []", success(list{})),
	null("802", "empty-result", "success with an empty result", success(object{{"deduct_money", integer(1)}, {"result", object{}}})),
	fails("803", "no-base-info", "success with all parts but base_info", "UPSTREAM_BAD_RESPONSE", noBaseInfo),
	fails("804", "wrong-order", "success with another order", "UPSTREAM_BAD_RESPONSE", wrongOrder),
	answers("805", "status-in-data", "an order with status inside data", statusInData),
	answers("806", "no-result-level", "an order directly in data, without result", noResultLevel),
	answers("807", "no-status", "an order without any status", noStatus),
	answers("808", "code-as-text", `an order with {"code": "0", "msg": …} instead of status`, successCodeAsText),
	answers("809", "three-points", "an order that costs 3 points", threePoints),
	fails("810", "error-in-data", "success with the platform's own error object (gw.QosAppFrequencyLimit) in data", "UPSTREAM_BAD_RESPONSE",
		successWithError(member{"error_code", "gw.QosAppFrequencyLimit"}, member{"error_message", "App call exceeds limited frequency"})),
	fails("811", "success-false", `success with {"success": "false"} in data.result`, "UPSTREAM_BAD_RESPONSE",
		successWithError(member{"result", object{{"success", "false"}, {"errorCode", "500"}}})),
	fails("812", "failure-text", "success with the text of 103 旺旺账号不存在", "ACCOUNT_NOT_FOUND", successWithText(texts[103])),
	answers("9007199254740993", "rounded-id", "2^53+1: an order whose id was rounded to 2^53, and no id_of_str", roundedID),

	answers("900", "everything", "an order with every part and nearly every field", altered(everything)),
	answers("901", "sentinels", "an order with the sentinels and empty texts that stand for nothing", altered(sentinels)),
	answers("902", "nulls", "an order that is null but for its id and status", altered(nulls)),
	answers("903", "unknown-enums", "an order with unknown values in all enumerations", altered(unknownEnums)),
	{TestID{"904", "malformed", "a good order with malformed values in " + malformedPlaces, outcomeOrder, "UPSTREAM_BAD_DATA"}, altered(malformed)},
	answers("905", "php", "lists as objects with numbered keys, numbers and booleans as text, empty objects as [] and empty texts", php),
	answers("906", "mangled", "addresses and times with spaces, rounded ids and line breaks in lists, as in the document's sample", altered(mangled)),
	answers("907", "other-forms", "times as epoch numbers and RFC 3339, booleans in all forms, amounts with exponents", altered(otherForms)),
	answers("908", "bare", "an order with nothing but its id and status", altered(bare)),
	answers("909", "large", "an order with 500 line items", altered(large)),
	answers("910", "flip", "an order whose status changes with each call: waitsellersend, waitbuyerreceive", flip),
	answers("911", "dangling", "an order whose shipments name line items that don't exist", altered(dangling)),
	answers("912", "newer-keys", "an order with keys that the document doesn't list, whatever the edition", newerKeys),
	answers("913", "half-surrogates", "an order whose texts were cut in the middle of a character", altered(halfSurrogates)),
	answers("914", "lone-values", "an order that has the first element of each list in place of the list", altered(loneValues)),
}

func fails(id, name, what, code string, behave behavior) test {
	return test{TestID{id, name, what, outcomeError, code}, behave}
}

func refused(id, name, what, code string, status int64, text string) test {
	return fails(id, name, what, code, func(e *exchange) { e.envelope(status, text, list{}) })
}

func answers(id, name, what string, behave behavior) test {
	return test{TestID{id, name, what, outcomeOrder, ""}, behave}
}

func null(id, name, what string, behave behavior) test {
	return test{TestID{id, name, what, outcomeNull, ""}, behave}
}

func inStatus(id, status string) test {
	return answers(id, "status-"+status, "an order in the status "+status, func(e *exchange) {
		e.sendDocument(e.success(e.finish(generate(e.request.site, e.request.orderID, traits{status: status}))))
	})
}

var testsByID, testsByName = index(tests)

func index(tests []test) (byID, byName map[string]test) {
	byID, byName = make(map[string]test, len(tests)), make(map[string]test, len(tests))
	for _, t := range tests {
		byID[t.ID], byName[t.Name] = t, t
	}
	return byID, byName
}
