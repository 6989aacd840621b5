package cache

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"ordergraph/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is an upstream that takes a time for each call and says what its script says.
type fake struct {
	mu sync.Mutex
	// calls are the requests that were written, in that order.
	calls []upstream.Request
	// waiting is how many requests have not been written yet.
	waiting int
	// queue is how long the next calls wait before they are written, and unwritten why they then are
	// not.
	queue     time.Duration
	unwritten error
	// latency is how long the next calls take; 0 is one second.
	latency time.Duration
	// points is what each of them costs, and spent what all of them have cost.
	points, spent int
	// writing, if set, is told of every request that is written, one at a time.
	writing func(upstream.Request)
	// fail makes the next calls fail.
	fail error
	// status is the wire value of the orders' status.
	status string
	// act, if set, replaces everything after the call was noted.
	act func(ctx context.Context, call int) (upstream.Result, error)
}

func (f *fake) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	if err := f.enter(ctx); err != nil {
		return upstream.Result{}, err
	}
	if !request.Begin() {
		return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout, Outage: true, Cause: context.Canceled}
	}
	f.mu.Lock()
	f.calls = append(f.calls, request)
	call, latency, failure, status, act, points := len(f.calls), f.latency, f.fail, f.status, f.act, f.points
	if f.writing != nil {
		f.writing(request)
	}
	f.mu.Unlock()
	request.Meter.Add(upstream.Usage{Calls: 1})
	if latency == 0 {
		latency = time.Second
	}
	if act != nil {
		if result, err := act(ctx, call); result.Order == nil || err != nil {
			return result, err
		}
	} else if err := sleep(ctx, latency); err != nil {
		return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout, Outage: true, Cause: err}
	}
	f.set(func(f *fake) { f.spent += points })
	request.Meter.Add(upstream.Usage{Points: points})
	if failure != nil {
		return upstream.Result{}, failure
	}
	return answer(request, status, call), nil
}

// enter waits for the call's turn.
func (f *fake) enter(ctx context.Context) error {
	f.mu.Lock()
	f.waiting++
	queue, unwritten := f.queue, f.unwritten
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.waiting--
	}()
	if queue > 0 {
		if err := sleep(ctx, queue); err != nil {
			return &upstream.Error{Kind: upstream.KindTimeout, Outage: true, Cause: err}
		}
	}
	return unwritten
}

// answer is what call number call brings. The order's note tells which call it was.
func answer(request upstream.Request, status string, call int) upstream.Result {
	if status == "" {
		status = "waitbuyerpay"
	}
	body := fmt.Appendf(nil, `{"data":{"result":{"base_info":{"status":%q,"remark":"call %d"}}}}`, status, call)
	fetchedAt := time.Now().UTC()
	decoded, err := upstream.DecodeAnswer(body, request.Key, fetchedAt)
	if err != nil {
		panic(err)
	}
	return upstream.Result{Order: decoded.Order, Held: request.Needs, Body: body, FetchedAt: fetchedAt}
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

// expectWaiting compares how many calls wait for their turn.
func (b *bench) expectWaiting(want int) {
	b.Helper()
	synctest.Wait()
	b.fake.mu.Lock()
	defer b.fake.mu.Unlock()
	if b.waiting != want {
		b.Errorf("%d calls wait for their turn, want %d", b.waiting, want)
	}
}

func (f *fake) lastNeeds() upstream.Needs {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[len(f.calls)-1].Needs
}

func (f *fake) set(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func sleep(ctx context.Context, duration time.Duration) error {
	select {
	case <-time.After(duration):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// defaults are the settings as they are without flags.
func defaults() Options {
	return Options{
		Size:         DefaultSize / 64,
		TTL:          DefaultTTL,
		TTLClosed:    DefaultTTLClosed,
		StaleIfError: DefaultStaleIfError,
	}
}

// bench is a cache in front of a fake, in a bubble of its own time.
type bench struct {
	*testing.T
	*fake
	cache *Cache
	// takesAtHand makes ask take what is at hand before it asks for the rest.
	takesAtHand bool
}

// inBubble runs a test with virtual time, in both ways to ask: whether an order is taken from what is
// at hand must make no difference.
func inBubble(t *testing.T, options Options, test func(b *bench)) {
	t.Helper()
	for name, takesAtHand := range map[string]bool{"ask": false, "take what is at hand": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				orders := &fake{}
				cache, err := New(orders, options)
				if err != nil {
					t.Fatal(err)
				}
				defer cache.Close()
				test(&bench{T: t, fake: orders, cache: cache, takesAtHand: takesAtHand})
			})
		})
	}
}

