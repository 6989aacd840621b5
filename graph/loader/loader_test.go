package loader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"go.uber.org/goleak"

	"ordergraph/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// orders is an upstream that remembers what it was asked.
type orders struct {
	answer func(ctx context.Context, request upstream.Request) (upstream.Result, error)

	mutex    sync.Mutex
	requests []upstream.Request
}

func (o *orders) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	o.mutex.Lock()
	o.requests = append(o.requests, request)
	o.mutex.Unlock()
	if o.answer != nil {
		return o.answer(ctx, request)
	}
	return upstream.Result{Order: &upstream.Order{ID: request.Key.ID}}, nil
}

func (o *orders) called() []upstream.Request {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return slices.Clone(o.requests)
}

func key(id int64) upstream.Key { return upstream.Key{ID: upstream.OrderID(id)} }

func wanted(ids ...int64) []Wanted {
	var list []Wanted
	for _, id := range ids {
		list = append(list, Wanted{Key: key(id)})
	}
	return list
}

// operationContext is an operation as gqlgen sets it up.
func operationContext(ctx context.Context) (context.Context, *graphql.OperationContext) {
	operation := &graphql.OperationContext{
		RecoverFunc: func(_ context.Context, thrown any) error { return fmt.Errorf("recovered: %v", thrown) },
	}
	return graphql.WithOperationContext(ctx, operation), operation
}

// begin plans an operation and returns the context that its resolvers get.
func begin(t testing.TB, ctx context.Context, orders upstream.Orders, planned []Wanted) context.Context {
	t.Helper()
	extension := New(orders, func(context.Context, *graphql.OperationContext) ([]Wanted, error) { return planned, nil }, 100)
	ctx, operation := operationContext(ctx)
	if err := extension.MutateOperationContext(ctx, operation); err != nil {
		t.Fatal(err)
	}
	extension.InterceptOperation(ctx, func(inner context.Context) graphql.ResponseHandler {
		ctx = inner
		return nil
	})
	return ctx
}

