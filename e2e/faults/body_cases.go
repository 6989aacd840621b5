package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// echo is in every hostile body, and in no answer.
const echo = "ECHOED-TEXT"

const validBody = `{"query":"{order(id:\"1\"){id}}"}`

// hostileBodies are requests that the server must refuse. Close says that the connection can't be
// used any more.
var hostileBodies = []struct {
	name   string
	header string // after the common header; a Content-Length is added unless it frames the body
	body   string
	want   []int
	close  bool
}{
	{name: "truncated", body: `{"query":"{order(id:\"1\"){id}}","operationName":"` + echo, want: []int{400}},
	{name: "trailing bytes", body: validBody + echo, want: []int{400}},
	{name: "a second object", body: validBody + validBody, want: []int{400}},
	{name: "a duplicate key", body: `{"query":"{__typename}","query":"{order(id:\"1\"){id}}"}`, want: []int{400}},
	{name: "a duplicate key in variables", body: `{"query":"query($a:ID!){order(id:$a){id}}","variables":{"a":"1","a":"2"}}`, want: []int{400}},
	{name: "the wrong case of query", body: `{"Query":"{order(id:\"1\"){id}}"}`, want: []int{400}},
	{name: "invalid UTF-8", body: "{\"query\":\"{order(id:\\\"1\\\"){id}} #\xff\xfe" + echo + "\"}", want: []int{400}},
	{name: "half a surrogate pair", body: `{"query":"{order(id:\"1\"){id}} #\ud800"}`, want: []int{400}},
	{name: "UTF-16", body: "\xff\xfe{\x00\"\x00q\x00u\x00e\x00r\x00y\x00\"\x00:\x00\"\x00{\x00}\x00\"\x00}\x00", want: []int{400}},
	{name: "a byte order mark", body: "\xef\xbb\xbf" + validBody, want: []int{400}},
	{name: "another charset", header: "Content-Type: application/json; charset=utf-16\r\n", body: validBody, want: []int{415}},
	{name: "a charset of Latin letters", header: "Content-Type: application/json; charset=iso-8859-1\r\n", body: validBody, want: []int{415}},
	{name: "empty", body: "", want: []int{400}},
	{name: "white space", body: " \n\t", want: []int{400}},
	{name: "JSON null", body: "null", want: []int{400}},
	{name: "a JSON string", body: `"` + echo + `"`, want: []int{400}},
	{name: "a batch", body: "[" + validBody + "," + validBody + "]", want: []int{400}},
	{name: "an empty batch", body: "[]", want: []int{400}},
	{name: "deep lists", body: strings.Repeat("[", 120_000), want: []int{400}},
	{name: "deep variables", body: `{"query":"{__typename}","variables":{"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}}`, want: []int{400}},
	{name: "a NUL byte", body: "{\"query\":\"{order(id:\\\"1\\\"){id}}\x00" + echo + "\"}", want: []int{400}},
	{name: "an escaped NUL", body: `{"query":"{order(id:\"1\"){id}}\u0000"}`, want: []int{400}},
	{name: "query is a number", body: `{"query":1}`, want: []int{400}},
	{name: "variables is a list", body: `{"query":"{__typename}","variables":["` + echo + `"]}`, want: []int{400}},
	{name: "extensions is a string", body: `{"query":"{__typename}","extensions":"` + echo + `"}`, want: []int{400}},
	{name: "operationName is an object", body: `{"query":"{__typename}","operationName":{"a":"` + echo + `"}}`, want: []int{400}},
	{name: "a compressed body", header: "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", body: string(compress(validBody)), want: []int{415}},
	{name: "an unknown encoding", header: "Content-Type: application/json\r\nContent-Encoding: " + echo + "\r\n", body: validBody, want: []int{415}},
	{name: "no content type", header: "X-None: 1\r\n", body: validBody, want: []int{415}},
	{name: "more than 256 KiB", body: `{"query":"{__typename} #` + strings.Repeat("x", 256<<10) + `"}`, want: []int{413}},
	{name: "an announced length of 10 GB", header: "Content-Type: application/json\r\nContent-Length: 10000000000\r\n", body: `{"query":"`, want: []int{413}, close: true},
	{name: "chunks without end", header: "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", body: strings.Repeat("8000\r\n"+strings.Repeat("a", 32<<10)+"\r\n", 64), want: []int{413}, close: true},
	{name: "headers of 100 KB", header: "Content-Type: application/json\r\nX-Long: " + strings.Repeat("a", 100<<10) + "\r\n", body: validBody, want: []int{431}, close: true},
	{name: "a thousand headers", header: "Content-Type: application/json\r\n" + strings.Repeat("X-"+strings.Repeat("a", 60)+": 1\r\n", 1000), body: validBody, want: []int{431}, close: true},
	{name: "smuggling: two lengths", header: "Content-Type: application/json\r\nContent-Length: 5\r\nContent-Length: 35\r\n", body: validBody, want: []int{400}, close: true},
	{name: "smuggling: length and chunks", header: "Content-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n", body: "23\r\n" + validBody + "\r\n0\r\n\r\nGET /" + echo + " HTTP/1.1\r\nHost: a\r\n\r\n", want: []int{400, 200}, close: true},
	{name: "smuggling: an unknown transfer encoding", header: "Content-Type: application/json\r\nTransfer-Encoding: chunked, identity\r\n", body: validBody, want: []int{400, 501}, close: true},
	{name: "smuggling: a space before the colon", header: "Content-Type: application/json\r\nContent-Length : 5\r\n", body: validBody, want: []int{400}, close: true},
	{name: "smuggling: a folded header", header: "Content-Type: application/json\r\nX-A: b\r\n Transfer-Encoding: chunked\r\n", body: validBody, want: []int{400, 200, 401}},
	{name: "a bad chunk", header: "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", body: "zz\r\n" + validBody + "\r\n0\r\n\r\n", want: []int{400}, close: true},
	{name: "a negative length", header: "Content-Type: application/json\r\nContent-Length: -1\r\n", body: validBody, want: []int{400}, close: true},
}

