package main

import (
	"net/http"
	"net/url"
	"strings"
)

func browserCases() []*scenario {
	return []*scenario{
		{section: sectionStrangers, name: "browser: form posts don't run a query", run: formPosts},
		{section: sectionStrangers, name: "browser: plain GETs don't run a query", run: plainGets},
		{section: sectionStrangers, name: "browser: preflights", arguments: []string{"--cors-origins", "https://shop.example"}, run: preflights},
		{section: sectionStrangers, name: "browser: no origin is listed", run: noOrigins},
	}
}

// formPosts sends what a page of another site can send without asking.
func formPosts(c *check) {
	form := "query=" + url.QueryEscape(`{order(id:"1"){id}}`)
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded": form,
		"text/plain":                        validBody,
		"text/plain; charset=utf-8":         validBody,
		"text/plain; application/json":      validBody,
		"multipart/form-data; boundary=x":   "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n" + validBody + "\r\n--x--\r\n",
		"":                                  validBody,
		"application/jsonx":                 validBody,
	} {
		sent, err := http.NewRequest(http.MethodPost, "http://"+c.address+"/graphql", strings.NewReader(body))
		c.require(err, "build a request")
		sent.Header["Content-Type"] = []string{contentType}
		sent.Header.Set("Authorization", newToken("caller"))
		sent.Header.Set("Origin", "https://evil.example")
		if r := do(c.client, sent); r.status != 415 {
			c.fail("%q: %s", contentType, brief(r.String()))
		}
	}
	c.wantCalls(0)
}

func plainGets(c *check) {
	address := "http://" + c.address + "/graphql?query=" + url.QueryEscape(`{order(id:"1"){id}}`)
	for _, test := range []struct {
		header, value string
		runs          bool
	}{
		{"Accept", "*/*", false},
		{"Content-Type", "text/plain", false},
		{"Content-Type", "application/x-www-form-urlencoded", false},
		{"Content-Type", "multipart/form-data", false},
		{"Accept-Language", "zh", false},
		{"Range", "bytes=0-1", false},
		{"X-Requested-With", "XMLHttpRequest", true},
		{"Apollo-Require-Preflight", "true", true},
		{"GraphQL-Preflight", "1", true},
		{"X-Apollo-Operation-Name", "q", true},
		{"Content-Type", "application/json", true},
	} {
		before := c.endpoint.count()
		sent, err := http.NewRequest(http.MethodGet, address, nil)
		c.require(err, "build a request")
		sent.Header.Set("Authorization", newToken("caller"))
		sent.Header.Set(test.header, test.value)
		r := do(c.client, sent)
		if ran := c.endpoint.count() > before; ran != test.runs || ran != (r.status == 200) {
			c.fail("%s: %s: ran is %v: %s", test.header, test.value, ran, brief(r.String()))
		}
	}
	sent, err := http.NewRequest(http.MethodGet, "http://"+c.address+"/graphql?query="+url.QueryEscape("mutation{order(id:1){id}}"), nil)
	c.require(err, "build a request")
	sent.Header.Set("X-Requested-With", "XMLHttpRequest")
	if r := do(c.client, sent); len(r.Errors) == 0 || r.Data != nil {
		c.fail("a mutation by GET: %s", brief(r.String()))
	}
}

// preflight asks whether a page of origin may send a GraphQL request, and sends one.
func (c *check) preflight(origin string) (asked, sent *response) {
	preflight, err := http.NewRequest(http.MethodOptions, "http://"+c.address+"/graphql", nil)
	c.require(err, "build a request")
	preflight.Header.Set("Origin", origin)
	preflight.Header.Set("Access-Control-Request-Method", "POST")
	preflight.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
	return do(c.client, preflight), c.send(request{query: "{__typename}", header: map[string]string{"Origin": origin}})
}

func preflights(c *check) {
	asked, sent := c.preflight("https://shop.example")
	for _, r := range []*response{asked, sent} {
		if r.header.Get("Access-Control-Allow-Origin") != "https://shop.example" || !strings.Contains(strings.Join(r.header.Values("Vary"), ","), "Origin") {
			c.fail("the listed origin: %v", r.header)
		}
	}
	if !strings.Contains(strings.ToLower(asked.header.Get("Access-Control-Allow-Headers")), "authorization") {
		c.fail("the listed origin may not send Authorization: %v", asked.header)
	}
	for _, origin := range []string{
		"null", "https://evil.example", "http://shop.example", "https://shop.example.evil.example", "https://evil.example/https://shop.example",
		"https://shop.example:8443", "HTTPS://SHOP.EXAMPLE.", "https://sub.shop.example", "*", "http://localhost:3000",
	} {
		c.wantNoOrigin(origin)
	}
}

func noOrigins(c *check) {
	for _, origin := range []string{"null", "https://evil.example", "http://localhost:3000", "http://127.0.0.1:1234"} {
		c.wantNoOrigin(origin)
	}
}

func (c *check) wantNoOrigin(origin string) {
	asked, sent := c.preflight(origin)
	for _, r := range []*response{asked, sent} {
		if got := r.header.Get("Access-Control-Allow-Origin"); got != "" {
			c.fail("%s: Access-Control-Allow-Origin: %s", origin, got)
		}
	}
}
