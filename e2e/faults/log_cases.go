package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const sectionLog = "The log"

func logCases() []*scenario {
	return []*scenario{
		{section: sectionLog, name: "a reader that stalls holds up nothing", bare: true, run: stalledReader},
		{section: sectionLog, name: "a reader that stalls and comes back", bare: true, run: lateReader},
		{section: sectionLog, name: "a reader that went away ends nothing", bare: true, run: goneReader},
		{section: sectionLog, name: "one line a request, whatever failed in it", arguments: []string{"--log-level", "info"}, run: oneLine},
	}
}

// startInto starts a server that logs into a pipe, and returns the pipe's other end.
func (c *check) startInto() *os.File {
	reader, writer, err := os.Pipe()
	c.require(err, "make a pipe")
	defer writer.Close()
	c.server, err = launchInto(writer, c.settings.binary, "--upstream-url", c.endpoint.url())
	c.require(err, "start the server")
	c.require(c.waitReady(), "wait for the server")
	return reader
}

// askMuch makes the server log more than any pipe holds, and returns how long the slowest answer took.
func (c *check) askMuch() {
	caller, id := newToken("caller"), newID()
	slowest := time.Duration(0)
	for range 4 {
		for _, r := range together(8, func(int) *response {
			var slowest *response
			for range 150 {
				r := c.ask(caller, orderQuery(id))
				if slowest == nil || r.took > slowest.took {
					slowest = r
				}
				if r.err != nil {
					return r
				}
			}
			return slowest
		}) {
			c.wantOrder(r, caller, id, "order")
			slowest = max(slowest, r.took)
		}
	}
	if slowest > 2*time.Second {
		c.fail("the slowest answer took %v", slowest)
	}
}

// endQuietly ends the server and looks that it obeys.
func (c *check) endQuietly() {
	c.require(c.terminate(), "terminate")
	if code := c.waitExit(10 * time.Second); code != 0 {
		c.fail("the exit code is %d (-1: killed after 10 s, or by a signal)", code)
	}
	c.server = nil
}

// stalledReader reads nothing of what the server logs.
func stalledReader(c *check) {
	reader := c.startInto()
	defer reader.Close()
	c.client.Timeout = 5 * time.Second
	c.askMuch()
	c.endQuietly()
}

// lateReader reads after a while. From then on lines come again, all of them whole.
func lateReader(c *check) {
	reader := c.startInto()
	defer reader.Close()
	c.client.Timeout = 5 * time.Second
	c.askMuch()
	lines := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(reader)
		lines <- string(text)
	}()
	time.Sleep(500 * time.Millisecond)
	caller, id, asked := newToken("caller"), newID(), newRequestID()
	c.wantOrder(c.askAs(asked, caller, orderQuery(id)), caller, id, "order")
	c.endQuietly()
	text := <-lines
	if !strings.Contains(text, asked) {
		c.fail("a request after the reader came back is not logged: …%s", text[max(0, len(text)-400):])
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}\n") {
			c.fail("half a line: %s", brief(line))
		}
	}
	c.note("%d lines of 4801", strings.Count(text, `"status"`))
}

// goneReader closes the other end of the pipe.
func goneReader(c *check) {
	reader := c.startInto()
	reader.Close()
	c.askMuch()
	if status := c.probe("/livez"); status != http.StatusOK {
		c.fail("/livez answers %d", status)
	}
	c.endQuietly()
}

// oneLine sends requests in which a hundred orders fail, each in its own way, and one that is refused,
// and counts the lines.
func oneLine(c *check) {
	faults := []behaviour{answer(500, ""), refuse(103, "旺旺账号不存在"), refuse(777, "?"), truncatedJSON, resetBefore, anotherOrder, refuse(204, "无该接口权限")}
	before := strings.Count(c.output.String(), "\n")
	var asked []string
	for i := range 20 {
		ids := newIDs(100)
		for k, id := range ids {
			c.endpoint.script(id, faults[(i+k)%len(faults)])
		}
		asked = append(asked, newRequestID())
		c.askAs(asked[i], newToken("caller"), ordersQuery(ids...))
	}
	for i := range 20 {
		asked = append(asked, newRequestID())
		c.askAs(asked[20+i], "", ordersQuery(newIDs(100)...))
	}
	asked = append(asked, newRequestID())
	c.askAs(asked[40], newToken("caller"), fmt.Sprintf("{order(id:%q){nothing}}", newID()))
	for _, id := range asked {
		c.requestLine(id)
	}
	// What it says about itself, the breaker above all, is a few lines more.
	if lines := strings.Count(c.output.String(), "\n") - before; lines > len(asked)+20 {
		c.fail("%d lines for %d requests", lines, len(asked))
	}
	seen := map[string]int{}
	for _, line := range c.requestLines() {
		seen[line.RequestID]++
	}
	for _, id := range asked {
		if seen[id] != 1 {
			c.fail("%d lines about the request %s", seen[id], id)
		}
	}
}
