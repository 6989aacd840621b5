package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const sectionUpstream = "What the upstream can send"

// upstreamFaults are the ways in which one order can go wrong, each with the codes that may come of
// it; "" is no error and a null order.
var upstreamFaults = []struct {
	name  string
	fault behaviour
	codes []string
}{
	{"a hang", hang, []string{"UPSTREAM_TIMEOUT"}},
	{"a hang after the headers", hangAfterHeaders, []string{"UPSTREAM_TIMEOUT"}},
	{"one byte per half second", drip, []string{"UPSTREAM_TIMEOUT"}},
	{"a reset before the answer", resetBefore, []string{"UPSTREAM_UNAVAILABLE"}},
	{"an end before the answer", closeBefore, []string{"UPSTREAM_UNAVAILABLE"}},
	{"a reset in the middle of the body", part((*exchange).reset), []string{"UPSTREAM_UNAVAILABLE", "UPSTREAM_BAD_RESPONSE"}},
	{"an end in the middle of the body", part(closeBefore), []string{"UPSTREAM_UNAVAILABLE", "UPSTREAM_BAD_RESPONSE"}},
	{"an empty body", answer(200, ""), []string{"UPSTREAM_BAD_RESPONSE"}},
	{"HTML with 200", answer(200, "<html><body>登录 "+plantedName+"</body></html>", "Content-Type: text/html"), []string{"UPSTREAM_BAD_RESPONSE"}},
	{"truncated JSON", truncatedJSON, []string{"UPSTREAM_BAD_RESPONSE"}},
	{"JSON null", answer(200, "null"), []string{"UPSTREAM_BAD_RESPONSE"}},
	{"a JSON list", answer(200, "[]"), []string{"UPSTREAM_BAD_RESPONSE"}},
	{"a JSON object that is no envelope", answer(200, `{"hello":"world"}`), []string{"UPSTREAM_BAD_RESPONSE"}},
	{"200,000 levels of lists", deepJSON, []string{"UPSTREAM_BAD_RESPONSE"}},
	{"200,000 levels of objects", deepObjects, []string{"UPSTREAM_BAD_RESPONSE"}},
	{"gzip that isn't", brokenGzip, []string{"UPSTREAM_BAD_RESPONSE"}},
	{"something that isn't HTTP", notHTTP, []string{"UPSTREAM_UNAVAILABLE", "UPSTREAM_BAD_RESPONSE"}},
	{"headers without end", endlessHeaders, []string{"UPSTREAM_UNAVAILABLE", "UPSTREAM_BAD_RESPONSE"}},
	{"the wrong order", anotherOrder, []string{"UPSTREAM_BAD_RESPONSE"}},
	{"parts without base_info", answer(200, `{"status":0,"data":{"result":{"product_items":[{"name":"scarf"}]}}}`), []string{"UPSTREAM_BAD_RESPONSE"}},
	{"success with no data", answer(200, `{"status":0,"data":null}`), []string{""}},
	{"success with an empty result", answer(200, `{"status":0,"data":{"result":{}}}`), []string{""}},
	{"an error inside a success", answer(200, `{"status":0,"data":{"error_code":"gw.QosAppFrequencyLimit","error_message":"App call exceeds limited frequency"}}`), []string{"UPSTREAM_BAD_RESPONSE"}},
	{"success with no data under HTTP 500", answer(500, `{"status":0,"data":null}`), []string{"UPSTREAM_UNAVAILABLE"}},
	{"success with no data under HTTP 429", answer(429, `{"status":0,"data":{"result":{}}}`), []string{"RATE_LIMITED"}},
	{"HTTP 400", answer(400, "bad request"), []string{"UPSTREAM_BAD_RESPONSE"}},
	{"HTTP 401", answer(401, ""), []string{"PERMISSION_OR_QUOTA"}},
	{"HTTP 403", answer(403, "<h1>403</h1>"), []string{"PERMISSION_OR_QUOTA"}},
	{"HTTP 404", answer(404, "not found"), []string{"UPSTREAM_BAD_RESPONSE"}},
	{"HTTP 429", answer(429, ""), []string{"RATE_LIMITED"}},
	{"HTTP 500", answer(500, "<h1>500</h1>"), []string{"UPSTREAM_UNAVAILABLE"}},
	{"HTTP 502", answer(502, ""), []string{"UPSTREAM_UNAVAILABLE"}},
	{"HTTP 504", answer(504, ""), []string{"UPSTREAM_UNAVAILABLE"}},
	{"a refusal under HTTP 500", answer(500, `{"status":103,"msg":"旺旺账号不存在"}`), []string{"ACCOUNT_NOT_FOUND"}},
	{"response code 100", refuse(100, "请求参数错误"), []string{"BAD_USER_INPUT"}},
	{"response code 101", refuse(101, "请求超时,请重试"), []string{"UPSTREAM_TIMEOUT"}},
	{"response code 103", refuse(103, "旺旺账号不存在"), []string{"ACCOUNT_NOT_FOUND"}},
	{"response code 200", refuse(200, "系统错误"), []string{"UPSTREAM_ERROR"}},
	{"response code 203", refuse(203, "暂不支持当前接口"), []string{"UPSTREAM_UNSUPPORTED"}},
	{"response code 204 about rights", refuse(204, "请求异常:无该接口权限"), []string{"PERMISSION_DENIED"}},
	{"response code 204 about the quota", refuse(204, "请求异常:API调用次数不足"), []string{"QUOTA_EXHAUSTED"}},
	{"response code 204 about neither", refuse(204, "请求异常"), []string{"PERMISSION_OR_QUOTA"}},
	{"response code 302", refuseWithLink("https://auth.example/scan?state=1"), []string{"SHOP_NOT_AUTHORIZED"}},
	{"an undocumented response code", refuse(777, plantedName), []string{"UPSTREAM_ERROR"}},
	{"a code as a string", refuse("103", "旺旺账号不存在"), []string{"ACCOUNT_NOT_FOUND"}},
	{"a code under another name", answer(200, `{"code":"203","msg":"暂不支持当前接口"}`), []string{"UPSTREAM_UNSUPPORTED"}},
}

