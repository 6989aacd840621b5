package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const sectionAbandoned = "Abandoned"

func abandonedCases() []*scenario {
	slow := []string{"--upstream-concurrency", "2"}
	timeout := []string{"--request-timeout", "1s"}
	return []*scenario{
		{section: sectionAbandoned, name: "calls that wait for a place end with their caller", arguments: slow, run: waitingCalls},
		{section: sectionAbandoned, name: "calls that wait for the rate end with their caller", arguments: []string{"--upstream-rate", "5"}, run: waitingForRate},
		{section: sectionAbandoned, name: "a call that waits is kept for whoever else wants it", arguments: slow, run: sharedWait},
		{section: sectionAbandoned, name: "many callers who leave leave nothing taken", arguments: slow, run: manyLeave},
		{section: sectionAbandoned, name: "a call that was written is finished, kept and billed", run: writtenCall},
		{section: sectionAbandoned, name: "a call shared by two who leave is billed once", run: sharedAndLeft},
		{section: sectionAbandoned, name: "a failed call of a caller who left is billed", arguments: []string{"--upstream-timeout", "600ms"}, run: failedAndLeft},
		{section: sectionAbandoned, name: "SIGTERM waits for a call of a caller who left, and bills it", run: leftBeforeTermination},
		{section: sectionAbandoned, name: "a caller who leaves while it trickles its body costs nothing", run: leftEarly},
		{section: sectionAbandoned, name: "the request's time is up: what came is answered", arguments: timeout, run: timeIsUp},
		{section: sectionAbandoned, name: "the request's time is up: nothing came", arguments: timeout, run: nothingCame},
		{section: sectionAbandoned, name: "the request's time is up: at the rate", arguments: append([]string{"--upstream-rate", "10"}, timeout...), run: timeIsUpAtRate},
		{section: sectionAbandoned, name: "the request's time is up: waiting for a place", arguments: append(timeout, slow...), run: timeIsUpWaiting},
	}
}

// waitingCalls lets a caller ask for 20 orders, two at a time, and leave when two were called for.
func waitingCalls(c *check) {
	c.endpoint.otherwise(after(500*time.Millisecond, answerOrder))
	caller, ids, asked := newToken("caller"), newIDs(20), newRequestID()
	c.leave(250*time.Millisecond, asked, caller, ordersQuery(ids...))
	c.wantBill(asked, 2, 2)
	time.Sleep(time.Second)
	c.wantCalls(2)
	var written []string
	for _, call := range c.endpoint.log() {
		written = append(written, call.id)
	}
	r := c.ask(caller, ordersQuery(written...))
	c.wantCodes(r)
	if got := r.Extensions.Upstream; got.Calls != 0 || got.Hits != len(written) {
		c.fail("the orders that were paid for are not at hand: %+v", got)
	}
	c.wantWholeBill()
}

// waitingForRate lets a caller ask for as many orders as the rate allows in 10 s, and leave. The next
// one must not wait for turns that nobody takes.
func waitingForRate(c *check) {
	caller, other, asked := newToken("caller"), newToken("other"), newRequestID()
	c.leave(150*time.Millisecond, asked, caller, ordersQuery(newIDs(50)...))
	made := c.endpoint.count()
	if made > 2 {
		c.fail("%d calls within 150 ms at 5 a second", made)
	}
	for range 3 {
		id := newID()
		r := c.ask(other, orderQuery(id))
		c.wantOrder(r, other, id, "order")
		if r.took > 2*time.Second {
			c.fail("the next caller waits for %v", r.took)
		}
	}
	c.wantBill(asked, made, made)
	c.wantCalls(made + 3)
	c.wantWholeBill()
}

// sharedWait lets two requests wait for the same call, and the one that started it leave.
func sharedWait(c *check) {
	c.endpoint.otherwise(after(500*time.Millisecond, answerOrder))
	caller, ids := newToken("caller"), newIDs(3)
	left, stayed := newRequestID(), newRequestID()
	var group sync.WaitGroup
	group.Go(func() { c.leave(300*time.Millisecond, left, caller, ordersQuery(ids...)) })
	time.Sleep(100 * time.Millisecond)
	// Two of the three are being called for; the third waits.
	r := c.askAs(stayed, caller, ordersQuery(ids...))
	group.Wait()
	c.wantCodes(r)
	for i, id := range ids {
		c.wantOrderAt(r, caller, id, i)
	}
	c.wantCalls(3)
	c.requestLine(left)
	c.requestLine(stayed)
	c.wantWholeBill()
}

// wantOrderAt is wantOrder for an order of the list orders.
func (c *check) wantOrderAt(r *response, authorization, id string, index int) {
	list, _ := r.at("orders").([]any)
	if index >= len(list) {
		c.fail("no order %d: %s", index, brief(r.String()))
		return
	}
	order, _ := list[index].(map[string]any)
	if order["id"] != id || order["buyerMessage"] != marker(authorization, id) {
		c.fail("order %s at %d: got %v; the answer: %s", id, index, order, brief(r.String()))
	}
}

