package httpserver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counted counts the deadlines that a connection is told.
type counted struct {
	net.Conn
	told *atomic.Int64
}

func (c counted) SetReadDeadline(t time.Time) error {
	c.told.Add(1)
	return c.Conn.SetReadDeadline(t)
}

func (c counted) SetWriteDeadline(t time.Time) error {
	c.told.Add(1)
	return c.Conn.SetWriteDeadline(t)
}

// inTime gives a test both ends of a connection, the first with cheap deadlines, in made-up time.
func inTime(t *testing.T, test func(t *testing.T, here, there net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		test(t, newTimedConn(here), there)
		if err := errors.Join(here.Close(), there.Close()); err != nil {
			t.Error(err)
		}
	})
}

func expectEnd(t *testing.T, start time.Time, want time.Duration, err error) {
	t.Helper()
	if took := time.Since(start); took != want || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("ended after %v with %v, want %v", took, err, want)
	}
}

func TestDeadlinesEndReadsAndWritesInTime(t *testing.T) {
	// Each is what is asked for in turn, from the start on; none is no deadline.
	const none = 0
	for name, asked := range map[string][]time.Duration{
		"short":               {time.Second},
		"longer than ahead":   {time.Minute},
		"later, then sooner":  {time.Minute, time.Second},
		"sooner, then later":  {time.Second, time.Minute},
		"none, then some":     {none, time.Minute},
		"some, none, some":    {time.Minute, none, 2 * time.Second},
		"sooner, none, later": {time.Second, none, time.Minute},
		"passed, none, later": {-time.Hour, none, time.Minute},
		"some, passed":        {time.Minute, -time.Hour},
		"passed, some":        {-time.Hour, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			ends := map[string]func(here net.Conn) (func(time.Time) error, func([]byte) (int, error)){
				"read": func(here net.Conn) (func(time.Time) error, func([]byte) (int, error)) {
					return here.SetReadDeadline, here.Read
				},
				"write": func(here net.Conn) (func(time.Time) error, func([]byte) (int, error)) {
					return here.SetWriteDeadline, here.Write
				},
				"both, read": func(here net.Conn) (func(time.Time) error, func([]byte) (int, error)) {
					return here.SetDeadline, here.Read
				},
			}
			for end, of := range ends {
				inTime(t, func(t *testing.T, here, _ net.Conn) {
					set, use := of(here)
					start, want := time.Now(), time.Duration(0)
					for _, duration := range asked {
						at := start.Add(duration)
						if duration == none {
							at = time.Time{}
						}
						if err := set(at); err != nil {
							t.Fatal(err)
						}
						want = max(0, duration)
					}
					n, err := use(make([]byte, 1))
					expectEnd(t, start, want, err)
					if n != 0 {
						t.Errorf("%s: %d bytes", end, n)
					}
				})
			}
		})
	}
}

// net/http breaks off a read that is under way, and goes on to read.
func TestReadsAreBrokenOff(t *testing.T) {
	inTime(t, func(t *testing.T, here, there net.Conn) {
		start := time.Now()
		if err := here.SetReadDeadline(start.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		failure := make(chan error)
		go func() {
			_, err := here.Read(make([]byte, 1))
			failure <- err
		}()
		time.Sleep(30 * time.Second)
		if err := here.SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		expectEnd(t, start, 30*time.Second, <-failure)
		if err := here.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(time.Hour)
			if _, err := there.Write([]byte("x")); err != nil {
				t.Error(err)
			}
		}()
		if n, err := here.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("read %d bytes, %v", n, err)
		}
	})
}

// A write goes on where it was when an earlier request's deadline comes.
func TestWritesGoOn(t *testing.T) {
	inTime(t, func(t *testing.T, here, there net.Conn) {
		start := time.Now()
		for _, timeout := range []time.Duration{10 * time.Second, time.Minute} {
			if err := here.SetWriteDeadline(start.Add(timeout)); err != nil {
				t.Fatal(err)
			}
		}
		read := make(chan string)
		go func() {
			part := make([]byte, 5)
			var text string
			for range 2 {
				if _, err := io.ReadFull(there, part); err != nil {
					t.Error(err)
				}
				text += string(part)
				time.Sleep(30 * time.Second)
			}
			read <- text
		}()
		if n, err := here.Write([]byte("0123456789")); n != 10 || err != nil {
			t.Errorf("wrote %d bytes, %v", n, err)
		}
		if text := <-read; text != "0123456789" {
			t.Errorf("read %q", text)
		}
		n, err := here.Write([]byte("x"))
		expectEnd(t, start, time.Minute, err)
		if n != 0 {
			t.Errorf("wrote %d bytes", n)
		}
	})
}

// countedListener counts the deadlines that its connections are told.
type countedListener struct {
	net.Listener
	told *atomic.Int64
}

func (l countedListener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	return counted{accepted, l.told}, err
}

func TestRequestsTellFewDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, network := over(t, func(http.ResponseWriter, *http.Request) {})
		told := new(atomic.Int64)
		server.listener = countedListener{network, told}
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- Serve(ctx, Drain{Delay: -1}, server) }()
		client := &http.Transport{DialContext: network.dial}
		const requests = 100
		for range requests {
			if _, _, err := getBy(t, client, "/"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		// One breaks off the look-out for a client that hangs up, one times the next request.
		if told.Load() > 2*requests+2 {
			t.Errorf("%d deadlines for %d requests", told.Load(), requests)
		}
		client.CloseIdleConnections()
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}
