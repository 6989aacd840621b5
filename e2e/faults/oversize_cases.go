package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const sectionOversize = "Oversize"

// defaultMaxResponse is the default of --max-response.
const defaultMaxResponse = 16 << 20

func oversizeCases() []*scenario {
	list := []*scenario{
		{section: sectionOversize, name: "30 aliases of 32 fields of 700 lines", alone: true, run: func(c *check) { tooLarge(c, hugeOrder, hugeQuery(1)) }},
		{section: sectionOversize, name: "30 aliases of 32 fields of 700 lines, in 30 places", alone: true, run: func(c *check) { tooLarge(c, hugeOrder, hugeQuery(30)) }},
		{section: sectionOversize, name: "links back and forth between 700 lines", alone: true, run: func(c *check) {
			tooLarge(c, hugeOrder, "{orders(ids:[%[1]s]){lineItems{shipments{lineItems{"+lineFields+" shipments{id lineItems{"+lineFields+"}}}}}}}")
		}},
		{section: sectionOversize, name: "lists of links in 30 aliases", alone: true, run: func(c *check) {
			tooLarge(c, hugeOrder, "{orders(ids:[%[1]s]){"+repeat(30, "a%d:lineItems{id shipments{id lineItemIds}} ")+"}}")
		}},
		{section: sectionOversize, name: "thousands of bad values in 30 aliases", alone: true, run: func(c *check) { bounded(c, badValues, hugeQuery(1)) }},
		{section: sectionOversize, name: "one huge text in 30 places", alone: true, run: func(c *check) {
			tooLarge(c, longText, "{orders(ids:["+strings.Repeat("%[1]s,", 30)+"]){"+repeat(20, "a%d:buyerMessage ")+"}}")
		}},
		{section: sectionOversize, name: "a small order beside a huge one", needs: "--max-response", arguments: []string{"--max-response", "64KiB"}, run: smallMaximum},
		{section: sectionOversize, name: "a caller who hangs up ends the work on its answer", alone: true, arguments: []string{"--response-cache-size", "0"}, run: hangUpWhileWriting},
		{section: sectionOversize, name: "one order in 101 places", run: tooManyPlaces},
		{section: sectionOversize, name: "attribute keys of many requests don't add up", run: keysAddUp},
		{section: sectionOversize, name: "101 attribute keys in one request", run: tooManyKeys},
	}
	for _, hostile := range hostileArguments {
		list = append(list, &scenario{section: sectionOversize, name: "no work before a refusal: " + hostile.name, alone: true, run: func(c *check) {
			noWork(c, hostile.query, hostile.variables())
		}})
	}
	list = append(list,
		&scenario{section: sectionOversize, name: "no work before a refusal: without a client token", alone: true, arguments: serviceArguments(), run: func(c *check) {
			noWork(c, hostileArguments[0].query, hostileArguments[0].variables())
		}},
		&scenario{section: sectionOversize, name: "introspection is worked out once", alone: true, run: introspectAgain},
	)
	return list
}

// lineFields are 32 fields of a line item.
const lineFields = `id name description productType position status statusRaw statusDescription fulfillmentStatus ` +
	`fulfillmentStatusRaw closeReason closeReasonRaw productId productArticleNumber skuId skuArticleNumber specificationId ` +
	`imageUrls snapshotUrl quantity quantityPrecisionFactor unit weight weightUnit refundStatus refundStatusRaw refundId ` +
	`afterSalesRefundId createdAt updatedAt completedAt stockReservationExpiresAt`

// hugeQuery asks for lineFields thirty times, of an order in a number of places: 12 KB that stand for
// 19 MB in each place.
func hugeQuery(places int) string {
	return "{orders(ids:[" + strings.Repeat("%[1]s,", places) + "]){" + repeat(30, "a%d:lineItems{"+lineFields+"} ") + "}}"
}

// hugeOrder has 700 lines with a value in each of lineFields, and 10 shipments of all of them.
func hugeOrder(authorization, id string) []byte {
	return orderOfLines(authorization, id, 700, nil)
}

// badValues has 500 lines in which most values are malformed.
func badValues(authorization, id string) []byte {
	return orderOfLines(authorization, id, 500, func(line map[string]any) {
		for _, name := range []string{
			"sort", "quantity", "quantity_factor", "weight", "gmt_create", "gmt_modified", "gmt_completed", "gmt_pay_expire_time",
			"product_snapshot_url", "name", "description", "unit",
		} {
			line[name] = map[string]any{"bad": "value"}
		}
	})
}

