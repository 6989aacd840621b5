// Command load puts the built program under load beside a bare net/http server that answers the same
// bytes, in turn and in one run, so that the ratio of the two says what the program costs even where
// the machine is slow or busy. It drives the program from outside, over loopback only, in front of
// an upstream of its own.
//
//	go run ./e2e/load                          # builds the binary, five rounds
//	go run ./e2e/load -run 'hot|cold'          # some scenarios
//	go run ./e2e/load -against ./older         # loads an older build in the same rounds
//	go run ./e2e/load -svg e2e/load/load.svg -markdown
//
// It exits with 1 if an answer is wrong, a request fails, or the upstream is called more or less often
// than it must be. How fast the program is never fails the run: targets are printed beside what was
// measured. It needs Linux, for /proc, and wrk.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settings are the command line's.
type settings struct {
	// binary is the program under test, against an older build of it, if any.
	binary, against string
	rounds          int
	duration        time.Duration
	connections     int
	pattern         *regexp.Regexp
	svg             string
	markdown, quick bool
	// starts is how often the start is timed, filling the number of orders that fill the cache, and
	// sample how many of those are asked for again.
	starts, filling, sample int
}

func main() {
	sound, err := serveOrRun()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
	}
	if err != nil || !sound {
		os.Exit(1)
	}
}

// serveOrRun is one of the servers that the suite starts as processes of their own, or the suite.
func serveOrRun() (sound bool, err error) {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case bareCommand:
			return true, serveBare(os.Args[2])
		case upstreamCommand:
			return true, serveUpstream(os.Args[2])
		case proxyCommand:
			return true, serveProxy(os.Args[2])
		}
	}
	clearSettings()
	set, err := parseSettings()
	if err != nil {
		return false, err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, set)
}

// clearSettings keeps the programs that are started from settings of whoever runs the suite. Of a variable
// that is none of them, such as the one that names the binary, they would say that it is misspelt.
func clearSettings() {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "ORDERGRAPH_") {
			os.Unsetenv(name)
		}
	}
}

func parseSettings() (settings, error) {
	set := settings{starts: 11, filling: 100_000, sample: 2_000}
	flag.StringVar(&set.binary, "binary", "", "the program under test; built from this module if empty")
	flag.StringVar(&set.against, "against", "", "an older build of the program, to load in the same rounds")
	flag.IntVar(&set.rounds, "rounds", 5, "how often each server of a scenario is loaded")
	flag.DurationVar(&set.duration, "duration", 3*time.Second, "how long one load lasts, in whole seconds")
	flag.IntVar(&set.connections, "connections", 32, "connections of the load generator")
	pattern := flag.String("run", "", "a regular expression: only the scenarios whose name it matches")
	flag.StringVar(&set.svg, "svg", "", "a file to draw the results into")
	flag.BoolVar(&set.markdown, "markdown", false, "print the results as a Markdown table, too")
	flag.BoolVar(&set.quick, "quick", false, "one round of a second and fewer orders: to see that all is right, not how fast it is")
	flag.Parse()
	if set.quick {
		set.rounds, set.duration, set.starts, set.filling, set.sample = 1, time.Second, 3, 10_000, 500
	}
	switch {
	case flag.NArg() > 0:
		return set, fmt.Errorf("unknown argument %q", flag.Arg(0))
	case runtime.GOOS != "linux":
		return set, errors.New("this suite needs Linux: it reads the servers' CPU time and memory from /proc")
	case set.rounds < 1, set.connections < 1, set.duration < time.Second, set.duration%time.Second != 0:
		return set, errors.New("-rounds and -connections are at least 1, -duration is in whole seconds")
	}
	if _, err := exec.LookPath("wrk"); err != nil {
		return set, fmt.Errorf("the load generator wrk is missing (on Debian: apt-get install wrk): %w", err)
	}
	var err error
	set.pattern, err = regexp.Compile(*pattern)
	return set, err
}

// run runs the chosen scenarios and reports whether nothing is wrong.
func run(ctx context.Context, set settings) (sound bool, err error) {
	b, err := newBench(ctx, set)
	if err != nil {
		return false, err
	}
	defer b.close()
	where := describeMachine(set)
	fmt.Println(where)
	var results []result
	sound = true
	for _, s := range scenarios(set.connections) {
		if !set.pattern.MatchString(s.name) {
			continue
		}
		r := b.measure(s)
		r.print(os.Stdout)
		results = append(results, r)
		sound = sound && len(r.failures) == 0
	}
	if len(results) == 0 {
		return false, errors.New("no scenario has such a name")
	}
	if set.markdown {
		printMarkdown(os.Stdout, where, results)
	}
	if set.svg != "" {
		if err := os.WriteFile(set.svg, drawing(where, results), 0o644); err != nil {
			return false, err
		}
	}
	return sound, nil
}

// scenarios returns all there are; connections is how many those have that could have any number.
func scenarios(connections int) []scenario {
	return slices.Concat(hotScenarios(), coldScenarios(connections), []scenario{listScenario(), startScenario(), memoryScenario()})
}
