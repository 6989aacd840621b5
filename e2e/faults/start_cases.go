package main

import (
	"strings"
	"time"
)

func startCases() []*scenario {
	return []*scenario{
		{section: sectionRunning, name: "many starts, 12 at once", bare: true, alone: true, run: manyStarts},
	}
}

// manyStarts starts the program as a newcomer does, with nothing but free ports, and ends it. A busy
// machine is what brings out what happens in an unlucky order, so there are more starts at once than
// processors.
func manyStarts(c *check) {
	const atOnce = 12
	started := time.Now()
	starts := make(chan int, c.settings.starts)
	for i := range c.settings.starts {
		starts <- i
	}
	close(starts)
	failures := make(chan string, c.settings.starts)
	together(atOnce, func(int) *response {
		for range starts {
			if wrong := c.startOnce(); wrong != "" {
				failures <- wrong
			}
		}
		return nil
	})
	close(failures)
	for wrong := range failures {
		c.fail("%s", wrong)
	}
	c.note("%d starts", c.settings.starts)
	c.note("%v each", (time.Since(started) / time.Duration(max(c.settings.starts, 1))).Round(time.Millisecond))
}

// startOnce returns what went wrong.
func (c *check) startOnce() string {
	s, err := launch(c.settings.binary, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-level", "info")
	if err != nil {
		return err.Error()
	}
	defer func() {
		if !s.gone() {
			s.kill()
		}
	}()
	for began := time.Now(); !strings.Contains(s.output.String(), "/graphiql/"); time.Sleep(5 * time.Millisecond) {
		if s.gone() || time.Since(began) > 30*time.Second {
			return "it did not start: " + brief(s.output.String())
		}
	}
	if err := s.terminate(); err != nil {
		return err.Error() + ": " + brief(s.output.String())
	}
	if code := s.waitExit(30 * time.Second); code != 0 {
		return brief(s.output.String())
	}
	return ""
}