// orderOfLines has a number of lines, each of them changed by a function if there is one.
func orderOfLines(authorization, id string, lines int, change func(map[string]any)) []byte {
	items, names := make([]any, lines), make([]string, lines)
	for i := range items {
		number := 1000 + i
		names[i] = fmt.Sprint(number)
		line := map[string]any{
			"sub_item_id": number, "name": "scarf of silk", "description": "a scarf", "type": "common", "sort": i,
			"status": "waitbuyerreceive", "status_str": "等待买家收货", "logistics_status": 2, "close_reason": "other",
			"product_id": 600_000_000_000 + number, "product_cargo_number": "A-1", "sku_id": 700_000_000_000 + number, "cargo_number": "B-1",
			"spec_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "product_img_url": []any{"https://img.example/a.jpg"}, "product_snapshot_url": "https://snapshot.example/1",
			"quantity": json.Number("2.5"), "quantity_factor": 10, "unit": "件", "weight": json.Number("1.25"), "weight_unit": "kg",
			"refund_status": "refundsuccess", "refund_id": "TQ1", "refund_id_for_as": "TQ2", "gmt_create": "20170913231708000-0700",
			"gmt_modified": "20170913231708000-0700", "gmt_completed": "20170913231708000-0700", "gmt_pay_expire_time": "2017-09-13 23:17:08",
		}
		if change != nil {
			change(line)
		}
		items[i] = line
	}
	shipments := make([]any, 10)
	for i := range shipments {
		shipments[i] = map[string]any{"id": 1 + i, "sub_item_ids": strings.Join(names, ",")}
	}
	result := order(authorization, id)
	result["product_items"] = items
	result["native_logistics"] = map[string]any{"logistics_items": shipments}
	return envelope(0, result)
}

// longText has a message of 1 MB.
func longText(authorization, id string) []byte {
	result := order(authorization, id)
	result["base_info"].(map[string]any)["buyer_feedback"] = strings.Repeat("long ", 200<<10)
	return envelope(0, result)
}

// tooLarge asks for more than an answer may hold.
func tooLarge(c *check, of func(authorization, id string) []byte, query string) {
	r := bounded(c, of, query)
	if !strings.Contains(string(r.body), "max-response") {
		c.fail("nothing is too large: %s", brief(r.String()))
	}
}

// bounded checks that an answer, and the memory for it, are no more than a small multiple of what an
// answer may hold.
func bounded(c *check, of func(authorization, id string) []byte, query string) *response {
	r := c.askForMuchOf(of, query, 12*defaultMaxResponse)
	if len(r.body) > 2*defaultMaxResponse {
		c.fail("an answer of %d MiB", len(r.body)>>20)
	}
	caller, id := newToken("caller"), newID()
	c.wantOrder(c.ask(caller, orderQuery(id)), caller, id, "order")
	return r
}

// smallMaximum asks for more than the operator allows, and for what still fits.
func smallMaximum(c *check) {
	caller, ids := newToken("caller"), newIDs(2)
	c.endpoint.script(ids[1], func(x *exchange) { x.respond(200, hugeOrder(caller, ids[1])) })
	small := c.ask(caller, orderQuery(ids[0]))
	c.wantOrder(small, caller, ids[0], "order")
	r := c.ask(caller, fmt.Sprintf("{ order(id: %s) { lineItems { %s } } }", ids[1], lineFields))
	c.wantCodes(r, "QUERY_TOO_COMPLEX at order")
	if text := string(r.body); !strings.Contains(text, "max-response") || len(r.body) > 2<<10 {
		c.fail("want a short error that names the limit: %s", brief(r.String()))
	}
	// It is the answer that is too large, not the order.
	r = c.ask(caller, fmt.Sprintf("{ order(id: %s) { lineItems { id } } }", ids[1]))
	c.wantCodes(r)
	c.wantCalls(1, ids[1])
}

