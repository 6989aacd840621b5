package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

const sectionMoney = "Money"

func moneyCases() []*scenario {
	list := []*scenario{
		{section: sectionMoney, name: "a TLS failure is tried once more and costs nothing", bare: true, run: tlsFails},
		{section: sectionMoney, name: "a reset of a reused connection is not sent again", run: reusedReset},
		{section: sectionMoney, name: "Retry-After holds the calls back", run: retryAfter},
		{section: sectionMoney, name: "the breaker opens after 8 failures and spares the upstream", alone: true, run: breakerOpens},
		{section: sectionMoney, name: "the breaker opens when half of 20 calls fail", alone: true, run: breakerOpensAtHalf},
		{section: sectionMoney, name: "refusals are remembered no longer than they should", long: true, run: refusalsEnd},
		{section: sectionMoney, name: "the breaker closes again without failing the burst", alone: true, run: breakerRecovers},
		{section: sectionMoney, name: "refusals don't open the breaker", run: refusalsKeepItClosed},
		{section: sectionMoney, name: "an empty quota blocks its tenant alone", run: quota},
		{section: sectionMoney, name: "a paid answer is kept when the caller hangs up", run: hangUp},
		{section: sectionMoney, name: "duplicates in one request cost once", run: duplicates},
		{section: sectionMoney, name: "50 simultaneous requests cost once", run: simultaneous},
		{section: sectionMoney, name: "a missing domain costs one call for the union", run: union},
		{section: sectionMoney, name: "400 requests on a slow upstream are bounded and shed", alone: true, run: overload},
		{section: sectionMoney, name: "an admitted request waits for its further calls", arguments: []string{"--upstream-concurrency", "4"}, run: admitted},
		{section: sectionMoney, name: "a stale copy serves in an outage", arguments: []string{"--cache-ttl", "50ms"}, run: stale},
		{section: sectionMoney, name: "no copy hides what is no outage", arguments: []string{"--cache-ttl", "50ms"}, run: hidden},
		{section: sectionMoney, name: "the request's own deadline", arguments: []string{"--request-timeout", "1s", "--upstream-timeout", "10s"}, run: requestTimeout},
	}
	for _, fault := range upstreamFaults {
		list = append(list, &scenario{
			section: sectionMoney, name: "never called twice: " + fault.name, arguments: []string{"--upstream-timeout", "300ms", "--upstream-retries", "3"},
			run: func(c *check) { calledOnce(c, fault.fault) },
		})
	}
	return list
}

// calledOnce checks that a call whose request was written is final, whatever came of it.
func calledOnce(c *check, fault behaviour) {
	id := newID()
	c.endpoint.script(id, fault)
	r := c.ask(newToken("caller"), orderQuery(id))
	c.wantCalls(1, id)
	if got := r.Extensions.Upstream.Calls; got != 1 {
		c.fail("extensions.upstream counts %d calls; the answer: %s", got, brief(r.String()))
	}
}

// tlsFails lets the server speak TLS to a listener that doesn't: it may try again, for nothing that
// is paid for has been written.
func tlsFails(c *check) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	c.require(err, "listen")
	defer listener.Close()
	var mu sync.Mutex
	connections := 0
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			connections++
			mu.Unlock()
			conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) //nolint:errcheck // the handshake fails either way
			conn.Close()
		}
	}()
	c.server, err = launch(c.settings.binary, "--upstream-url", "https://"+listener.Addr().String()+"/order-info")
	c.require(err, "start the server")
	c.require(c.waitReady(), "wait for the server")
	r := c.ask(newToken("caller"), orderQuery(newID()))
	c.wantCodes(r, "UPSTREAM_UNAVAILABLE at order")
	mu.Lock()
	defer mu.Unlock()
	if connections != 2 || r.Extensions.Upstream.Calls != 0 {
		c.fail("%d connections, %d calls counted; want 2 and 0", connections, r.Extensions.Upstream.Calls)
	}
}

func reusedReset(c *check) {
	caller, ids := newToken("caller"), newIDs(2)
	c.wantOrder(c.ask(caller, orderQuery(ids[0])), caller, ids[0], "order")
	c.endpoint.script(ids[1], resetReused)
	r := c.ask(caller, orderQuery(ids[1]))
	c.wantCalls(1, ids[1])
	c.wantCodes(r, "UPSTREAM_UNAVAILABLE at order")
}

