package httpserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// The types, flags and codes of HTTP/2 that the tests use (RFC 9113).
const (
	frameData, frameHeaders, frameReset, frameSettings, framePing, frameGoAway, frameContinuation = 0, 1, 3, 4, 6, 7, 9

	endStream, endHeaders      = 1, 4
	refusedStream, enhanceCalm = 7, 11
)

// frames is a client that sends what it likes.
type frames struct {
	t    *testing.T
	conn net.Conn
	seen chan frame // is closed when the connection has ended
}

type frame struct {
	kind    byte
	stream  uint32
	payload []byte
}

// speak opens a connection and reads all that comes.
func speak(t *testing.T, network *pipes) *frames {
	t.Helper()
	conn, err := network.dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	f := &frames{t: t, conn: conn, seen: make(chan frame, 1<<16)}
	go func() {
		defer close(f.seen)
		reader := bufio.NewReader(conn)
		for {
			var head [9]byte
			if _, err := io.ReadFull(reader, head[:]); err != nil {
				return
			}
			payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
			if _, err := io.ReadFull(reader, payload); err != nil {
				return
			}
			f.seen <- frame{head[3], binary.BigEndian.Uint32(head[5:]), payload}
		}
	}()
	f.write([]byte(preface))
	f.send(frameSettings, 0, 0, nil)
	return f
}

// write reports whether the server still reads.
func (f *frames) write(text []byte) bool {
	_, err := f.conn.Write(text)
	return err == nil
}

func (f *frames) send(kind, flags byte, stream uint32, payload []byte) bool {
	head := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(head[5:], stream)
	return f.write(append(head, payload...))
}

// until returns the frames up to the first of a kind, or to the end of the connection.
func (f *frames) until(kind byte) (list []frame) {
	for seen := range f.seen {
		list = append(list, seen)
		if seen.kind == kind {
			break
		}
	}
	return list
}

// requestHeader is the header of GET / of the host x.
func requestHeader(more ...string) []byte {
	header := []byte{0x82, 0x86, 0x84, 0x01, 1, 'x'}
	for i := 0; i < len(more); i += 2 {
		header = appendText(appendText(append(header, 0), more[i]), more[i+1])
	}
	return header
}

// appendText appends a text as HPACK writes it.
func appendText(header []byte, text string) []byte {
	n := len(text)
	if n < 127 {
		header = append(header, byte(n))
	} else {
		header = append(header, 127)
		for n -= 127; n >= 128; n >>= 7 {
			header = append(header, byte(n)|128)
		}
		header = append(header, byte(n))
	}
	return append(header, text...)
}

// serveHTTP2 runs a test against a server that speaks HTTP/2, in made-up time, and expects that it drains.
func serveHTTP2(t *testing.T, handler http.HandlerFunc, test func(t *testing.T, network *pipes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, network := overWith(t, Options{Handler: handler, H2C: true})
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- Serve(ctx, Drain{Delay: -1}, server) }()
		test(t, network)
		// Whatever was done to one connection, others are served, in both protocols.
		for _, transport := range []*http.Transport{{DialContext: network.dial}, http2Transport(network)} {
			if status, _, err := getBy(t, transport, "/others"); status != http.StatusOK || err != nil {
				t.Errorf("another connection: %d %v", status, err)
			}
			transport.CloseIdleConnections()
		}
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func http2Transport(network *pipes) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Transport{DialContext: network.dial, Protocols: protocols}
}