// hangUpWhileWriting compares what answers of 11 MB cost with what they cost if their caller leaves
// while they are being made.
func hangUpWhileWriting(c *check) {
	const requests = 8
	caller, id := newToken("caller"), newID()
	c.endpoint.script(id, func(x *exchange) { x.respond(200, orderOfLines(caller, id, 500, nil)) })
	query := fmt.Sprintf("{order(id:%s){%s}}", id, repeat(25, "a%d:lineItems{"+lineFields+"} "))
	ask := func(patience time.Duration) *response {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return c.post(ctx, c.client, request{query: query, authorization: caller})
	}
	cost := func(patience time.Duration) (processor, quickest time.Duration) {
		quickest = patience
		before, err := c.processorTime()
		c.require(err, "read the processor time")
		for range requests {
			quickest = min(quickest, ask(patience).took)
		}
		time.Sleep(500 * time.Millisecond)
		after, err := c.processorTime()
		c.require(err, "read the processor time")
		return after - before, quickest
	}
	c.wantCodes(ask(time.Minute))
	whole, took := cost(time.Minute)
	left, _ := cost(took / 4)
	if left*2 > whole && !c.settings.race {
		c.fail("%v of processor time for answers that were waited for, %v for those that weren't", whole, left)
	}
	c.note("%v of processor time for %d answers, %v without anybody to read them", whole, requests, left)
}

func tooManyPlaces(c *check) {
	id := newID()
	places := func(count int) map[string]any {
		var ids, representations []any
		for range count {
			ids = append(ids, id)
			representations = append(representations, map[string]any{"__typename": "Order", "webSite": "CN_1688", "id": id})
		}
		return map[string]any{"ids": ids, "r": representations}
	}
	caller := newToken("caller")
	for _, query := range []string{
		"query($ids:[ID!]!,$r:[_Any!]!){orders(ids:$ids){id}a:__typename@include(if:false)_entities(representations:$r)@include(if:false){__typename}}",
		"query($ids:[ID!]!,$r:[_Any!]!){orders(ids:$ids)@include(if:false){id}_entities(representations:$r){__typename}}",
	} {
		r := c.send(request{query: query, variables: places(101), authorization: caller})
		if len(r.Errors) != 1 || r.Errors[0].code() != "QUERY_TOO_COMPLEX" || !strings.Contains(string(r.body), "max-orders") || r.Data != nil {
			c.fail("101 places: %s", brief(r.String()))
		}
		c.wantCalls(0)
	}
	r := c.send(request{query: "query($ids:[ID!]!){orders(ids:$ids){id}}", variables: map[string]any{"ids": places(100)["ids"]}, authorization: caller})
	c.wantCodes(r)
	c.wantCalls(1)
}

func manyKeys(from, count int) []any {
	keys := make([]any, count)
	for i := range keys {
		keys[i] = fmt.Sprintf("key%d", from+i)
	}
	return keys
}

// keysAddUp asks for other keys of the same order each time. What is kept of an order, and asked for
// again, must not grow with that.
func keysAddUp(c *check) {
	caller, id := newToken("caller"), newID()
	for i := range 20 {
		r := c.send(request{query: "query($id:ID!,$k:[String!]){order(id:$id){extraAttributes(keys:$k){key}}}", variables: map[string]any{"id": id, "k": manyKeys(100*i, 100)}, authorization: caller})
		c.wantCodes(r)
	}
	c.wantCalls(20)
	for i, call := range c.endpoint.log() {
		if len(call.keys) > 100 {
			c.fail("call %d asks for %d keys", i, len(call.keys))
		}
	}
}

func tooManyKeys(c *check) {
	caller, id := newToken("caller"), newID()
	for _, query := range []string{
		"query($id:ID!,$k:[String!],$l:[String!]){order(id:$id){extraAttributes(keys:$k){key}a:extraAttributes(keys:$l){key}}}",
		"query($id:ID!,$k:[String!],$l:[String!]){order(id:$id){extraAttributes(keys:$k){key}}b:order(id:7){extraAttributes(keys:$l){key}}}",
	} {
		r := c.send(request{query: query, variables: map[string]any{"id": id, "k": manyKeys(0, 60), "l": manyKeys(50, 51)}, authorization: caller})
		if len(r.Errors) != 1 || r.Errors[0].code() != "QUERY_TOO_COMPLEX" || !strings.Contains(string(r.body), "max-attribute-keys") {
			c.fail("101 keys: %s", brief(r.String()))
		}
	}
	c.wantCalls(0)
	r := c.send(request{query: "query($id:ID!,$k:[String!],$l:[String!]){order(id:$id){extraAttributes(keys:$k){key}a:extraAttributes(keys:$l){key}}}", variables: map[string]any{"id": id, "k": manyKeys(0, 60), "l": manyKeys(50, 50)}, authorization: caller})
	c.wantCodes(r)
	c.wantCalls(1)
}

