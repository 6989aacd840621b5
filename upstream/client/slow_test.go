package client

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

// pipeListener hands out in-memory connections, whose delays take no time in a synctest bubble.
type pipeListener struct {
	connections chan net.Conn
	once        sync.Once
	closed      chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case connection := <-l.connections:
		return connection, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (l *pipeListener) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	l.connections <- theirs
	return ours, nil
}

// TestSlowUpstream cuts off an upstream that takes longer than one attempt may.
func TestSlowUpstream(t *testing.T) {
	slowly := func(w http.ResponseWriter, text string, pause time.Duration) {
		for i := range len(text) {
			time.Sleep(pause)
			if _, err := io.WriteString(w, text[i:i+1]); err != nil {
				return
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				return
			}
		}
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		kind    upstream.Kind
		took    time.Duration
	}{
		{"hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, upstream.KindTimeout, 5 * time.Second},
		{"stalls", func(w http.ResponseWriter, r *http.Request) {
			slowly(w, `{"status":`, 0)
			<-r.Context().Done()
		}, upstream.KindTimeout, 5 * time.Second},
		{"a byte each half second", func(w http.ResponseWriter, _ *http.Request) {
			slowly(w, `{"status":0,"data":null}`, 500*time.Millisecond)
		}, upstream.KindTimeout, 5 * time.Second},
		{"a byte each tenth of a second", func(w http.ResponseWriter, _ *http.Request) {
			slowly(w, `{"status":103}`, 100*time.Millisecond)
		}, upstream.KindAccountNotFound, 1400 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listener := newPipeListener()
				server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					// Only behind the request's end does a server notice that the client left.
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						t.Error(err)
					}
					test.handler(w, r)
				})}
				go server.Serve(listener) //nolint:errcheck // ends with Shutdown
				transport := &http.Transport{DialContext: listener.dial}
				client, err := New(Options{URL: "http://upstream.example/", Transport: transport})
				if err != nil {
					t.Fatal(err)
				}
				begun := time.Now()
				request := testRequest()
				_, err = client.Order(t.Context(), request)
				checkFailure(t, err, test.kind)
				if took := time.Since(begun); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				if calls := request.Meter.Usage().Calls; calls != 1 {
					t.Errorf("%d calls on the bill, want 1", calls)
				}
				client.Close()
				if err := server.Shutdown(t.Context()); err != nil { // waits for the handler
					t.Error(err)
				}
			})
		})
	}
}