func TestHTTP2(t *testing.T) {
	serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.WriteString(w, r.Proto); err != nil {
			t.Error(err)
		}
	}, func(t *testing.T, network *pipes) {
		transport := http2Transport(network)
		defer transport.CloseIdleConnections()
		for range 3 {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://server/", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(got.Body)
			if err != nil || string(body) != "HTTP/2.0" || got.ProtoMajor != 2 {
				t.Errorf("%s %q %v", got.Proto, body, err)
			}
			if err := got.Body.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// Where HTTP/2 is off the client is told so, and the connection ends.
func TestHTTP2Off(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, network := over(t, func(http.ResponseWriter, *http.Request) { t.Error("the request was served") })
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- Serve(ctx, Drain{Delay: -1}, server) }()
		conn, err := network.dial(ctx, "", "")
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(conn, preface+"\x00\x00\x00\x04\x00\x00\x00\x00\x00") }() // the server may hang up first
		got, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(got.Body)
		if err != nil || got.StatusCode != http.StatusHTTPVersionNotSupported || !got.Close || !strings.Contains(string(body), "HTTP/2") {
			t.Errorf("%d %q, closes %v, %v", got.StatusCode, body, got.Close, err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		transport := http2Transport(network)
		if _, _, err := getBy(t, transport, "/"); err == nil {
			t.Error("a client of HTTP/2 was served")
		}
		transport.CloseIdleConnections()
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

// A connection has no more than a hundred requests under way, however many it opens or resets.
func TestStreamFloods(t *testing.T) {
	for name, reset := range map[string]bool{"opened": false, "reset": true} {
		t.Run(name, func(t *testing.T) {
			var running, most atomic.Int64
			var release chan struct{}
			handler := func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/others" {
					return
				}
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				<-release // whether or not the client is still there
				running.Add(-1)
			}
			serveHTTP2(t, handler, func(t *testing.T, network *pipes) {
				release = make(chan struct{}) // within the bubble of made-up time
				f := speak(t, network)
				for i := range uint32(5000) {
					if !f.send(frameHeaders, endStream|endHeaders, 2*i+1, requestHeader()) {
						break
					}
					if reset && !f.send(frameReset, 0, 2*i+1, []byte{0, 0, 0, 8}) {
						break
					}
				}
				synctest.Wait()
				if most.Load() > maxStreams {
					t.Errorf("%d requests at once", most.Load())
				}
				close(release)
				last := byte(frameReset)
				if reset {
					last = frameGoAway
				}
				seen := f.until(last)
				if code := seen[len(seen)-1].payload; !bytes.Equal(code[len(code)-4:], []byte{0, 0, 0, refusedStream}) && (len(code) < 8 || code[7] != enhanceCalm) {
					t.Errorf("the flood ends with %v", seen[len(seen)-1])
				}
				if err := f.conn.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Headers are bounded, also those that are short only on the wire or never end.
func TestLargeHeadersOfStreams(t *testing.T) {
	split := func(f *frames, header []byte, end byte) {
		flags := byte(endStream)
		kind := byte(frameHeaders)
		for len(header) > 16<<10 {
			if !f.send(kind, flags, 1, header[:16<<10]) {
				return
			}
			header, kind, flags = header[16<<10:], frameContinuation, 0
		}
		f.send(kind, flags|end, 1, header)
	}
	// One entry of the table, and 50,000 references to it.
	bomb := append(appendText(appendText(append(requestHeader(), 0x40), "x-a"), strings.Repeat("a", 3000)), bytes.Repeat([]byte{0x80 | 62}, 50_000)...)
	for name, send := range map[string]func(f *frames){
		"one long": func(f *frames) { split(f, requestHeader("x-long", strings.Repeat("a", 2*maxHeaderBytes)), endHeaders) },
		"many": func(f *frames) {
			split(f, requestHeader(strings.Fields(strings.Repeat("x-a b ", 40_000))...), endHeaders)
		},
		"a bomb":      func(f *frames) { split(f, bomb, endHeaders) },
		"without end": func(f *frames) { split(f, requestHeader(strings.Fields(strings.Repeat("x-a b ", 400_000))...), 0) },
		"a large table": func(f *frames) {
			split(f, append([]byte{0x3f, 0xe1, 0xff, 0xff, 0x7f}, requestHeader()...), endHeaders)
		},
	} {
		t.Run(name, func(t *testing.T) {
			served := false
			serveHTTP2(t, func(_ http.ResponseWriter, r *http.Request) { served = served || r.URL.Path != "/others" }, func(t *testing.T, network *pipes) {
				f := speak(t, network)
				go send(f)
				// Either the stream is answered 431, or the connection ends.
				f.until(frameHeaders)
				if served {
					t.Error("the request was served")
				}
				if err := f.conn.Close(); err != nil {
					t.Error(err)
				}
				synctest.Wait()
			})
		})
	}
}

// Strangers who say little or nothing are let go, and no stream holds up another.
func TestSlowStreams(t *testing.T) {
	tests := map[string]struct {
		send func(f *frames)
		left time.Duration
	}{
		"idle": {func(*frames) {}, idleTimeout},
		"idle after a request": {func(f *frames) {
			f.send(frameHeaders, endStream|endHeaders, 1, requestHeader())
		}, idleTimeout},
		"half a header": {func(f *frames) { f.send(frameHeaders, endStream, 1, requestHeader()) }, pingAfter + pingAnswer},
		"half a frame":  {func(f *frames) { f.write([]byte{0, 0, 9, frameHeaders, 5}) }, pingAfter + pingAnswer},
		"pings are not answered": {func(f *frames) {
			f.send(frameHeaders, endHeaders, 1, requestHeader())
		}, pingAfter + pingAnswer},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			handler := func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
			serveHTTP2(t, handler, func(t *testing.T, network *pipes) {
				f := speak(t, network)
				start := time.Now()
				test.send(f)
				for seen := range f.seen {
					if seen.kind == framePing && name == "idle" {
						f.send(framePing, 1, 0, seen.payload)
					}
				}
				if lasted := time.Since(start); lasted > test.left+2*time.Second {
					t.Errorf("the connection lasted %v, want %v", lasted, test.left)
				}
				if err := f.conn.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// The body of a stream must come in time, as that of a request of HTTP/1.
func TestSlowBodyOfAStream(t *testing.T) {
	var took time.Duration
	handler := func(_ http.ResponseWriter, r *http.Request) {
		start := time.Now()
		if _, err := io.Copy(io.Discard, r.Body); errors.Is(err, os.ErrDeadlineExceeded) {
			took = time.Since(start)
		}
	}
	serveHTTP2(t, handler, func(t *testing.T, network *pipes) {
		f := speak(t, network)
		f.send(frameHeaders, endHeaders, 1, requestHeader())
		f.send(frameData, 0, 1, []byte("{"))
		f.until(frameHeaders)
		if took != readTimeout {
			t.Errorf("it took %v, want %v", took, readTimeout)
		}
		if err := f.conn.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

// Frames that ask for answers which nobody reads end the connection.
func TestPingFlood(t *testing.T) {
	serveHTTP2(t, func(http.ResponseWriter, *http.Request) {}, func(t *testing.T, network *pipes) {
		conn, err := network.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		f := &frames{t: t, conn: conn}
		f.write([]byte(preface))
		f.send(frameSettings, 0, 0, nil)
		sent := 0
		for sent < 100_000 && f.send(framePing, 0, 0, make([]byte, 8)) {
			sent++
		}
		if sent == 100_000 {
			t.Error("the connection goes on")
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Draining, the server says so (GOAWAY), finishes what is under way, and ends.
func TestDrainOfHTTP2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, network := overWith(t, Options{H2C: true, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				time.Sleep(10 * time.Second)
			}
		})})
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- Serve(ctx, Drain{}, server) }()
		transport := http2Transport(network)
		defer transport.CloseIdleConnections()
		slow := make(chan int)
		go func() {
			status, _, err := getBy(t, transport, "/slow")
			if err != nil {
				t.Error(err)
			}
			slow <- status
		}()
		f := speak(t, network)
		synctest.Wait()
		start := time.Now()
		cancel()
		time.Sleep(time.Second)
		// A new connection and one that is open are served in the first moment; the latter is told to go.
		if status, _, err := getBy(t, transport, "/"); status != http.StatusOK || err != nil {
			t.Errorf("in the first moment: %d %v", status, err)
		}
		f.send(frameHeaders, endStream|endHeaders, 1, requestHeader())
		seen := f.until(frameGoAway)
		if len(seen) == 0 || seen[len(seen)-1].kind != frameGoAway {
			t.Errorf("frames %v", seen)
		}
		if status := <-slow; status != http.StatusOK {
			t.Errorf("the request under way was lost: %d", status)
		}
		if err := f.conn.Close(); err != nil {
			t.Error(err)
		}
		if err := <-stopped; err != nil || time.Since(start) > 15*time.Second {
			t.Errorf("stopped after %v: %v", time.Since(start), err)
		}
	})
}
