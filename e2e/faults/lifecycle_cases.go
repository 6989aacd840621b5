package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const sectionRunning = "Running it"

func lifecycleCases() []*scenario {
	return []*scenario{
		{section: sectionRunning, name: "SIGTERM under load loses no request", alone: true, run: termination},
		{section: sectionRunning, name: "SIGTERM while an upstream hangs", alone: true, arguments: []string{"--upstream-timeout", "2s"}, run: terminationWithHang},
		{section: sectionRunning, name: "a bad setting stops the start in one line", bare: true, run: badSettings},
		{section: sectionRunning, name: "a port in use stops the start", run: portInUse},
		{section: sectionRunning, name: "probes touch nothing and the admin port has what operators need", run: probes},
		{section: sectionRunning, name: "the breaker and the calls are measured", needs: "/metrics", run: metrics},
	}
}

// termination lets callers send requests until /readyz fails, as a load balancer does, and counts
// those that got no answer.
func termination(c *check) {
	c.endpoint.otherwise(after(150*time.Millisecond, answerOrder))
	caller := newToken("caller")
	var draining atomic.Bool
	var mu sync.Mutex
	right, lost := 0, 0
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 40 * time.Second}
			for !draining.Load() {
				id := newID()
				r := c.post(context.Background(), client, request{query: orderQuery(id), authorization: caller})
				mu.Lock()
				if r.err != nil || r.at("order", "buyerMessage") != marker(caller, id) {
					lost++
					c.fail("lost: %s", brief(r.String()))
				} else {
					right++
				}
				mu.Unlock()
			}
		})
	}
	time.Sleep(500 * time.Millisecond)
	c.require(c.terminate(), "terminate")
	started := time.Now()
	for c.probe("/readyz") == http.StatusOK && time.Since(started) < 5*time.Second {
		time.Sleep(5 * time.Millisecond)
	}
	if took := time.Since(started); took > time.Second {
		c.fail("/readyz fails only after %v", took)
	}
	time.Sleep(50 * time.Millisecond) // New connections are still served for a moment.
	draining.Store(true)
	group.Wait()
	code := c.waitExit(30 * time.Second)
	if code != 0 {
		c.fail("the exit code is %d", code)
	}
	c.note("%d right, %d lost, exit %d after %v", right, lost, code, time.Since(started).Round(10*time.Millisecond))
	c.searchOutput(c.server)
	c.server = nil
}

func terminationWithHang(c *check) {
	c.endpoint.otherwise(hang)
	answered := make(chan *response, 1)
	go func() { answered <- c.ask(newToken("caller"), orderQuery(newID())) }()
	time.Sleep(300 * time.Millisecond)
	c.require(c.terminate(), "terminate")
	r := <-answered
	c.wantCodes(r, "UPSTREAM_TIMEOUT at order")
	if code := c.waitExit(30 * time.Second); code != 0 {
		c.fail("the exit code is %d", code)
	}
	c.server = nil
}

func badSettings(c *check) {
	for _, test := range [][]string{
		{"--cache-ttl", "soon"},
		{"--cache-size", "-1"},
		{"--max-depth", "many"},
		{"--upstream-concurrency", "0"},
		{"--upstream-url", "not a url"},
		{"--upstream-url", "ftp://a.example/"},
		{"--log-level", "loud"},
		{"--trusted-documents", "/nowhere.json"},
		{"--trusted-documents", "/dev/zero"},
		{"--rate-limit", "1e300"},
		{"--rate-limit", "NaN"},
		{"--upstream-rate", "1e300"},
		{"--upstream-concurrency", "2147483647"},
		{"--upstream-retries", "2147483647"},
		{"--cache-size", "99999999999GiB"},
		{"--max-body", "9223372036854775807"},
		{"--cache-ttl", "9223372036854775807ns"},
		{"--cors-origins", "*"},
		{"--nothing", "1"},
	} {
		s, err := launch(c.settings.binary, test...)
		c.require(err, "start the server")
		code := s.waitExit(5 * time.Second)
		text := strings.TrimSpace(s.output.String())
		if code <= 0 || strings.Count(text, "\n") > 0 || !strings.Contains(text, strings.TrimLeft(test[0], "-")) {
			c.fail("%v: exit code %d, %s", test, code, brief(text))
		}
	}
}

func portInUse(c *check) {
	s, err := launch(c.settings.binary, "--listen", c.address)
	c.require(err, "start the server")
	if code := s.waitExit(10 * time.Second); code <= 0 {
		c.fail("the exit code is %d: %s", code, brief(s.output.String()))
	}
}

func probes(c *check) {
	for _, host := range []string{c.address, c.admin} {
		for _, path := range []string{"/livez", "/readyz"} {
			if r := c.get("http://" + host + path); r.status != 200 {
				c.fail("%s%s: %s", host, path, brief(r.String()))
			}
		}
	}
	private := []string{"/debug/pprof/"}
	if strings.Contains(c.settings.offered, "/metrics") {
		private = append(private, "/metrics")
	}
	for _, path := range private {
		if r := c.get("http://" + c.admin + path); r.status != 200 {
			c.fail("admin %s: %d", path, r.status)
		}
		if r := c.get("http://" + c.address + path); r.status != 404 {
			c.fail("public %s: %d", path, r.status)
		}
	}
	c.wantCalls(0)
}

func metrics(c *check) {
	caller, id := newToken("caller"), newID()
	c.ask(caller, orderQuery(id))
	c.ask(caller, orderQuery(id))
	c.ask(caller, "{nothing}")
	r := c.get("http://" + c.admin + "/metrics")
	for _, name := range []string{
		"http_server_request_duration_seconds", "graphql_operations_total", "graphql_errors_total", "graphql_rejected_total",
		"upstream_request_duration_seconds", "upstream_requests_total", "upstream_points_total", "upstream_in_flight", "upstream_breaker_state",
		"cache_requests_total", "cache_bytes", "build_info", "go_goroutines", "process_resident_memory_bytes",
	} {
		if !strings.Contains(string(r.body), "\n"+name) {
			c.fail("no metric %s", name)
		}
	}
}