// manyLeave lets 40 callers ask for 20 orders each and leave, and then looks how long one who stays
// has to wait, and for what was paid.
func manyLeave(c *check) {
	c.endpoint.otherwise(after(300*time.Millisecond, answerOrder))
	asked := make([]string, 40)
	together(len(asked), func(i int) *response {
		asked[i] = newRequestID()
		c.leave(time.Duration(100+5*i)*time.Millisecond, asked[i], newToken("caller"), ordersQuery(newIDs(20)...))
		return nil
	})
	other, id := newToken("other"), newID()
	r := c.ask(other, orderQuery(id))
	c.wantOrder(r, other, id, "order")
	if r.took > 2*time.Second {
		c.fail("the next caller waits for %v", r.took)
	}
	for _, id := range asked {
		c.requestLine(id)
	}
	// Two at a time for 0.3 s: those who stayed longest may have seen a second pair begin.
	if calls := c.endpoint.count(); calls > 1+4 {
		c.fail("%d calls for callers who left", calls-1)
	}
	c.wantWholeBill()
}

func writtenCall(c *check) {
	caller, id := newToken("caller"), newID()
	c.endpoint.script(id, after(600*time.Millisecond, answerOrder))
	left, again := newRequestID(), newRequestID()
	c.leave(200*time.Millisecond, left, caller, orderQuery(id))
	c.wantBill(left, 1, 1)
	r := c.askAs(again, caller, orderQuery(id))
	c.wantOrder(r, caller, id, "order")
	c.wantBill(again, 0, 0)
	if line := c.requestLine(again); line.Hits != 1 {
		c.fail("the order that was paid for is no hit: %+v", line)
	}
	c.wantCalls(1)
}

func sharedAndLeft(c *check) {
	caller, id := newToken("caller"), newID()
	c.endpoint.script(id, after(600*time.Millisecond, answerOrder))
	asked := []string{newRequestID(), newRequestID(), newRequestID()}
	together(len(asked), func(i int) *response {
		c.leave(time.Duration(100+100*i)*time.Millisecond, asked[i], caller, orderQuery(id))
		return nil
	})
	for _, id := range asked {
		c.requestLine(id)
	}
	c.wantCalls(1)
	c.wantWholeBill()
}

// failedAndLeft lets calls go wrong in every way after their callers have left.
func failedAndLeft(c *check) {
	faults := []struct {
		fault  behaviour
		points int
	}{
		{hang, 0},
		{after(300*time.Millisecond, resetBefore), 0},
		{after(300*time.Millisecond, truncatedJSON), 0},
		{after(300*time.Millisecond, answer(500, "")), 0},
		{after(300*time.Millisecond, answer(200, `{"status":103,"msg":"旺旺账号不存在","data":{"deduct_money":3}}`)), 3},
		{after(300*time.Millisecond, answer(200, `{"status":0,"data":{"deduct_money":2,"result":{}}}`)), 2},
	}
	together(len(faults), func(i int) *response {
		id, asked := newID(), newRequestID()
		c.endpoint.script(id, faults[i].fault)
		c.leave(150*time.Millisecond, asked, newToken("caller"), orderQuery(id))
		c.wantBill(asked, 1, faults[i].points)
		return nil
	})
	c.wantWholeBill()
}

func leftBeforeTermination(c *check) {
	c.endpoint.otherwise(after(1500*time.Millisecond, answerOrder))
	asked := newRequestID()
	c.leave(200*time.Millisecond, asked, newToken("caller"), orderQuery(newID()))
	c.require(c.terminate(), "terminate")
	if code := c.waitExit(30 * time.Second); code != 0 {
		c.fail("the exit code is %d", code)
	}
	c.wantBill(asked, 1, 1)
	c.searchOutput(c.server)
	c.server = nil
}

// leftEarly sends half of a request and hangs up.
func leftEarly(c *check) {
	body := `{"query":"{order(id:\"1\"){id}}"`
	for range 20 {
		conn, err := net.Dial("tcp", c.address)
		c.require(err, "connect")
		fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", newToken("caller"), len(body)+1, body) //nolint:errcheck // the connection is being left
		time.Sleep(5 * time.Millisecond)
		conn.Close()
	}
	caller, id := newToken("caller"), newID()
	c.wantOrder(c.ask(caller, orderQuery(id)), caller, id, "order")
	c.wantCalls(1)
}

