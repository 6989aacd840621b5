package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const sectionHTTP2 = "HTTP/2"

func http2Cases() []*scenario {
	list := []*scenario{
		{section: sectionHTTP2, name: "not without --h2c", run: noHTTP2},
	}
	for _, s := range []*scenario{
		{name: "answers, beside HTTP/1.1", run: http2Answers},
		{name: "streams of several callers stay apart", run: http2Callers},
		{name: "a reset stream ends what waits for its turn", arguments: []string{"--upstream-concurrency", "2"}, run: http2Reset},
		{name: "a flood of streams that never end", alone: true, run: streamFlood},
		{name: "a flood of streams that are reset at once", alone: true, run: resetFlood},
		{name: "header blocks without end", alone: true, run: continuationFlood},
		{name: "header tables that blow up", alone: true, run: headerBomb},
		{name: "floods of pings and settings that nobody reads", alone: true, run: controlFlood},
		{name: "answers that nobody reads", alone: true, run: closedWindow},
		{name: "frames that must not be", run: badFrames},
		{name: "a body that never ends", run: http2SlowBody},
		{name: "SIGTERM finishes what is under way", alone: true, run: http2Termination},
	} {
		s.section, s.needs = sectionHTTP2, "--h2c"
		s.arguments = append([]string{"--h2c"}, s.arguments...)
		list = append(list, s)
	}
	return list
}

func (c *check) dialHTTP2() *http2Conn {
	h, err := dialHTTP2(c.address)
	c.require(err, "connect")
	return h
}

// noHTTP2 speaks HTTP/2 to a server that was not asked to understand it.
func noHTTP2(c *check) {
	conn, err := net.Dial("tcp", c.address)
	c.require(err, "connect")
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second)) //nolint:errcheck // a dead connection is noticed below
	caller := newToken("caller")
	frames := encodeFrame(frameSettings, 0, 0, nil)
	frames = append(frames, encodeFrame(frameHeaders, flagEndHeaders, 1, encodeFields(requestFields(request{authorization: caller})...))...)
	frames = append(frames, encodeFrame(frameData, flagEndStream, 1, []byte(validBody))...)
	io.WriteString(conn, http2Preface+string(frames)) //nolint:errcheck // the server may hang up first
	answer, err := io.ReadAll(conn)
	if err != nil && isTimeout(err) || len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 4") && !strings.HasPrefix(string(answer), "HTTP/1.1 5") {
		c.fail("%v, %.100q", err, answer)
	}
	c.wantCalls(0)
	// An upgrade that is offered is not taken.
	r := c.send(request{query: "{__typename}", header: map[string]string{"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"}})
	if r.status != http.StatusOK {
		c.fail("an offered upgrade: %s", brief(r.String()))
	}
}

func http2Answers(c *check) {
	h := c.dialHTTP2()
	defer h.Close()
	caller, ids := newToken("caller"), newIDs(20)
	for range 2 {
		r := h.ask(request{query: orderQuery(ids[0]), authorization: caller})
		c.wantOrder(r, caller, ids[0], "order")
		if r.status != http.StatusOK {
			c.fail("the status is not 200: %s", brief(r.String()))
		}
	}
	c.endpoint.otherwise(after(100*time.Millisecond, answerOrder))
	for i, r := range together(len(ids), func(i int) *response { return h.ask(request{query: orderQuery(ids[i]), authorization: caller}) }) {
		c.wantOrder(r, caller, ids[i], "order")
		if r.took > 2*time.Second {
			c.fail("a stream took %v", r.took)
		}
	}
	c.wantOrder(c.ask(caller, orderQuery(ids[0])), caller, ids[0], "order")
	c.wantCalls(20)
	r := h.ask(request{query: "{nothing}", authorization: caller})
	c.wantCodes(r, "GRAPHQL_VALIDATION_FAILED")
}

// http2Callers lets several callers share a connection, as behind a router.
func http2Callers(c *check) {
	h := c.dialHTTP2()
	defer h.Close()
	callers, id := []string{newToken("alice"), newToken("bob"), newToken("carol")}, newID()
	c.endpoint.otherwise(after(20*time.Millisecond, answerOrder))
	for range 3 {
		for i, r := range together(30, func(i int) *response { return h.ask(request{query: orderQuery(id), authorization: callers[i%3]}) }) {
			c.wantOrder(r, callers[i%3], id, "order")
		}
	}
	c.wantCodes(h.ask(request{query: orderQuery(id)}), "UNAUTHENTICATED at order")
	c.wantCalls(3, id)
}

