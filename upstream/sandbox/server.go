package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is a sandbox that listens on loopback.
type Server struct {
	*Sandbox
	// URL is the whole address of the order-info interface.
	URL string

	http    http.Server
	cancel  context.CancelFunc // ends the answers under way, also those that hang
	running sync.WaitGroup
	served  error // why serving ended
}

// Start serves a sandbox at options.Address until ctx ends or Close is called.
func Start(ctx context.Context, options Options) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", cmp.Or(options.Address, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	answering, cancel := context.WithCancel(ctx)
	s := &Server{Sandbox: New(options), URL: "http://" + listener.Addr().String() + Path, cancel: cancel}
	s.http = http.Server{
		Handler:           s.Sandbox,
		ReadHeaderTimeout: 5 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return answering },
		// Faults break connections on purpose: nobody wants to read about it.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.running.Go(func() { s.served = s.http.Serve(listener) })
	s.running.Go(func() {
		<-answering.Done()
		s.stop()
	})
	return s, nil
}

// stopTimeout bounds the wait for callers that don't take their answers.
const stopTimeout = 2 * time.Second

func (s *Server) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		// Nobody is waiting for this error: the connections are gone either way.
		_ = s.http.Close()
	}
}

// Close ends the server and all answers under way, and returns when both have ended.
func (s *Server) Close() error {
	s.cancel()
	s.running.Wait()
	if !errors.Is(s.served, http.ErrServerClosed) {
		return fmt.Errorf("serve the sandbox: %w", s.served)
	}
	return nil
}
