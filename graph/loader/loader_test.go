package loader

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// orders is an upstream that remembers what it was asked.
type orders struct {
	answer func(ctx context.Context, request upstream.Request) (upstream.Result, error)

	mu       sync.Mutex
	requests []upstream.Request
}

func (o *orders) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	o.mu.Lock()
	o.requests = append(o.requests, request)
	o.mu.Unlock()
	if o.answer != nil {
		return o.answer(ctx, request)
	}
	return upstream.Result{Order: &upstream.Order{ID: request.Key.ID}}, nil
}

func (o *orders) called() []upstream.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.requests)
}

func key(id int64) upstream.Key { return upstream.Key{ID: upstream.OrderID(id)} }

// planned are orders of which nothing but the base is needed.
func planned(ids ...int64) map[upstream.Key]upstream.Needs {
	needs := map[upstream.Key]upstream.Needs{}
	for _, id := range ids {
		needs[key(id)] = upstream.Needs{}
	}
	return needs
}

// begin returns a loader of planned orders.
func begin(t testing.TB, ctx context.Context, orders upstream.Orders, needs map[upstream.Key]upstream.Needs) *Loader {
	t.Helper()
	loader, end := New(ctx, orders, needs, func(_ context.Context, thrown any) error { return fmt.Errorf("recovered: %v", thrown) })
	t.Cleanup(end)
	return loader
}

func TestEachDistinctOrderIsLoadedOnceWithItsNeeds(t *testing.T) {
	fake := &orders{}
	needs := map[upstream.Key]upstream.Needs{
		key(1):                               {Domains: upstream.DomainOrderInvoice, AttributeKeys: []string{"a", "b"}},
		key(2):                               {},
		{ID: 1, Edition: upstream.EditionV2}: {},
	}
	loader := begin(t, t.Context(), fake, maps.Clone(needs))
	var thunks []Thunk
	places := []upstream.Key{key(1), key(2), key(1), {ID: 1, Edition: upstream.EditionV2}}
	for _, place := range places {
		thunks = append(thunks, loader.Load(t.Context(), place, Base))
	}
	var loaded []*upstream.Order
	for i, thunk := range thunks {
		result, err := thunk()
		if err != nil || result.Order.ID != places[i].ID {
			t.Errorf("order %d: got %v, %v", i, result.Order, err)
		}
		loaded = append(loaded, result.Order)
	}
	if loaded[0] != loaded[2] {
		t.Error("the same order was loaded twice")
	}
	requests := fake.called()
	if len(requests) != 3 {
		t.Fatalf("%d calls, want 3", len(requests))
	}
	for _, request := range requests {
		if !reflect.DeepEqual(request.Needs, needs[request.Key]) {
			t.Errorf("%v is asked for %v, want %v", request.Key, request.Needs, needs[request.Key])
		}
	}
}

func TestAPlannedBatchStartsWithoutWaitingAndConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const call = time.Second
		fake := &orders{answer: func(context.Context, upstream.Request) (upstream.Result, error) {
			time.Sleep(call)
			return upstream.Result{}, nil
		}}
		loader := begin(t, t.Context(), fake, planned(1, 2, 3, 2))
		start := time.Now()
		// Two goroutines that wait for the same order would wait for a mutex of dataloader's, which
		// stops the bubble's clock: so this one waits for all.
		var thunks []Thunk
		for _, id := range []int64{1, 2, 2, 3, 1} {
			thunks = append(thunks, loader.Load(t.Context(), key(id), Base))
		}
		for _, thunk := range thunks {
			if _, err := thunk(); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took != call {
			t.Errorf("took %v, want the %v of one call", took, call)
		}
		if calls := len(fake.called()); calls != 3 {
			t.Errorf("%d calls, want 3", calls)
		}
	})
}

func TestAnOrderThatIsNotLoadedDelaysTheOthersByTheNetOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &orders{}
		loader := begin(t, t.Context(), fake, planned(1, 2))
		start := time.Now()
		if _, err := loader.Load(t.Context(), key(1), Base)(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != wait {
			t.Errorf("took %v, want %v", took, wait)
		}
		if calls := len(fake.called()); calls != 1 {
			t.Errorf("%d calls, want 1", calls)
		}
	})
}

func TestOneFailureSparesTheOthers(t *testing.T) {
	refused := &upstream.Error{Kind: upstream.KindPermissionDenied}
	fake := &orders{answer: func(_ context.Context, request upstream.Request) (upstream.Result, error) {
		switch request.Key.ID {
		case 1:
			return upstream.Result{}, refused
		case 2:
			panic("a fault")
		default:
			return upstream.Result{Order: &upstream.Order{ID: request.Key.ID}}, nil
		}
	}}
	loader := begin(t, t.Context(), fake, planned(1, 2, 3))
	one, two, three := loader.Load(t.Context(), key(1), Base), loader.Load(t.Context(), key(2), Base), loader.Load(t.Context(), key(3), Base)
	if _, err := one(); !errors.Is(err, refused) {
		t.Errorf("the first one: %v", err)
	}
	if _, err := two(); err == nil || err.Error() != "recovered: a fault" {
		t.Errorf("the second one: %v", err)
	}
	if result, err := three(); err != nil || result.Order.ID != 3 {
		t.Errorf("the third one: %v, %v", result.Order, err)
	}
}

