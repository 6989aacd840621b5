package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// requestLine is what the server has logged about one request.
type requestLine struct {
	RequestID  string   `json:"request_id"`
	Status     int      `json:"status"`
	ErrorCodes []string `json:"error_codes"`
	Calls      int      `json:"calls"`
	Points     int      `json:"points"`
	Hits       int      `json:"hits"`
}

// requestLines returns what the server has logged about requests so far.
func (s *server) requestLines() []requestLine {
	var lines []requestLine
	for text := range strings.Lines(s.output.String()) {
		var line requestLine
		if json.Unmarshal([]byte(text), &line) == nil && line.RequestID != "" && line.Status != 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

// requestLine waits for the line about the request with an id that the caller gave it. It is written
// when the request's calls have ended, which may be later than its answer.
func (c *check) requestLine(id string) requestLine {
	for started := time.Now(); time.Since(started) < 8*time.Second; time.Sleep(20 * time.Millisecond) {
		for _, line := range c.requestLines() {
			if line.RequestID == id {
				return line
			}
		}
	}
	c.stop("no line about the request %s 8 s later", id)
	return requestLine{}
}

// wantBill checks the calls and points that the log counts for a request.
func (c *check) wantBill(requestID string, calls, points int) {
	if line := c.requestLine(requestID); line.Calls != calls || line.Points != points {
		c.fail("the line about %s counts %d calls and %d points, want %d and %d", requestID, line.Calls, line.Points, calls, points)
	}
}

// wantWholeBill checks that the log and the endpoint agree on the calls, and on the points, of all
// requests so far, once their lines are there.
func (c *check) wantWholeBill() {
	var calls, points int
	for started := time.Now(); time.Since(started) < 3*time.Second; time.Sleep(20 * time.Millisecond) {
		calls, points = 0, 0
		for _, line := range c.requestLines() {
			calls += line.Calls
			points += line.Points
		}
		if calls == c.endpoint.count() && points == c.endpoint.charged() {
			return
		}
	}
	c.fail("the log counts %d calls and %d points, the endpoint %d and %d", calls, points, c.endpoint.count(), c.endpoint.charged())
}

var requestIDs atomic.Int64

// newRequestID returns an X-Request-Id by which a request's line is found.
func newRequestID() string { return fmt.Sprint("faults-", requestIDs.Add(1)) }

// askAs sends a query for the caller under a request id.
func (c *check) askAs(requestID, authorization, query string) *response {
	return c.send(request{query: query, authorization: authorization, header: map[string]string{"X-Request-Id": requestID}})
}

// leave sends a query for the caller under a request id, and hangs up after a while.
func (c *check) leave(patience time.Duration, requestID, authorization, query string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r := c.post(ctx, c.client, request{query: query, authorization: authorization, header: map[string]string{"X-Request-Id": requestID}})
	if r.err == nil {
		c.fail("answered before the caller hung up: %s", brief(r.String()))
	}
}

// ordersQuery asks for ids in one list.
func ordersQuery(ids ...string) string {
	return fmt.Sprintf(`{ orders(ids: ["%s"]) %s }`, strings.Join(ids, `","`), selection)
}
