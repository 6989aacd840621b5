package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// check is one case at work: the program under test, its upstream, and what was found wrong.
type check struct {
	*scenario
	settings settings
	endpoint *endpoint
	*server
	client *http.Client

	mu       sync.Mutex // guards what follows
	failures []string
	notes    []string
}

// scenario is one named case. Its section is a heading of the requirements.
type scenario struct {
	section, name string
	// arguments are the server's, besides the addresses and the upstream's URL.
	arguments []string
	// needs is a setting without which there is nothing to look at.
	needs string
	// long cases wait for minutes; they run if the soak does.
	long bool
	// bare cases start servers of their own.
	bare bool
	// alone cases measure time or memory and run while nothing else does.
	alone bool
	run   func(*check)
}

// fail notes what is wrong and goes on. Safe for concurrent use, as note is.
func (c *check) fail(format string, values ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures = append(c.failures, fmt.Sprintf(format, values...))
}

// stop notes what is wrong and ends the case.
func (c *check) stop(format string, values ...any) {
	c.fail(format, values...)
	runtime.Goexit()
}

// note adds a figure to the table.
func (c *check) note(format string, values ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notes = append(c.notes, fmt.Sprintf(format, values...))
}

// require ends the case if err is set.
func (c *check) require(err error, doing string) {
	if err != nil {
		c.stop("%s: %v", doing, err)
	}
}

// newCheck starts an upstream and, unless the case is bare, the server in front of it.
func newCheck(s *scenario, set settings) (*check, error) {
	endpoint, err := newEndpoint()
	if err != nil {
		return nil, err
	}
	c := &check{scenario: s, settings: set, endpoint: endpoint, client: newClient()}
	if s.bare {
		return c, nil
	}
	if c.server, err = c.start(s.arguments...); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func newClient() *http.Client {
	return &http.Client{
		Timeout:   60 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true},
	}
}

// start starts a server in front of the endpoint and waits until it is ready.
func (c *check) start(arguments ...string) (*server, error) {
	s, err := launch(c.settings.binary, append([]string{"--upstream-url", c.endpoint.url()}, arguments...)...)
	if err != nil {
		return nil, err
	}
	if err := s.waitReady(); err != nil {
		if !s.gone() {
			s.kill()
		}
		return nil, err
	}
	return s, nil
}

func (c *check) close() {
	c.client.CloseIdleConnections()
	if c.server != nil && !c.gone() {
		c.kill()
	}
	c.endpoint.stop()
}

// afterwards checks what must hold at the end of every case.
func (c *check) afterwards() {
	if c.server == nil {
		return
	}
	if c.gone() {
		c.fail("the server ended: %v", c.exitError)
	} else if status := c.probe("/readyz"); status != http.StatusOK {
		c.fail("/readyz answers %d", status)
	}
	c.searchOutput(c.server)
}

// searchOutput searches everything that s has written, its metrics included, for what it must not
// write.
func (c *check) searchOutput(s *server) {
	written := s.output.String()
	if !s.gone() {
		if r := c.get("http://" + s.admin + "/metrics"); r.err == nil {
			written += string(r.body)
		}
	}
	for _, secret := range []string{plantedToken, plantedName, plantedPhone, plantedAddress} {
		if i := strings.Index(written, secret); i >= 0 {
			c.fail("the server wrote %q: …%s…", secret, written[max(0, i-200):min(len(written), i+100)])
		}
	}
	for _, sign := range []string{"panic:", "DATA RACE", "goroutine ", "fatal error:"} {
		if i := strings.Index(written, sign); i >= 0 {
			c.fail("the server wrote %q: %.1500s", sign, written[i:])
		}
	}
}

var tokens atomic.Int64

// token returns a new caller's Authorization value.
func newToken(name string) string {
	return fmt.Sprintf("Bearer %s-%s-%d", name, plantedToken, tokens.Add(1))
}

var orderIDs atomic.Int64

// newID returns an order id that no case has used.
func newID() string { return fmt.Sprint(600_000_000_000_000_000 + orderIDs.Add(10)) }

func newIDs(count int) []string {
	ids := make([]string, count)
	for i := range ids {
		ids[i] = newID()
	}
	return ids
}

// ask sends a query for the caller.
func (c *check) ask(authorization, query string) *response {
	return c.send(request{query: query, authorization: authorization})
}

func (c *check) send(r request) *response { return c.post(context.Background(), c.client, r) }

func (c *check) get(url string) *response {
	sent, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	c.require(err, "build a request")
	return do(c.client, sent)
}

// selection is what cases ask of an order: it needs NativeLogistics.
const selection = `{ id status buyerMessage domesticShipping { city } }`

func orderQuery(id string) string { return fmt.Sprintf(`{ order(id: %q) %s }`, id, selection) }

// wantOrder checks that r shows, at path, the order id as the caller owns it.
func (c *check) wantOrder(r *response, authorization, id string, path ...string) {
	got, want := r.at(append(path, "buyerMessage")...), marker(authorization, id)
	if got != want || r.at(append(path, "id")...) != id {
		c.fail("order %s at %v: got %v, want %q; the answer: %s", id, path, got, want, brief(r.String()))
	}
}

// wantCodes checks the codes and paths of all errors.
func (c *check) wantCodes(r *response, want ...string) {
	slices.Sort(want)
	if got := r.codes(); got != strings.Join(want, ", ") {
		c.fail("got the errors %q, want %q; the answer: %s", got, strings.Join(want, ", "), brief(r.String()))
	}
}

// wantCalls checks how often the endpoint has been called for ids, or at all.
func (c *check) wantCalls(want int, ids ...string) {
	if got := c.endpoint.count(ids...); got != want {
		c.fail("%d upstream calls, want %d", got, want)
	}
}

// wantMemory checks a figure of memory in bytes. Under the race detector it tells nothing.
func (c *check) wantMemory(got, most int) {
	if got > most && !c.settings.race {
		c.fail("%d MiB of memory, want at most %d", got>>20, most>>20)
	}
}

// wantSilence checks that an error says nothing that is not ours to say.
func (c *check) wantSilence(r *response, secrets ...string) {
	for _, secret := range append(secrets, plantedToken, plantedPhone, plantedName, c.endpoint.listener.Addr().String(), "goroutine", ".go:") {
		for _, e := range r.Errors {
			if text := fmt.Sprint(e.Message, slices.Collect(maps.Values(e.Extensions))); strings.Contains(text, secret) {
				c.fail("an error says %q: %.300s", secret, text)
			}
		}
	}
}

// brief shortens a text for the table.
func brief(text string) string {
	if len(text) > 400 {
		return text[:400] + "…"
	}
	return text
}
