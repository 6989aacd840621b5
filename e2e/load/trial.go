package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// scenario is one named way to load the program.
type scenario struct {
	name string
	run  func(*trial) error
}

// trial is one scenario at work.
type trial struct {
	*bench
	result
	closers []func()
}

// contestant is one of the servers that a scenario loads.
type contestant struct {
	name string
	*process
	// log is emptied after each load, if there is one.
	log *server
	// next returns what to do to the server in the next round.
	next func() job
	// answerLength is that of every answer, in bytes.
	answerLength int
	measured     []measurement
	// requests and sent add up what the loads report.
	requests, sent int
}

// measure runs one scenario.
func (b *bench) measure(s scenario) result {
	fmt.Fprintf(os.Stderr, "… %s\n", s.name)
	t := &trial{bench: b, result: result{name: s.name}}
	defer func() {
		for _, stop := range slices.Backward(t.closers) {
			stop()
		}
	}()
	if err := s.run(t); err != nil {
		t.fail("%v", err)
	}
	return t.result
}

// fail notes what is wrong and goes on.
func (t *trial) fail(format string, values ...any) {
	t.failures = append(t.failures, fmt.Sprintf(format, values...))
}

// note adds a remark to the result.
func (t *trial) note(format string, values ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, values...))
}

// loadInTurn loads each of the servers once in every round, in one order and in the opposite, and adds
// the medians to the result.
func (t *trial) loadInTurn(contestants ...*contestant) error {
	for round := range t.rounds {
		order := slices.Clone(contestants)
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, c := range order {
			if err := t.load(c); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	for _, c := range contestants {
		t.rows = append(t.rows, row{c.name, medians(c.measured)})
	}
	return nil
}

// load loads one server once.
func (t *trial) load(c *contestant) error {
	j := c.next()
	before, err := c.processorTime()
	if err != nil {
		return err
	}
	r, err := t.wrk(j, c.address)
	if err != nil {
		return err
	}
	after, err := c.processorTime()
	if err != nil {
		return err
	}
	if failure := r.failure(j, c.answerLength); failure != "" {
		t.fail("%s: %s", c.name, failure)
	}
	c.measured = append(c.measured, measurement{
		throughput: float64(r.Requests) / (time.Duration(r.Microseconds) * time.Microsecond).Seconds(),
		median:     time.Duration(r.Median) * time.Microsecond,
		p99:        time.Duration(r.P99) * time.Microsecond,
		processor:  (after - before) / time.Duration(r.Requests),
	})
	c.requests, c.sent = c.requests+r.Requests, c.sent+r.Sent
	if c.log != nil {
		return c.log.forget()
	}
	return nil
}

// always is the job of a server that is asked the same in each round.
func (t *trial) always(c *contestant, requests ...request) {
	raw := rawRequests(requests, c.address)
	c.next = func() job { return job{requests: raw, connections: t.connections, duration: t.duration} }
}

// stack is the program in front of an upstream of its own.
type stack struct {
	name string
	*server
	upstream *upstream
}

const (
	current = "ordergraph"
	older   = "the older build"
	bare    = "bare net/http"
)

// stacks starts the program, and the older build of it if there is one. Copies stay fresh for longer
// than a scenario takes.
func (t *trial) stacks(delay time.Duration, arguments ...string) ([]*stack, error) {
	binaries := map[string]string{current: t.binary, older: t.against}
	var list []*stack
	for _, name := range []string{current, older} {
		if binaries[name] == "" {
			continue
		}
		s, err := t.stack(name, binaries[name], delay, t.known(binaries[name], arguments))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, s)
	}
	return list, nil
}

// known returns arguments, pairs of a setting and its value, without the settings that an older build
// doesn't have: what they turn off isn't there.
func (t *trial) known(binary string, arguments []string) []string {
	offered, err := exec.CommandContext(t.ctx, binary, "--help").Output()
	if err != nil {
		return arguments // The start will say what is wrong.
	}
	var list []string
	for pair := range slices.Chunk(arguments, 2) {
		if strings.Contains(string(offered), pair[0]) {
			list = append(list, pair...)
		}
	}
	return list
}

func (t *trial) stack(name, binary string, delay time.Duration, arguments []string) (*stack, error) {
	u, err := t.startUpstream(delay)
	if err != nil {
		return nil, err
	}
	t.closers = append(t.closers, u.kill)
	s, err := t.startServer(binary, append([]string{
		"--upstream-url", u.url(), "--admin-listen", "off", "--cache-ttl", "1h", "--cache-ttl-closed", "1h",
	}, arguments...)...)
	if err != nil {
		return nil, err
	}
	t.closers = append(t.closers, s.stop)
	return &stack{name, s, u}, nil
}

// wantCalls checks that the upstream was called once for each of so many orders, and rightly.
func (t *trial) wantCalls(s *stack, orders int) error {
	counted, err := s.upstream.tally()
	if err != nil {
		return err
	}
	if counted != (tally{Calls: orders, Distinct: orders}) {
		t.fail("%s: the upstream counts %+v, want %d calls, each for another order", s.name, counted, orders)
	}
	return nil
}
