package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const sectionFairness = "Fairness"

func fairnessCases() []*scenario {
	return []*scenario{
		{section: sectionFairness, name: "a quiet caller beside a loud one", alone: true, run: func(c *check) {
			besideLoud(c, after100, 20*time.Millisecond, func() (stop func()) { return c.beLoud(4, 100) })
		}},
		{section: sectionFairness, name: "a quiet caller beside a loud one with 300 connections", alone: true, run: func(c *check) {
			besideLoud(c, after100, 20*time.Millisecond, func() (stop func()) { return c.beLoud(300, 1) })
		}},
		{section: sectionFairness, name: "a quiet caller beside a loud one, 4 calls at once", alone: true, arguments: []string{"--upstream-concurrency", "4"}, run: func(c *check) {
			besideLoud(c, after100, 80*time.Millisecond, func() (stop func()) { return c.beLoud(4, 100) })
		}},
		{section: sectionFairness, name: "a quiet caller beside a loud one, 50 calls a second", alone: true, arguments: []string{"--upstream-rate", "50"}, run: func(c *check) {
			besideLoud(c, after(100*time.Millisecond, answerOrder), 50*time.Millisecond, func() (stop func()) { return c.beLoud(4, 100) })
		}},
		{section: sectionFairness, name: "two loud callers get the same", alone: true, arguments: []string{"--upstream-concurrency", "8"}, run: twoLoud},
		{section: sectionFairness, name: "4,100 made-up tokens push no pause out", alone: true, run: manyPauses},
		{section: sectionFairness, name: "Retry-After of one token stops no other", run: pauseOfOne},
		{section: sectionFairness, name: "Retry-After about one order stops no other", run: pauseAboutOne},
		{section: sectionFairness, name: "Retry-After of an overload is the real wait", arguments: []string{"--upstream-concurrency", "1"}, run: realWait},
		{section: sectionFairness, name: "made-up tokens don't escape the rate limit", arguments: []string{"--rate-limit", "20"}, run: madeUpTokens},
	}
}

// after100 answers after 100 ms in the mean, as an endpoint does: not all calls that start together
// end together.
func after100(x *exchange) {
	after(50*time.Millisecond+rand.N(100*time.Millisecond), answerOrder)(x)
}

// besideLoud measures how long a quiet caller waits alone, then beside a loud one, and compares the two
// within the run.
func besideLoud(c *check, upstream behaviour, interval time.Duration, loud func() (stop func())) {
	const rounds, requests = 3, 25
	c.endpoint.otherwise(upstream)
	quiet := newToken("quiet")
	c.ask(quiet, orderQuery(newID())) // The first call dials.
	measure := func() time.Duration {
		var slowest []time.Duration
		for range rounds {
			slowest = append(slowest, c.slowestOf(quiet, requests, interval))
		}
		slices.Sort(slowest)
		return slowest[rounds/2]
	}
	alone := measure()
	stop := loud()
	defer stop()
	time.Sleep(300 * time.Millisecond)
	beside := measure()
	if beside > 2*alone {
		c.fail("beside a loud caller the quiet one waits for %v, alone for %v", beside, alone)
	}
	c.note("%v alone, %v beside", alone.Round(time.Millisecond), beside.Round(time.Millisecond))
}

// slowestOf asks for orders of the caller, one every interval whether or not the others were
// answered, and returns how long the slowest answer took: of so few that is the 99th percentile.
func (c *check) slowestOf(caller string, requests int, interval time.Duration) time.Duration {
	ids := newIDs(requests)
	responses := together(requests, func(i int) *response {
		time.Sleep(time.Duration(i) * interval)
		return c.ask(caller, orderQuery(ids[i]))
	})
	slowest := time.Duration(0)
	for i, r := range responses {
		c.wantOrder(r, caller, ids[i], "order")
		slowest = max(slowest, r.took)
	}
	return slowest
}

// beLoud lets one caller ask for a number of orders at once, again and again on several connections,
// until the function that it returns is called.
func (c *check) beLoud(connections, orders int) (stop func()) {
	caller := newToken("loud")
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			for ctx.Err() == nil {
				r := c.post(ctx, c.client, request{query: ordersQuery(newIDs(orders)...), authorization: caller})
				if r.status == http.StatusServiceUnavailable {
					time.Sleep(20 * time.Millisecond) // It may come again at once, but not burn the processor.
				}
			}
		})
	}
	return func() {
		cancel()
		group.Wait()
	}
}

// twoLoud lets one caller fill all places before another comes, and counts what each gets from then on.
func twoLoud(c *check) {
	c.endpoint.otherwise(after(50*time.Millisecond, answerOrder))
	callers := []string{newToken("first"), newToken("second")}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for i, caller := range callers {
		for range 2 {
			group.Go(func() {
				for ctx.Err() == nil {
					c.post(ctx, c.client, request{query: ordersQuery(newIDs(100)...), authorization: caller})
					time.Sleep(5 * time.Millisecond)
				}
			})
		}
		if i == 0 {
			time.Sleep(300 * time.Millisecond)
		}
	}
	time.Sleep(200 * time.Millisecond)
	before := []int{c.endpoint.countBy(callers[0]), c.endpoint.countBy(callers[1])}
	time.Sleep(1500 * time.Millisecond)
	first, second := c.endpoint.countBy(callers[0])-before[0], c.endpoint.countBy(callers[1])-before[1]
	cancel()
	group.Wait()
	if second*3 < first*2 || first*3 < second*2 {
		c.fail("the first makes %d calls, the second %d", first, second)
	}
	c.note("%d and %d calls", first, second)
}