func bodyCases() []*scenario {
	var list []*scenario
	for _, test := range hostileBodies {
		list = append(list, &scenario{section: sectionStrangers, name: "body: " + test.name, run: func(c *check) {
			header := test.header
			if header == "" {
				header = "Content-Type: application/json\r\n"
			}
			if !strings.Contains(header, "Content-Length") && !strings.Contains(header, "Transfer-Encoding: c") {
				header += fmt.Sprintf("Content-Length: %d\r\n", len(test.body))
			}
			hostileBody(c, header, test.body, test.want, test.close)
		}})
	}
	return append(
		list,
		&scenario{section: sectionStrangers, name: "request: methods, paths and media types", run: strictHTTP},
		&scenario{section: sectionStrangers, name: "request: hostile request lines", run: requestLines},
	)
}

// hostileBody sends a request byte by byte as it is written here and looks at what comes back.
func hostileBody(c *check, header, body string, want []int, closes bool) {
	conn, err := net.Dial("tcp", c.address)
	c.require(err, "connect")
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second)) //nolint:errcheck // a dead connection is noticed below
	started := time.Now()
	go io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: "+newToken("caller")+ //nolint:errcheck // the server may hang up first
		"\r\nAccept: application/graphql-response+json\r\n"+header+"\r\n"+body)
	reader := bufio.NewReader(conn)
	received, err := http.ReadResponse(reader, nil)
	c.require(err, "read the answer")
	answer, err := io.ReadAll(io.LimitReader(received.Body, 1<<20))
	c.require(err, "read the answer's body")
	took := time.Since(started)
	good := false
	for _, status := range want {
		good = good || received.StatusCode == status
	}
	if !good {
		c.fail("status %d, want %v: %.300s", received.StatusCode, want, answer)
	}
	if len(answer) > 2048 || strings.Contains(string(answer), echo) || took > 2*time.Second {
		c.fail("after %v an answer of %d bytes: %.300s", took, len(answer), answer)
	}
	if received.StatusCode == 200 && !strings.Contains(string(answer), "errors") && !closes {
		c.fail("the request ran: %.300s", answer)
	}
	if closes {
		conn.SetReadDeadline(time.Now().Add(2 * time.Second)) //nolint:errcheck // as above
		if rest, err := io.ReadAll(reader); err != nil && isTimeout(err) || strings.Contains(string(rest), "HTTP/1.1") {
			c.fail("the connection stays open: %v, %.200q", err, rest)
		}
	}
	if c.endpoint.count() > 0 && received.StatusCode != 200 {
		c.fail("the request was paid for")
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

func strictHTTP(c *check) {
	for _, test := range []struct {
		method, path, contentType, accept string
		want                              int
	}{
		{"PUT", "/graphql", "application/json", "", 405},
		{"DELETE", "/graphql", "application/json", "", 405},
		{"PATCH", "/graphql", "application/json", "", 405},
		{"POST", "/graphql", "application/graphql", "", 415},
		{"POST", "/graphql", "application/json", "text/html", 406},
		{"POST", "/graphql", "application/json", "image/png, text/plain;q=0.5", 406},
		{"POST", "/nothing", "application/json", "", 404},
		{"POST", "/graphql/x", "application/json", "", 404},
		{"GET", "/../../etc/passwd", "", "", 404},
	} {
		sent, err := http.NewRequest(test.method, "http://"+c.address+test.path, strings.NewReader(validBody))
		c.require(err, "build a request")
		sent.Header.Set("Authorization", newToken("caller"))
		if test.contentType != "" {
			sent.Header.Set("Content-Type", test.contentType)
		}
		if test.accept != "" {
			sent.Header.Set("Accept", test.accept)
		}
		r := do(c.client, sent)
		if r.status != test.want || len(r.body) > 2048 {
			c.fail("%s %s: %s; want %d", test.method, test.path, brief(r.String()), test.want)
		}
		if test.want == 405 && !strings.Contains(r.header.Get("Allow"), "POST") {
			c.fail("%s: Allow is %q", test.method, r.header.Get("Allow"))
		}
	}
	c.wantCalls(0)
}

func requestLines(c *check) {
	for _, line := range []string{
		"GET", "GET /", "\x16\x03\x01\x02\x00\x01", "GET / HTTP/9.9", "POST /graphql HTTP/1.1\r\nHost: a\r\nHost: b", "GET /%zz HTTP/1.1\r\nHost: a",
		"GET http://evil.example/graphql HTTP/1.1\r\nHost: a b", "PRI * HTTP/2.0", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example",
		"GET /" + strings.Repeat("a", 100_000) + " HTTP/1.1\r\nHost: a", "GET / HTTP/1.1",
	} {
		conn, err := net.Dial("tcp", c.address)
		c.require(err, "connect")
		conn.SetDeadline(time.Now().Add(8 * time.Second)) //nolint:errcheck // a dead connection is noticed below
		io.WriteString(conn, line+"\r\n\r\n")             //nolint:errcheck // the server may hang up first
		received, err := http.ReadResponse(bufio.NewReader(conn), nil)
		switch {
		case err != nil && isTimeout(err):
			c.fail("%.60q: no answer and no end", line)
		case err == nil && (received.StatusCode < 400 || received.StatusCode > 431 && received.StatusCode != 501 && received.StatusCode != 505):
			c.fail("%.60q: status %d", line, received.StatusCode)
		}
		conn.Close()
	}
	c.wantCalls(0)
}
