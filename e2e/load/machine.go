package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// describeMachine says in one line where, when and how the figures come about.
func describeMachine(set settings) string {
	processor := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		processor = processorName(string(text), processor)
	}
	rounds := "rounds"
	if set.rounds == 1 {
		rounds = "round"
	}
	return fmt.Sprintf("%s, %d cores shared with the load generator and the upstream; %s, Linux; %s; %d connections, medians of %d %s of %s",
		processor, runtime.NumCPU(), goVersion(), time.Now().UTC().Format(time.DateOnly), set.connections, set.rounds, rounds, set.duration)
}

func goVersion() string { return "Go " + strings.TrimPrefix(runtime.Version(), "go") }

// processorName finds the processor's name in /proc/cpuinfo.
func processorName(cpuinfo, otherwise string) string {
	for line := range strings.Lines(cpuinfo) {
		name, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return otherwise
}