func retryAfter(c *check) {
	for _, status := range []int{429, 503} {
		caller, ids := newToken("caller"), newIDs(3)
		c.endpoint.script(ids[0], answer(status, "", "Retry-After: 2"))
		c.ask(caller, orderQuery(ids[0]))
		r := c.ask(caller, orderQuery(ids[0]))
		if len(r.Errors) != 1 || r.Errors[0].Extensions["retryable"] != true {
			c.fail("HTTP %d: want one retryable error: %s", status, brief(r.String()))
		}
		c.wantCalls(1, ids[0])
		time.Sleep(2200 * time.Millisecond)
		c.wantOrder(c.ask(caller, orderQuery(ids[1])), caller, ids[1], "order")
	}
}

// openBreaker makes the server's breaker open.
func openBreaker(c *check) {
	c.endpoint.otherwise(answer(500, ""))
	for range 8 {
		c.wantCodes(c.ask(newToken("caller"), orderQuery(newID())), "UPSTREAM_UNAVAILABLE at order")
	}
}

func breakerOpens(c *check) {
	openBreaker(c)
	before := c.endpoint.count()
	for range 50 {
		r := c.ask(newToken("caller"), orderQuery(newID()))
		c.wantCodes(r, "UPSTREAM_UNAVAILABLE at order")
		if len(r.Errors) == 1 && r.Errors[0].Extensions["retryable"] != true {
			c.fail("the error is not retryable: %s", brief(r.String()))
		}
	}
	if after := c.endpoint.count(); after != before {
		c.fail("%d calls while the breaker should be open", after-before)
	}
}

func breakerOpensAtHalf(c *check) {
	for i := range 24 {
		c.endpoint.otherwise([]behaviour{answerOrder, answer(502, "")}[i%2])
		c.ask(newToken("caller"), orderQuery(newID()))
	}
	if calls := c.endpoint.count(); calls < 19 || calls > 21 {
		c.fail("%d of 24 calls reached the upstream, every second of which failed", calls)
	}
}

// refusalsEnd waits until a refused caller may call again.
func refusalsEnd(c *check) {
	for _, test := range []struct {
		refusal behaviour
		code    string
		lasts   time.Duration
	}{
		{refuseWithLink(""), "SHOP_NOT_AUTHORIZED", 15 * time.Second},
		{refuse(204, "无该接口权限"), "PERMISSION_DENIED", 30 * time.Second},
		{refuse(204, "API调用次数不足"), "QUOTA_EXHAUSTED", 30 * time.Second},
		{refuse(103, "旺旺账号不存在"), "ACCOUNT_NOT_FOUND", 60 * time.Second},
	} {
		caller, id := newToken("caller"), newID()
		c.endpoint.script(id, test.refusal)
		c.wantCodes(c.ask(caller, orderQuery(id)), test.code+" at order")
		c.endpoint.script(id, answerOrder)
		time.Sleep(test.lasts - 2*time.Second)
		c.wantCodes(c.ask(caller, orderQuery(id)), test.code+" at order")
		time.Sleep(3 * time.Second)
		c.wantOrder(c.ask(caller, orderQuery(id)), caller, id, "order")
		c.wantCalls(2, id)
	}
}

func breakerRecovers(c *check) {
	openBreaker(c)
	c.endpoint.otherwise(after(50*time.Millisecond, answerOrder))
	time.Sleep(5200 * time.Millisecond)
	caller, ids := newToken("caller"), newIDs(50)
	responses := together(50, func(i int) *response { return c.ask(caller, orderQuery(ids[i])) })
	for i, r := range responses {
		c.wantOrder(r, caller, ids[i], "order")
	}
	c.wantCalls(50, ids...)
}

// together calls ask for 0 to n-1 at once and returns what came back.
func together(n int, ask func(int) *response) []*response {
	responses := make([]*response, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { responses[i] = ask(i) })
	}
	group.Wait()
	return responses
}

func refusalsKeepItClosed(c *check) {
	for _, refusal := range []behaviour{
		refuse(100, "请求参数错误"), refuse(103, "旺旺账号不存在"), refuse(203, "暂不支持当前接口"),
		refuse(204, "无该接口权限"), refuseWithLink(""),
	} {
		c.endpoint.otherwise(refusal)
		for range 12 {
			c.ask(newToken("caller"), orderQuery(newID()))
		}
	}
	c.wantCalls(60)
	c.endpoint.otherwise(answerOrder)
	caller, id := newToken("caller"), newID()
	c.wantOrder(c.ask(caller, orderQuery(id)), caller, id, "order")
}

