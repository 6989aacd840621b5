// Command faults does to the program what strangers and a bad upstream can do to it, and then mixes
// it all for a while. It drives the built binary from outside, in front of an upstream of its own,
// over loopback only, and prints a table of what it found. It exits with 1 if anything is wrong.
//
//	go run ./e2e/faults                      # builds the binary, soaks for 20 s
//	go run ./e2e/faults -run 'gzip|fairness' # some cases
//	go run ./e2e/faults -binary ./ordergraph -duration 10m -starts 500
//
// It needs Linux, for /proc.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

// settings are the command line's.
type settings struct {
	binary   string
	duration time.Duration
	parallel int
	starts   int
	pattern  *regexp.Regexp
	race     bool
	// offered is the text of --help.
	offered string
}

func main() {
	set, err := parseSettings()
	if err == nil {
		var sound bool
		if sound, err = run(set); err == nil && sound {
			return
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
	}
	os.Exit(1)
}

func parseSettings() (settings, error) {
	var set settings
	flag.StringVar(&set.binary, "binary", "", "the program under test; built from this module if empty")
	flag.DurationVar(&set.duration, "duration", 20*time.Second, "how long the soak lasts; 0 leaves it out, 1m and more adds the cases that wait for minutes")
	flag.IntVar(&set.parallel, "parallel", 4, "cases at once, but for those that measure")
	pattern := flag.String("run", "", "a regular expression, in any case of letters: only what matches of \"section: case\" and \"Soak\"")
	flag.IntVar(&set.starts, "starts", 60, "how often the program is started, 12 at once")
	flag.BoolVar(&set.race, "race", false, "the program has the race detector, and takes as much memory as that wants")
	flag.Parse()
	var err error
	set.pattern, err = regexp.Compile("(?i)" + *pattern)
	return set, err
}

// run runs the cases and the soak, and reports whether nothing is wrong.
func run(set settings) (sound bool, err error) {
	if set.binary == "" {
		directory, err := os.MkdirTemp("", "faults")
		if err != nil {
			return false, err
		}
		defer os.RemoveAll(directory)
		if set.binary, err = build(directory, set.race); err != nil {
			return false, err
		}
	}
	offered, err := exec.Command(set.binary, "--help").Output()
	if err != nil {
		return false, fmt.Errorf("ask for the settings: %w", err)
	}
	set.offered = string(offered)
	var chosen []*scenario
	for _, s := range scenarios() {
		if !strings.Contains(set.offered, s.needs) {
			fmt.Printf("left out, without the setting %s: %s: %s\n", s.needs, s.section, s.name)
			continue
		}
		if s.long && set.duration < time.Minute {
			continue
		}
		if set.pattern.MatchString(s.section + ": " + s.name) {
			chosen = append(chosen, s)
		}
	}
	results := runAll(chosen, set)
	wrong := printTable(results)
	if set.duration > 0 && set.pattern.MatchString("Soak") {
		soaked := runOne(&scenario{section: "Soak", name: set.duration.String(), arguments: soakArguments, run: soak}, set)
		wrong += printTable([]outcome{soaked})
	}
	return wrong == 0, nil
}

func scenarios() []*scenario {
	return slices.Concat(
		connectionCases(), upstreamCases(), moneyCases(), tenantCases(), queryCases(), bodyCases(),
		browserCases(), serviceCases(), lifecycleCases(), startCases(), logCases(),
		fairnessCases(), breakerCases(), abandonedCases(), oversizeCases(), http2Cases(),
	)
}

func build(directory string, race bool) (string, error) {
	binary := filepath.Join(directory, "ordergraph")
	arguments := []string{"build", "-o", binary}
	if race {
		arguments = append(arguments, "-race")
	}
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	command := exec.Command("go", append(arguments, ".")...)
	command.Dir = strings.TrimSpace(string(root))
	command.Stderr = os.Stderr
	return binary, command.Run()
}

// outcome is what came of one case.
type outcome struct {
	*scenario
	failures, notes []string
	took            time.Duration
}

// runAll runs several cases at once, and then one after the other those that measure.
func runAll(list []*scenario, set settings) []outcome {
	results := make([]outcome, len(list))
	var group sync.WaitGroup
	slots := make(chan struct{}, max(set.parallel, 1))
	for i, s := range list {
		if s.alone {
			continue
		}
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			results[i] = runOne(s, set)
		})
	}
	group.Wait()
	for i, s := range list {
		if s.alone {
			results[i] = runOne(s, set)
		}
	}
	return results
}

// runOne runs one case, in a goroutine of its own so that it can stop at once.
func runOne(s *scenario, set settings) outcome {
	started := time.Now()
	c, err := newCheck(s, set)
	if err != nil {
		return outcome{scenario: s, failures: []string{err.Error()}}
	}
	defer c.close()
	for _, step := range []func(*check){s.run, (*check).afterwards} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() {
				if thrown := recover(); thrown != nil {
					c.fail("%v\n%s", thrown, debug.Stack())
				}
			}()
			step(c)
		}()
		<-done
	}
	return outcome{scenario: s, failures: c.failures, notes: c.notes, took: time.Since(started)}
}

// printTable prints a line for each case and returns how many went wrong.
func printTable(results []outcome) (wrong int) {
	slices.SortStableFunc(results, func(a, b outcome) int { return cmp.Compare(a.section, b.section) })
	section := ""
	for _, r := range results {
		if r.section != section {
			section = r.section
			fmt.Printf("\n%s\n", section)
		}
		verdict := "ok"
		if len(r.failures) > 0 {
			verdict = "WRONG"
			wrong++
		}
		fmt.Printf("  %-5s  %-64s %7s  %s\n", verdict, r.name, r.took.Round(10*time.Millisecond), strings.Join(r.notes, "; "))
		for _, failure := range r.failures[:min(len(r.failures), 5)] {
			fmt.Printf("         %s\n", failure)
		}
		if more := len(r.failures) - 5; more > 0 {
			fmt.Printf("         and %d more\n", more)
		}
	}
	fmt.Printf("\n%d cases, %d wrong\n", len(results), wrong)
	return wrong
}
