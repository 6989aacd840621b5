// Package loader loads the orders of one GraphQL operation: all at the same time, and each distinct
// one once, however often and in whatever way the operation names it.
//
// The operation is planned before it is executed, for two reasons. One call must bring everything
// that any field needs of its order, since a second call for the same order would be paid again. And
// a loader that knows how many orders will come need not wait for more of them.
package loader

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

// ErrTimeout says that an order did not come within the time of its request (scope.Scope.Deadline).
var ErrTimeout = errors.New("the time of the request is up")

// wait is how long a batch waits for a planned order that execution turns out not to load. A batch
// whose orders all came starts at once.
const wait = 2 * time.Millisecond

// Base is the part of an order that every answer has. The other parts are domains, each by itself.
const Base upstream.Domains = 0

// Thunk returns what is being loaded, waiting for it if need be. The order is nil if the upstream knows
// none. Every error is, or wraps, an *upstream.Error, except after a panic.
type Thunk func() (upstream.Result, error)

// Loader loads the planned orders of one operation. New makes one; one that is nil loads none.
type Loader struct {
	orders upstream.Orders
	// peeked are the planned orders that were there before the execution began, needs is what the
	// others must bring.
	peeked  map[upstream.Key]upstream.Result
	needs   map[upstream.Key]upstream.Needs
	batches *dataloader.Loader[partKey, upstream.Result]
	// ctx is the operation's, and ends with the time of the request: what came by then is still
	// executed. dataloader would pass the context of the field that happens to load first.
	ctx     context.Context
	recover func(ctx context.Context, thrown any) error
}

// New returns a loader of the planned orders: needs says what the fields of an operation need of each. It
// changes needs. recover makes an error of what a panic throws. Call end when nobody will wait for the
// orders any more.
func New(
	ctx context.Context, orders upstream.Orders, needs map[upstream.Key]upstream.Needs,
	recover func(ctx context.Context, thrown any) error,
) (_ *Loader, end context.CancelFunc) {
	l := &Loader{orders: orders, needs: needs, recover: recover}
	l.ctx, end = untilDeadline(ctx)
	l.peek()
	if len(needs) > 0 {
		l.batches = l.newBatches()
	}
	return l, end
}

// untilDeadline returns a context that ends with the time of the request.
func untilDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline := scope.From(ctx).Deadline; !deadline.IsZero() {
		return context.WithDeadlineCause(ctx, deadline, ErrTimeout)
	}
	return context.WithCancel(ctx)
}

// partKey names what one load brings.
type partKey struct {
	order upstream.Key
	part  upstream.Domains
}

// Load starts to load a part of an order. The result holds that part, and may lack others
// (upstream.Result.Missing). Start all loads of a field before waiting for the first one: they are called
// for together.
//
// What was not planned is refused: nobody knows what else is needed of that order, and a call in the dark
// might have to be paid twice.
func (l *Loader) Load(ctx context.Context, order upstream.Key, part upstream.Domains) Thunk {
	if l == nil {
		return unplanned(order)
	}
	if result, found := l.peeked[order]; found {
		return func() (upstream.Result, error) { return partOf(result, part) }
	}
	needs, planned := l.needs[order]
	if !planned || !needs.Domains.Covers(part) {
		return unplanned(order)
	}
	// One call brings all parts of an order: the batch is complete, and starts, with the last of them.
	for planned := range needs.Domains.All() {
		l.batches.Load(ctx, partKey{order, planned})
	}
	return Thunk(l.batches.Load(ctx, partKey{order, part}))
}

// partOf returns what was read of an order, or why it lacks a part.
func partOf(result upstream.Result, part upstream.Domains) (upstream.Result, error) {
	if result.Missing != nil && !result.Held.Domains.Covers(part) {
		return upstream.Result{}, result.Missing
	}
	return result, nil
}