func quota(c *check) {
	poor, rich, ids := newToken("poor"), newToken("rich"), newIDs(4)
	c.wantOrder(c.ask(poor, orderQuery(ids[0])), poor, ids[0], "order")
	c.endpoint.script(ids[1], refuse(204, "API调用次数不足"))
	c.wantCodes(c.ask(poor, orderQuery(ids[1])), "QUOTA_EXHAUSTED at order")
	c.wantCodes(c.ask(poor, orderQuery(ids[2])), "QUOTA_EXHAUSTED at order")
	c.wantCalls(0, ids[2])
	r := c.ask(poor, orderQuery(ids[0]))
	c.wantOrder(r, poor, ids[0], "order")
	if r.Extensions.Upstream.Hits != 1 {
		c.fail("the fresh copy is no hit: %+v", r.Extensions.Upstream)
	}
	c.wantOrder(c.ask(rich, orderQuery(ids[3])), rich, ids[3], "order")
	r = c.send(request{query: orderQuery(ids[2]), authorization: poor, header: map[string]string{"Cache-Control": "no-cache"}})
	c.wantCodes(r, "QUOTA_EXHAUSTED at order")
	c.wantCalls(0, ids[2])
}

func hangUp(c *check) {
	caller, id := newToken("caller"), newID()
	c.endpoint.script(id, after(600*time.Millisecond, answerOrder))
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if r := c.post(ctx, c.client, request{query: orderQuery(id), authorization: caller}); r.err == nil {
		c.fail("answered before the upstream did: %s", brief(r.String()))
	}
	time.Sleep(700 * time.Millisecond)
	r := c.ask(caller, orderQuery(id))
	c.wantOrder(r, caller, id, "order")
	c.wantCalls(1, id)
	if got := r.Extensions.Upstream; got.Calls != 0 || got.Hits != 1 {
		c.fail("extensions.upstream: %+v", got)
	}
}

func duplicates(c *check) {
	caller, id := newToken("caller"), newID()
	query := fmt.Sprintf(`query($id: ID!) {
		a: order(id: $id) %[2]s b: order(id: %[1]s) %[2]s c: order(id: %[1]q, webSite: CN_1688) { id invoice { title: type } }
		orders(ids: [%[1]q, %[1]s]) %[2]s ...more
		_entities(representations: [{__typename: "Order", webSite: CN_1688, id: %[1]q}, {__typename: "Order", webSite: "CN_1688", id: %[1]q}]) { ... on Order %[2]s }
	} fragment more on Query { d: order(id: $id) { status } }`, id, selection)
	r := c.send(request{query: query, authorization: caller, variables: map[string]any{"id": id}})
	c.wantCodes(r)
	c.wantOrder(r, caller, id, "a")
	c.wantCalls(1, id)
	if got := r.Extensions.Upstream; got.Calls != 1 || got.Points != 1 {
		c.fail("extensions.upstream: %+v", got)
	}
	if log := c.endpoint.log(); len(log) == 1 && log[0].domains != "NativeLogistics,OrderInvoice" {
		c.fail("asked for %q", log[0].domains)
	}
}

func simultaneous(c *check) {
	caller, id := newToken("caller"), newID()
	c.endpoint.script(id, after(200*time.Millisecond, answerOrder))
	calls := 0
	for _, r := range together(50, func(int) *response { return c.ask(caller, orderQuery(id)) }) {
		c.wantOrder(r, caller, id, "order")
		calls += r.Extensions.Upstream.Calls
	}
	c.wantCalls(1, id)
	if calls != 1 {
		c.fail("the requests count %d calls in all", calls)
	}
}

func union(c *check) {
	caller, id := newToken("caller"), newID()
	c.ask(caller, orderQuery(id))
	r := c.ask(caller, fmt.Sprintf("{ order(id: %q) { reviews { reviewsOfBuyer { content } } } }", id))
	c.wantCodes(r)
	c.ask(caller, fmt.Sprintf("{ order(id: %q) { domesticShipping { city } reviews { reviewsOfBuyer { content } } } }", id))
	c.wantCalls(2, id)
	if log := c.endpoint.log(); len(log) == 2 && log[1].domains != "NativeLogistics,RateDetail" {
		c.fail("asked for %q", log[1].domains)
	}
}

// overload sends far more than a slow upstream can take.
func overload(c *check) {
	c.endpoint.otherwise(after(2*time.Second, answerOrder))
	caller, ids := newToken("caller"), newIDs(400)
	right, shed := 0, 0
	var slowest, slowestShed time.Duration
	for i, r := range together(400, func(i int) *response { return c.ask(caller, orderQuery(ids[i])) }) {
		slowest = max(slowest, r.took)
		switch {
		case r.err != nil:
			c.fail("request %d is lost: %v", i, r.err)
		case len(r.Errors) == 0:
			c.wantOrder(r, caller, ids[i], "order")
			right++
		case r.Errors[0].code() == "OVERLOADED":
			shed++
			slowestShed = max(slowestShed, r.took)
			if r.status != 503 || r.header.Get("Retry-After") == "" {
				c.fail("OVERLOADED with status %d and Retry-After %q", r.status, r.header.Get("Retry-After"))
			}
		default:
			c.fail("request %d: %s", i, brief(r.String()))
		}
	}
	if most := c.endpoint.most(); most > 64 {
		c.fail("%d calls in flight at once", most)
	}
	if right < 64 || shed < 200 || slowest > 10*time.Second {
		c.fail("%d right, %d shed, the slowest took %v", right, shed, slowest)
	}
	c.wantCalls(right)
	c.note("%d right, %d shed, slowest %v, slowest shed %v", right, shed, slowest.Round(time.Millisecond), slowestShed.Round(time.Millisecond))
}