// largeBody is how many bytes a hostile request has: a little less than --max-body.
const largeBody = 244 << 10

// fill returns as many items as make a request of largeBody bytes, at most count.
func fill(count int, item func(int) any) []any {
	var items []any
	for size := 0; len(items) < count && size < largeBody-1<<10; {
		next := item(len(items))
		encoded, err := json.Marshal(next)
		if err != nil {
			panic(err) // Only literals of this program are encoded.
		}
		items, size = append(items, next), size+len(encoded)+1
	}
	return items
}

func noVariables() map[string]any { return nil }

// hostileArguments are requests whose arguments would take long to work on.
var hostileArguments = []struct {
	name, query string
	variables   func() map[string]any
}{
	{"one id and thousands of keys in a thousand places", "query($ids:[ID!]!,$k:[String!]){orders(ids:$ids){extraAttributes(keys:$k){key}}}", func() map[string]any {
		return map[string]any{"ids": fill(1000, func(int) any { return 1 }), "k": fill(30_000, func(i int) any { return fmt.Sprintf("k%d", i) })}
	}},
	{"thousands of keys in a hundred places", "query($ids:[ID!]!,$k:[String!]){orders(ids:$ids){extraAttributes(keys:$k){key}}}", func() map[string]any {
		return map[string]any{"ids": fill(100, func(int) any { return 1 }), "k": fill(30_000, func(i int) any { return fmt.Sprintf("k%d", i) })}
	}},
	{"thousands of keys for twenty orders", "query($k:[String!]){" + repeat(20, "a%d:order(id:1%d){extraAttributes(keys:$k){key}} ") + "}", func() map[string]any {
		return map[string]any{"k": fill(30_000, func(i int) any { return fmt.Sprintf("k%d", i) })}
	}},
	{"thousands of keys in thirty aliases", "query($k:[String!]){order(id:1){" + repeat(30, "a%d:extraAttributes(keys:$k){key} ") + "}}", func() map[string]any {
		return map[string]any{"k": fill(30_000, func(i int) any { return fmt.Sprintf("k%d", i) })}
	}},
	{"the same key thousands of times", "query($ids:[ID!]!,$k:[String!]){orders(ids:$ids){" + repeat(30, "a%d:extraAttributes(keys:$k){key} ") + "}}", func() map[string]any {
		return map[string]any{"ids": fill(100, func(i int) any { return i + 1 }), "k": fill(60_000, func(int) any { return "k" })}
	}},
	{"thousands of distinct ids", "query($ids:[ID!]!){" + repeat(20, "a%d:orders(ids:$ids){id} ") + "}", func() map[string]any {
		return map[string]any{"ids": fill(30_000, func(i int) any { return fmt.Sprint(i + 1) })}
	}},
	{"thousands of bad ids", "query($ids:[ID!]!){" + repeat(20, "a%d:orders(ids:$ids){id} ") + "}", func() map[string]any {
		return map[string]any{"ids": fill(30_000, func(i int) any { return fmt.Sprintf("x%d", i) })}
	}},
	{"thousands of empty representations", "query($r:[_Any!]!){" + repeat(20, "a%d:_entities(representations:$r){__typename} ") + "}", func() map[string]any {
		return map[string]any{"r": fill(80_000, func(int) any { return map[string]any{} })}
	}},
	{"large representations", "query($r:[_Any!]!){" + repeat(20, "a%d:_entities(representations:$r){__typename} ") + "}", func() map[string]any {
		return map[string]any{"r": fill(100, func(i int) any {
			junk := map[string]any{"__typename": "Order", "webSite": "CN_1688", "id": fmt.Sprint(i + 1)}
			for k := range 100 {
				junk[fmt.Sprintf("junk%d", k)] = []any{k, map[string]any{}}
			}
			return junk
		})}
	}},
	{"thousands of numbers where texts belong", "query($k:[String!]){" + repeat(20, "a%d:order(id:1%d){extraAttributes(keys:$k){key}} ") + "}", func() map[string]any {
		return map[string]any{"k": fill(60_000, func(i int) any { return i })}
	}},
	{"thousands of nulls where none belong", "query($k:[String!],$i:[ID!]!,$r:[_Any!]!){order(id:1){extraAttributes(keys:$k){key}}orders(ids:$i){id}_entities(representations:$r){__typename}}", func() map[string]any {
		nulls := fill(15_000, func(int) any { return nil })
		return map[string]any{"k": nulls, "i": nulls, "r": nulls}
	}},
	{"thousands of objects where ids belong", "query($i:[ID!]!){orders(ids:$i){id}}", func() map[string]any {
		return map[string]any{"i": fill(30_000, func(int) any { return map[string]any{"a": []any{}} })}
	}},
	{"a document of comments", "{order(id:1){id}}" + strings.Repeat("#\n", 60_000), noVariables},
	{"a document of commas", "{order(id:1){id}}" + strings.Repeat(",", 230_000), noVariables},
	{"a text of escapes", `{order(id:"` + strings.Repeat(`\u0031`, 20_000) + `"){id}}`, noVariables},
	{"a block of indented lines", `{order(id:"""` + strings.Repeat("\n          \t1", 16_000) + `"""){id}}`, noVariables},
	{"a list of lists", "{orders(ids:" + strings.Repeat("[", 900) + "1" + strings.Repeat("]", 900) + "){id}}", noVariables},
	{"a variable in thirty aliases of twenty orders", "query($i:ID!){" + repeat(20, "a%d:order(id:$i){"+strings.Repeat("lineItems{id} ", 20)+"} ") + "}", func() map[string]any {
		return map[string]any{"i": strings.Repeat("1", 230_000)}
	}},
	{"variables that nobody declared", "{order(id:1){id}}", func() map[string]any {
		return map[string]any{"junk": fill(80_000, func(int) any { return []any{} })}
	}},
	{"deep values", "query($r:[_Any!]!){_entities(representations:$r){__typename}}", func() map[string]any {
		return map[string]any{"r": fill(1000, func(i int) any {
			value := any("x")
			for range 30 {
				value = []any{value}
			}
			return map[string]any{"__typename": "Order", "webSite": "CN_1688", "id": value}
		})}
	}},
}

