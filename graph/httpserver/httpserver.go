// Package httpserver listens with limits that strangers can't outlast, and stops without losing a
// request.
package httpserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// What one connection may take.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 90 * time.Second
	// maxHeaderBytes is more than a handler should accept, so that it can refuse larger headers in its own
	// form: net/http's answer can't be read by pages of other origins.
	maxHeaderBytes = 256 << 10
)

// What one connection may take under HTTP/2. Streams share the connection's limits on memory, so that many of
// them cost no more than as many connections.
const (
	maxStreams            = 100
	maxStreamBuffer       = 64 << 10
	maxConnectionBuffer   = 1 << 20
	maxHeaderTable        = 4 << 10
	pingAfter, pingAnswer = 30 * time.Second, 15 * time.Second
)

// Options is what Listen needs.
type Options struct {
	// Address is host:port.
	Address string
	Handler http.Handler
	// Patience is how long an answer may take to be written, if that is more than 30 s.
	Patience time.Duration
	// H2C lets clients speak HTTP/2 without TLS, with prior knowledge, besides HTTP/1.1.
	H2C bool
	// Log gets what net/http has to say about connections, as debug lines.
	Log zerolog.Logger
}

// Drain says how to stop. The zero value of each setting is its default.
type Drain struct {
	// Begin is called at once; readiness probes should fail from then on.
	Begin func()
	// Delay is how long new connections are still served after that, until no load balancer sends
	// any; 2 s if 0, none if negative.
	Delay time.Duration
	// Timeout bounds the whole stop; 25 s if 0. Requests still under way then are cut off.
	Timeout time.Duration
}

// Server is one listening address.
type Server struct {
	http     http.Server
	listener net.Listener
	draining atomic.Bool
}

// Listen opens an address. Connections wait until Serve.
func Listen(ctx context.Context, options Options) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", options.Address)
	if err != nil {
		return nil, err
	}
	s := &Server{listener: listener}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(options.H2C)
	s.http = http.Server{
		Handler:           s.connectionHandler(options.Handler),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      max(writeTimeout, options.Patience),
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(debugLog{options.Log}, "", 0),
		Protocols:         &protocols,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          maxStreams,
			MaxReceiveBufferPerConnection: maxConnectionBuffer,
			MaxReceiveBufferPerStream:     maxStreamBuffer,
			MaxDecoderHeaderTableSize:     maxHeaderTable,
			MaxEncoderHeaderTableSize:     maxHeaderTable,
			SendPingTimeout:               pingAfter,
			PingTimeout:                   pingAnswer,
			WriteByteTimeout:              writeTimeout,
		},
	}
	return s, nil
}

// connectionHandler does what concerns the connection before next answers.
//
// While the server drains it asks clients to leave: a connection that ends with an answer loses no request; one
// that is closed while idle may lose the request that was just sent. Clients that speak HTTP/2 where it is off are
// told so: net/http takes the beginning of their connection for a request of HTTP/1 with the method PRI.
func (s *Server) connectionHandler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refused := r.ProtoMajor == 2 && r.Method == "PRI"
		if refused || s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		if refused {
			http.Error(w, "HTTP/2 without TLS is off here", http.StatusHTTPVersionNotSupported)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// debugLog writes what net/http has to say about connections, which strangers can bring about.
type debugLog struct{ log zerolog.Logger }

func (d debugLog) Write(text []byte) (int, error) {
	d.log.Debug().Msg(strings.TrimSpace(string(text)))
	return len(text), nil
}

// Address returns the host and port it listens at.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Close gives the address back without having served.
func (s *Server) Close() error { return s.listener.Close() }

// Serve serves until ctx ends, and then drains: nothing that came in is lost. It returns nil when
// all requests have been answered.
func Serve(ctx context.Context, drain Drain, servers ...*Server) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failures := make(chan error, 2*len(servers))
	var running sync.WaitGroup
	for _, server := range servers {
		running.Go(func() {
			if err := server.http.Serve(server.listener); !errors.Is(err, http.ErrServerClosed) {
				failures <- fmt.Errorf("serve %s: %w", server.Address(), err)
				cancel()
			}
		})
	}
	<-ctx.Done()
	if drain.Begin != nil {
		drain.Begin()
	}
	for _, server := range servers {
		server.draining.Store(true)
	}
	stopping, stop := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(drain.Timeout, 25*time.Second))
	defer stop()
	select {
	case <-stopping.Done():
	case <-time.After(cmp.Or(drain.Delay, 2*time.Second)):
	}
	for _, server := range servers {
		running.Go(func() {
			if err := server.http.Shutdown(stopping); err != nil {
				failures <- errors.Join(fmt.Errorf("requests were cut off: %w", err), server.http.Close())
			}
		})
	}
	running.Wait()
	close(failures)
	var all error
	for err := range failures {
		all = errors.Join(all, err)
	}
	return all
}
