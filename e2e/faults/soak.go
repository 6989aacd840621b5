package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// soakArguments keep every deadline short, so that faults come and go.
var soakArguments = []string{"--upstream-timeout", "1s", "--cache-size", "32MiB", "--cache-ttl", "10m"}

// soakFaults are switched on one after the other, with quiet times between.
var soakFaults = []behaviour{
	after(100*time.Millisecond, answerOrder),
	resetBefore,
	answer(500, "<h1>500</h1>"),
	hang,
	answer(200, "<html>"),
	part((*exchange).reset),
	refuse(103, "旺旺账号不存在"),
	refuse(200, "系统错误"),
	func(x *exchange) {
		all := []behaviour{answerOrder, answerOrder, resetBefore, answer(502, ""), truncatedJSON, closeBefore, refuse(103, ""), anotherOrder}
		all[rand.IntN(len(all))](x)
	},
}

const (
	soakCallers = 6
	soakWorkers = 16
)

// tally is what the soak counts.
type tally struct {
	mu                                           sync.Mutex
	sent, right, coded, refused, lost, impatient int
	wrongTenant, wrongInQuiet                    int
	paidInQuiet, leastInQuiet, mostInQuiet       int
	peak                                         int
	slowest                                      time.Duration
	byCode                                       map[string]int
	examples                                     []string
	// billed is what each answer says that its request cost, by the request's id.
	billed map[string]counts
	bill   bill
}

// phase is a stretch of the soak with one behaviour of the upstream and orders of its own, so that
// what it should have cost is known.
type phase struct {
	quiet   bool
	ids     []string
	callers []string
	// asked holds caller and id of every order that was asked for and answered. abandoned holds those
	// whose callers left: they were called for once, or not at all.
	asked, abandoned sync.Map
}

// soak mixes callers, queries and faults for the time set.
func soak(c *check) {
	t := &tally{byCode: map[string]int{}, billed: map[string]counts{}}
	watched := c.watchMemory(t)
	deadline := time.Now().Add(c.settings.duration)
	length := min(max(c.settings.duration/20, time.Second), 10*time.Second)
	for i := 0; time.Now().Before(deadline); i++ {
		c.endpoint.otherwise(answerOrder)
		c.recover()
		well := &phase{quiet: true, ids: newIDs(200), callers: newCallers()}
		c.runPhase(t, well, length)
		// Half of the orders are cached when the fault comes.
		c.endpoint.otherwise(soakFaults[i%len(soakFaults)])
		c.runPhase(t, &phase{ids: append(newIDs(100), well.ids[:100]...), callers: well.callers}, length)
	}
	watched()
	c.endpoint.otherwise(answerOrder)
	c.recover()
	t.bill = c.settle(t.billed)
	c.judge(t)
}

func newCallers() []string {
	var callers []string
	for i := range soakCallers {
		callers = append(callers, newToken(fmt.Sprint("soaker", i)))
	}
	return callers
}

// recover waits until the breaker has closed.
func (c *check) recover() {
	for started := time.Now(); time.Since(started) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		caller, id := newToken("probe"), newID()
		if r := c.ask(caller, orderQuery(id)); len(r.Errors) == 0 && r.err == nil {
			return
		}
	}
	c.stop("no recovery 20 s after the faults ended")
}

// runPhase lets the workers ask for a while, waits for them, and counts what a quiet phase cost.
func (c *check) runPhase(t *tally, p *phase, length time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	var group sync.WaitGroup
	for range soakWorkers {
		group.Go(func() {
			for ctx.Err() == nil {
				c.soakOnce(t, p)
			}
		})
	}
	group.Wait()
	if !p.quiet {
		return
	}
	time.Sleep(100 * time.Millisecond) // A call that was written when its caller left has arrived by then.
	least, most := 0, 0
	p.asked.Range(func(any, any) bool { least++; return true })
	p.abandoned.Range(func(order, _ any) bool {
		if _, answered := p.asked.Load(order); !answered {
			most++
		}
		return true
	})
	t.leastInQuiet += least
	t.mostInQuiet += least + most
	t.paidInQuiet += c.endpoint.count(p.ids...)
}

