package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

const sectionTenants = "Tenants"

func tenantCases() []*scenario {
	return []*scenario{
		{section: sectionTenants, name: "two callers never share an order", run: twoCallers},
		{section: sectionTenants, name: "two callers at once don't share a call", run: twoCallersAtOnce},
		{section: sectionTenants, name: "tokens that differ by case or a space", run: similarTokens},
		{section: sectionTenants, name: "nothing else a client sends is part of a key", run: otherHeaders},
		{section: sectionTenants, name: "nothing a client sends changes where a call goes", run: noOtherWay},
		{section: sectionTenants, name: "sites and editions are kept apart", run: sites},
		{section: sectionTenants, name: "a lost right hides copies, from its tenant alone", run: lostRight},
		{section: sectionTenants, name: "a lost right holds for a body that trickles", run: trickledPast},
		{section: sectionTenants, name: "an unknown account is remembered for its order alone", run: unknownAccount},
		{section: sectionTenants, name: "no token, no call", run: noToken},
		{section: sectionTenants, name: "no-cache is answered from upstream", run: noCache},
		{section: sectionTenants, name: "Redis is away", needs: "--redis-url", arguments: []string{"--redis-url", "redis://127.0.0.1:1/0"}, run: withoutRedis},
		{section: sectionTenants, name: "Redis hangs", needs: "--redis-url", bare: true, run: hangingRedis},
	}
}

func twoCallers(c *check) {
	id := newID()
	for range 3 {
		for _, caller := range []string{"Bearer alice-" + plantedToken, "Bearer bob-" + plantedToken} {
			c.wantOrder(c.ask(caller, orderQuery(id)), caller, id, "order")
		}
	}
	c.wantCalls(2, id)
}

func twoCallersAtOnce(c *check) {
	id := newID()
	c.endpoint.script(id, after(200*time.Millisecond, answerOrder))
	callers := []string{newToken("alice"), newToken("bob")}
	for i, r := range together(40, func(i int) *response { return c.ask(callers[i%2], orderQuery(id)) }) {
		c.wantOrder(r, callers[i%2], id, "order")
	}
	c.wantCalls(2, id)
}

func similarTokens(c *check) {
	id := newID()
	callers := []string{
		"Bearer x" + plantedToken, "bearer x" + plantedToken, "Bearer X" + plantedToken, "Bearer  x" + plantedToken,
		"x" + plantedToken, "Bearer x" + plantedToken + "1",
	}
	for range 2 {
		for _, caller := range callers {
			c.wantOrder(c.ask(caller, orderQuery(id)), caller, id, "order")
		}
	}
	c.wantCalls(len(callers), id)
}

func otherHeaders(c *check) {
	caller, id := newToken("caller"), newID()
	c.ask(caller, orderQuery(id))
	for name, value := range map[string]string{
		"Host": "evil.example", "X-Forwarded-For": "10.0.0.1", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https",
		"Forwarded": "for=10.0.0.1", "Cookie": "session=1", "Accept-Language": "zh", "User-Agent": "curl", "X-Real-Ip": "10.0.0.1",
	} {
		r := c.send(request{query: orderQuery(id), authorization: caller, header: map[string]string{name: value}})
		c.wantOrder(r, caller, id, "order")
		if got := r.Extensions.Upstream; got.Calls != 0 {
			c.fail("%s makes it another order", name)
		}
	}
	c.wantCalls(1, id)
}

func noOtherWay(c *check) {
	caller, id := newToken("caller"), newID()
	header := map[string]string{
		"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Cookie": "a=b", "Accept-Language": "zh", "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"Baggage": "secret=" + plantedPhone, "X-Request-Id": "request-1", "X-Custom": "custom",
	}
	c.wantOrder(c.send(request{query: orderQuery(id), authorization: caller, header: header}), caller, id, "order")
	for _, call := range c.endpoint.log() {
		for _, name := range []string{"X-Forwarded-Host", "Cookie", "Accept-Language", "Traceparent", "Baggage", "X-Request-Id", "X-Custom", "Forwarded"} {
			if value := call.header.Get(name); value != "" {
				c.fail("%s: %s reached the upstream", name, value)
			}
		}
		if call.authorization != caller {
			c.fail("the upstream was called with another token")
		}
	}
	c.wantCalls(1)
}

func sites(c *check) {
	caller, id := newToken("caller"), newID()
	r := c.ask(caller, fmt.Sprintf(`{ a: order(id: %[1]q) { id total { currencyCode } } b: order(id: %[1]q, webSite: ALIBABA) { id total { currencyCode } } c: order(id: %[1]q, edition: V2) { id } }`, id))
	c.wantCodes(r)
	c.wantCalls(3, id)
	if r.at("a", "total", "currencyCode") != "CNY" || r.at("b", "total", "currencyCode") != nil {
		c.fail("currencies: %s", brief(r.String()))
	}
}

