package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const sectionStrangers = "What a stranger can send"

func repeat(count int, format string) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, strings.ReplaceAll(format, "%d", "%[1]d"), i)
	}
	return text.String()
}

// spreadBomb is 1.2 KB that stand for 2^34 orders' fields.
func spreadBomb() string {
	var text strings.Builder
	text.WriteString("{order(id:1){...f0}}")
	for i := range 33 {
		fmt.Fprintf(&text, "fragment f%d on Order{...f%d ...f%d}", i, i+1, i+1)
	}
	return text.String() + "fragment f33 on Order{id status}"
}

// tooMuch are documents beyond the limits, or invalid in a way that takes long to find out. Want is
// what the answer must name.
var tooMuch = []struct{ name, query, want string }{
	{"a fragment bomb of 2^34 leaves", spreadBomb(), "max-fields"},
	{"depth", "{order(id:1){" + strings.Repeat("lineItems{shipments{", 10) + "id" + strings.Repeat("}}", 10) + "}}", "max-depth"},
	{"depth through fragments", "{order(id:1){...A}}fragment A on Order{lineItems{...B}}fragment B on OrderLineItem{" + strings.Repeat("shipments{lineItems{", 10) + "id" + strings.Repeat("}}", 10) + "}", "max-depth"},
	{"aliases", "{order(id:1){" + repeat(31, "a%d:id ") + "}}", "max-aliases"},
	{"root fields", "{" + strings.Repeat("__typename ", 21) + "}", "max-root-fields"},
	{"directives", "{order(id:1){" + strings.Repeat("id @skip(if:false) ", 21) + "}}", "max-directives"},
	{"duplicate fields", "{order(id:1){" + strings.Repeat("id ", 1001) + "}}", "max-fields"},
	{"duplicate fields beneath the limit, in conflict", "{order(id:1){" + strings.Repeat("id ", 990) + "id:status}}", "GRAPHQL_VALIDATION_FAILED"},
	{"tokens", "{" + strings.Repeat("__typename ", 2001) + "}", "max-tokens"},
	{"fragment cycles", "{order(id:1){...A}}fragment A on Order{...B}fragment B on Order{id ...A}", "GRAPHQL_VALIDATION_FAILED"},
	{"thousands of unused variables", "query(" + repeat(5000, "$v%d:ID ") + "){__typename}", "max-tokens"},
	{"hundreds of unused variables", "query(" + repeat(490, "$v%d:ID ") + "){__typename}", "GRAPHQL_VALIDATION_FAILED"},
	{"hundreds of operations", repeat(390, "query q%d{__typename}"), "max-root-fields"},
	{"unknown fields", "{order(id:1){" + repeat(900, "unknownField%d ") + "}}", "GRAPHQL_VALIDATION_FAILED"},
	{"a name of 200 KB", "{order(id:1){" + strings.Repeat("a", 200_000) + "}}", "GRAPHQL_VALIDATION_FAILED"},
	{"an enum value of 200 KB", "{order(id:1,webSite:" + strings.Repeat("A", 200_000) + "){id}}", "GRAPHQL_VALIDATION_FAILED"},
	{"braces", strings.Repeat("{a", 100_000), "QUERY_TOO_COMPLEX"},
	{"a syntax error of 200 KB", "{id} " + strings.Repeat(")", 200_000), "GRAPHQL_PARSE_FAILED"},
	{"101 orders", `{orders(ids:["` + strings.Join(newIDs(101), `","`) + `"]){id}}`, "max-orders"},
	{"one order in 101 places", `{orders(ids:[` + strings.Repeat("1,", 101) + `]){id}}`, "max-orders"},
	{"101 attribute keys", `{order(id:1){extraAttributes(keys:[` + repeat(101, `"k%d",`) + `]){key}}}`, "max-attribute-keys"},
	{"101 orders by entities and fields", `{orders(ids:["` + strings.Join(newIDs(60), `","`) + `"]){id} _entities(representations:[` + repeat(60, `{__typename:"Order",webSite:CN_1688,id:"9%d"}`) + `]){__typename}}`, "max-orders"},
}

// badIDs are no order ids.
var badIDs = []string{
	"", "0", "01", "-1", "+1", "1.0", "1e3", " 1", "1 ", "1\n", "1\r\n", "１", "٣", "0x1", "9223372036854775808", "99999999999999999999",
	"1_000", "1,2", "NaN", "null", "undefined", "1;drop", "\u0000", "1\u0000", "../../etc", strings.Repeat("1", 10_000),
}