// asking is one request to the cache.
type asking struct {
	tenant    string
	id        upstream.OrderID
	needs     upstream.Needs
	noCache   bool
	arrivedAt time.Time
	// The rest of upstream.Freshness.
	onlyIfCached     bool
	maxAge, maxStale time.Duration
	// receivedAt is when the body was complete; zero is at arrivedAt.
	receivedAt time.Time
	ctx        context.Context
}

// reply is what came of it.
type reply struct {
	upstream.Result
	err    error
	counts upstream.Usage // when the reply came
	usage  *upstream.Meter
}

// bill is what the request has cost when all of its calls have ended; it waits for that.
func (r reply) bill() upstream.Usage {
	settled := make(chan upstream.Usage, 1)
	r.usage.Close(func(counts upstream.Usage) { settled <- counts })
	return <-settled
}

func (r reply) note() string {
	if r.Order == nil {
		return ""
	}
	return string(r.Order.OrderNote)
}

func (r reply) kind() string {
	if r.err == nil {
		return ""
	}
	return upstream.KindOf(r.err).String()
}

// ask asks and waits.
func (b *bench) ask(a asking) reply {
	if a.arrivedAt.IsZero() {
		a.arrivedAt = time.Now()
	}
	if a.id == 0 {
		a.id = 1
	}
	if a.ctx == nil {
		a.ctx = b.Context()
	}
	meter := &upstream.Meter{}
	request := upstream.Request{
		Key: upstream.Key{ID: a.id}, Needs: a.needs, Caller: &upstream.Caller{Tenant: upstream.Secret(a.tenant)}, Meter: meter,
		Freshness: upstream.Freshness{
			NoCache: a.noCache, ArrivedAt: a.arrivedAt, ReceivedAt: a.receivedAt,
			OnlyIfCached: a.onlyIfCached, MaxAge: a.maxAge, MaxStale: a.maxStale,
		},
	}
	if b.takesAtHand {
		if result, found := b.cache.Peek(request); found {
			return reply{Result: result, counts: meter.Usage(), usage: meter}
		}
	}
	result, err := b.cache.Order(a.ctx, request)
	return reply{Result: result, err: err, counts: meter.Usage(), usage: meter}
}

// later asks without waiting; the returned function waits.
func (b *bench) later(a asking) func() reply {
	replies := make(chan reply, 1)
	go func() { replies <- b.ask(a) }()
	synctest.Wait()
	return func() reply { return <-replies }
}

// expect compares a reply. Of an order the note tells which call brought it.
func (b *bench) expect(got reply, note, kind string, counts upstream.Usage) {
	b.Helper()
	if got.note() != note || got.kind() != kind || got.counts != counts {
		b.Errorf("got order %q, error %q (%v), %+v; want order %q, error %q, %+v",
			got.note(), got.kind(), got.err, got.counts, note, kind, counts)
	}
	checkFreshUntil(b.T, got.Result)
}

// checkFreshUntil wants an order to say itself until when it is served.
func checkFreshUntil(t *testing.T, got upstream.Result) {
	t.Helper()
	if got.Order != nil && !got.Order.FreshUntil.Equal(got.FreshUntil) {
		t.Errorf("the order is fresh until %v, the result until %v", got.Order.FreshUntil, got.FreshUntil)
	}
}

func (b *bench) expectCalls(want int) {
	b.Helper()
	if got := b.count(); got != want {
		b.Errorf("%d upstream calls, want %d", got, want)
	}
}

var (
	nothingCounted = upstream.Usage{}
	oneCall        = upstream.Usage{Calls: 1}
	oneHit         = upstream.Usage{Hits: 1}
	oneStaleHit    = upstream.Usage{Hits: 1, Stale: 1}
)

// fixture returns an answer of the upstream as the documents have it.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "testdata", "fixtures", name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}
