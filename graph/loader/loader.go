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

	"github.com/99designs/gqlgen/graphql"
	"github.com/graph-gophers/dataloader/v7"

	"ordergraph/upstream"
)

// ErrTimeout says that an order did not come within the time of its request (upstream.Scope.Deadline).
var ErrTimeout = errors.New("the time of the request is up")

// wait is how long a batch waits for a planned order that execution turns out not to load. A batch
// whose orders all came starts at once.
const wait = 2 * time.Millisecond

// Thunk returns what is being loaded of an order, waiting for it if need be. The order is nil if the
// upstream knows none, and may lack parts (upstream.Result.Missing). Every error is, or wraps, an
// *upstream.Error, except after a panic.
type Thunk func() (upstream.Result, error)

// Load starts to load an order of the operation that ctx belongs to; one that is the only one to be
// loaded starts when somebody waits for it. Start all loads of a field before waiting for the first
// one: they are called for together.
//
// An order that was not planned is refused: nobody knows what is needed of it, and a call in the dark
// might have to be paid twice.
func Load(ctx context.Context, key upstream.Key) Thunk {
	operation, found := ctx.Value(operationKey{}).(*operation)
	if !found {
		return unplanned(key)
	}
	if result, found := operation.atHand[key]; found {
		return func() (upstream.Result, error) { return result, nil }
	}
	if _, planned := operation.needs[key]; !planned {
		return unplanned(key)
	}
	if operation.only != nil {
		return operation.only
	}
	return Thunk(operation.loader.Load(ctx, key))
}

func unplanned(key upstream.Key) Thunk {
	return func() (upstream.Result, error) {
		return upstream.Result{}, &upstream.Error{
			Kind:  upstream.KindInternal,
			Cause: fmt.Errorf("loading an order of %s that was not planned", key.Site),
		}
	}
}

type operationKey struct{}

// operation loads the orders of one operation.
type operation struct {
	orders upstream.Orders
	// atHand are the planned orders that were there before the execution began, needs is what the
	// others must bring.
	atHand map[upstream.Key]upstream.Result
	needs  map[upstream.Key]upstream.Needs
	// loader batches several orders. A single one is no batch, and needs no goroutines to become one:
	// only loads it.
	loader *dataloader.Loader[upstream.Key, upstream.Result]
	only   Thunk
	// context is the operation's, and ends with the time of the request: what came by then is still
	// executed. dataloader would pass the context of the field that happens to load first.
	context context.Context
	recover graphql.RecoverFunc
}

// withOperation returns a context in which Load loads the planned orders. Call end when nobody will
// wait for them any more.
func withOperation(
	ctx context.Context, orders upstream.Orders, needs map[upstream.Key]upstream.Needs,
) (_ context.Context, end context.CancelFunc) {
	operation := &operation{
		orders:  orders,
		needs:   needs,
		recover: graphql.GetOperationContext(ctx).RecoverFunc,
	}
	if deadline := upstream.ScopeFrom(ctx).Deadline; deadline.IsZero() {
		operation.context, end = context.WithCancel(ctx)
	} else {
		operation.context, end = context.WithDeadlineCause(ctx, deadline, ErrTimeout)
	}
	operation.takeAtHand()
	switch {
	case len(needs) > 1:
		operation.loader = operation.newLoader()
	case len(needs) == 1:
		operation.only = operation.loadOnly()
	}
	return context.WithValue(ctx, operationKey{}, operation), end
}

// takeAtHand takes the planned orders that need no call. They need no batch either.
func (o *operation) takeAtHand() {
	ready, ok := o.orders.(upstream.Peeker)
	if !ok {
		return
	}
	o.atHand = make(map[upstream.Key]upstream.Result, len(o.needs))
	scope := upstream.ScopeFrom(o.context)
	for key, needs := range o.needs {
		if result, found := ready.Peek(upstream.Request{Key: key, Needs: needs, Scope: scope}); found {
			scope.Provenance.NoteResult(key, result)
			o.atHand[key] = result
			delete(o.needs, key)
		}
	}
}

// loadOnly returns what loads the only order that is needed, when it is first called.
func (o *operation) loadOnly() Thunk {
	return sync.OnceValues(func() (upstream.Result, error) {
		var result *dataloader.Result[upstream.Result]
		for key := range o.needs {
			result = o.load(key)
		}
		return result.Data, result.Error
	})
}

func (o *operation) newLoader() *dataloader.Loader[upstream.Key, upstream.Result] {
	return dataloader.NewBatchedLoader(
		o.batch,
		dataloader.WithBatchCapacity[upstream.Key, upstream.Result](len(o.needs)),
		// The channel of a batch holds a thousand keys unless told otherwise.
		dataloader.WithInputCapacity[upstream.Key, upstream.Result](len(o.needs)),
		dataloader.WithWait[upstream.Key, upstream.Result](wait),
	)
}

// batch loads distinct orders, all at once: how many calls may run at a time is for the client to
// say.
func (o *operation) batch(_ context.Context, keys []upstream.Key) []*dataloader.Result[upstream.Result] {
	results := make([]*dataloader.Result[upstream.Result], len(keys))
	if len(keys) == 1 {
		results[0] = o.load(keys[0])
		return results
	}
	var group sync.WaitGroup
	for i, key := range keys {
		group.Go(func() { results[i] = o.load(key) })
	}
	group.Wait()
	return results
}

// load loads one order and notes its freshness. A panic becomes that order's error: it would
// otherwise end the process, as it happens in a goroutine of ours.
func (o *operation) load(key upstream.Key) (result *dataloader.Result[upstream.Result]) {
	defer func() {
		if thrown := recover(); thrown != nil {
			result = &dataloader.Result[upstream.Result]{Error: o.recover(o.context, thrown)}
		}
	}()
	scope := upstream.ScopeFrom(o.context)
	loaded, err := o.orders.Order(o.context, upstream.Request{Key: key, Needs: o.needs[key], Scope: scope})
	if err != nil {
		return &dataloader.Result[upstream.Result]{Error: o.explain(err)}
	}
	if loaded.Missing != nil {
		loaded.Missing = o.explain(loaded.Missing)
	}
	scope.Provenance.NoteResult(key, loaded)
	return &dataloader.Result[upstream.Result]{Data: loaded}
}

// explain adds to an error that the order did not come because the request ended, if that is why.
func (o *operation) explain(err error) error {
	if o.context.Err() == nil {
		return err
	}
	// A timeout that the upstream reports has a status.
	failure, ofUpstream := errors.AsType[*upstream.Error](err)
	if ofUpstream && (failure.Kind != upstream.KindTimeout || failure.Status != 0) || !ofUpstream && !errors.Is(err, o.context.Err()) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrTimeout, err)
}