// timeIsUp asks for three orders one of which comes too late, in every way that a request can ask.
func timeIsUp(c *check) {
	entities := func(ids ...string) string {
		var representations strings.Builder
		for _, id := range ids {
			fmt.Fprintf(&representations, `{__typename:"Order",webSite:"CN_1688",id:%q}`, id)
		}
		return "{ _entities(representations:[" + representations.String() + "]) { ... on Order " + selection + " } }"
	}
	aliases := func(ids ...string) string {
		return fmt.Sprintf("{ a: order(id:%q) %[4]s b: order(id:%[2]q) %[4]s c: order(id:%[3]q) %[4]s }", ids[0], ids[1], ids[2], selection)
	}
	for _, test := range []struct {
		query func(...string) string
		path  string
	}{{ordersQuery, "orders.1"}, {entities, "_entities.1"}, {aliases, "b"}} {
		caller, ids, asked := newToken("caller"), newIDs(3), newRequestID()
		c.endpoint.script(ids[1], after(1500*time.Millisecond, answerOrder))
		r := c.askAs(asked, caller, test.query(ids...))
		c.wantCodes(r, "REQUEST_TIMEOUT at "+test.path)
		if text := string(r.body); r.status != http.StatusOK || !strings.Contains(text, ids[0]) || !strings.Contains(text, ids[2]) {
			c.fail("%s: the orders that came are not answered: %s", test.path, brief(r.String()))
		}
		if r.Extensions.Upstream.Calls != 3 {
			c.fail("%s: extensions.upstream: %+v", test.path, r.Extensions.Upstream)
		}
		if r.took > 2*time.Second {
			c.fail("%s: answered after %v", test.path, r.took)
		}
		c.wantBill(asked, 3, 3)
		// The late one is kept, too.
		r = c.ask(caller, orderQuery(ids[1]))
		c.wantOrder(r, caller, ids[1], "order")
		c.wantCalls(1, ids[1])
	}
	c.wantWholeBill()
}

func nothingCame(c *check) {
	caller, id, asked := newToken("caller"), newID(), newRequestID()
	c.endpoint.script(id, after(1500*time.Millisecond, answerOrder))
	r := c.askAs(asked, caller, orderQuery(id))
	if r.status != http.StatusGatewayTimeout || len(r.Errors) != 1 || r.Errors[0].code() != "REQUEST_TIMEOUT" {
		c.fail("want 504: %s", brief(r.String()))
	}
	if r.Extensions.Upstream.Calls != 1 {
		c.fail("extensions.upstream: %+v", r.Extensions.Upstream)
	}
	c.wantBill(asked, 1, 1)
	c.wantOrder(c.ask(caller, orderQuery(id)), caller, id, "order")
	c.wantCalls(1)
}

// timeIsUpAtRate asks for more orders than the rate allows in the request's time.
func timeIsUpAtRate(c *check) {
	caller, ids, asked := newToken("caller"), newIDs(40), newRequestID()
	r := c.askAs(asked, caller, ordersQuery(ids...))
	list, _ := r.at("orders").([]any)
	shown := 0
	for _, order := range list {
		if order != nil {
			shown++
		}
	}
	late := strings.Count(r.codes(), "REQUEST_TIMEOUT at orders.")
	if r.status != http.StatusOK || shown < 5 || shown+late != 40 || len(r.Errors) != late {
		c.fail("%d shown, %d late of 40: %s", shown, late, brief(r.String()))
	}
	other, id := newToken("other"), newID()
	next := c.ask(other, orderQuery(id))
	c.wantOrder(next, other, id, "order")
	if next.took > 2*time.Second {
		c.fail("the next caller waits for %v", next.took)
	}
	line := c.requestLine(asked)
	// A call whose turn comes at the very moment when the time is up can be written after the answer.
	counted := r.Extensions.Upstream.Calls
	if counted > line.Calls || line.Calls > counted+1 || line.Calls != c.endpoint.count()-1 || line.Calls > shown+2 {
		c.fail("%d shown, the answer counts %d calls, the log %d, the endpoint %d", shown, counted, line.Calls, c.endpoint.count()-1)
	}
	c.wantWholeBill()
	c.note("%d of 40 shown", shown)
}

// timeIsUpWaiting lets calls still wait for a place when the request's time is up.
func timeIsUpWaiting(c *check) {
	c.endpoint.otherwise(after(700*time.Millisecond, answerOrder))
	caller, ids, asked := newToken("caller"), newIDs(10), newRequestID()
	r := c.askAs(asked, caller, ordersQuery(ids...))
	list, _ := r.at("orders").([]any)
	shown := 0
	for _, order := range list {
		if order != nil {
			shown++
		}
	}
	if r.status != http.StatusOK || shown != 2 || strings.Count(r.codes(), "REQUEST_TIMEOUT at orders.") != 8 {
		c.fail("%d shown of 10: %s", shown, brief(r.String()))
	}
	// Two more were written before the time was up.
	c.wantBill(asked, 4, 4)
	c.wantCalls(4)
	c.wantWholeBill()
}
