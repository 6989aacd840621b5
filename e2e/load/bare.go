package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// readyAnswer is what the bare server says to everybody.
type readyAnswer struct {
	Header http.Header
	Body   []byte
}

// startBare starts a server that does nothing but read requests and answer with the given bytes under
// the same header fields: what net/http costs, and so the most that a server made with it can reach.
func (b *bench) startBare(like *answer) (*process, error) {
	ready := readyAnswer{Header: like.header.Clone(), Body: like.body}
	ready.Header.Del("Date") // net/http adds it
	ready.Header.Set("Content-Length", strconv.Itoa(len(like.body)))
	text, err := json.Marshal(ready)
	if err != nil {
		return nil, err
	}
	file, err := b.file("ready-*.json", text)
	if err != nil {
		return nil, err
	}
	return b.startSelf(bareCommand, file)
}

// serveBare is the bare server.
func serveBare(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var ready readyAnswer
	if err := json.Unmarshal(text, &ready); err != nil {
		return err
	}
	return serve(ready)
}

func (a readyAnswer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	header := w.Header()
	for name, values := range a.Header {
		header[name] = values
	}
	w.Write(a.Body) //nolint:errcheck // the load generator hangs up at the end
}

// serve listens on a free port of the loopback, prints the address, and serves until the suite ends.
func serve(handler http.Handler) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	go func() { failed <- untilOrphaned() }()
	return <-failed
}
