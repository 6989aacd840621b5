package cache

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/cache/shared"
)

var (
	schedules = flag.Uint64("schedules", 300, "how many random schedules the simulation of several instances runs")
	onlySeed  = flag.Uint64("schedule", 0, "the one schedule that the simulation runs, telling what happens")
)

// TestSimulation lets two or three instances do random things with one order, and wants none to show an older
// copy than it must know of.
func TestSimulation(t *testing.T) {
	var next, calls, asked atomic.Uint64
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		t.Run(fmt.Sprint("worker ", worker), func(t *testing.T) {
			t.Parallel()
			for seed := next.Add(1); seed <= *schedules && !t.Failed(); seed = next.Add(1) {
				if *onlySeed != 0 && seed != *onlySeed {
					continue
				}
				s := simulate(t, seed, errorNone)
				calls.Add(uint64(len(s.upstream.calls)))
				asked.Add(uint64(s.asked))
				for _, violation := range s.violations {
					t.Errorf("seed %d: %s", seed, violation)
				}
			}
		})
	}
	t.Cleanup(func() { t.Logf("%d schedules, %d requests, %d calls", *schedules, asked.Load(), calls.Load()) })
}

// TestTheSimulationFindsErrors plants errors that earlier designs had.
func TestTheSimulationFindsErrors(t *testing.T) {
	for planted, name := range map[plantedError]string{
		errorEpoch:   "the epoch of a copy is read when it is stored",
		errorNewest:  "calls under way hear of no newer copy",
		errorCounter: "versions are counted",
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(3000) {
				if s := simulate(t, seed, planted); len(s.violations) > 0 {
					t.Logf("seed %d: %s", seed, s.violations[0])
					return
				}
			}
			t.Error("not found")
		})
	}
}

type plantedError int

const (
	errorNone plantedError = iota
	errorEpoch
	errorNewest
	errorCounter
)

// simulation is one schedule.
type simulation struct {
	t        *testing.T
	random   *rand.Rand // of the schedule; other says how long things take
	planted  plantedError
	shared   *shared.Fake
	upstream *fake
	name     shared.Name
	key      key
	requests sync.WaitGroup
	asked    int
	// skewed says that the clock of the shared cache is another one.
	skewed  bool
	clock   shared.Version
	counter atomic.Uint64

	// mu is not held where the shared cache is asked.
	mu         sync.Mutex
	other      *rand.Rand
	flushes    int
	slowAt     time.Time
	instances  []*simulated
	written    []time.Time              // of each call
	versions   map[int]upstream.Version // of the calls whose answers were seen
	violations []string
}

// simulated is an instance, and what it must know of.
type simulated struct {
	*shared.FakeInstance
	of     *simulation
	number int
	cache  *Cache
	up     bool
	// changes counts how often it was connected or disconnected.
	changes int
	// told are the versions that it was told of since data were lost, served the highest that it has served,
	// stored the one that was to be had when it was connected last.
	told           []told
	served, stored upstream.Version
	// brought is the highest version of all that it answered with, kept or not.
	brought upstream.Version
	// forgotten counts how often it heard of no order, and forgot with the copy what it knew.
	forgotten int
	// held is the copy in memory after the last step.
	held *snapshot
}

type told struct {
	version upstream.Version
	at      time.Time
}

// hears records what an instance is told, after that has had its effect.
type hears struct {
	shared.Listener
	*simulated
}

func (h hears) Completed(name shared.Name, version shared.Version) {
	if h.of.planted == errorNewest {
		if s := h.cache.memory.find(name); s != nil {
			s.newest.Store(max(s.newest.Load(), uint64(version)))
		}
	} else {
		h.Listener.Completed(name, version)
	}
	h.of.mu.Lock()
	defer h.of.mu.Unlock()
	h.of.log("instance %d is told of version %d", h.number, version)
	if h.of.flushes > 0 && h.cache.memory.get(h.of.key) == nil {
		return // it keeps no trace, and neither may the shared cache
	}
	h.told = append(h.told, told{upstream.Version(version), time.Now()})
}

func (i *simulated) Start(listener shared.Listener) { i.FakeInstance.Start(hears{listener, i}) }

// newest is the highest version that the instance must know of before a moment, connected or not. mu is held.
func (i *simulated) newest(before time.Time, up bool) upstream.Version {
	newest := i.served
	if up {
		newest = max(newest, i.stored)
	}
	for _, told := range i.told {
		if told.at.Before(before) {
			newest = max(newest, told.version)
		}
	}
	return newest
}