func upstreamCases() []*scenario {
	var list []*scenario
	for _, fault := range upstreamFaults {
		list = append(list, &scenario{
			section: sectionUpstream, name: fault.name, arguments: []string{"--upstream-timeout", "1s"},
			run: func(c *check) { oneBadOrder(c, fault.fault, fault.codes) },
		})
	}
	return append(
		list,
		&scenario{section: sectionUpstream, name: "a gzip bomb of 1 GiB", alone: true, run: func(c *check) { flood(c, gzipBomb) }},
		&scenario{section: sectionUpstream, name: "half a gigabyte, announced", alone: true, run: func(c *check) { flood(c, halfGigabyte("Content-Length: 536870932")) }},
		&scenario{section: sectionUpstream, name: "half a gigabyte, unannounced", alone: true, run: func(c *check) { flood(c, halfGigabyte("Connection: close")) }},
		&scenario{section: sectionUpstream, name: "half a gigabyte, in chunks", alone: true, run: func(c *check) { flood(c, halfGigabyte("Transfer-Encoding: chunked")) }},
		&scenario{section: sectionUpstream, name: "bad UTF-8", run: invalidText},
		&scenario{section: sectionUpstream, name: "a redirect to another host", run: func(c *check) { redirect(c, "localhost") }},
		&scenario{section: sectionUpstream, name: "a redirect to another port", run: func(c *check) { redirect(c, "127.0.0.1") }},
		&scenario{section: sectionUpstream, name: "an authorization link with another scheme", run: links},
		&scenario{section: sectionUpstream, name: "nobody listens", bare: true, run: nobodyListens},
	)
}

// oneBadOrder asks for a bad order between two good ones.
func oneBadOrder(c *check, fault behaviour, codes []string) {
	caller, ids := newToken("caller"), newIDs(3)
	c.endpoint.script(ids[1], fault)
	r := c.ask(caller, fmt.Sprintf("{ a: order(id: %q) %[4]s b: order(id: %[2]q) %[4]s c: order(id: %[3]q) %[4]s }", ids[0], ids[1], ids[2], selection))
	c.wantOrder(r, caller, ids[0], "a")
	c.wantOrder(r, caller, ids[2], "c")
	if value, present := r.Data["b"]; value != nil || !present {
		c.fail("the bad order is %v", value)
	}
	want := make([]string, 0, len(codes))
	for _, code := range codes {
		if code != "" {
			code += " at b"
		}
		want = append(want, code)
	}
	if !slices.Contains(want, r.codes()) {
		c.fail("got the errors %q, want one of %q; the answer: %s", r.codes(), want, brief(r.String()))
	}
	if r.took > 3*time.Second {
		c.fail("the answer took %v with an upstream timeout of 1 s", r.took)
	}
	c.wantCalls(1, ids[1])
	c.wantSilence(r, "<h", "hello", "bad request", "not found", "json", "EOF")
	if want := map[bool]string{true: "no-store", false: "private"}[len(r.Errors) > 0]; !strings.Contains(r.header.Get("Cache-Control"), want) {
		c.fail("Cache-Control: %s", r.header.Get("Cache-Control"))
	}
	another := newToken("another")
	c.wantOrder(c.ask(another, orderQuery(ids[0])), another, ids[0], "order")
}