func TestEachDistinctOrderIsLoadedOnceWithUnitedNeeds(t *testing.T) {
	fake := &orders{}
	planned := []Wanted{
		{key(1), upstream.Needs{Domains: upstream.OrderInvoice, AttributeKeys: []string{"b"}}},
		{key(2), upstream.Needs{}},
		{key(1), upstream.Needs{Domains: upstream.RateDetail, AttributeKeys: []string{"a", "b"}}},
		{upstream.Key{ID: 1, Edition: upstream.EditionV2}, upstream.Needs{}},
	}
	ctx := begin(t, t.Context(), fake, planned)
	var thunks []Thunk
	for _, order := range planned {
		thunks = append(thunks, Load(ctx, order.Key))
	}
	var loaded []*upstream.Order
	for i, thunk := range thunks {
		order, err := thunk()
		if err != nil || order.ID != planned[i].Key.ID {
			t.Errorf("order %d: got %v, %v", i, order, err)
		}
		loaded = append(loaded, order)
	}
	if loaded[0] != loaded[2] {
		t.Error("the same order was loaded twice")
	}
	requests := fake.called()
	if len(requests) != 3 {
		t.Fatalf("%d calls, want 3", len(requests))
	}
	for _, request := range requests {
		if request.Key != key(1) {
			continue
		}
		if request.Needs.Domains != upstream.OrderInvoice|upstream.RateDetail || !slices.Equal(request.Needs.AttributeKeys, []string{"a", "b"}) {
			t.Errorf("needs %v are not united", request.Needs)
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
		ctx := begin(t, t.Context(), fake, wanted(1, 2, 3, 2))
		start := time.Now()
		// Two goroutines that wait for the same order would wait for a mutex of dataloader's, which
		// stops the bubble's clock: so this one waits for all.
		var thunks []Thunk
		for _, id := range []int64{1, 2, 2, 3, 1} {
			thunks = append(thunks, Load(ctx, key(id)))
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
		ctx := begin(t, t.Context(), fake, wanted(1, 2))
		start := time.Now()
		if _, err := Load(ctx, key(1))(); err != nil {
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
	ctx := begin(t, t.Context(), fake, wanted(1, 2, 3))
	one, two, three := Load(ctx, key(1)), Load(ctx, key(2)), Load(ctx, key(3))
	if _, err := one(); !errors.Is(err, refused) {
		t.Errorf("the first one: %v", err)
	}
	if _, err := two(); err == nil || err.Error() != "recovered: a fault" {
		t.Errorf("the second one: %v", err)
	}
	if order, err := three(); err != nil || order.ID != 3 {
		t.Errorf("the third one: %v, %v", order, err)
	}
}

func TestAPanicWithOneOrderIsRecovered(t *testing.T) {
	fake := &orders{answer: func(context.Context, upstream.Request) (upstream.Result, error) { panic("a fault") }}
	ctx := begin(t, t.Context(), fake, wanted(1))
	if _, err := Load(ctx, key(1))(); err == nil || err.Error() != "recovered: a fault" {
		t.Errorf("got %v", err)
	}
}

func TestCallsGetTheOperationsContextAndScope(t *testing.T) {
	type mark struct{}
	scope := &upstream.Scope{}
	var got context.Context
	fake := &orders{answer: func(ctx context.Context, _ upstream.Request) (upstream.Result, error) {
		got = ctx
		return upstream.Result{}, nil
	}}
	operation, cancel := context.WithCancel(upstream.WithScope(context.WithValue(t.Context(), mark{}, "operation"), scope))
	defer cancel()
	ctx := begin(t, operation, fake, wanted(1))
	if _, err := Load(context.WithValue(ctx, mark{}, "field"), key(1))(); err != nil {
		t.Fatal(err)
	}
	if got.Value(mark{}) != "operation" {
		t.Error("the call got the context of the field that loaded first")
	}
	if fake.called()[0].Scope != scope {
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
			var planned []Wanted
			for id := range test.results {
				planned = append(planned, Wanted{Key: key(id)})
			}
			scope := &upstream.Scope{}
			ctx := begin(t, upstream.WithScope(t.Context(), scope), fake, planned)
			var thunks []Thunk
			for id := range test.results {
				thunks = append(thunks, Load(ctx, key(id)))
			}
			for _, thunk := range thunks {
				if _, err := thunk(); err != nil {
					t.Error(err)
				}
			}
			until, shown := scope.Shown.FreshUntil()
			if !until.Equal(test.until) || shown != test.shown {
				t.Errorf("fresh until %v, shown %v; want %v, %v", until, shown, test.until, test.shown)
			}
		})
	}
}

func TestAnUnplannedOrderIsRefusedWithoutACall(t *testing.T) {
	fake := &orders{}
	for name, ctx := range map[string]context.Context{
		"another order is planned": begin(t, t.Context(), fake, wanted(1)),
		"nothing is planned":       begin(t, t.Context(), fake, nil),
		"no operation":             t.Context(),
	} {
		if _, err := Load(ctx, key(2))(); upstream.KindOf(err) != upstream.KindInternal || !strings.Contains(err.Error(), "not planned") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if calls := len(fake.called()); calls != 0 {
		t.Errorf("%d calls, want none", calls)
	}
}

func TestTooManyDistinctOrdersAreRefused(t *testing.T) {
	var list []int64
	for id := range int64(4) {
		list = append(list, id+1, id+1, id+1)
	}
	for maximum, want := range map[int]bool{3: true, 4: false, 5: false} {
		extension := New(&orders{}, func(context.Context, *graphql.OperationContext) ([]Wanted, error) { return wanted(list...), nil }, maximum)
		ctx, operation := operationContext(t.Context())
		err := extension.MutateOperationContext(ctx, operation)
		if got, found := errors.AsType[*TooManyError](err); found != want || found && got.Maximum != maximum {
			t.Errorf("at most %d: got %v", maximum, err)
		}
	}
}

func TestAPlannersErrorRefusesTheRequest(t *testing.T) {
	refusal := errors.New("no")
	extension := New(&orders{}, func(context.Context, *graphql.OperationContext) ([]Wanted, error) { return nil, refusal }, 1)
	ctx, operation := operationContext(t.Context())
	if err := extension.MutateOperationContext(ctx, operation); !errors.Is(err, refusal) {
		t.Errorf("got %v", err)
	}
}

func TestValidateRefusesAnIncompleteExtension(t *testing.T) {
	plan := func(context.Context, *graphql.OperationContext) ([]Wanted, error) { return nil, nil }
	for _, extension := range []*Extension{New(nil, plan, 1), New(&orders{}, nil, 1), New(&orders{}, plan, 0)} {
		if extension.Validate(nil) == nil {
			t.Errorf("%+v was accepted", extension)
		}
	}
	if err := New(&orders{}, plan, 1).Validate(nil); err != nil {
		t.Error(err)
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, count := range []int{1, 3, 30} {
		b.Run(fmt.Sprintf("%d orders", count), func(b *testing.B) {
			answer := upstream.Result{Order: &upstream.Order{}}
			fake := immediate{answer}
			var planned []Wanted
			for id := range count {
				planned = append(planned, Wanted{Key: key(int64(id + 1))})
			}
			thunks := make([]Thunk, count)
			b.ReportAllocs()
			for b.Loop() {
				ctx := begin(b, b.Context(), fake, planned)
				for i, order := range planned {
					thunks[i] = Load(ctx, order.Key)
				}
				for _, thunk := range thunks {
					if _, err := thunk(); err != nil {
						b.Fatal(err)
					}
				}
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

func (o *readyOrders) AtHand(request upstream.Request) (upstream.Result, bool) {
	if request.Key.ID%2 == 0 {
		return upstream.Result{}, false
	}
	o.taken.Add(1)
	return upstream.Result{Order: &upstream.Order{ID: request.Key.ID}, Copy: 1, FreshUntil: time.Now()}, true
}

// TestWhatIsAtHandNeedsNoBatch wants each order that is at hand to be taken once, and the batch of the
// others to be complete without them.
func TestWhatIsAtHandNeedsNoBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &readyOrders{orders: &orders{}}
		scope := &upstream.Scope{}
		ctx := begin(t, upstream.WithScope(t.Context(), scope), fake, wanted(1, 2, 3, 4, 1))
		began := time.Now()
		var thunks []Thunk
		for _, id := range []int64{1, 2, 3, 4, 1} {
			thunks = append(thunks, Load(ctx, key(id)))
		}
		for i, id := range []upstream.OrderID{1, 2, 3, 4, 1} {
			if order, err := thunks[i](); err != nil || order.ID != id {
				t.Errorf("order %d: %v, %v", id, order, err)
			}
		}
		if called := fake.called(); len(called) != 2 || fake.taken.Load() != 2 || time.Since(began) > 0 {
			t.Errorf("%d orders asked for, %d taken, after %v", len(called), fake.taken.Load(), time.Since(began))
		}
		if copies, complete := scope.Shown.Copies(); len(copies) != 2 || complete {
			t.Errorf("shown: %v, complete %v", copies, complete)
		}
	})
}

// TestASingleOrderNeedsNoBatch wants it to be loaded by whoever waits for it first, once, at once.
func TestASingleOrderNeedsNoBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &orders{}
		ctx := begin(t, t.Context(), fake, wanted(2, 2))
		first, second := Load(ctx, key(2)), Load(ctx, key(2))
		if called := fake.called(); len(called) != 0 {
			t.Errorf("%d orders asked for before anybody waits", len(called))
		}
		began := time.Now()
		var group sync.WaitGroup
		for _, thunk := range []Thunk{first, second} {
			group.Go(func() {
				if order, err := thunk(); err != nil || order.ID != 2 {
					t.Errorf("got %v, %v", order, err)
				}
			})
		}
		group.Wait()
		if called := fake.called(); len(called) != 1 || time.Since(began) > 0 {
			t.Errorf("%d orders asked for, after %v", len(called), time.Since(began))
		}
	})
}