func queryCases() []*scenario {
	list := []*scenario{
		{section: sectionStrangers, name: "query: a fragment bomb costs less than 5 ms", alone: true, run: bombTakesNoTime},
		{section: sectionStrangers, name: "query: a flood of distinct documents leaves the memory flat", alone: true, run: documentFlood},
		{section: sectionStrangers, name: "query: persisted texts are bound to their hash", run: persisted},
		{section: sectionStrangers, name: "query: introspection and every field pass", run: usualQueries},
		{section: sectionStrangers, name: "query: links that fan out", alone: true, run: fanOut},
		{section: sectionStrangers, name: "query: one order in a hundred places", alone: true, run: manyPlaces},
		{section: sectionStrangers, name: "id: what is no id costs nothing", run: invalidIDs},
		{section: sectionStrangers, name: `id: "1" and 1 are one order, "01" is none`, run: similarIDs},
		{section: sectionStrangers, name: "representations: bad ones fail alone", run: badRepresentations},
		{section: sectionStrangers, name: "20,000 distinct ids stay under the ceiling", alone: true, bare: true, run: manyIDs},
	}
	for _, test := range tooMuch {
		list = append(list, &scenario{section: sectionStrangers, name: "query: " + test.name, run: func(c *check) { refused(c, test.query, test.want) }})
	}
	return list
}

// refused checks that a document is refused without a call, in a few words.
func refused(c *check, query, want string) {
	for _, accept := range []string{"application/graphql-response+json", "application/json"} {
		r := c.send(request{query: query, authorization: newToken("caller"), header: map[string]string{"Accept": accept}})
		if wantStatus := map[string]int{"application/graphql-response+json": 400, "application/json": 200}[accept]; r.status != wantStatus {
			c.fail("status %d under %s, want %d: %s", r.status, accept, wantStatus, brief(r.String()))
		}
		if !strings.Contains(string(r.body), want) || len(r.Errors) == 0 {
			c.fail("want %s: %s", want, brief(r.String()))
		}
		if len(r.body) >= 16<<10 {
			c.fail("the answer has %d bytes", len(r.body))
		}
		if r.Data != nil || strings.Contains(string(r.body), `"data"`) {
			c.fail("the answer has data: %s", brief(r.String()))
		}
		if r.took > time.Second {
			c.fail("refused after %v", r.took)
		}
		if got := r.header.Get("Cache-Control"); got != "no-store" {
			c.fail("Cache-Control: %s", got)
		}
	}
	c.wantCalls(0)
}

func bombTakesNoTime(c *check) {
	query := spreadBomb()
	if len(query) > 1536 {
		c.fail("the bomb has %d bytes", len(query))
	}
	best := time.Hour
	for range 50 {
		r := c.ask(newToken("caller"), query)
		if !strings.Contains(string(r.body), "QUERY_TOO_COMPLEX") {
			c.stop("not refused: %s", brief(r.String()))
		}
		best = min(best, r.took)
	}
	if best > 5*time.Millisecond {
		c.fail("the quickest of 50 took %v", best)
	}
	c.wantCalls(0)
	c.note("%v", best.Round(time.Microsecond))
}

// documentFlood sends valid documents, each of which a server would like to remember.
func documentFlood(c *check) {
	send := func(from, to int) {
		together(4, func(worker int) *response {
			for i := from + worker; i < to; i += 4 {
				r := c.ask(newToken("caller"), fmt.Sprintf("query q%d {__schema{types{%s}}} #%s", i, strings.Repeat("name fields{name} ", 200), strings.Repeat("x", 20_000)))
				if r.err != nil {
					return r
				}
			}
			return nil
		})
	}
	send(0, 1000)
	before, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	send(1000, 2000)
	after, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	c.wantMemory(after-before, 128<<20)
	c.note("+%d MiB", (after-before)>>20)
}

