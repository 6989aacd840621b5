package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// endpoint is a fake of the order-info endpoint that can do everything an upstream can do to its
// callers. It speaks TCP, not net/http, so that it can break HTTP.
type endpoint struct {
	listener net.Listener

	mu          sync.Mutex
	scripts     map[string]behaviour // by order id
	fallback    behaviour
	calls       []call
	points      int
	connections int
	inFlight    int
	mostAtOnce  int
	open        map[net.Conn]struct{}
}

// call is one request that reached the endpoint.
type call struct {
	// authorization, id, site and domains are what it asked with.
	authorization, id, site, domains string
	// keys are its attribute_keys.
	keys []string
	// header holds all of its header fields.
	header http.Header
	at     time.Time
}

// behaviour answers one call, or doesn't.
type behaviour func(*exchange)

// exchange is one call on its connection.
type exchange struct {
	call
	endpoint *endpoint
	conn     net.Conn
	// nth counts the calls on this connection, from 1.
	nth int
	// closed says that the connection can't be used for another call.
	closed bool
}

func newEndpoint() (*endpoint, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &endpoint{
		listener: listener,
		scripts:  map[string]behaviour{}, fallback: answerOrder, open: map[net.Conn]struct{}{},
	}
	go e.accept()
	return e, nil
}

func (e *endpoint) url() string { return "http://" + e.listener.Addr().String() + "/order-info" }

// stop closes the listener and every connection.
func (e *endpoint) stop() {
	e.listener.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	for conn := range e.open {
		conn.Close()
	}
}

// script makes the endpoint behave like b for the order id.
func (e *endpoint) script(id string, b behaviour) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.scripts[id] = b
}

// otherwise makes the endpoint behave like b for every order without a script.
func (e *endpoint) otherwise(b behaviour) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fallback = b
}

// count returns the number of calls so far, or those for one of ids.
func (e *endpoint) count(ids ...string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(ids) == 0 {
		return len(e.calls)
	}
	count := 0
	for _, c := range e.calls {
		for _, id := range ids {
			if c.id == id {
				count++
			}
		}
	}
	return count
}

// countBy returns the number of calls so far with the Authorization value.
func (e *endpoint) countBy(authorization string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	count := 0
	for _, c := range e.calls {
		if c.authorization == authorization {
			count++
		}
	}
	return count
}

// charged returns the sum of deduct_money over the answers so far.
func (e *endpoint) charged() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.points
}

// log returns the calls so far.
func (e *endpoint) log() []call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]call(nil), e.calls...)
}

// most returns the largest number of calls that were in flight at once.
func (e *endpoint) most() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mostAtOnce
}

// connected returns the number of connections that were made.
func (e *endpoint) connected() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.connections
}

func (e *endpoint) accept() {
	for {
		conn, err := e.listener.Accept()
		if err != nil {
			return
		}
		e.mu.Lock()
		e.connections++
		e.open[conn] = struct{}{}
		e.mu.Unlock()
		go e.serve(conn)
	}
}

func (e *endpoint) serve(conn net.Conn) {
	defer func() {
		e.mu.Lock()
		delete(e.open, conn)
		e.mu.Unlock()
		conn.Close()
	}()
	reader := bufio.NewReader(conn)
	for nth := 1; ; nth++ {
		c, err := readCall(reader)
		if err != nil {
			return
		}
		x := &exchange{call: c, endpoint: e, conn: conn, nth: nth}
		e.begin(c)(x)
		e.end()
		if x.closed {
			return
		}
	}
}

func (e *endpoint) begin(c call) behaviour {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, c)
	e.inFlight++
	e.mostAtOnce = max(e.mostAtOnce, e.inFlight)
	if b, found := e.scripts[c.id]; found {
		return b
	}
	return e.fallback
}

func (e *endpoint) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inFlight--
}

func readCall(reader *bufio.Reader) (call, error) {
	request, err := http.ReadRequest(reader)
	if err != nil {
		return call{}, err
	}
	body, err := io.ReadAll(io.LimitReader(request.Body, 1<<20))
	if err != nil {
		return call{}, err
	}
	var parameters struct {
		OrderID json.Number `json:"order_id"`
		WebSite string      `json:"web_site"`
		Domains string      `json:"include_fields"`
		Keys    []string    `json:"attribute_keys"`
	}
	if err := json.Unmarshal(body, &parameters); err != nil {
		return call{}, fmt.Errorf("a call with the body %q: %w", body, err)
	}
	return call{
		authorization: request.Header.Get("Authorization"), id: parameters.OrderID.String(),
		site: parameters.WebSite, domains: parameters.Domains, keys: parameters.Keys, header: request.Header, at: time.Now(),
	}, nil
}

// write sends text as it is. A caller that has gone is no fault of the endpoint's.
func (x *exchange) write(text string) error {
	_, err := io.WriteString(x.conn, text)
	x.closed = x.closed || err != nil
	return err
}

// respond sends a well-formed HTTP answer; fields are header lines.
func (x *exchange) respond(status int, body []byte, fields ...string) {
	var answer bytes.Buffer
	fmt.Fprintf(&answer, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	for _, field := range fields {
		answer.WriteString(field + "\r\n")
	}
	answer.WriteString("Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n")
	answer.Write(body)
	if x.write(answer.String()) == nil {
		x.endpoint.charge(body)
	}
}

// charge adds what body says that the call cost.
func (e *endpoint) charge(body []byte) {
	var bill struct {
		Data struct {
			Points int `json:"deduct_money"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &bill) != nil {
		return // Nobody can read a price in it.
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.points += bill.Data.Points
}

// reset ends the connection with a TCP reset.
func (x *exchange) reset() {
	x.closed = true
	if tcp, ok := x.conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // the connection is being broken
	}
	x.conn.Close()
}

// wait sleeps; it returns false if the endpoint stops or the caller hangs up before.
func (x *exchange) wait(d time.Duration) bool {
	x.conn.SetReadDeadline(time.Now().Add(d)) //nolint:errcheck // a dead connection is noticed by the read
	var one [1]byte
	_, err := x.conn.Read(one[:])
	x.conn.SetReadDeadline(time.Time{}) //nolint:errcheck // as above
	x.closed = x.closed || !errors.Is(err, os.ErrDeadlineExceeded)
	return !x.closed
}