// soakRequest is one request of the soak: the orders it shows by their response path, or nothing to
// show because it must be refused.
type soakRequest struct {
	request
	shown map[string]string // response name, or index in orders, to id
	bad   bool
}

// soakOnce sends one request and judges the answer.
func (c *check) soakOnce(t *tally, p *phase) {
	q := p.next()
	q.header["X-Request-Id"] = newRequestID()
	ctx := context.Background()
	if rand.IntN(10) == 0 {
		// While the upstream is well an answer takes about a millisecond.
		patience := 30 * time.Millisecond
		if p.quiet {
			patience = 3 * time.Millisecond
		}
		impatient, cancel := context.WithTimeout(ctx, rand.N(patience))
		defer cancel()
		ctx = impatient
	}
	r := c.post(ctx, c.client, q.request)
	left := r.err != nil && ctx.Err() != nil
	for _, id := range q.shown {
		switch {
		case left:
			p.abandoned.Store(q.authorization+id, true)
		case q.header["Cache-Control"] == "":
			p.asked.Store(q.authorization+id, true)
		}
	}
	if left {
		t.hungUp(r)
		return
	}
	t.add(p, q, r)
}

func (p *phase) next() soakRequest {
	id, other := p.ids[rand.IntN(len(p.ids))], p.ids[rand.IntN(len(p.ids))]
	q := soakRequest{request: request{authorization: p.callers[rand.IntN(len(p.callers))], header: map[string]string{}}}
	switch n := rand.IntN(20); {
	case n < 8:
		q.query, q.shown = orderQuery(id), map[string]string{"order": id}
	case n < 11:
		q.query = fmt.Sprintf("{ a: order(id: %q) %[3]s b: order(id: %[2]q) %[3]s c: order(id: %[1]s) %[3]s }", id, other, selection)
		q.shown = map[string]string{"a": id, "b": other, "c": id}
	case n < 14:
		q.query = "query($ids: [ID!]!) { orders(ids: $ids) " + selection + " }"
		q.variables = map[string]any{"ids": []string{id, other, id}}
		q.shown = map[string]string{"0": id, "1": other, "2": id}
	case n < 16:
		q.query = fmt.Sprintf(`{ _entities(representations: [{__typename: "Order", webSite: CN_1688, id: %q}, {__typename: "Order", webSite: "CN_1688", id: %q}]) { ... on Order %s } }`, id, other, selection)
		q.shown = map[string]string{"0": id, "1": other}
	case n < 17 && !p.quiet:
		q.query, q.shown = orderQuery(id), map[string]string{"order": id}
		q.header["Cache-Control"] = "no-cache"
	case n < 18:
		q.query, q.bad = spreadBomb(), true
	case n < 19:
		q.query, q.bad = `{ order(id: "0`+id+`") { id } }`, true
	default:
		q.query, q.bad = "{ order(id: 1) { nothing } }", true
	}
	return q
}

// hungUp counts a request whose caller did not wait for the answer.
func (t *tally) hungUp(r *response) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent++
	t.impatient++
	t.slowest = max(t.slowest, r.took)
}

// add judges one answer.
func (t *tally) add(p *phase, q soakRequest, r *response) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent++
	t.slowest = max(t.slowest, r.took)
	if r.err != nil {
		t.lost++
		t.example("lost", r)
		return
	}
	t.billed[q.header["X-Request-Id"]] = r.Extensions.Upstream
	uncoded := false
	for _, e := range r.Errors {
		t.byCode[e.code()]++
		uncoded = uncoded || e.Extensions["code"] == nil || e.code() == "INTERNAL_SERVER_ERROR"
	}
	shown, foreign := q.compare(r)
	switch {
	case foreign:
		t.wrongTenant++
		t.example("wrong tenant", r)
	case uncoded || shown != len(q.shown) && len(r.Errors) == 0 || q.bad && len(r.Errors) == 0:
		t.lost++
		t.example("neither right nor coded", r)
	case q.bad:
		t.refused++
	case len(r.Errors) == 0:
		t.right++
	default:
		t.coded++
		if p.quiet {
			t.wrongInQuiet++
			t.example("an error in a quiet phase", r)
		}
	}
}