// admitted asks for more orders in one request than can be called at once.
func admitted(c *check) {
	c.endpoint.otherwise(after(300*time.Millisecond, answerOrder))
	caller, ids := newToken("caller"), newIDs(24)
	r := c.ask(caller, fmt.Sprintf(`{ orders(ids: ["%s"]) %s }`, strings.Join(ids, `","`), selection))
	c.wantCodes(r)
	c.wantCalls(24)
	if most := c.endpoint.most(); most != 4 {
		c.fail("%d calls in flight at once, want 4", most)
	}
}

func stale(c *check) {
	caller, id := newToken("caller"), newID()
	for name, fault := range map[string]behaviour{"HTTP 500": answer(500, ""), "a reset": resetBefore, "HTML": answer(200, "<html>"), "101": refuse(101, ""), "200": refuse(200, "")} {
		c.endpoint.script(id, answerOrder)
		c.ask(caller, orderQuery(id))
		time.Sleep(100 * time.Millisecond)
		c.endpoint.script(id, fault)
		r := c.ask(caller, orderQuery(id))
		c.wantOrder(r, caller, id, "order")
		if got := r.Extensions.Upstream; got.Hits != 1 || got.Stale != 1 || r.header.Get("Cache-Control") != "private, max-age=0" {
			c.fail("%s: extensions.upstream %+v, Cache-Control %q", name, got, r.header.Get("Cache-Control"))
		}
	}
}

// hidden checks that an answer is never hidden by a copy: whatever is no outage is shown.
func hidden(c *check) {
	for name, fault := range map[string]behaviour{
		"103": refuse(103, "旺旺账号不存在"), "302": refuse(302, "未授权店铺"), "204": refuse(204, "请求异常"), "203": refuse(203, "暂不支持当前接口"),
		"100": refuse(100, "请求参数错误"), "777": refuse(777, "?"), "code 401": answer(200, `{"code":401,"msg":"token无效"}`),
		"HTTP 400": answer(400, "bad request"), "HTTP 401": answer(401, `{"message":"Unauthorized"}`), "HTTP 403": answer(403, ""),
		"HTTP 404": answer(404, "not found"), "HTTP 410": answer(410, ""), "HTTP 429": answer(429, ""),
		"a redirect": answer(302, "", "Location: https://login.example/"), "a redirect for good": answer(308, "", "Location: https://login.example/"),
		"the wrong order": anotherOrder, "no order": answer(200, `{"status":0,"data":null}`),
	} {
		caller, id := newToken("caller"), newID()
		c.wantOrder(c.ask(caller, orderQuery(id)), caller, id, "order")
		time.Sleep(100 * time.Millisecond)
		c.endpoint.script(id, fault)
		r := c.ask(caller, orderQuery(id))
		if r.at("order") != nil || r.Extensions.Upstream.Stale != 0 || len(r.Errors) != 1 && name != "no order" {
			c.fail("after %s a copy is served: %s", name, brief(r.String()))
		}
	}
}

func requestTimeout(c *check) {
	caller, ids := newToken("caller"), newIDs(3)
	c.endpoint.script(ids[0], hang)
	c.endpoint.script(ids[2], hang)
	query := "{ a: order(id: %q) %[3]s b: order(id: %[2]q) %[3]s orders(ids: [%[2]q, %[1]q]) %[3]s }"
	r := c.ask(caller, fmt.Sprintf(query, ids[0], ids[1], selection))
	c.wantCodes(r, "REQUEST_TIMEOUT at a", "REQUEST_TIMEOUT at orders.1")
	c.wantOrder(r, caller, ids[1], "b")
	if r.status != 200 || r.took > 2*time.Second || r.Extensions.Upstream.Calls != 2 || r.header.Get("Cache-Control") != "no-store" {
		c.fail("status %d after %v: %s", r.status, r.took, brief(r.String()))
	}
	r = c.ask(caller, orderQuery(ids[2]))
	if r.status != 504 || r.codes() != "REQUEST_TIMEOUT" || r.Extensions.Upstream.Calls != 1 {
		c.fail("nothing to show: %d %s", r.status, brief(r.String()))
	}
}