func http2Reset(c *check) {
	c.endpoint.otherwise(after(500*time.Millisecond, answerOrder))
	h := c.dialHTTP2()
	defer h.Close()
	asked := newRequestID()
	number, _, err := h.begin(request{query: ordersQuery(newIDs(20)...), authorization: newToken("caller"), header: map[string]string{"x-request-id": asked}})
	c.require(err, "send a request")
	time.Sleep(250 * time.Millisecond)
	c.require(h.frame(frameReset, 0, number, []byte{0, 0, 0, 8}), "reset the stream")
	c.wantBill(asked, 2, 2)
	c.wantCalls(2)
	c.wantWholeBill()
}

// unharmed checks that a flood has cost no more than so much memory, and that others are served.
func (c *check) unharmed(before, most int) {
	now, err := c.memory("VmHWM")
	c.require(err, "read the memory")
	c.wantMemory(now-before, most)
	caller, id := newToken("caller"), newID()
	r := c.ask(caller, orderQuery(id))
	c.wantOrder(r, caller, id, "order")
	if r.took > time.Second {
		c.fail("another caller waits for %v", r.took)
	}
	h := c.dialHTTP2()
	defer h.Close()
	c.wantOrder(h.ask(request{query: orderQuery(id), authorization: caller}), caller, id, "order")
	c.note("+%d MiB", (now-before)>>20)
}

// streamFlood opens streams with half a request each, on several connections.
func streamFlood(c *check) {
	before, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	fields := encodeFields(append(requestFields(request{authorization: newToken("caller")}), [2]string{"content-length", "1000"})...)
	refused := 0
	for range 8 {
		h := c.dialHTTP2()
		defer h.Close()
		for range 2000 {
			number, _ := h.open()
			if h.frame(frameHeaders, flagEndHeaders, number, fields) != nil {
				break
			}
		}
		for began := time.Now(); time.Since(began) < 5*time.Second; time.Sleep(10 * time.Millisecond) {
			if h.waitEnd(0) || h.underWay() < 1000 {
				refused++
				break
			}
		}
	}
	if refused < 8 {
		c.fail("%d of 8 connections with 2,000 open streams are refused", refused)
	}
	c.unharmed(before, 96<<20)
	c.wantCalls(1)
}

// resetFlood begins requests and resets them at once: to begin them must not cost the server more than
// the caller.
func resetFlood(c *check) {
	before, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	c.endpoint.otherwise(after(200*time.Millisecond, answerOrder))
	caller := newToken("loud")
	started, err := c.processorTime()
	c.require(err, "read the processor time")
	together(4, func(int) *response {
		h, err := dialHTTP2(c.address)
		if err != nil {
			return &response{err: err}
		}
		defer h.Close()
		for range 5000 {
			number, _ := h.open()
			body := []byte(fmt.Sprintf(`{"query":%q}`, orderQuery(newID())))
			frames := encodeFrame(frameHeaders, flagEndHeaders, number, encodeFields(requestFields(request{authorization: caller})...))
			frames = append(frames, encodeFrame(frameData, flagEndStream, number, body)...)
			if h.raw(append(frames, encodeFrame(frameReset, 0, number, []byte{0, 0, 0, 8})...)) != nil {
				break
			}
		}
		return nil
	})
	ended, err := c.processorTime()
	c.require(err, "read the processor time")
	c.endpoint.otherwise(answerOrder)
	c.unharmed(before, 128<<20)
	c.note("%v of processor time, %d calls", ended-started, c.endpoint.countBy(caller))
	if most := c.endpoint.most(); most > 64 {
		c.fail("%d calls in flight at once", most)
	}
	if calls := c.endpoint.countBy(caller); calls > 1000 {
		c.fail("%d calls for 20,000 requests that were reset", calls)
	}
	c.wantWholeBill()
}

// continuationFlood begins a header block and never ends it.
func continuationFlood(c *check) {
	before, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	started, err := c.processorTime()
	c.require(err, "read the processor time")
	for _, padding := range []string{strings.Repeat("a", 8<<10), ""} {
		h := c.dialHTTP2()
		defer h.Close()
		number, _ := h.open()
		h.frame(frameHeaders, 0, number, encodeFields(requestFields(request{})...)) //nolint:errcheck // the end is noticed below
		var block []byte
		if padding != "" {
			block = encodeFields([2]string{"x-padding", padding})
		}
		for range 100_000 {
			if h.frame(frameContinuation, 0, number, block) != nil {
				break
			}
		}
		if !h.waitEnd(2 * time.Second) {
			c.fail("the connection lives after 100,000 frames of %d bytes", len(block))
		}
	}
	ended, err := c.processorTime()
	c.require(err, "read the processor time")
	c.note("%v of processor time", ended-started)
	c.unharmed(before, 64<<20)
}

