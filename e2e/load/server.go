package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// server is the program under test, running as a process.
type server struct {
	*process
	// log is the file that it writes its log to.
	log *os.File
}

// startServer starts binary with arguments on a free port, and waits until it is ready.
func (b *bench) startServer(binary string, arguments ...string) (*server, error) {
	s, err := b.launch(binary, arguments...)
	if err != nil {
		return nil, err
	}
	if err := s.waitReady(b.ctx); err != nil {
		s.kill()
		return nil, err
	}
	return s, nil
}

// launch starts binary and does not wait for it.
func (b *bench) launch(binary string, arguments ...string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	// Opened to append, so that it can be emptied while the server writes.
	name := filepath.Join(b.directory, "log-"+strings.ReplaceAll(address, ":", "-"))
	log, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			log.Close()
		}
	}()
	command := exec.CommandContext(b.ctx, binary, append([]string{"--listen", address}, arguments...)...)
	command.Stdout, command.Stderr = log, log
	if err = command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	p := watch(command)
	p.address = address
	return &server{p, log}, nil
}

// freeAddress returns a loopback address that nobody listens on just now.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// waitReady asks every half millisecond whether the server is ready.
func (s *server) waitReady(ctx context.Context) error {
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if s.gone() {
			return fmt.Errorf("the server ended, having written: %s", s.written())
		}
		if s.ready(ctx) {
			return nil
		}
		time.Sleep(500 * time.Microsecond)
	}
	return errors.New("the server is not ready after 20 s")
}

func (s *server) ready(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/readyz", nil)
	if err != nil {
		return false
	}
	request.Close = true
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// written returns the beginning of what the server has logged.
func (s *server) written() string {
	text := make([]byte, 500)
	n, err := s.log.ReadAt(text, 0)
	if n == 0 {
		return fmt.Sprintf("nothing (%v)", err)
	}
	return string(text[:n])
}

// forget empties the log, which grows by a line for each request.
func (s *server) forget() error { return s.log.Truncate(0) }

func (s *server) stop() {
	s.kill()
	s.log.Close()
}

// build builds the program from the module of the working directory.
func build(ctx context.Context, directory string) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	binary := filepath.Join(directory, "ordergraph")
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, ".")
	command.Dir, command.Stderr = strings.TrimSpace(string(root)), os.Stderr
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	return binary, command.Run()
}