func simulate(t *testing.T, seed uint64, planted plantedError) *simulation {
	s := &simulation{
		t: t, planted: planted, random: rand.New(rand.NewPCG(seed, 1)), other: rand.New(rand.NewPCG(seed, 2)),
		shared: &shared.Fake{}, upstream: &fake{}, versions: map[int]upstream.Version{},
	}
	synctest.Test(t, func(*testing.T) { s.run() })
	return s
}

func (s *simulation) run() {
	s.upstream.writing = func(upstream.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.written = append(s.written, time.Now())
		s.log("call %d is written", len(s.written))
	}
	skew := time.Duration(0)
	if s.random.IntN(4) == 0 {
		s.skewed = true
		skew = time.Duration(s.random.IntN(20_000)-10_000) * time.Millisecond
	}
	s.shared.NextVersion = func(least shared.Version) shared.Version {
		if s.planted == errorCounter {
			return shared.Version(s.counter.Add(1))
		}
		// Unlike those of a bubble, clocks go on while something happens, and no two agree to the microsecond.
		s.clock = max(least, s.clock+17, shared.Version(time.Now().Add(skew).UnixMicro())+7)
		return s.clock
	}
	s.shared.Delay = func() time.Duration { return s.duration(3, time.Millisecond, 30*time.Millisecond, 3*time.Second) }
	s.shared.Latency = func() (there, back time.Duration) {
		there = s.duration(4, time.Millisecond, 10*time.Millisecond, 450*time.Millisecond)
		back = s.duration(4, time.Millisecond, 10*time.Millisecond, 450*time.Millisecond)
		if there+back > 100*time.Millisecond {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.slowAt = time.Now().Add(there + back)
		}
		return there, back
	}
	for number := range 2 + s.random.IntN(2) {
		i := &simulated{FakeInstance: s.shared.Instance(), of: s, number: number, up: true}
		options := defaults()
		options.Size, options.Shared, options.HashKey = 1<<20, i, []byte("one for all instances")
		if s.random.IntN(8) == 0 {
			options.TTL = 2 * time.Second // another instance's settings may differ
		}
		var err error
		if i.cache, err = New(s.upstream, options); err != nil {
			s.t.Fatal(err)
		}
		defer i.cache.Close()
		s.instances = append(s.instances, i)
	}
	first := s.instances[0].cache
	s.key = key{first.Tenant(&upstream.Caller{Tenant: "me"}), upstream.Key{ID: 1}}
	s.name = first.nameOf(s.key)
	for range 40 {
		s.step()
		s.check()
	}
	s.end()
}

// duration returns none mostly, or one of up to some.
func (s *simulation) duration(one int, upTo ...time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.other.IntN(one) > 0 {
		return 0
	}
	// The longest ones are rare.
	most := upTo[min(s.other.IntN(len(upTo)), s.other.IntN(len(upTo)), s.other.IntN(len(upTo)))]
	return time.Duration(1 + s.other.Int64N(int64(most)))
}

// log tells what happens, if one schedule is looked at.
func (s *simulation) log(format string, values ...any) {
	if *onlySeed != 0 {
		s.t.Logf(time.Now().UTC().Format("04:05.000000 ")+format, values...)
	}
}

func (s *simulation) violation(format string, values ...any) {
	s.log("VIOLATION "+format, values...)
	s.violations = append(s.violations, fmt.Sprintf(format, values...))
}

func (s *simulation) step() {
	i := s.instances[s.random.IntN(len(s.instances))]
	switch s.random.IntN(20) {
	case 0, 1:
		if i.up {
			s.disconnect(i)
		} else {
			s.connect(i)
		}
	case 2:
		if i.up {
			s.disconnect(i)
			s.connect(i)
		}
	case 3:
		if s.random.IntN(3) == 0 {
			s.flush()
		}
	case 4, 5:
		s.change()
	case 6, 7, 8, 9:
		time.Sleep([]time.Duration{time.Millisecond, 10 * time.Millisecond, 300 * time.Millisecond, time.Second, 3 * time.Second, 35 * time.Second}[s.random.IntN(6)])
	default:
		s.ask(i)
	}
	synctest.Wait()
}

func (s *simulation) disconnect(i *simulated) {
	s.log("instance %d is disconnected", i.number)
	i.Disconnect()
	s.mu.Lock()
	defer s.mu.Unlock()
	i.up, i.changes = false, i.changes+1
}

