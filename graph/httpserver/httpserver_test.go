package httpserver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipes is a network of its own, so that tests run in made-up time.
type pipes struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func newPipes() *pipes {
	return &pipes{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case connection := <-p.connections:
		return connection, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.connections <- there:
		return here, nil
	case <-p.closed:
		return nil, errors.New("connection refused")
	}
}

// over returns a server like Listen does, on a network of pipes.
func over(t *testing.T, handler http.HandlerFunc) (*Server, *pipes) {
	t.Helper()
	return overWith(t, Options{Handler: handler})
}

func overWith(t *testing.T, options Options) (*Server, *pipes) {
	t.Helper()
	options.Address = "127.0.0.1:0"
	server, err := Listen(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	network := newPipes()
	server.listener = network
	return server, network
}

func get(t *testing.T, network *pipes, path string) (int, error) {
	t.Helper()
	transport := &http.Transport{DialContext: network.dial}
	defer transport.CloseIdleConnections()
	status, _, err := getBy(t, transport, path)
	return status, err
}

// getBy also reports whether the server closes the connection.
func getBy(t *testing.T, transport *http.Transport, path string) (status int, closed bool, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://server"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := transport.RoundTrip(r)
	if err != nil {
		return 0, false, err
	}
	defer got.Body.Close()
	if _, err := io.Copy(io.Discard, got.Body); err != nil {
		return 0, false, err
	}
	return got.StatusCode, got.Close, nil
}

func TestDrainLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, network := over(t, func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				time.Sleep(10 * time.Second)
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		var began atomic.Bool
		stopped := make(chan error)
		go func() { stopped <- Serve(ctx, Drain{Begin: func() { began.Store(true) }}, server) }()
		slow := make(chan int)
		go func() {
			status, _ := get(t, network, "/slow")
			slow <- status
		}()
		kept := &http.Transport{DialContext: network.dial}
		defer kept.CloseIdleConnections()
		if _, closed, err := getBy(t, kept, "/early"); closed || err != nil {
			t.Errorf("before the end: closed %v, %v", closed, err)
		}
		synctest.Wait()
		cancel()
		time.Sleep(time.Second)
		if _, closed, err := getBy(t, kept, "/on-the-same-connection"); !closed || err != nil {
			t.Errorf("a kept connection: closed %v, %v", closed, err)
		}
		if !began.Load() {
			t.Error("readiness is not taken back at once")
		}
		if status, err := get(t, network, "/late"); status != http.StatusOK {
			t.Errorf("a connection in the first moment: %d %v", status, err)
		}
		time.Sleep(2 * time.Second)
		if _, err := get(t, network, "/too-late"); err == nil {
			t.Error("a connection after the delay was served")
		}
		if status := <-slow; status != http.StatusOK {
			t.Errorf("the request under way was lost: %d", status)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func TestDrainEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, network := over(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- Serve(ctx, Drain{}, server) }()
		failed := make(chan error)
		go func() {
			_, err := get(t, network, "/")
			failed <- err
		}()
		synctest.Wait()
		start := time.Now()
		cancel()
		if err := <-stopped; err == nil || time.Since(start) != 25*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if err := <-failed; err == nil {
			t.Error("the request that hangs was answered")
		}
	})
}

func TestServeReportsFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, network := over(t, func(http.ResponseWriter, *http.Request) {})
		second, _ := over(t, func(http.ResponseWriter, *http.Request) {})
		stopped := make(chan error)
		go func() { stopped <- Serve(t.Context(), Drain{Delay: -1}, first, second) }()
		synctest.Wait()
		if err := network.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-stopped; !errors.Is(err, net.ErrClosed) {
			t.Errorf("error %v", err)
		}
	})
}

func TestListenReportsAddressInUse(t *testing.T) {
	first, err := Listen(t.Context(), Options{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if _, err := Listen(t.Context(), Options{Address: first.Address()}); err == nil {
		t.Error("an address in use was opened")
	}
}

// Strangers who say little or nothing are let go.
func TestSlowConnections(t *testing.T) {
	tests := map[string]struct {
		sent string
		left time.Duration
	}{
		"silence":       {"", 5 * time.Second},
		"half a header": {"POST / HTTP/1.1\r\nHost: x\r\nX-A: ", 5 * time.Second},
		"half a body":   {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", 15 * time.Second},
		"idle":          {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 90 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, network := over(t, func(w http.ResponseWriter, r *http.Request) {
					if _, err := io.Copy(io.Discard, r.Body); errors.Is(err, os.ErrDeadlineExceeded) {
						w.Header().Set("Connection", "close")
					}
				})
				ctx, cancel := context.WithCancel(t.Context())
				stopped := make(chan error)
				go func() { stopped <- Serve(ctx, Drain{Delay: -1}, server) }()
				connection, err := network.dial(ctx, "", "")
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				go func() {
					// The other side may hang up before it has read all.
					_, _ = io.Copy(connection, strings.NewReader(test.sent))
				}()
				// net/http lingers for half a second before it closes a connection with unread input.
				_, _ = io.Copy(io.Discard, connection)
				if lasted := time.Since(start); lasted < test.left || lasted > test.left+time.Second {
					t.Errorf("the connection lasted %v, want %v", lasted, test.left)
				}
				_ = connection.Close()
				cancel()
				if err := <-stopped; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestLargeHeaders(t *testing.T) {
	server, err := Listen(t.Context(), Options{Address: "127.0.0.1:0", Handler: http.NotFoundHandler()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- Serve(ctx, Drain{Delay: -1}, server) }()
	for size, want := range map[int]int{200 << 10: http.StatusNotFound, 300 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+server.Address(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Large", strings.Repeat("x", size))
		got, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.Body.Close(); err != nil {
			t.Error(err)
		}
		if got.StatusCode != want {
			t.Errorf("a header of %d bytes: status %d, want %d", size, got.StatusCode, want)
		}
	}
	cancel()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