// persisted tries to leave a text under another one's hash, and an invalid one under its own.
func persisted(c *check) {
	ask := func(query, hash string) *response {
		body := map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}}
		if query != "" {
			body["query"] = query
		}
		encoded, err := json.Marshal(body)
		c.require(err, "encode a request")
		sent, err := http.NewRequest(http.MethodPost, "http://"+c.address+"/graphql", bytes.NewReader(encoded))
		c.require(err, "build a request")
		sent.Header.Set("Content-Type", "application/json")
		return do(c.client, sent)
	}
	hash := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
	good, bad := "{__typename}", "{nothing}"
	c.wantCodes(ask("", hash(good)), "PERSISTED_QUERY_NOT_FOUND")
	c.wantCodes(ask(bad, hash(good)), "BAD_REQUEST")
	c.wantCodes(ask("", hash(good)), "PERSISTED_QUERY_NOT_FOUND")
	c.wantCodes(ask(bad, hash(bad)), "GRAPHQL_VALIDATION_FAILED")
	c.wantCodes(ask("", hash(bad)), "PERSISTED_QUERY_NOT_FOUND")
	c.wantCodes(ask(good, hash(good)))
	c.wantCodes(ask("", hash(good)))
	for _, wrong := range []string{"", "x", strings.Repeat("0", 63), strings.Repeat("g", 64), strings.Repeat("0", 100_000)} {
		c.wantCodes(ask("", wrong), "BAD_REQUEST")
	}
}

func usualQueries(c *check) {
	r := c.ask("", "{__schema{types{name fields{name type{name ofType{name ofType{name ofType{name}}}}}}}}")
	c.wantCodes(r)
	r = c.get("http://" + c.address + "/schema.graphql")
	if r.status != 200 || !strings.Contains(string(r.body), "type Order") {
		c.fail("/schema.graphql: %s", brief(r.String()))
	}
}

// largeOrder has 40 lines, all of them in each of 2 shipments.
func largeOrder(authorization, id string) []byte {
	items, names := make([]any, 40), make([]string, 40)
	for i := range items {
		names[i] = fmt.Sprint(1000 + i)
		items[i] = map[string]any{"sub_item_id": 1000 + i, "name": "scarf", "price": 1.5, "quantity": 2, "status": "success", "unit": "piece"}
	}
	result := order(authorization, id)
	result["product_items"] = items
	result["native_logistics"] = map[string]any{"logistics_items": []any{
		map[string]any{"id": 1, "sub_item_ids": strings.Join(names, ",")}, map[string]any{"id": 2, "sub_item_ids": strings.Join(names, ",")},
	}}
	return envelope(0, result)
}

// fanOut asks for links within links. Each level multiplies the answer by the number of line items,
// so that a document within every limit can stand for more than any memory holds.
func fanOut(c *check) {
	query := "{order(id:%q){" + strings.Repeat("lineItems{shipments{", 9) + "id" + strings.Repeat("}}", 9) + "}}"
	r := c.askForMuch(query, 256<<20)
	c.wantCodes(r, "QUERY_TOO_COMPLEX at order")
}

// manyPlaces asks for one order in a hundred places: it is paid for once, but shown a hundred times.
func manyPlaces(c *check) {
	query := "{orders(ids:[" + strings.Repeat("%[1]s,", 99) + "%[1]s]){id status lineItems{id name unitPrice{amount} quantity status unit shipments{id}}}}"
	c.wantCodes(c.askForMuch(query, 128<<20))
	c.wantCalls(1)
}

func (c *check) askForMuch(query string, most int) *response {
	return c.askForMuchOf(largeOrder, query, most)
}

// askForMuchOf asks for a large order and ends the case if that takes too much memory or time.
func (c *check) askForMuchOf(of func(authorization, id string) []byte, query string, most int) *response {
	caller, id := newToken("caller"), newID()
	c.endpoint.script(id, func(x *exchange) { x.respond(200, of(caller, id)) })
	before, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	done := make(chan *response, 1)
	go func() { done <- c.ask(caller, fmt.Sprintf(query, id)) }()
	limit := time.After(20 * time.Second)
	for {
		select {
		case r := <-done:
			after, err := c.memory("VmHWM")
			c.require(err, "read the memory")
			c.note("%v, %d KiB, +%d MiB", r.took.Round(time.Millisecond), len(r.body)>>10, (after-before)>>20)
			return r
		case <-limit:
			c.stop("no answer after 20 s")
		case <-time.After(10 * time.Millisecond):
			now, err := c.memory("VmRSS")
			c.require(err, "read the memory")
			if now-before > most && !c.settings.race {
				c.kill()
				c.server = nil
				c.stop("more than %d MiB for one request of %d bytes", most>>20, len(query))
			}
		}
	}
}

