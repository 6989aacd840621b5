package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// The types and flags of HTTP/2 frames that the suite uses (RFC 9113, section 6).
const (
	frameData         = 0
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePing         = 6
	frameGoAway       = 7
	frameWindowUpdate = 8
	frameContinuation = 9

	flagEndStream  = 1
	flagAck        = 1
	flagEndHeaders = 4
)

// http2Preface is what a client that knows beforehand that the server speaks HTTP/2 says first.
const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// http2Conn is a connection whose frames are written by hand, so that they can be wrong, too many or
// in the wrong order. Its requests are streams 1, 3, 5 …
type http2Conn struct {
	net.Conn
	mu      sync.Mutex
	streams map[uint32]*http2Stream
	next    uint32
	// ended is closed when the server has closed the connection.
	ended chan struct{}
	// goAway is the error code of the server's GOAWAY, -1 before.
	goAway int
}

// http2Stream is what came back on a stream.
type http2Stream struct {
	ok    bool // the status is 200
	body  bytes.Buffer
	reset int // the error code of RST_STREAM, -1 without
	done  chan struct{}
}

// dialHTTP2 connects and starts to read what the server says.
func dialHTTP2(address string) (*http2Conn, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	h := &http2Conn{Conn: conn, streams: map[uint32]*http2Stream{}, next: 1, ended: make(chan struct{}), goAway: -1}
	if _, err := io.WriteString(conn, http2Preface); err != nil {
		return nil, err
	}
	if err := h.frame(frameSettings, 0, 0, nil); err != nil {
		return nil, err
	}
	go h.read()
	return h, nil
}

// frame writes one frame.
func (h *http2Conn) frame(kind, flags byte, stream uint32, payload []byte) error {
	return h.raw(encodeFrame(kind, flags, stream, payload))
}

func (h *http2Conn) raw(frames []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rawLocked(frames)
}

func (h *http2Conn) rawLocked(frames []byte) error {
	h.SetWriteDeadline(time.Now().Add(5 * time.Second)) //nolint:errcheck // a dead connection is noticed by the write
	_, err := h.Write(frames)
	return err
}

func encodeFrame(kind, flags byte, stream uint32, payload []byte) []byte {
	length := len(payload)
	frame := []byte{byte(length >> 16), byte(length >> 8), byte(length), kind, flags}
	frame = binary.BigEndian.AppendUint32(frame, stream)
	return append(frame, payload...)
}

// encodeFields writes header fields as HPACK does without its tables: each as it is (RFC 7541, 6.2.2).
func encodeFields(fields ...[2]string) []byte {
	var block []byte
	for _, field := range fields {
		block = append(block, 0)
		for _, text := range field {
			block = append(encodeLength(block, len(text)), text...)
		}
	}
	return block
}

// encodeLength appends a length with a prefix of 7 bits (RFC 7541, 5.1).
func encodeLength(block []byte, length int) []byte {
	if length < 127 {
		return append(block, byte(length))
	}
	block = append(block, 127)
	for length -= 127; length >= 128; length >>= 7 {
		block = append(block, byte(length&127|128))
	}
	return append(block, byte(length))
}

// open begins a stream and returns its number. The frames of streams must be written in their order.
func (h *http2Conn) open() (uint32, *http2Stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.openLocked()
}

func (h *http2Conn) openLocked() (uint32, *http2Stream) {
	number, stream := h.next, &http2Stream{reset: -1, done: make(chan struct{})}
	h.next += 2
	h.streams[number] = stream
	return number, stream
}

// requestFields are those of a POST to /graphql, without its body.
func requestFields(r request) [][2]string {
	fields := [][2]string{
		{":method", "POST"},
		{":scheme", "http"},
		{":authority", "localhost"},
		{":path", "/graphql"},
		{"content-type", "application/json"},
		{"accept", "application/graphql-response+json"},
	}
	if r.authorization != "" {
		fields = append(fields, [2]string{"authorization", r.authorization})
	}
	for name, value := range r.header {
		fields = append(fields, [2]string{name, value})
	}
	return fields
}

// begin sends a request on a stream of its own and does not wait.
func (h *http2Conn) begin(r request) (uint32, *http2Stream, error) {
	body, err := json.Marshal(map[string]any{"query": r.query})
	if err != nil {
		return 0, nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	number, stream := h.openLocked()
	frames := encodeFrame(frameHeaders, flagEndHeaders, number, encodeFields(requestFields(r)...))
	return number, stream, h.rawLocked(append(frames, encodeFrame(frameData, flagEndStream, number, body)...))
}

// ask sends a request and waits for its answer.
func (h *http2Conn) ask(r request) *response {
	started := time.Now()
	_, stream, err := h.begin(r)
	if err != nil {
		return &response{err: err}
	}
	answer := h.wait(stream)
	answer.took = time.Since(started)
	return answer
}

// wait waits for the end of a stream. Of other statuses than 200 it says 0.
func (h *http2Conn) wait(stream *http2Stream) *response {
	select {
	case <-stream.done:
	case <-h.ended:
		return &response{err: fmt.Errorf("the connection ended, GOAWAY %d", h.goneAway())}
	case <-time.After(20 * time.Second):
		return &response{err: errors.New("no answer on a stream after 20 s")}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if stream.reset >= 0 {
		return &response{err: fmt.Errorf("the stream was reset with the code %d", stream.reset)}
	}
	r := &response{body: stream.body.Bytes()}
	if stream.ok {
		r.status = 200
	}
	decoder := json.NewDecoder(bytes.NewReader(r.body))
	decoder.UseNumber()
	r.err = decoder.Decode(r)
	return r
}

// underWay returns the number of streams that have not ended.
func (h *http2Conn) underWay() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams)
}

func (h *http2Conn) goneAway() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.goAway
}

// waitEnd reports whether the server closes the connection within a time.
func (h *http2Conn) waitEnd(limit time.Duration) bool {
	select {
	case <-h.ended:
		return true
	case <-time.After(limit):
		return false
	}
}

func (h *http2Conn) read() {
	defer close(h.ended)
	var header [9]byte
	for {
		if _, err := io.ReadFull(h.Conn, header[:]); err != nil {
			return
		}
		payload := make([]byte, int(header[0])<<16|int(header[1])<<8|int(header[2]))
		if _, err := io.ReadFull(h.Conn, payload); err != nil {
			return
		}
		h.receive(header[3], header[4], binary.BigEndian.Uint32(header[5:])&(1<<31-1), payload)
	}
}

func (h *http2Conn) receive(kind, flags byte, number uint32, payload []byte) {
	if flags&flagAck == 0 && (kind == frameSettings || kind == framePing) {
		if kind == frameSettings {
			payload = nil
		}
		h.frame(kind, flagAck, 0, payload) //nolint:errcheck // a dead connection ends read
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if kind == frameGoAway && len(payload) >= 8 {
		h.goAway = int(binary.BigEndian.Uint32(payload[4:]))
		return
	}
	stream := h.streams[number]
	if stream == nil {
		return
	}
	switch kind {
	case frameHeaders:
		// The field :status comes first; 200 is one byte, from the table that never changes.
		stream.ok = stream.ok || len(payload) > 0 && payload[0] == 0x88
	case frameData:
		stream.body.Write(payload)
	case frameReset:
		stream.reset = int(binary.BigEndian.Uint32(payload))
	default:
		return
	}
	if kind == frameReset || flags&flagEndStream != 0 {
		delete(h.streams, number)
		close(stream.done)
	}
}