// manyPauses lets more made-up tokens be told to pause than anybody wants to remember, and looks
// whether one that comes after them is still held back.
func manyPauses(c *check) {
	c.endpoint.otherwise(answer(http.StatusTooManyRequests, "", "Retry-After: 60"))
	const workers, madeUp = 8, 4_104
	together(workers, func(int) *response {
		for range madeUp / workers {
			if r := c.ask(newToken("made-up"), orderQuery(newID())); r.err != nil {
				return r
			}
		}
		return nil
	})
	caller := newToken("caller")
	for range 10 {
		r := c.ask(caller, orderQuery(newID()))
		c.wantCodes(r, "RATE_LIMITED at order")
	}
	if calls := c.endpoint.countBy(caller); calls != 1 {
		c.fail("a caller who was told to wait for 60 s makes %d calls of 10", calls)
	}
}

func pauseOfOne(c *check) {
	busy, other := newToken("busy"), newToken("other")
	c.endpoint.otherwise(func(x *exchange) {
		if x.authorization == busy {
			answer(http.StatusTooManyRequests, "", "Retry-After: 60")(x)
			return
		}
		answerOrder(x)
	})
	for range 3 {
		r := c.ask(busy, orderQuery(newID()))
		c.wantCodes(r, "RATE_LIMITED at order")
		if len(r.Errors) == 1 && !atMost(r.Errors[0].Extensions["retryAfterSeconds"], 60) {
			c.fail("retryAfterSeconds: %s", brief(r.String()))
		}
		id := newID()
		c.wantOrder(c.ask(other, orderQuery(id)), other, id, "order")
	}
	if calls := c.endpoint.countBy(busy); calls != 1 {
		c.fail("the one that was told to wait makes %d calls of 3", calls)
	}
}

// atMost reports whether a number of an answer is positive and not above most.
func atMost(value any, most float64) bool {
	number, err := strconv.ParseFloat(fmt.Sprint(value), 64)
	return err == nil && number > 0 && number <= most
}

// pauseAboutOne lets the endpoint be unavailable for one order, and name a time.
func pauseAboutOne(c *check) {
	for _, status := range []int{429, 503} {
		loud, other, bad := newToken("loud"), newToken("other"), newID()
		c.endpoint.script(bad, answer(status, "", "Retry-After: 60"))
		c.ask(loud, orderQuery(bad))
		id := newID()
		c.wantOrder(c.ask(other, orderQuery(id)), other, id, "order")
	}
}

// realWait fills the only place for 3 s, and comes back when a refused caller was told to.
func realWait(c *check) {
	c.endpoint.otherwise(after(3*time.Second, answerOrder))
	caller, ids := newToken("caller"), newIDs(3)
	c.ask(caller, orderQuery(ids[0])) // Now the server knows how long a call takes.
	first := make(chan *response, 1)
	go func() { first <- c.ask(caller, orderQuery(ids[1])) }()
	time.Sleep(200 * time.Millisecond)
	other := newToken("other")
	r := c.ask(other, orderQuery(ids[2]))
	wait, err := strconv.Atoi(r.header.Get("Retry-After"))
	if r.status != http.StatusServiceUnavailable || err != nil || wait < 2 || wait > 4 {
		c.stop("with nearly 3 s to wait: Retry-After %q, %s", r.header.Get("Retry-After"), brief(r.String()))
	}
	time.Sleep(time.Duration(wait) * time.Second)
	c.endpoint.otherwise(answerOrder)
	c.wantOrder(c.ask(other, orderQuery(ids[2])), other, ids[2], "order")
	c.wantOrder(<-first, caller, ids[1], "order")
}

// madeUpTokens asks with a new token each time, beside a caller who has been answered before.
func madeUpTokens(c *check) {
	known, id := newToken("known"), newID()
	c.wantOrder(c.ask(known, orderQuery(id)), known, id, "order")
	c.endpoint.otherwise(refuse(204, "无该接口权限"))
	limited := 0
	for _, r := range together(200, func(int) *response { return c.ask(newToken("made-up"), orderQuery(newID())) }) {
		if r.status == http.StatusTooManyRequests && r.codes() == "RATE_LIMITED" {
			limited++
		}
	}
	if limited < 100 {
		c.fail("%d of 200 requests with made-up tokens are refused with 20 a second", limited)
	}
	c.wantOrder(c.ask(known, orderQuery(id)), known, id, "order")
	c.note("%d of 200 refused, %d calls", limited, c.endpoint.count())
}
