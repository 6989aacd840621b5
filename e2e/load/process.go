package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// The names under which this program serves as one of the servers of a scenario.
const (
	bareCommand     = "serve-bare"
	upstreamCommand = "serve-upstream"
	proxyCommand    = "serve-proxy"
)

// process is a server that the suite has started, with a CPU account of its own.
type process struct {
	command *exec.Cmd
	// address is host:port of its listener.
	address string
	exited  chan struct{}
}

// startSelf starts this program as one of its servers, which ends when the suite does, and waits for
// the address that it listens on.
func (b *bench) startSelf(arguments ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(b.ctx, self, arguments...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	// The pipe's end tells the server that the suite has ended.
	if _, err := command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	p := watch(command)
	p.address = strings.TrimSpace(line)
	if err != nil {
		p.kill()
		return nil, fmt.Errorf("start %s: %w", arguments[0], err)
	}
	return p, nil
}

// watch returns the process that command has started, and reaps it when it ends.
func watch(command *exec.Cmd) *process {
	p := &process{command: command, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		command.Wait() //nolint:errcheck // the suite kills its servers; one that ends by itself is noticed by its silence
	}()
	return p
}

// untilOrphaned returns when the suite that started this process has ended.
func untilOrphaned() error {
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func (p *process) gone() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

func (p *process) kill() {
	if err := p.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		panic(err) // A process that this program started can be killed by it.
	}
	<-p.exited
}

// clockTick is the unit of the times in /proc/PID/stat. It is the same on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// processorTime returns the CPU time that the process has used, in user and in kernel mode.
func (p *process) processorTime() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	return parseProcessorTime(string(stat))
}

// parseProcessorTime adds utime and stime, the fields 14 and 15 of /proc/PID/stat. The second field,
// the command in parentheses, may itself hold spaces and parentheses.
func parseProcessorTime(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/PID/stat is too short: %q", stat)
	}
	var ticks int64
	for _, field := range fields[11:13] {
		number, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/PID/stat: %w", err)
		}
		ticks += number
	}
	return time.Duration(ticks) * clockTick, nil
}

// memory returns a figure of /proc/PID/status in bytes: VmRSS is what the process has now, VmHWM the
// most it ever had.
func (p *process) memory(figure string) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
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
