package program

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ordergraph/upstream/sandbox"
)

// asked counts what answers say.
type asked struct {
	mu            sync.Mutex
	calls, points float64
	complete      bool // no caller has hung up
}

// ask sends a query, and hangs up after a while if that is not 0.
func (a *asked) ask(p *program, hangUp time.Duration, body string, headers ...string) error {
	ctx := context.Background()
	if hangUp > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, hangUp)
		defer cancel()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.public+"/graphql", strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	var answer struct {
		Extensions struct {
			Upstream struct{ Calls, Points float64 }
		}
	}
	response, err := p.client.Do(request)
	if err == nil {
		defer response.Body.Close()
		err = json.NewDecoder(response.Body).Decode(&answer)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.complete = false
	}
	a.calls += answer.Extensions.Upstream.Calls
	a.points += answer.Extensions.Upstream.Points
	return nil
}

// TestEveryCallIsAccountedFor asks in many ways at once, and then counts calls and points in all places that tell of
// them: the answers, the log, the metrics by client, by operation and in all, and the upstream itself. Of callers who
// hang up only the answers are missing.
func TestEveryCallIsAccountedFor(t *testing.T) {
	const page = `query Page($id: ID!) { order(id: $id) { id status invoice { title } } }`
	manifest := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(manifest, []byte(fmt.Sprintf(`{"0123456789abcdef0123456789abcdef":%q}`, page)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, hangUps := range []bool{false, true} {
		t.Run(fmt.Sprintf("hang-ups %t", hangUps), func(t *testing.T) {
			emulated, err := sandbox.Start(t.Context(), sandbox.Options{Latency: 5 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			defer emulated.Close()
			p := start(t, "--upstream-url="+emulated.URL, "--upstream-token=u", "--client-tokens=shop=a,erp=b,c", "--trusted-documents="+manifest, "--cache-ttl=50ms")
			sums := asked{complete: true}
			var callers sync.WaitGroup
			for caller := range 6 {
				callers.Go(func() {
					random := rand.New(rand.NewPCG(uint64(caller), 1))
					for range 80 {
						id, hangUp := 1000+random.IntN(20), time.Duration(0)
						if hangUps && random.IntN(3) == 0 {
							hangUp = time.Duration(1+random.IntN(8)) * time.Millisecond
						}
						headers := []string{"Authorization", "Bearer " + string("abc"[random.IntN(3)])}
						if random.IntN(5) == 0 {
							headers = append(headers, "Cache-Control", "no-cache")
						}
						var body string
						switch random.IntN(4) {
						case 0:
							body = fmt.Sprintf(`{"query":%q,"variables":{"id":%d}}`, page, id)
						case 1:
							body = fmt.Sprintf(`{"documentId":"0123456789abcdef0123456789abcdef","variables":{"id":%d}}`, id)
						case 2:
							body = fmt.Sprintf(`{"query":"{ orders(ids: [%d, %d, 204, 101]) { id domesticShipping { city } } }"}`, id, id+1)
						default:
							body = fmt.Sprintf(`{"query":"query Hot { order(id: %d) { id } }"}`, id)
						}
						if err := sums.ask(p, hangUp, body, headers...); err != nil {
							t.Error(err)
						}
					}
				})
			}
			callers.Wait()
			if err := p.stopAsking(emulated); err != nil {
				t.Fatal(err)
			}
			series, _ := scrape(t, p)
			totals := emulated.Totals()
			calls, points := float64(totals.Calls), float64(totals.Points)
			if calls == 0 || points == 0 {
				t.Fatal("nothing was called")
			}
			sum := func(family string) (sum float64) {
				for name, value := range series {
					if strings.HasPrefix(name, family+"{") {
						sum += value
					}
				}
				return sum
			}
			saved := sum("upstream_points_saved_total")
			for of, got := range map[string][2]float64{
				"metrics, calls":              {series["upstream_calls_total"], calls},
				"metrics, points":             {series["upstream_points_total"], points},
				"calls by client":             {sum("client_calls_total"), calls},
				"points by client":            {sum("client_points_total"), points},
				"calls by operation":          {sum("operation_calls_total"), calls},
				"points by operation":         {sum("operation_points_total"), points},
				"saved by client":             {sum("client_points_saved_total"), saved},
				"saved by operation":          {sum("operation_points_saved_total"), saved},
				"requests by client":          {sum("client_requests_total"), sum("graphql_operations_total")}, // some are given up before they are sent
				"requests by operation":       {sum("operation_requests_total"), sum("graphql_operations_total")},
				"calls of clients of no name": {series[`client_calls_total{client="other"}`] + series[`client_calls_total{client="unknown"}`], 0},
			} {
				if got[0] != got[1] {
					t.Errorf("%s: %v, want %v", of, got[0], got[1])
				}
			}
			for _, busy := range []string{`client_points_total{client="shop"}`, `client_points_total{client="client-3"}`, `operation_calls_total{operation="Page"}`, `operation_points_saved_total{operation="other"}`} {
				if series[busy] == 0 {
					t.Errorf("%s is 0", busy)
				}
			}
			if sums.complete == hangUps {
				t.Errorf("all callers stayed: %t", sums.complete)
			}
			if !hangUps && (sums.calls != calls || sums.points != points) {
				t.Errorf("the answers tell of %v calls and %v points, want %v and %v", sums.calls, sums.points, calls, points)
			}
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
			var logged struct{ calls, points, saved float64 }
			for line := range strings.Lines(p.log.String()) {
				var fields struct {
					Msg                  string
					Calls, Points, Saved float64
				}
				if err := json.Unmarshal([]byte(line), &fields); err == nil && fields.Msg == "request" {
					logged.calls, logged.points, logged.saved = logged.calls+fields.Calls, logged.points+fields.Points, logged.saved+fields.Saved
				}
			}
			if logged.calls != calls || logged.points != points || logged.saved != saved {
				t.Errorf("the log tells of %+v, want %v calls, %v points, %v saved", logged, calls, points, saved)
			}
		})
	}
}

// stopAsking waits until no call is under way.
func (p *program) stopAsking(emulated *sandbox.Server) error {
	for calls := int64(-1); ; {
		response, err := http.Get(p.admin + "/metrics")
		if err != nil {
			return err
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return err
		}
		if now := emulated.Totals().Calls; now == calls && strings.Contains(string(text), "\nupstream_in_flight 0\n") {
			return nil
		} else {
			calls = now
		}
		time.Sleep(20 * time.Millisecond)
	}
}
