package program

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func TestInstancesShareWhatOneOfThemPaidFor(t *testing.T) {
	redis := miniredis.RunT(t)
	flags := []string{"--redis-url=redis://" + redis.Addr(), "--redis-encryption-key=" + base64.StdEncoding.EncodeToString(make([]byte, 32))}
	first := startSharing(t, flags)
	first.query(t, documentedQuery)
	waitUntil(t, func() bool { // the copy is stored after the answer
		return slices.ContainsFunc(redis.Keys(), func(key string) bool { return strings.HasPrefix(key, "og1:c:") })
	})
	for _, test := range []struct {
		name, usage string
		other       *program
	}{
		{"alike", `{"calls":0,"points":0,"hits":1,"stale":0}`, startSharing(t, flags)},
		{"with another key", `{"calls":1,"points":1,"hits":0,"stale":0}`, startSharing(t, flags[:1])},
		{"alone", `{"calls":1,"points":1,"hits":0,"stale":0}`, start(t)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, body := test.other.query(t, documentedQuery); !strings.Contains(body, `"upstream":`+test.usage) {
				t.Errorf("%.2000s", body)
			}
		})
	}
}

// An order says the same of itself in every instance: until when it is served is a fact of the copy.
func TestInstancesAgreeUntilWhenACopyIsServed(t *testing.T) {
	redis := miniredis.RunT(t)
	flags := []string{"--redis-url=redis://" + redis.Addr(), "--redis-encryption-key=" + base64.StdEncoding.EncodeToString(make([]byte, 32))}
	first, second := startSharing(t, flags), startSharing(t, flags)
	const query = `{order(id:"8"){fetchedAt freshUntil isFinal}}`
	_, paid := first.query(t, query)
	_, shared := second.query(t, query)
	paid, _, _ = strings.Cut(paid, `,"extensions"`)
	shared, usage, _ := strings.Cut(shared, `,"extensions"`)
	if paid != shared || !strings.Contains(usage, `"calls":0`) || !strings.Contains(shared, `Z","isFinal":true`) {
		t.Errorf("%s %s, want %s", shared, usage, paid)
	}
}

func startSharing(t *testing.T, flags []string) *program {
	t.Helper()
	p := start(t, flags...)
	waitUntil(t, func() bool { return strings.Contains(p.log.String(), "the shared cache is up") })
	return p
}

func waitUntil(t *testing.T, condition func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("it did not happen")
		}
	}
}

func TestRedisThatIsAwayDelaysNothing(t *testing.T) {
	p := start(t, "--redis-url=redis://127.0.0.1:1")
	if _, body := p.query(t, documentedQuery); !strings.Contains(body, `"upstream":{"calls":1,`) || strings.Contains(body, `"errors"`) {
		t.Errorf("%.2000s", body)
	}
	waitUntil(t, func() bool { return strings.Contains(p.log.String(), "the shared cache is away") })
}

func TestInstancesShareRates(t *testing.T) {
	redis := miniredis.RunT(t)
	flags := []string{"--redis-url=redis://" + redis.Addr(), "--rate-limit=10", "--upstream-rate=1000"}
	first, second := startSharing(t, flags), startSharing(t, flags)
	admitted := func(p *program, requests int) (count int) {
		for range requests {
			if got, _ := p.query(t, documentedQuery, "Authorization", "Bearer caller"); got.StatusCode == http.StatusOK {
				count++
			}
		}
		return count
	}
	admitted(first, 10)
	// Those of the upstream, of the caller, and of the calls that its address has cost.
	waitUntil(t, func() bool { return countKeys(redis, "og1:r:") == 3 })
	admitted(second, 1) // which is told then what the first one admitted
	time.Sleep(300 * time.Millisecond)
	if count := admitted(second, 10); count > 7 {
		t.Errorf("%d requests more, of 10 a second", count)
	}
}

func TestInstancesShareBudgets(t *testing.T) {
	redis := miniredis.RunT(t)
	flags := []string{"--redis-url=redis://" + redis.Addr(), "--budget=50/day", "--client-budget=40/month"}
	instances := []*program{startSharing(t, flags), startSharing(t, flags), startSharing(t, flags)}
	var calls atomic.Int64
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			_, body := instances[i%3].query(t, `{order(id:"`+strconv.Itoa(70_000+i)+`"){id}}`, "Authorization", "Bearer caller"+strconv.Itoa(i%7))
			called, _ := billOf(t, body)
			calls.Add(int64(called))
		})
	}
	group.Wait()
	if calls.Load() != 50 {
		t.Errorf("%d calls of 50", calls.Load())
	}
	restarted := startSharing(t, flags)
	samples, _ := scrape(t, restarted)
	if spent := samples[`budget_spent_points{client="",window="day"}`]; spent != 50 {
		t.Errorf("%v points are said to be spent", spent)
	}
	if _, body := restarted.query(t, documentedQuery); !strings.Contains(body, `"BUDGET_EXHAUSTED"`) {
		t.Errorf("%.2000s", body)
	}
	if strings.Contains(restarted.log.String(), "begin at 0") {
		t.Error("it is said to begin at 0")
	}
}

func countKeys(redis *miniredis.Miniredis, prefix string) (count int) {
	for _, key := range redis.Keys() {
		if strings.HasPrefix(key, prefix) {
			count++
		}
	}
	return count
}