func invalidIDs(c *check) {
	caller := newToken("caller")
	for _, id := range badIDs {
		r := c.send(request{query: "query($id:ID!){order(id:$id){id}}", variables: map[string]any{"id": id}, authorization: caller})
		c.wantCodes(r, "BAD_USER_INPUT at order")
		if len(r.body) > 4096 || len(id) > 5 && strings.Contains(string(r.body), id) {
			c.fail("%.20q is echoed: %s", id, brief(r.String()))
		}
		r = c.send(request{query: "query($ids:[ID!]!){orders(ids:$ids){id}}", variables: map[string]any{"ids": []string{id, "7"}}, authorization: caller})
		c.wantCodes(r, "BAD_USER_INPUT at orders.0")
	}
	for _, literal := range []string{"0", "-1", "1.5", "1e400", "true", "[1]", "{a:1}", "null", "ABC", `"""1\n"""`, "99999999999999999999"} {
		r := c.ask(caller, "{order(id:"+literal+"){id}}")
		if len(r.Errors) == 0 {
			c.fail("the literal %s is accepted: %s", literal, brief(r.String()))
		}
	}
	c.wantCalls(1, "7")
	c.wantCalls(1)
}

func similarIDs(c *check) {
	caller := newToken("caller")
	c.wantOrder(c.ask(caller, `{order(id:"1") `+selection+`}`), caller, "1", "order")
	c.wantOrder(c.ask(caller, `{order(id:1) `+selection+`}`), caller, "1", "order")
	for _, id := range []string{"01", "1 ", "+1", "1.0"} {
		for range 2 {
			c.wantCodes(c.ask(caller, fmt.Sprintf(`{order(id:%q) %s}`, id, selection)), "BAD_USER_INPUT at order")
		}
	}
	c.wantCalls(1)
	sent := "http://" + c.address + "/graphql?query=" + url.QueryEscape(`{order(id:"01"){id}}`)
	if r := c.get(sent); r.status < 400 {
		c.fail("a plain GET runs: %s", brief(r.String()))
	}
}

func badRepresentations(c *check) {
	caller, id := newToken("caller"), newID()
	r := c.send(request{
		query:         "query($r:[_Any!]!){_entities(representations:$r){__typename ... on Order " + selection + "}}",
		authorization: caller,
		variables: map[string]any{"r": []any{
			map[string]any{"__typename": "Order", "webSite": "CN_1688", "id": id},
			map[string]any{"__typename": "Order"},
			map[string]any{"__typename": "Nothing", "id": "1"},
			map[string]any{},
			map[string]any{"__typename": "Order", "webSite": "CN_1688", "id": "x"},
			map[string]any{"__typename": "Order", "id": id},
			map[string]any{"__typename": "Order", "webSite": "CN_1688", "id": map[string]any{}},
			map[string]any{"__typename": "Order", "webSite": "NOWHERE", "id": id},
			"Order", 7,
		}},
	})
	list, ok := r.at("_entities").([]any)
	if !ok || len(list) != 10 || list[0] == nil {
		c.stop("want 10 entities, the first an order: %s", brief(r.String()))
	}
	for i, entity := range list[1:] {
		if entity != nil {
			c.fail("representation %d is %v", i+1, entity)
		}
	}
	if len(r.Errors) != 9 {
		c.fail("%d errors: %s", len(r.Errors), r.codes())
	}
	c.wantSilence(r, "strconv", "interface", "panic", "map[")
	c.wantCalls(1)
}

// manyIDs reads 20,000 orders, which don't fit the cache.
func manyIDs(c *check) {
	arguments := []string{"--cache-size", "32MiB"}
	if strings.Contains(c.settings.offered, "--response-cache-size") {
		arguments = append(arguments, "--response-cache-size", "8MiB")
	}
	var err error
	c.server, err = c.start(arguments...)
	c.require(err, "start the server")
	caller := newToken("caller")
	for range 200 {
		ids := newIDs(100)
		r := c.ask(caller, fmt.Sprintf(`{ orders(ids: ["%s"]) %s }`, strings.Join(ids, `","`), selection))
		if len(r.Errors) > 0 || r.err != nil {
			c.stop("%s", brief(r.String()))
		}
	}
	c.wantCalls(20_000)
	most, err := c.memory("VmHWM")
	c.require(err, "read the memory")
	c.wantMemory(most, 160<<20)
	c.note("peak %d MiB with caches of 40 MiB", most>>20)
}
