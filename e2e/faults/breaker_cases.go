package main

import (
	"fmt"
)

// badTokenAnswers are what an upstream says of one token, whatever it is asked for: not that it is out
// of order itself.
var badTokenAnswers = []struct {
	name  string
	fault behaviour
}{
	{"HTTP 401", answer(401, `{"message":"Unauthorized"}`)},
	{"HTTP 401 without a body", answer(401, "")},
	{"HTTP 403", answer(403, `{"message":"Forbidden"}`)},
	{"HTTP 403 with HTML", answer(403, "<h1>403 Forbidden</h1>", "Content-Type: text/html")},
	{"HTTP 400", answer(400, "bad request")},
	{"HTTP 404", answer(404, "not found")},
	{"HTTP 429", answer(429, "")},
	{"code 401 in an envelope", answer(200, `{"code":401,"msg":"token无效"}`)},
	{"code 403 in an envelope", refuse(403, "forbidden")},
	{"code 777", refuse(777, "?")},
	{"code 100", refuse(100, "请求参数错误")},
	{"code 101", refuse(101, "请求超时,请重试")},
	{"code 200", refuse(200, "系统错误")},
	{"code 203", refuse(203, "暂不支持当前接口")},
	{"code 204", refuse(204, "请求异常")},
	{"code 302", refuseWithLink("https://auth.example/scan")},
	{"HTML", answer(200, "<html><body>登录</body></html>", "Content-Type: text/html")},
	{"an empty body", answer(200, "")},
	{"truncated JSON", truncatedJSON},
	{"a JSON list", answer(200, "[]")},
	{"no envelope", answer(200, `{"hello":"world"}`)},
	{"gzip that isn't", brokenGzip},
	{"200,000 levels of objects", deepObjects},
	{"an error inside a success", answer(200, `{"status":0,"data":{"error_code":"gw.QosAppFrequencyLimit","error_message":"App call exceeds limited frequency"}}`)},
	{"the wrong order", anotherOrder},
	{"parts without base_info", answer(200, `{"status":0,"data":{"result":{"product_items":[{"name":"scarf"}]}}}`)},
	{"a redirect", answer(302, "", "Location: https://login.example/")},
	{"a redirect for good", answer(308, "", "Location: http://127.0.0.1:1/")},
}

// breakerCases are about others than the caller, or the order, that the upstream answers badly.
func breakerCases() []*scenario {
	var list []*scenario
	for _, bad := range badTokenAnswers {
		list = append(list, &scenario{
			section: sectionFairness, name: "one token's bad answers: " + bad.name,
			run: func(c *check) { badToken(c, bad.fault) },
		})
	}
	for _, bad := range upstreamFaults {
		list = append(list, &scenario{
			section: sectionFairness, name: "one order's bad answers: " + bad.name, arguments: []string{"--upstream-timeout", "300ms"},
			run: func(c *check) { badOrder(c, bad.fault) },
		})
	}
	return append(list, &scenario{
		section: sectionFairness, name: "one order's bad answers: every second call fails", run: everySecond,
	})
}

// badToken lets one caller be answered badly for many orders; another one must not notice.
func badToken(c *check, fault behaviour) {
	bad, other := newToken("bad"), newToken("other")
	c.endpoint.otherwise(func(x *exchange) {
		if x.authorization == bad {
			fault(x)
			return
		}
		answerOrder(x)
	})
	for range 30 {
		if r := c.ask(bad, orderQuery(newID())); len(r.Errors) == 0 {
			c.fail("no error: %s", brief(r.String()))
		}
	}
	for _, id := range newIDs(3) {
		c.wantOrder(c.ask(other, orderQuery(id)), other, id, "order")
	}
}

// badOrder lets many callers, and one of them again and again, ask for an order that goes wrong.
// Another caller must not notice.
func badOrder(c *check, fault behaviour) {
	bad, loud := newID(), newToken("loud")
	c.endpoint.script(bad, fault)
	together(10, func(i int) *response { return c.ask(newToken(fmt.Sprint("caller", i)), orderQuery(bad)) })
	for range 9 {
		c.ask(loud, orderQuery(bad))
	}
	other := newToken("other")
	for _, id := range newIDs(3) {
		c.wantOrder(c.ask(other, orderQuery(id)), other, id, "order")
	}
}

// everySecond mixes one order that the upstream fails for with others that it answers: half of all
// calls fail, and yet only one order is bad.
func everySecond(c *check) {
	bad := newID()
	c.endpoint.script(bad, answer(500, ""))
	caller := newToken("caller")
	for range 15 {
		c.ask(caller, orderQuery(bad))
		c.ask(caller, orderQuery(newID()))
		c.ask(newToken("another"), orderQuery(bad))
	}
	other, id := newToken("other"), newID()
	c.wantOrder(c.ask(other, orderQuery(id)), other, id, "order")
}