// headerBomb puts a long field into the table of the connection and then names it by one byte, again
// and again: a block of 16 KB that stands for 64 MB.
func headerBomb(c *check) {
	before, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	for range 20 {
		h := c.dialHTTP2()
		defer h.Close()
		number, stream := h.open()
		block := encodeFields(requestFields(request{authorization: newToken("caller")})...)
		// Literal with incremental indexing (RFC 7541, 6.2.1): it becomes entry 62.
		block = append(block, 0x40)
		block = append(encodeLength(block, 3), "x-a"...)
		block = append(encodeLength(block, 3900), strings.Repeat("a", 3900)...)
		for len(block) < 16<<10 {
			block = append(block, 0x80|62)
		}
		h.frame(frameHeaders, flagEndHeaders|flagEndStream, number, block) //nolint:errcheck // the end is noticed below
		select {
		case <-stream.done:
			if stream.ok {
				c.fail("64 MB of header fields are accepted: %s", brief(stream.body.String()))
			}
		case <-h.ended:
		case <-time.After(5 * time.Second):
			c.fail("no answer and no end")
		}
	}
	c.unharmed(before, 64<<20)
	c.wantCalls(1)
}

// controlFlood sends what the server has to answer, and reads none of the answers.
func controlFlood(c *check) {
	before, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	for name, frame := range map[string][]byte{
		"pings":    encodeFrame(framePing, 0, 0, make([]byte, 8)),
		"settings": encodeFrame(frameSettings, 0, 0, nil),
	} {
		conn, err := net.Dial("tcp", c.address)
		c.require(err, "connect")
		defer conn.Close()
		conn.SetWriteDeadline(time.Now().Add(2 * time.Second))                           //nolint:errcheck // a dead connection is noticed by the write
		io.WriteString(conn, http2Preface+string(encodeFrame(frameSettings, 0, 0, nil))) //nolint:errcheck // as above
		many := strings.Repeat(string(frame), 1000)
		sent := 0
		for range 2000 {
			if _, err := io.WriteString(conn, many); err != nil {
				break
			}
			sent += 1000
		}
		c.note("%d %s", sent, name)
	}
	c.unharmed(before, 64<<20)
}

// closedWindow asks for large answers and never lets the server send them.
func closedWindow(c *check) {
	caller, id := newToken("caller"), newID()
	c.endpoint.script(id, func(x *exchange) { x.respond(200, largeOrder(caller, id)) })
	query := "{order(id:" + id + "){" + repeat(20, "a%d:lineItems{id name status} ") + "}}"
	c.ask(caller, query)
	before, err := c.memory("VmRSS")
	c.require(err, "read the memory")
	for range 4 {
		h := c.dialHTTP2()
		defer h.Close()
		// SETTINGS_INITIAL_WINDOW_SIZE is 0, SETTINGS_HEADER_TABLE_SIZE the largest there is.
		settings := binary.BigEndian.AppendUint32([]byte{0, 4}, 0)
		settings = binary.BigEndian.AppendUint32(append(settings, 0, 1), 1<<32-1)
		c.require(h.frame(frameSettings, 0, 0, settings), "send settings")
		for range 100 {
			_, _, err := h.begin(request{query: query, authorization: caller})
			c.require(err, "send a request")
		}
	}
	time.Sleep(500 * time.Millisecond)
	c.unharmed(before, 192<<20)
}

