package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// server is the program under test, running as a process.
type server struct {
	command *exec.Cmd
	// address and admin are host:port of its two listeners.
	address, admin string
	output         output
	exited         chan struct{}
	exitError      error // valid once exited is closed
}

// output keeps what a process writes. Safe for concurrent use.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// launch starts binary with arguments on free ports and does not wait for it.
func launch(binary string, arguments ...string) (*server, error) {
	return launchInto(nil, binary, arguments...)
}

// launchInto is launch for a process that writes its log into a file, or a pipe, instead of output.
func launchInto(stderr *os.File, binary string, arguments ...string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	admin, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &server{address: address, admin: admin, exited: make(chan struct{})}
	s.command = exec.Command(binary, append([]string{
		"--listen", address, "--admin-listen", admin, "--log-level", "debug", "--log-format", "json",
	}, arguments...)...)
	s.command.Stdout, s.command.Stderr = &s.output, &s.output
	if stderr != nil {
		s.command.Stderr = stderr
	}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "ORDERGRAPH_") && !strings.HasPrefix(variable, "OTEL_") {
			s.command.Env = append(s.command.Env, variable)
		}
	}
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	go func() {
		s.exitError = s.command.Wait()
		close(s.exited)
	}()
	return s, nil
}

// lastPort is where freeAddress went on to. It starts anywhere, for other suites may run beside.
var lastPort atomic.Int64

func init() { lastPort.Store(rand.Int64N(20_000)) }

// freeAddress returns a loopback address that nobody listens on just now, another one each time. Its
// port is none of those that the system gives to connections, which come and go by thousands here.
func freeAddress() (string, error) {
	for range 100 {
		listener, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 12_000+lastPort.Add(1)%20_000))
		if err == nil {
			return listener.Addr().String(), listener.Close()
		}
	}
	return "", errors.New("no free port found")
}

// waitReady waits until the server says that it is ready.
func (s *server) waitReady() error {
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if s.gone() {
			return fmt.Errorf("the server ended: %w, having written: %.500s", s.exitError, s.output.String())
		}
		if s.probe("/readyz") == http.StatusOK {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("the server is not ready after 20 s")
}

// probe returns the status of a health path, 0 if there is no answer.
func (s *server) probe(path string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		return 0
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

func (s *server) gone() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// terminate asks the process to end.
func (s *server) terminate() error { return s.command.Process.Signal(syscall.SIGTERM) }

// waitExit waits for the end of the process and returns its exit code, -1 if it has to be killed.
func (s *server) waitExit(limit time.Duration) int {
	select {
	case <-s.exited:
		return s.command.ProcessState.ExitCode()
	case <-time.After(limit):
		s.kill()
		return -1
	}
}

func (s *server) kill() {
	if err := s.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		panic(err) // A process that this program started can be killed by it.
	}
	<-s.exited
}

// memory returns a figure of /proc/PID/status in bytes: VmRSS is what the process has now, VmHWM the
// most it ever had.
func (s *server) memory(figure string) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, figure+":"); found {
			kibibytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return kibibytes << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in /proc/PID/status", figure)
}

// processorTime returns how long the process has run on all processors, in steps of 10 ms.
func (s *server) processorTime() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The fields follow the program's name, which is in parentheses: state is the first of them,
	// utime and stime are the 12th and 13th, in hundredths of a second.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/PID/stat has %d fields", len(fields))
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, err
}
