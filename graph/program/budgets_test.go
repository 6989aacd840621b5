package program

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ordergraph/upstream/sandbox"
)

// billOf returns what an answer says that it cost.
func billOf(t *testing.T, body string) (calls, points int) {
	t.Helper()
	var answer struct {
		Extensions struct {
			Upstream struct{ Calls, Points int }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Error(err)
	}
	return answer.Extensions.Upstream.Calls, answer.Extensions.Upstream.Points
}

func TestBudgetForParallelRequests(t *testing.T) {
	p := start(t, "--budget=50/day", "--log-level=warn")
	var calls, points, refused atomic.Int64
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			response, body := p.query(t, `{order(id:"`+strconv.Itoa(70_000+i)+`"){id}}`)
			c, n := billOf(t, body)
			calls.Add(int64(c))
			points.Add(int64(n))
			switch response.StatusCode {
			case http.StatusOK:
			case http.StatusTooManyRequests:
				refused.Add(1)
				if response.Header.Get("Retry-After") == "" || !strings.Contains(body, `"BUDGET_EXHAUSTED"`) ||
					!strings.Contains(body, `"resetAt":"2`) || !strings.Contains(body, `"retryable":false`) {
					t.Errorf("%v %s", response.Header, body)
				}
			default:
				t.Errorf("status %d: %s", response.StatusCode, body)
			}
		})
	}
	group.Wait()
	if calls.Load() != 50 || points.Load() != 50 || refused.Load() != 150 {
		t.Errorf("%d calls, %d points, %d refused", calls.Load(), points.Load(), refused.Load())
	}
	for _, want := range []string{`"percent":80`, `"percent":100`, `"budget":"50/day"`} {
		if !strings.Contains(p.log.String(), want) {
			t.Errorf("the log has no %s", want)
		}
	}
}

// What is cached is served, stale copies too; the rest of the request fails at its path.
func TestBudgetLeavesCopies(t *testing.T) {
	emulated, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = emulated.Close() })
	p := start(t, "--upstream-url="+emulated.URL, "--upstream-token=ours", "--client-tokens=shop=t1,erp=t2", "--client-budget=1/month,shop:2/month", "--cache-ttl=0", "--cache-ttl-closed=0")
	const document = `{a:order(id:"70001"){id} b:order(id:"70002"){id} c:order(id:"70003"){id}}`
	as := func(token string) (status int, body string) {
		response, body := p.query(t, document, "Authorization", "Bearer "+token)
		return response.StatusCode, body
	}
	for token, want := range map[string]int{"t1": 2, "t2": 1} {
		status, body := as(token)
		if calls, _ := billOf(t, body); status != 200 || calls != want || strings.Count(body, `"BUDGET_EXHAUSTED"`) != 3-want {
			t.Errorf("%s: %d %s", token, status, body)
		}
		again := fmt.Sprintf(`"calls":0,"points":0,"hits":%d,"stale":%[1]d`, want)
		if _, body = as(token); !strings.Contains(body, again) {
			t.Errorf("%s: %s", token, body)
		}
	}
}
