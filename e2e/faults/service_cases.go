package main

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	sectionService   = "Service mode"
	upstreamToken    = "upstream-" + plantedToken
	plainClient      = "plain-client-" + plantedToken
	hashedClient     = "hashed-client-" + plantedToken
	sectionRedaction = "Redaction"
)

// serviceArguments are those of a server that has a token of its own and two clients.
func serviceArguments() []string {
	return []string{
		"--upstream-token", upstreamToken,
		"--client-tokens", fmt.Sprintf("%s,sha256:%x", plainClient, sha256.Sum256([]byte(hashedClient))),
	}
}

func serviceCases() []*scenario {
	return []*scenario{
		{section: sectionService, name: "callers need a client token", arguments: serviceArguments(), run: clientTokens},
		{section: sectionService, name: "the tenant is the client token", arguments: serviceArguments(), run: serviceTenants},
		{section: sectionService, name: "it refuses to start open", bare: true, run: refusesToStartOpen},
		{section: sectionService, name: "open only if told so", arguments: []string{"--upstream-token", upstreamToken, "--insecure-no-client-auth"}, run: openService},
		{section: sectionService, name: "the router's secret", arguments: []string{"--router-secret", "router-" + plantedToken, "--introspection=false"}, run: routerSecret},
		{section: sectionService, name: "introspection off gives no hints", arguments: []string{"--introspection=false"}, run: noHints},
		{section: sectionService, name: "a rate limit for each caller", arguments: []string{"--rate-limit", "5"}, run: rateLimit},
		{section: sectionService, name: "the smallest rate is a limit, too", arguments: []string{"--rate-limit", "1e-10"}, run: smallestRate},
		{section: sectionRedaction, name: "nothing planted is logged, shown or measured", run: redaction},
		{section: sectionRedaction, name: "a hostile operation name is no label", needs: "/metrics", run: operationNames},
		{section: sectionRedaction, name: "a setting that is a secret is not printed", bare: true, run: secretSettings},
	}
}

func clientTokens(c *check) {
	id := newID()
	for _, authorization := range []string{
		"", "Bearer", "Bearer ", "Bearer wrong", plainClient, "Basic " + plainClient, "Bearer " + plainClient + "x", "Bearer " + strings.ToLower(plainClient),
		"Bearer " + upstreamToken, fmt.Sprintf("Bearer sha256:%x", sha256.Sum256([]byte(hashedClient))), fmt.Sprintf("Bearer %x", sha256.Sum256([]byte(hashedClient))),
	} {
		for _, query := range []string{orderQuery(id), "{__typename}", "{_service{sdl}}"} {
			r := c.ask(authorization, query)
			if r.status != http.StatusUnauthorized || r.codes() != "UNAUTHENTICATED" || r.header.Get("WWW-Authenticate") == "" {
				c.fail("%q: %s", authorization, brief(r.String()))
			}
		}
	}
	c.wantCalls(0)
	for _, token := range []string{plainClient, hashedClient} {
		c.wantOrder(c.ask("Bearer "+token, orderQuery(id)), upstreamToken, id, "order")
	}
	for _, call := range c.endpoint.log() {
		if call.authorization != upstreamToken {
			c.fail("the upstream was called with the caller's token")
		}
	}
	if status := c.probe("/livez"); status != 200 {
		c.fail("/livez answers %d", status)
	}
}

func serviceTenants(c *check) {
	id := newID()
	for range 2 {
		for _, token := range []string{plainClient, hashedClient} {
			c.wantOrder(c.ask("Bearer "+token, orderQuery(id)), upstreamToken, id, "order")
		}
	}
	c.wantCalls(2, id)
}

