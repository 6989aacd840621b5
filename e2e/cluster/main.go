// Command cluster runs three instances of the program with one Redis, and measures what they promise together:
// one paid call for an order, a refresh that reaches all, and answers whatever becomes of Redis. It needs
// redis-server and redis-cli.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// check is one thing to be shown. It returns what it measured.
type check struct {
	name string
	run  func(*suite) (measured string, err error)
}

// suite is what the checks share.
type suite struct {
	binary   string
	duration time.Duration
	folder   string
}

func main() {
	log.SetFlags(0)
	var s suite
	var pattern string
	flag.StringVar(&s.binary, "binary", "", "the program under test; built from this module if empty")
	flag.StringVar(&pattern, "run", "", "a regular expression: only the checks whose name it matches")
	flag.DurationVar(&s.duration, "duration", 10*time.Second, "how long a load lasts")
	flag.Parse()
	if err := s.runAll(pattern); err != nil {
		log.Fatal(err)
	}
}

func (s *suite) runAll(pattern string) (err error) {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	if s.folder, err = os.MkdirTemp("", "cluster"); err != nil {
		return err
	}
	defer os.RemoveAll(s.folder)
	if s.binary == "" {
		s.binary = filepath.Join(s.folder, "ordergraph")
		if output, err := exec.Command("go", "build", "-o", s.binary, ".").CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, output)
		}
	}
	failed := 0
	for _, c := range checks() {
		if !wanted.MatchString(c.name) {
			continue
		}
		measured, err := c.run(s)
		if err != nil {
			failed++
			fmt.Printf("WRONG %s: %v\n", c.name, err)
			continue
		}
		fmt.Printf("ok    %s: %s\n", c.name, measured)
	}
	if failed > 0 {
		return errors.New("something is wrong")
	}
	return nil
}

func checks() []check {
	list, three := coldChecks(), setup{instances: 3, latency: 5 * time.Millisecond}
	list = append(list,
		check{"a refresh reaches the others", on(three, refreshCheck)},
		check{"mixed load costs what it costs one instance", mixedCheck},
		check{"the holder of a lease is killed", on(setup{instances: 3, latency: 3 * time.Second}, killedHolderCheck)},
		check{"what is stored is spoilt", on(three, spoiltCheck)},
		check{"a reader of Redis learns nothing", on(setup{
			instances: 2, latency: 5 * time.Millisecond, redis: []string{"--slowlog-log-slower-than", "0", "--slowlog-max-len", "10000"},
			arguments: []string{"--upstream-rate=100", "--rate-limit=100", "--budget=1000/hour", "--client-budget=1000/day"},
		}, secrecyCheck)},
		check{"hot load leaves Redis alone", on(setup{instances: 1, latency: 5 * time.Millisecond}, hotCheck)},
	)
	list = append(list, budgetChecks()...)
	return append(list, faultChecks()...)
}