// noWork sends a hostile request without a token, and in vain, and looks at the processor time for it.
func noWork(c *check, query string, variables map[string]any) {
	const requests = 4
	encoded, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	c.require(err, "encode a request")
	c.ask("", "{__typename}")
	before, err := c.processorTime()
	c.require(err, "read the processor time")
	for range requests {
		r := c.send(request{query: query, variables: variables})
		if len(r.Errors) == 0 && r.err == nil {
			c.fail("not refused: %s", brief(r.String()))
		}
		if len(r.body) > 2*largeBody {
			c.fail("an answer of %d KiB", len(r.body)>>10)
		}
		if r.status == http.StatusRequestEntityTooLarge {
			c.fail("the request of %d bytes is too large to show anything", len(encoded))
		}
	}
	after, err := c.processorTime()
	c.require(err, "read the processor time")
	used := (after - before) / requests
	// 1 µs a byte, and as much again for a busy machine.
	if most := max(2*time.Duration(len(encoded))*time.Microsecond, 20*time.Millisecond); used > most && !c.settings.race {
		c.fail("%v of processor time for %d KiB", used, len(encoded)>>10)
	}
	c.wantCalls(0)
	c.note("%v for %d KiB", used, len(encoded)>>10)
}

// introspectAgain asks for everything that the schema says, many times over, again and again. The
// answer depends on nothing: it is refused, or worked out once.
func introspectAgain(c *check) {
	const parts = "name description args{name description defaultValue type{name ofType{name}}}"
	query := "{" + repeat(20, "a%d:__schema{types{name description fields{"+parts+" type{name ofType{name ofType{name}}}}}directives{"+parts+"}} ") + "}"
	ask := func(times int) time.Duration {
		before, err := c.processorTime()
		c.require(err, "read the processor time")
		for range times {
			if r := c.ask("", query); r.err != nil {
				c.stop("%v", r.err)
			}
		}
		after, err := c.processorTime()
		c.require(err, "read the processor time")
		return after - before
	}
	first := ask(1)
	const again = 20
	each := ask(again) / again
	// An answer of several megabytes is not written for nothing.
	if each > 30*time.Millisecond && !c.settings.race {
		c.fail("%v of processor time each time", each)
	}
	c.note("%v of processor time at first, then %v", first, each)
}
