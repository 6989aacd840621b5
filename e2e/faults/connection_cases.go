package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

func connectionCases() []*scenario {
	return []*scenario{
		{section: sectionStrangers, name: "connections: slow headers end after 5 s", run: slowHeaders},
		{section: sectionStrangers, name: "connections: slow bodies end after 15 s", run: slowBody},
		{section: sectionStrangers, name: "connections: an idle one ends after 90 s", long: true, run: idleEnds},
		{section: sectionStrangers, name: "connections: 500 idle ones", alone: true, run: idle},
		{section: sectionStrangers, name: "connections: a caller that doesn't read", run: deafCaller},
	}
}

// trickle sends one byte of text per 200 ms until the server hangs up, and returns how long that took.
func (c *check) trickle(prefix, text string, limit time.Duration) time.Duration {
	conn, err := net.Dial("tcp", c.address)
	c.require(err, "connect")
	defer conn.Close()
	started := time.Now()
	ended := make(chan time.Duration, 1)
	go func() {
		io.Copy(io.Discard, bufio.NewReader(conn)) //nolint:errcheck // only the end matters
		ended <- time.Since(started)
	}()
	io.WriteString(conn, prefix) //nolint:errcheck // the end is noticed by the reader
	for i := 0; time.Since(started) < limit; i++ {
		select {
		case took := <-ended:
			return took
		case <-time.After(200 * time.Millisecond):
			io.WriteString(conn, text[i%len(text):][:1]) //nolint:errcheck // as above
		}
	}
	return limit
}

func slowHeaders(c *check) {
	took := c.trickle("POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "a", 10*time.Second)
	if took > 7*time.Second {
		c.fail("the connection lives after %v", took)
	}
	c.note("%v", took.Round(100*time.Millisecond))
}

func slowBody(c *check) {
	took := c.trickle("POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n{\"query\":\"", "a", 20*time.Second)
	if took > 18*time.Second {
		c.fail("the connection lives after %v", took)
	}
	c.note("%v", took.Round(100*time.Millisecond))
	c.wantCalls(0)
}

func idleEnds(c *check) {
	conn, err := net.Dial("tcp", c.address)
	c.require(err, "connect")
	defer conn.Close()
	io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n") //nolint:errcheck // the end is noticed by the reader
	conn.SetReadDeadline(time.Now().Add(100 * time.Second))                //nolint:errcheck // as above
	started := time.Now()
	if _, err := io.Copy(io.Discard, conn); err != nil && isTimeout(err) {
		c.fail("the connection lives after %v", time.Since(started))
	}
	c.note("%v", time.Since(started).Round(time.Second))
}

func idle(c *check) {
	caller, id := newToken("caller"), newID()
	c.wantOrder(c.ask(caller, orderQuery(id)), caller, id, "order")
	before, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	for range 500 {
		conn, err := net.Dial("tcp", c.address)
		c.require(err, "connect")
		defer conn.Close()
	}
	for range 20 {
		r := c.ask(caller, orderQuery(id))
		c.wantOrder(r, caller, id, "order")
		if r.took > time.Second {
			c.fail("a request took %v", r.took)
		}
	}
	after, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	c.wantMemory(after-before, 64<<20)
	c.note("+%d MiB", (after-before)>>20)
}

// deafCaller pipelines requests with large answers and reads nothing; others must not notice.
func deafCaller(c *check) {
	conn, err := net.Dial("tcp", c.address)
	c.require(err, "connect")
	defer conn.Close()
	text := "GET /schema.graphql HTTP/1.1\r\nHost: localhost\r\n\r\n"
	conn.SetWriteDeadline(time.Now().Add(2 * time.Second)) //nolint:errcheck // a dead connection is noticed below
	if _, err := io.WriteString(conn, strings.Repeat(text, 20_000)); err != nil && !isTimeout(err) {
		c.require(errors.Unwrap(err), "write")
	}
	caller, id := newToken("caller"), newID()
	c.wantOrder(c.ask(caller, orderQuery(id)), caller, id, "order")
}