func refusesToStartOpen(c *check) {
	s, err := launch(c.settings.binary, "--upstream-url", c.endpoint.url(), "--upstream-token", upstreamToken)
	c.require(err, "start the server")
	if code := s.waitExit(10 * time.Second); code <= 0 {
		c.fail("the exit code is %d", code)
	}
	if text := s.output.String(); !strings.Contains(text, "client-tokens") || !strings.Contains(text, "insecure-no-client-auth") {
		c.fail("the reason doesn't name the settings: %s", brief(text))
	}
	c.searchOutput(s)
}

func openService(c *check) {
	id := newID()
	c.wantOrder(c.ask("", orderQuery(id)), upstreamToken, id, "order")
}

func routerSecret(c *check) {
	caller, id := newToken("caller"), newID()
	entities := fmt.Sprintf(`{_entities(representations:[{__typename:"Order",webSite:CN_1688,id:%q}]){... on Order %s}}`, id, selection)
	for _, query := range []string{entities, "{_service{sdl}}", "{a:__typename ...b} fragment b on Query{_service{sdl}}"} {
		for _, secret := range []string{"", "wrong", "router-" + strings.ToLower(plantedToken)} {
			r := c.send(request{query: query, authorization: caller, header: map[string]string{"X-Router-Secret": secret}})
			if len(r.Errors) == 0 || strings.Contains(string(r.body), "type Order") {
				c.fail("%.30s with the secret %q: %s", query, secret, brief(r.String()))
			}
		}
	}
	c.wantCalls(0)
	for _, query := range []string{entities, "{_service{sdl}}", "{__schema{types{name}}}"} {
		r := c.send(request{query: query, authorization: caller, header: map[string]string{"X-Router-Secret": "router-" + plantedToken}})
		c.wantCodes(r)
	}
	if r := c.ask(caller, "{__schema{types{name}}}"); len(r.Errors) == 0 {
		c.fail("introspection without the secret: %s", brief(r.String()))
	}
}

func noHints(c *check) {
	for _, query := range []string{"{orde(id:1){id}}", "{order(id:1){idd}}", "{order(idd:1){id}}", "{order(id:1,webSite:CN_1689){id}}", `{order(id:1){...a}}fragment a on Orde{id}`, "{order(id:1){total}}"} {
		r := c.ask(newToken("caller"), query)
		if len(r.Errors) == 0 || strings.Contains(string(r.body), "Did you mean") || strings.Contains(string(r.body), "CN_1688") {
			c.fail("%s: %s", query, brief(r.String()))
		}
	}
	r := c.send(request{query: "query($a:WebSite!){order(id:1,webSite:$a){id}}", variables: map[string]any{"a": "CN_1689"}, authorization: newToken("caller")})
	if len(r.Errors) == 0 || strings.Contains(string(r.body), "CN_1688") {
		c.fail("a variable: %s", brief(r.String()))
	}
	for _, query := range []string{"{__schema{types{name}}}", `{__type(name:"Order"){name}}`} {
		if r := c.ask(newToken("caller"), query); len(r.Errors) == 0 || strings.Contains(string(r.body), `"name"`) {
			c.fail("introspection: %s", brief(r.String()))
		}
	}
	if r := c.ask("", "{_service{sdl}}"); !strings.Contains(string(r.body), "type Order") {
		c.fail("_service: %s", brief(r.String()))
	}
	if r := c.get("http://" + c.address + "/graphiql/"); r.status != 404 {
		c.fail("GraphiQL answers %d", r.status)
	}
}

func rateLimit(c *check) {
	eager, calm := newToken("eager"), newToken("calm")
	limited := 0
	for _, r := range together(60, func(int) *response { return c.ask(eager, "{__typename}") }) {
		if r.status == http.StatusTooManyRequests {
			limited++
			if r.codes() != "RATE_LIMITED" || r.header.Get("Retry-After") == "" {
				c.fail("429: %v %s", r.header, brief(r.String()))
			}
		}
	}
	if limited < 30 {
		c.fail("%d of 60 requests at once are refused with 5 a second", limited)
	}
	if r := c.ask(calm, "{__typename}"); r.status != 200 {
		c.fail("another caller: %s", brief(r.String()))
	}
}