func unplanned(key upstream.Key) Thunk {
	return func() (upstream.Result, error) {
		return upstream.Result{}, &upstream.Error{
			Kind:  upstream.KindInternal,
			Cause: fmt.Errorf("loading an order of %s that was not planned", key.Site),
		}
	}
}

// Peeker is what Orders offer that have some answers at hand, so that nobody has to set up a call for them.
type Peeker interface {
	// Peek answers as Order would, and counts the answer like it, if that takes no call, no waiting
	// and next to no work. An implementation must be safe for concurrent use.
	Peek(request upstream.Request) (result upstream.Result, found bool)
}

// peek takes the planned orders that need no call. They need no batch either.
func (l *Loader) peek() {
	ready, ok := l.orders.(Peeker)
	if !ok {
		return
	}
	l.peeked = make(map[upstream.Key]upstream.Result, len(l.needs))
	request := scope.From(l.ctx)
	for key, needs := range l.needs {
		if result, found := ready.Peek(request.Order(key, needs)); found {
			request.Provenance.Add(key, result)
			l.peeked[key] = result
			delete(l.needs, key)
		}
	}
}

// newBatches returns what batches the planned parts of the orders that are not at hand.
func (l *Loader) newBatches() *dataloader.Loader[partKey, upstream.Result] {
	parts := 0
	for _, needs := range l.needs {
		parts += 1 + needs.Domains.Len()
	}
	return dataloader.NewBatchedLoader(
		l.batch,
		dataloader.WithBatchCapacity[partKey, upstream.Result](parts),
		// The channel of a batch holds a thousand keys unless told otherwise.
		dataloader.WithInputCapacity[partKey, upstream.Result](parts),
		dataloader.WithWait[partKey, upstream.Result](wait),
	)
}

// batch loads parts of orders: each order once, and all at the same time. How many calls may run at a time is
// for the client to say.
func (l *Loader) batch(_ context.Context, keys []partKey) []*dataloader.Result[upstream.Result] {
	loaded := map[upstream.Key]*dataloader.Result[upstream.Result]{}
	for _, key := range keys {
		loaded[key.order] = &dataloader.Result[upstream.Result]{}
	}
	if len(loaded) == 1 {
		l.load(keys[0].order, loaded[keys[0].order])
	} else {
		var group sync.WaitGroup
		for order, result := range loaded {
			group.Go(func() { l.load(order, result) })
		}
		group.Wait()
	}
	results := make([]*dataloader.Result[upstream.Result], len(keys))
	for i, key := range keys {
		part := *loaded[key.order]
		if part.Error == nil {
			part.Data, part.Error = partOf(part.Data, key.part)
		}
		results[i] = &part
	}
	return results
}

// load loads one order and notes its freshness. A panic becomes that order's error: it would
// otherwise end the process, as it happens in a goroutine of ours.
func (l *Loader) load(key upstream.Key, result *dataloader.Result[upstream.Result]) {
	defer func() {
		if thrown := recover(); thrown != nil {
			result.Error = l.recover(l.ctx, thrown)
		}
	}()
	request := scope.From(l.ctx)
	loaded, err := l.orders.Order(l.ctx, request.Order(key, l.needs[key]))
	if err != nil {
		request.Provenance.AddFailure(err)
		result.Error = l.explain(err)
		return
	}
	if loaded.Missing != nil {
		loaded.Missing = l.explain(loaded.Missing)
	}
	request.Provenance.Add(key, loaded)
	result.Data = loaded
}

// explain adds to an error that the order did not come because the request ended, if that is why.
func (l *Loader) explain(err error) error {
	if l.ctx.Err() == nil {
		return err
	}
	// A timeout that the upstream reports has a status.
	failure, ofUpstream := errors.AsType[*upstream.Error](err)
	if ofUpstream && (failure.Kind != upstream.KindTimeout || failure.Status != 0) || !ofUpstream && !errors.Is(err, l.ctx.Err()) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrTimeout, err)
}