// flood checks that an endless answer costs little memory. The bound is that of the requirements.
func flood(c *check, fault behaviour) {
	caller, ids := newToken("caller"), newIDs(2)
	c.ask(caller, orderQuery(newID()))
	before, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	c.endpoint.script(ids[0], fault)
	r := c.ask(caller, fmt.Sprintf("{ a: order(id: %q) %[3]s b: order(id: %[2]q) %[3]s }", ids[0], ids[1], selection))
	c.wantCodes(r, "UPSTREAM_BAD_RESPONSE at a")
	c.wantOrder(r, caller, ids[1], "b")
	most, err := c.memory("VmHWM")
	c.require(err, "read the memory")
	c.wantMemory(most-before, 100<<20)
	c.note("+%d MiB, %v", (most-before)>>20, r.took.Round(time.Millisecond))
}

func invalidText(c *check) {
	caller, ids := newToken("caller"), newIDs(2)
	c.endpoint.script(ids[0], badUTF8)
	r := c.ask(caller, fmt.Sprintf("{ a: order(id: %q) { id lineItems { name } } b: order(id: %q) %s }", ids[0], ids[1], selection))
	c.wantOrder(r, caller, ids[1], "b")
	if r.at("a", "id") != ids[0] {
		c.fail("one text that is no UTF-8 spoils its order: %s", brief(r.String()))
	}
	if strings.ToValidUTF8(string(r.body), "") != string(r.body) {
		c.fail("the answer is no UTF-8: %q", r.body)
	}
	c.wantCodes(r, "UPSTREAM_BAD_DATA at a.lineItems.0.name")
}

// redirect leads the server to another listener, which must hear nothing.
func redirect(c *check, host string) {
	stranger, err := newEndpoint()
	c.require(err, "start another upstream")
	defer stranger.stop()
	_, port, _ := strings.Cut(stranger.listener.Addr().String(), ":")
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		caller, ids := newToken("caller"), newIDs(2)
		c.endpoint.script(ids[0], answer(status, "", "Location: http://"+host+":"+port+"/order-info"))
		r := c.ask(caller, fmt.Sprintf("{ a: order(id: %q) %[3]s b: order(id: %[2]q) %[3]s }", ids[0], ids[1], selection))
		c.wantCodes(r, "UPSTREAM_BAD_RESPONSE at a")
		c.wantOrder(r, caller, ids[1], "b")
	}
	if stranger.connected() != 0 {
		c.fail("the server followed the redirect, with the header %v", stranger.log())
	}
}

func links(c *check) {
	for link, want := range map[string]any{
		"https://auth.example/scan": "https://auth.example/scan", "http://auth.example/scan": "http://auth.example/scan",
		"//auth.example/scan": "https://auth.example/scan",
		"javascript:alert(1)": nil, "JavaScript:alert(1)": nil, "data:text/html,x": nil, "file:///etc/passwd": nil, "": nil,
		" javascript:alert(1)": nil, "java\nscript:alert(1)": nil, "intent://scan#Intent;end": nil, "https:alert(1)": nil, "http://": nil,
	} {
		caller, id := newToken("caller"), newID()
		c.endpoint.script(id, refuseWithLink(link))
		r := c.ask(caller, orderQuery(id))
		c.wantCodes(r, "SHOP_NOT_AUTHORIZED at order")
		if len(r.Errors) != 1 {
			continue
		}
		if got := r.Errors[0].Extensions["authorizationUrl"]; got != want {
			c.fail("the link %q shows as %v", link, got)
		}
	}
}

// nobodyListens points the server at a closed port: nothing is written, so nothing is counted.
func nobodyListens(c *check) {
	address, err := freeAddress()
	c.require(err, "find a port")
	s, err := launch(c.settings.binary, "--upstream-url", "http://"+address+"/order-info")
	c.require(err, "start the server")
	c.server = s
	c.require(s.waitReady(), "wait for the server")
	r := c.ask(newToken("caller"), orderQuery(newID()))
	c.wantCodes(r, "UPSTREAM_UNAVAILABLE at order")
	if got := r.Extensions.Upstream; got.Calls != 0 {
		c.fail("extensions.upstream counts %d calls", got.Calls)
	}
	c.wantSilence(r, address, "dial", "refused")
}