// compare counts the orders that r shows as it should, and reports whether it shows another order, or
// somebody else's.
func (q soakRequest) compare(r *response) (shown int, foreign bool) {
	for name, id := range q.shown {
		value := r.Data[name]
		for _, list := range []string{"orders", "_entities"} {
			if items, ok := r.Data[list].([]any); ok {
				var index int
				if _, err := fmt.Sscan(name, &index); err == nil && index < len(items) {
					value = items[index]
				}
			}
		}
		order, ok := value.(map[string]any)
		if !ok {
			continue
		}
		if order["buyerMessage"] == marker(q.authorization, id) && order["id"] == id {
			shown++
		} else {
			foreign = true
		}
	}
	return shown, foreign
}

func (t *tally) example(what string, r *response) {
	if len(t.examples) < 5 {
		t.examples = append(t.examples, what+": "+brief(r.String()))
	}
}

// watchMemory samples the server's memory until the function that it returns is called.
func (c *check) watchMemory(t *tally) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		for ctx.Err() == nil {
			if now, err := c.memory("VmRSS"); err == nil {
				t.peak = max(t.peak, now)
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	return func() {
		cancel()
		group.Wait()
	}
}

// judge prints the soak's table and fails it for what must not happen.
func (c *check) judge(t *tally) {
	codes := make([]string, 0, len(t.byCode))
	for code, count := range t.byCode {
		codes = append(codes, fmt.Sprintf("%s %d", code, count))
	}
	fmt.Printf("\nSoak of %v\n", c.settings.duration)
	for _, row := range []struct {
		name  string
		value any
	}{
		{"requests sent", t.sent},
		{"answered right", t.right},
		{"answered with a coded error", t.coded},
		{"refused, as they should be", t.refused},
		{"given up by the caller", t.impatient},
		{"lost", t.lost},
		{"wrong tenant or order", t.wrongTenant},
		{"errors while the upstream was well", t.wrongInQuiet},
		{"paid calls while the upstream was well", t.paidInQuiet},
		{"the least possible", t.leastInQuiet},
		{"the most, with those of callers who left", t.mostInQuiet},
		{"calls and points: at the endpoint", t.bill.endpoint},
		{"calls and points: in the log", t.bill.logged},
		{"calls and points: in the answers", t.bill.answered},
		{"calls and points: in the log alone", t.bill.alone},
		{"slowest answer", t.slowest.Round(time.Millisecond)},
		{"peak memory, MiB", t.peak >> 20},
		{"error codes", strings.Join(codes, ", ")},
	} {
		fmt.Printf("  %-40s %v\n", row.name, row.value)
	}
	for _, example := range t.examples {
		c.fail("%s", example)
	}
	if t.lost > 0 || t.wrongTenant > 0 || t.wrongInQuiet > 0 {
		c.fail("%d lost, %d wrong, %d errors without a fault", t.lost, t.wrongTenant, t.wrongInQuiet)
	}
	if t.paidInQuiet < t.leastInQuiet || t.paidInQuiet > t.mostInQuiet {
		c.fail("%d paid calls, the least possible is %d, the most %d", t.paidInQuiet, t.leastInQuiet, t.mostInQuiet)
	}
	if t.bill.logged != t.bill.endpoint || t.bill.sum() != t.bill.logged || t.bill.wrong != "" {
		c.fail("the bill is wrong: %+v", t.bill)
	}
	if t.right < t.sent/4 {
		c.fail("only %d of %d are answered right", t.right, t.sent)
	}
	c.wantMemory(t.peak, 256<<20)
}