func TestAPanicWithOneOrderIsRecovered(t *testing.T) {
	fake := &orders{answer: func(context.Context, upstream.Request) (upstream.Result, error) { panic("a fault") }}
	loader := begin(t, t.Context(), fake, planned(1))
	if _, err := loader.Load(t.Context(), key(1), Base)(); err == nil || err.Error() != "recovered: a fault" {
		t.Errorf("got %v", err)
	}
}

func TestCallsGetTheOperationsContextAndScope(t *testing.T) {
	type mark struct{}
	s := &scope.Scope{Caller: &upstream.Caller{}}
	var got context.Context
	fake := &orders{answer: func(ctx context.Context, _ upstream.Request) (upstream.Result, error) {
		got = ctx
		return upstream.Result{}, nil
	}}
	operation, cancel := context.WithCancel(scope.With(context.WithValue(t.Context(), mark{}, "operation"), s))
	defer cancel()
	loader := begin(t, operation, fake, planned(1))
	if _, err := loader.Load(context.WithValue(operation, mark{}, "field"), key(1), Base)(); err != nil {
		t.Fatal(err)
	}
	if got.Value(mark{}) != "operation" {
		t.Error("the call got the context of the field that loaded first")
	}
	if called := fake.called()[0]; called.Caller != s.Caller || called.Meter != &s.Meter {
		t.Error("the call got another scope")
	}
	cancel()
	if got.Err() == nil {
		t.Error("the call doesn't end with the operation")
	}
}

func TestTheLeastFreshnessOfTheOrdersShownIsNoted(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name    string
		results map[int64]upstream.Result
		until   time.Time
		shown   bool
	}{
		{"none", map[int64]upstream.Result{1: {FreshUntil: now}}, time.Time{}, false},
		{"one", map[int64]upstream.Result{1: {Order: &upstream.Order{}, FreshUntil: now}}, now, true},
		{"the least", map[int64]upstream.Result{
			1: {Order: &upstream.Order{}, FreshUntil: now.Add(2)},
			2: {Order: &upstream.Order{}, FreshUntil: now.Add(1)},
			3: {Order: &upstream.Order{}, FreshUntil: now.Add(3)},
			4: {FreshUntil: now},
		}, now.Add(1), true},
		{"never fresh", map[int64]upstream.Result{1: {Order: &upstream.Order{}}, 2: {Order: &upstream.Order{}, FreshUntil: now}}, time.Time{}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fake := &orders{answer: func(_ context.Context, request upstream.Request) (upstream.Result, error) {
				return test.results[int64(request.Key.ID)], nil
			}}
			s := &scope.Scope{}
			loader := begin(t, scope.With(t.Context(), s), fake, planned(slices.Collect(maps.Keys(test.results))...))
			var thunks []Thunk
			for id := range test.results {
				thunks = append(thunks, loader.Load(t.Context(), key(id), Base))
			}
			for _, thunk := range thunks {
				if _, err := thunk(); err != nil {
					t.Error(err)
				}
			}
			until, shown := s.Provenance.FreshUntil()
			if !until.Equal(test.until) || shown != test.shown {
				t.Errorf("fresh until %v, shown %v; want %v, %v", until, shown, test.until, test.shown)
			}
		})
	}
}