func (s *simulation) connect(i *simulated) {
	stored := upstream.Version(s.shared.Stored(s.name).Version)
	s.log("instance %d is connected", i.number)
	i.Connect()
	s.mu.Lock()
	defer s.mu.Unlock()
	i.up, i.changes = true, i.changes+1
	if !s.skewed { // else what it asks for alone may pass for older
		i.stored = max(i.stored, stored)
	}
}

// flush loses data. Of what is lost an instance knows only what its copy tells it.
func (s *simulation) flush() {
	s.log("all data is lost")
	s.shared.Flush()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushes++
	s.counter.Store(0)
	for _, i := range s.instances {
		i.stored = 0
		if i.cache.memory.get(s.key) == nil {
			i.told = nil
		}
	}
}

// change changes what the next calls do.
func (s *simulation) change() {
	failures := []error{
		nil, nil, nil,
		&upstream.Error{Kind: upstream.KindUnavailable, Outage: true},
		&upstream.Error{Kind: upstream.KindRateLimited},
	}
	noOrder := s.random.IntN(10) == 0
	s.upstream.set(func(f *fake) {
		f.fail, f.unwritten, f.act = failures[s.random.IntN(len(failures))], nil, nil
		f.latency = []time.Duration{1, 20 * time.Millisecond, time.Second, 10 * time.Second}[s.random.IntN(4)]
		f.queue = []time.Duration{0, 0, 15 * time.Millisecond, 50 * time.Millisecond, 2 * time.Second}[s.random.IntN(5)]
		if s.random.IntN(10) == 0 {
			f.unwritten = &upstream.Error{Kind: upstream.KindOverloaded}
		}
		if noOrder {
			f.act = func(context.Context, int) (upstream.Result, error) { return upstream.Result{}, nil }
		}
	})
}

// shareable returns the copy that answers a request to an instance without a call, if there is one in the shared
// cache.
func (s *simulation) shareable(i *simulated, request upstream.Request, newest upstream.Version) *snapshot {
	stored := s.shared.Stored(s.name)
	copied, err := i.cache.decodeCopy(s.key, upstream.Version(stored.Version), stored.Value, time.Now())
	held := i.cache.memory.get(s.key)
	if !i.up || err != nil || request.Freshness.NoCache || !copied.held.Covers(request.Needs) || copied.version < newest {
		return nil
	}
	// In a bubble two instances that are alone may give one version.
	if held != nil && (held.version > copied.version || held.version == copied.version && !held.held.Covers(request.Needs)) {
		return nil
	}
	return copied
}