func smallestRate(c *check) {
	caller := newToken("caller")
	limited := 0
	for range 10 {
		if r := c.ask(caller, "{__typename}"); r.status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 9 {
		c.fail("%d of 10 requests are refused with one in 300 years", limited)
	}
}

// redaction plants secrets in everything a request has, and lets orders fail in every way. That the
// server's output is clean is checked after every case.
func redaction(c *check) {
	for _, fault := range []behaviour{answerOrder, answer(500, plantedName), answer(200, "<html>"+plantedPhone), refuse(100, plantedName+plantedPhone), refuse(777, plantedAddress), truncatedJSON, anotherOrder, badUTF8} {
		caller, id := newToken("caller"), newID()
		c.endpoint.script(id, fault)
		r := c.send(request{
			query:     "query Q($id:ID!,$n:[String!]){order(id:$id){id buyer{contact{name mobilePhone}} extraAttributes(keys:$n){value}}}",
			variables: map[string]any{"id": id, "n": []string{plantedName}}, operationName: "Q", authorization: caller,
			header: map[string]string{"Cookie": "a=" + plantedToken, "Referer": "http://a.example/?t=" + plantedToken, "User-Agent": plantedToken, "X-Router-Secret": plantedToken, "X-Request-Id": plantedToken + " " + plantedPhone},
		})
		c.wantSilence(r)
	}
	for _, body := range []string{
		`{"query":"{order(id:\"` + plantedPhone + `x\"){id}}"}`,
		`{"query":"{` + plantedToken + `}"}`,
		`{"query":"{order(id:1){id}}","` + plantedToken + `":1`,
		`{"query":"query($a:WebSite!){order(id:1,webSite:$a){id}}","variables":{"a":"` + plantedName + `"}}`,
	} {
		sent, err := http.NewRequest(http.MethodPost, "http://"+c.address+"/graphql?token="+plantedToken, strings.NewReader(body))
		c.require(err, "build a request")
		sent.Header.Set("Content-Type", "application/json")
		sent.Header.Set("Authorization", newToken("caller"))
		do(c.client, sent)
	}
	c.get("http://" + c.address + "/" + plantedToken + "?token=" + plantedToken)
}

func operationNames(c *check) {
	for i := range 300 {
		name := fmt.Sprintf("Operation%dx%s", i, strings.Repeat("y", 200))
		c.send(request{query: "query " + name + "{__typename}", operationName: name})
	}
	r := c.get("http://" + c.admin + "/metrics")
	if r.err != nil || r.status != 200 {
		c.stop("/metrics: %s", brief(r.String()))
	}
	if strings.Contains(string(r.body), "yyyy") || len(r.body) > 200<<10 {
		c.fail("operation names are labels, or %d bytes of metrics are too many", len(r.body))
	}
	for line := range strings.Lines(c.output.String()) {
		if len(line) > 2000 {
			c.fail("a log line of %d bytes", len(line))
			break
		}
	}
}

func secretSettings(c *check) {
	for _, arguments := range [][]string{
		{"--upstream-token", upstreamToken, "--client-tokens", plainClient, "--cache-size", "lots"},
		{"--upstream-token", upstreamToken, "--client-tokens", "sha256:" + plantedToken},
		{"--redis-url", "redis://:" + plantedToken + "@127.0.0.1:99999999/x"},
		{"--redis-encryption-key", plantedToken, "--redis-url", "redis://127.0.0.1:1"},
		{"--upstream-url", "http://user:" + plantedToken + "@127.0.0.1:1/%zz"},
	} {
		if !strings.Contains(c.settings.offered, arguments[0]) {
			continue
		}
		s, err := launch(c.settings.binary, arguments...)
		c.require(err, "start the server")
		if code := s.waitExit(5 * time.Second); code <= 0 {
			c.fail("%v: the exit code is %d", arguments, code)
		}
		c.searchOutput(s)
	}
}