// badFrames breaks the protocol in many ways. Each must end the connection, and nothing else.
func badFrames(c *check) {
	fields := encodeFields(requestFields(request{})...)
	var group sync.WaitGroup // A server takes a second to say goodbye.
	for name, frames := range map[string][]byte{
		"no frame at all":               []byte(strings.Repeat("x", 100)),
		"a frame of 16 MB":              append([]byte{0xff, 0xff, 0xff, frameData, 0, 0, 0, 0, 1}, make([]byte, 100)...),
		"data on stream 0":              encodeFrame(frameData, 0, 0, []byte("x")),
		"data on a stream never opened": encodeFrame(frameData, 0, 7, []byte("x")),
		"headers on stream 0":           encodeFrame(frameHeaders, flagEndHeaders, 0, fields),
		"headers on an even stream":     encodeFrame(frameHeaders, flagEndHeaders, 2, fields),
		"fields that are no HPACK":      encodeFrame(frameHeaders, flagEndHeaders, 1, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
		"a field that is not there":     encodeFrame(frameHeaders, flagEndHeaders, 1, []byte{0x80 | 100}),
		"a continuation of nothing":     encodeFrame(frameContinuation, flagEndHeaders, 1, fields),
		"a window beyond all bounds":    encodeFrame(frameWindowUpdate, 0, 0, []byte{0x7f, 0xff, 0xff, 0xff}),
		"a window update of nothing":    encodeFrame(frameWindowUpdate, 0, 0, []byte{0, 0, 0, 0}),
		"settings of half a setting":    encodeFrame(frameSettings, 0, 0, []byte{0, 1, 0}),
		"a reset of an idle stream":     encodeFrame(frameReset, 0, 9, []byte{0, 0, 0, 8}),
		"a pushed promise":              encodeFrame(5, flagEndHeaders, 1, append([]byte{0, 0, 0, 2}, fields...)),
	} {
		h := c.dialHTTP2()
		group.Go(func() {
			defer h.Close()
			h.raw(frames) //nolint:errcheck // the end is noticed below
			if !h.waitEnd(5 * time.Second) {
				c.fail("%s: the connection lives", name)
			}
		})
	}
	group.Wait()
	for name, fields := range map[string][][2]string{
		"no path":                {{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}},
		"two paths":              append(requestFields(request{}), [2]string{":path", "/graphql"}),
		"a field in capitals":    append(requestFields(request{}), [2]string{"X-A", "b"}),
		"a connection field":     append(requestFields(request{}), [2]string{"connection", "close"}),
		"a transfer encoding":    append(requestFields(request{}), [2]string{"transfer-encoding", "chunked"}),
		"a line end in a value":  append(requestFields(request{}), [2]string{"x-a", "b\r\nauthorization: x"}),
		"a wrong length":         append(requestFields(request{authorization: newToken("caller")}), [2]string{"content-length", "5"}),
		"a space in the path":    {{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/graphql HTTP/1.1"}},
		"CONNECT with a path":    {{":method", "CONNECT"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/graphql"}},
		"100 KB of header field": append(requestFields(request{}), [2]string{"x-a", strings.Repeat("a", 15<<10)}, [2]string{"x-b", strings.Repeat("a", 500)}),
	} {
		h := c.dialHTTP2()
		number, stream := h.open()
		h.raw(append(encodeFrame(frameHeaders, flagEndHeaders, number, encodeFields(fields...)), encodeFrame(frameData, flagEndStream, number, []byte(validBody))...)) //nolint:errcheck // the end is noticed below
		select {
		case <-stream.done:
		case <-h.ended:
		case <-time.After(5 * time.Second):
			c.fail("%s: no answer and no end", name)
		}
		h.Close()
	}
	c.wantCalls(0)
	caller, id := newToken("caller"), newID()
	c.wantOrder(c.ask(caller, orderQuery(id)), caller, id, "order")
}

// http2SlowBody sends a request's body byte by byte: it ends as it does over HTTP/1.1.
func http2SlowBody(c *check) {
	h := c.dialHTTP2()
	defer h.Close()
	number, stream := h.open()
	c.require(h.frame(frameHeaders, flagEndHeaders, number, encodeFields(requestFields(request{authorization: newToken("caller")})...)), "send a header")
	for started := time.Now(); time.Since(started) < 20*time.Second; time.Sleep(200 * time.Millisecond) {
		h.frame(frameData, 0, number, []byte(" ")) //nolint:errcheck // the end is noticed below
		select {
		case <-stream.done:
			c.note("%v", time.Since(started).Round(100*time.Millisecond))
			c.wantCalls(0)
			return
		case <-h.ended:
			c.note("%v, with the connection", time.Since(started).Round(100*time.Millisecond))
			return
		default:
		}
	}
	c.fail("the stream lives after 20 s")
}

// http2Termination ends the server while streams wait for the upstream.
func http2Termination(c *check) {
	c.endpoint.otherwise(after(700*time.Millisecond, answerOrder))
	caller, ids := newToken("caller"), newIDs(10)
	h := c.dialHTTP2()
	defer h.Close()
	var group sync.WaitGroup
	responses := make([]*response, len(ids))
	for i, id := range ids {
		group.Go(func() { responses[i] = h.ask(request{query: orderQuery(id), authorization: caller}) })
	}
	time.Sleep(200 * time.Millisecond)
	c.require(c.terminate(), "terminate")
	group.Wait()
	for i, r := range responses {
		c.wantOrder(r, caller, ids[i], "order")
	}
	if code := c.waitExit(30 * time.Second); code != 0 {
		c.fail("the exit code is %d", code)
	}
	c.searchOutput(c.server)
	c.server = nil
}