// ask lets a request arrive, and judges what it gets.
func (s *simulation) ask(i *simulated) {
	s.asked++
	var keys []string
	if s.random.IntN(8) == 0 {
		keys = []string{"a", "b"}[:1+s.random.IntN(2)]
	}
	domains := []upstream.Domains{0, 0, upstream.DomainOrderInvoice, upstream.DomainNativeLogistics, upstream.DomainRateDetail}
	arrivedAt := time.Now()
	request := upstream.Request{
		Key: s.key.order, Caller: &upstream.Caller{Tenant: "me"}, Meter: &upstream.Meter{},
		Needs:     upstream.Needs{Domains: domains[s.random.IntN(len(domains))], AttributeKeys: keys},
		Freshness: upstream.Freshness{ArrivedAt: arrivedAt, NoCache: s.random.IntN(6) == 0},
	}
	// A request waits for one call of another instance and one of its own, and for what it asks the shared cache.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	hangsUp := s.random.IntN(8) == 0
	if hangsUp {
		cancel()
		ctx, cancel = context.WithTimeout(context.Background(), time.Duration(s.random.IntN(int(3*time.Second))))
	}
	s.mu.Lock()
	changes, flushes, forgotten, served := i.changes, s.flushes, i.forgotten, i.served
	newest, away := i.newest(arrivedAt.Add(1), i.up), i.newest(arrivedAt.Add(1), false)
	s.mu.Unlock()
	copied := s.shareable(i, request, newest)
	s.log("instance %d is asked for %+v", i.number, request.Needs)
	s.requests.Go(func() {
		defer cancel()
		got, err := i.cache.Order(ctx, request)
		usage, end, stored := request.Meter.Usage(), time.Now(), s.shared.Stored(s.name)
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case forgotten != i.forgotten:
			newest = 0
		case flushes != s.flushes:
			newest = served
		case changes != i.changes:
			newest = away
		}
		if usage.Hits > 0 {
			newest = max(newest, i.newest(end, false))
		}
		var call int
		if got.Order != nil {
			_, _ = fmt.Sscanf(string(got.Order.OrderNote), "call %d", &call)
		}
		about := fmt.Sprintf("a request at %v for %+v got version %d of call %d, %+v", arrivedAt.Unix(), request.Needs, got.Version, call, usage)
		if request.Freshness.NoCache {
			about += ", no-cache"
		}
		s.log("instance %d: %s, %v", i.number, about, err)
		// What its calls brought before may be newer than what the others know, though it was not kept.
		undisturbed := changes == i.changes && flushes == s.flushes && s.slowAt.Before(arrivedAt) && i.forgotten == 0 && !s.skewed
		if usage.Calls > 0 && undisturbed && copied.fresh(end) && max(i.brought, i.newest(end, true)) <= copied.version && upstream.Version(stored.Version) == copied.version {
			s.violation("%s, though there was a copy", about)
		}
		switch {
		case err == nil && got.Order != nil && usage.Stale == 0 && got.Missing == nil: // the rest is for outages
			if got.Version < newest {
				s.violation("%s, older than %d", about, newest)
			}
			if !got.Held.Covers(request.Needs) {
				s.violation("%s, and not all that it needs", about)
			}
			if held := i.cache.memory.get(s.key); held != nil && held.version >= got.Version {
				i.served = max(i.served, got.Version)
			}
		case err != nil && upstream.KindOf(err) == upstream.KindInternal:
			s.violation("%s: %v", about, err)
		case err == nil && got.Order == nil:
			i.served, i.told, i.forgotten = 0, nil, i.forgotten+1
		}
		if request.Freshness.NoCache && (usage.Hits > 0 || call > 0 && s.written[call-1].Before(arrivedAt)) {
			s.violation("%s, from before it arrived", about)
		}
		if call > 0 && got.Version > 0 {
			if version := s.versions[call]; version != 0 && version != got.Version {
				s.violation("%s, which had version %d", about, version)
			}
			s.versions[call] = got.Version
		}
		if usage.Calls > 1 {
			s.violation("%s", about)
		}
		i.brought = max(i.brought, got.Version)
		if took := end.Sub(arrivedAt); took > time.Minute {
			s.violation("%s after %v: %v", about, took, err)
		}
	})
}

// check looks into the memory of the instances, when nothing happens any more.
func (s *simulation) check() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.instances {
		held := i.cache.memory.get(s.key)
		if s.planted == errorEpoch && held != nil && held != i.held {
			epoch, _ := i.State()
			held.epoch.Store(epoch)
		}
		if held != nil && held != i.held {
			s.log("instance %d keeps version %d", i.number, held.version)
		}
		i.held = held
		if newest := i.newest(time.Now().Add(1), i.up); held.fresh(time.Now()) && i.cache.confirmed(held) && held.version < newest {
			s.violation("instance %d keeps version %d, older than %d", i.number, held.version, newest)
		}
	}
}

// end lets everything end, and wants the instances to agree then.
func (s *simulation) end() {
	s.requests.Wait()
	for _, i := range s.instances {
		if !i.up {
			s.connect(i)
		}
	}
	s.upstream.set(func(f *fake) { f.fail, f.unwritten, f.act, f.queue, f.latency = nil, nil, nil, 0, time.Millisecond })
	time.Sleep(20 * time.Second) // the last calls whose requests hung up
	synctest.Wait()
	s.check()
	for _, i := range s.instances {
		s.ask(i)
		s.requests.Wait()
		time.Sleep(5 * time.Second)
		synctest.Wait()
	}
	s.check()
	if leases := s.shared.Leases(); leases > 0 {
		s.violation("%d leases remain", leases)
	}
	if calls := len(s.upstream.calls); calls > s.asked {
		s.violation("%d calls for %d requests", calls, s.asked)
	}
	// Slow commands let a version be older than its request.
	const slack = time.Second
	for earlier, version := range s.versions {
		for later := range s.versions {
			if !s.skewed && s.planted != errorCounter && s.written[earlier-1].Add(slack).Before(s.written[later-1]) && version >= s.versions[later] {
				s.violation("call %d with version %d was written before call %d with version %d", earlier, version, later, s.versions[later])
			}
		}
	}
}