func lostRight(c *check) {
	for code, text := range map[string]string{"PERMISSION_DENIED": "无该接口权限", "PERMISSION_OR_QUOTA": "请求异常"} {
		alice, bob, ids := newToken("alice"), newToken("bob"), newIDs(3)
		c.ask(alice, orderQuery(ids[0]))
		c.ask(bob, orderQuery(ids[0]))
		c.endpoint.script(ids[1], refuse(204, text))
		c.wantCodes(c.ask(alice, orderQuery(ids[1])), code+" at order")
		r := c.ask(alice, orderQuery(ids[0]))
		c.wantCodes(r, code+" at order")
		c.wantCodes(c.ask(alice, orderQuery(ids[2])), code+" at order")
		c.wantCalls(0, ids[2])
		c.wantCalls(2, ids[0])
		r = c.ask(bob, orderQuery(ids[0]))
		c.wantOrder(r, bob, ids[0], "order")
		c.wantOrder(c.ask(bob, orderQuery(ids[2])), bob, ids[2], "order")
	}
}

// trickledPast begins a request, learns meanwhile that the right is lost, and then ends the request:
// it must not see what was kept.
func trickledPast(c *check) {
	caller, ids := newToken("caller"), newIDs(2)
	c.wantOrder(c.ask(caller, orderQuery(ids[0])), caller, ids[0], "order")
	body := fmt.Sprintf(`{"query":%q}`, orderQuery(ids[0]))
	conn, err := net.Dial("tcp", c.address)
	c.require(err, "connect")
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", caller, len(body), body[:20])
	c.require(err, "send half a request")
	time.Sleep(100 * time.Millisecond)
	c.endpoint.script(ids[1], refuse(204, "无该接口权限"))
	c.wantCodes(c.ask(caller, orderQuery(ids[1])), "PERMISSION_DENIED at order")
	_, err = io.WriteString(conn, body[20:])
	c.require(err, "send the rest")
	conn.SetReadDeadline(time.Now().Add(5 * time.Second)) //nolint:errcheck // a dead connection is noticed by the read
	text, err := io.ReadAll(conn)
	c.require(err, "read the answer")
	if strings.Contains(string(text), ids[0]) || !strings.Contains(string(text), "PERMISSION_DENIED") {
		c.fail("after a refusal: %.600s", text)
	}
}

func unknownAccount(c *check) {
	alice, bob, ids := newToken("alice"), newToken("bob"), newIDs(2)
	c.endpoint.script(ids[0], refuse(103, "旺旺账号不存在"))
	for range 3 {
		c.wantCodes(c.ask(alice, orderQuery(ids[0])), "ACCOUNT_NOT_FOUND at order")
	}
	c.wantCalls(1, ids[0])
	c.wantOrder(c.ask(alice, orderQuery(ids[1])), alice, ids[1], "order")
	c.wantCodes(c.ask(bob, orderQuery(ids[0])), "ACCOUNT_NOT_FOUND at order")
	c.wantCalls(2, ids[0])
}

func noToken(c *check) {
	id := newID()
	r := c.ask("", fmt.Sprintf("{ __typename _service { sdl } a: order(id: %q) { id } }", id))
	c.wantCodes(r, "UNAUTHENTICATED at a")
	if r.status != 200 || r.at("__typename") != "Query" || r.at("_service", "sdl") == nil {
		c.fail("want the rest, with status 200: %s", brief(r.String()))
	}
	c.wantCalls(0)
	caller := newToken("caller")
	c.ask(caller, orderQuery(id))
	c.wantCodes(c.ask("", orderQuery(id)), "UNAUTHENTICATED at order")
}

func noCache(c *check) {
	caller, id := newToken("caller"), newID()
	for _, value := range []string{"no-cache", "max-age=0", "no-cache, no-store"} {
		c.ask(caller, orderQuery(id))
		before := c.endpoint.count(id)
		r := c.send(request{query: orderQuery(id), authorization: caller, header: map[string]string{"Cache-Control": value}})
		c.wantOrder(r, caller, id, "order")
		c.wantCalls(before+1, id)
	}
	// A call that started before the request arrived is too old for it.
	c.endpoint.script(id, after(300*time.Millisecond, answerOrder))
	before := c.endpoint.count(id)
	together(2, func(i int) *response {
		time.Sleep(time.Duration(i) * 100 * time.Millisecond)
		return c.send(request{query: orderQuery(id), authorization: caller, header: map[string]string{"Cache-Control": "no-cache"}})
	})
	c.wantCalls(before+2, id)
}

func withoutRedis(c *check) {
	caller, id := newToken("caller"), newID()
	for range 5 {
		r := c.ask(caller, orderQuery(id))
		c.wantOrder(r, caller, id, "order")
		if r.took > time.Second {
			c.fail("a request took %v", r.took)
		}
	}
	c.wantCalls(1, id)
}

func hangingRedis(c *check) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	c.require(err, "listen")
	defer listener.Close()
	c.server, err = c.start("--redis-url", "redis://"+listener.Addr().String()+"/0")
	c.require(err, "start the server")
	caller := newToken("caller")
	var slow []string
	for _, id := range newIDs(10) {
		r := c.ask(caller, orderQuery(id))
		c.wantOrder(r, caller, id, "order")
		if r.took > 400*time.Millisecond {
			slow = append(slow, r.took.String())
		}
	}
	if len(slow) > 0 {
		c.fail("requests took %s", strings.Join(slow, ", "))
	}
}