func TestAnUnplannedOrderIsRefusedWithoutACall(t *testing.T) {
	fake := &orders{}
	for name, loader := range map[string]*Loader{
		"another order is planned": begin(t, t.Context(), fake, planned(1)),
		"nothing is planned":       begin(t, t.Context(), fake, nil),
		"no operation":             nil,
	} {
		if _, err := loader.Load(t.Context(), key(2), Base)(); upstream.KindOf(err) != upstream.KindInternal || !strings.Contains(err.Error(), "not planned") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if calls := len(fake.called()); calls != 0 {
		t.Errorf("%d calls, want none", calls)
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, count := range []int{1, 3, 30} {
		b.Run(fmt.Sprintf("%d orders", count), func(b *testing.B) {
			answer := upstream.Result{Order: &upstream.Order{}}
			fake := immediate{answer}
			var ids []int64
			for id := range count {
				ids = append(ids, int64(id+1))
			}
			needs := planned(ids...)
			thunks := make([]Thunk, count)
			b.ReportAllocs()
			for b.Loop() {
				loader, end := New(b.Context(), fake, needs, nil)
				for i, id := range ids {
					thunks[i] = loader.Load(b.Context(), key(id), Base)
				}
				for _, thunk := range thunks {
					if _, err := thunk(); err != nil {
						b.Fatal(err)
					}
				}
				end()
			}
		})
	}
}

// immediate answers at once, like a cache.
type immediate struct{ result upstream.Result }

func (i immediate) Order(context.Context, upstream.Request) (upstream.Result, error) {
	return i.result, nil
}

// readyOrders has the orders with an odd id at hand.
type readyOrders struct {
	*orders
	taken atomic.Int64
}

func (o *readyOrders) Peek(request upstream.Request) (upstream.Result, bool) {
	if request.Key.ID%2 == 0 {
		return upstream.Result{}, false
	}
	o.taken.Add(1)
	return upstream.Result{Order: &upstream.Order{ID: request.Key.ID}, Version: 1, FreshUntil: time.Now()}, true
}

// TestWhatIsAtHandNeedsNoBatch wants each order that is at hand to be taken once, and the batch of the
// others to be complete without them.
func TestWhatIsAtHandNeedsNoBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &readyOrders{orders: &orders{}}
		s := &scope.Scope{}
		loader := begin(t, scope.With(t.Context(), s), fake, planned(1, 2, 3, 4, 1))
		began := time.Now()
		var thunks []Thunk
		for _, id := range []int64{1, 2, 3, 4, 1} {
			thunks = append(thunks, loader.Load(t.Context(), key(id), Base))
		}
		for i, id := range []upstream.OrderID{1, 2, 3, 4, 1} {
			if result, err := thunks[i](); err != nil || result.Order.ID != id {
				t.Errorf("order %d: %v, %v", id, result.Order, err)
			}
		}
		if called := fake.called(); len(called) != 2 || fake.taken.Load() != 2 || time.Since(began) > 0 {
			t.Errorf("%d orders asked for, %d taken, after %v", len(called), fake.taken.Load(), time.Since(began))
		}
		if copies, complete := s.Provenance.Copies(); len(copies) != 2 || complete {
			t.Errorf("shown: %v, complete %v", copies, complete)
		}
	})
}

// TestPartsOfAnOrderAreOneCall wants the batch to start with the last planned part of the last order, and each
// part to have its own outcome.
func TestPartsOfAnOrderAreOneCall(t *testing.T) {
	const invoice, shipping = upstream.DomainOrderInvoice, upstream.DomainNativeLogistics
	outage := &upstream.Error{Kind: upstream.KindUnavailable}
	synctest.Test(t, func(t *testing.T) {
		fake := &orders{answer: func(_ context.Context, request upstream.Request) (upstream.Result, error) {
			result := upstream.Result{Order: &upstream.Order{ID: request.Key.ID}, Held: request.Needs}
			if request.Key.ID == 2 {
				result.Held.Domains, result.Missing = shipping, outage
			}
			return result, nil
		}}
		loader := begin(t, t.Context(), fake, map[upstream.Key]upstream.Needs{
			key(1): {Domains: invoice | shipping}, key(2): {Domains: invoice | shipping}, key(3): {},
		})
		began := time.Now()
		for _, thunk := range []Thunk{
			loader.Load(t.Context(), key(1), Base), loader.Load(t.Context(), key(2), Base), loader.Load(t.Context(), key(3), Base),
		} {
			if result, err := thunk(); err != nil || result.Order == nil {
				t.Errorf("got %v, %v", result, err)
			}
		}
		for _, test := range []struct {
			id   int64
			part upstream.Domains
			want error
		}{{1, invoice, nil}, {1, shipping, nil}, {2, shipping, nil}, {2, invoice, outage}} {
			result, err := loader.Load(t.Context(), key(test.id), test.part)()
			if !errors.Is(err, test.want) || (err == nil) != (result.Order != nil) {
				t.Errorf("%s of order %d: %v, %v, want the error %v", test.part, test.id, result.Order, err, test.want)
			}
		}
		if _, err := loader.Load(t.Context(), key(3), invoice)(); upstream.KindOf(err) != upstream.KindInternal {
			t.Errorf("a part that was not planned: %v", err)
		}
		if called := fake.called(); len(called) != 3 || time.Since(began) > 0 {
			t.Errorf("%d orders asked for, after %v", len(called), time.Since(began))
		}
	})
}

// TestASingleOrderIsLoadedOnce wants it to be called for at once, by whoever waits for it.
func TestASingleOrderIsLoadedOnce(t *testing.T) {
	fake := &orders{}
	loader := begin(t, t.Context(), fake, planned(2, 2))
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if result, err := loader.Load(t.Context(), key(2), Base)(); err != nil || result.Order.ID != 2 {
				t.Errorf("got %v, %v", result.Order, err)
			}
		})
	}
	group.Wait()
	if called := fake.called(); len(called) != 1 {
		t.Errorf("%d orders asked for", len(called))
	}
}
