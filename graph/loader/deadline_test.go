package loader

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

// TestTheTimeOfTheRequest wants each order to be waited for until then, and no longer.
func TestTheTimeOfTheRequest(t *testing.T) {
	own := &upstream.Error{Kind: upstream.KindTimeout, Status: 101}
	for name, test := range map[string]struct {
		answer  func(ctx context.Context, id upstream.OrderID) (upstream.Result, error)
		timeout bool
	}{
		"the call ends with it": {func(ctx context.Context, _ upstream.OrderID) (upstream.Result, error) {
			<-ctx.Done()
			return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout, Cause: context.Cause(ctx)}
		}, true},
		"whatever it fails with": {func(ctx context.Context, _ upstream.OrderID) (upstream.Result, error) {
			<-ctx.Done()
			return upstream.Result{}, ctx.Err()
		}, true},
		"the call's own time is up before": {func(context.Context, upstream.OrderID) (upstream.Result, error) {
			time.Sleep(time.Second / 2)
			return upstream.Result{}, &upstream.Error{Kind: upstream.KindTimeout, Cause: context.DeadlineExceeded}
		}, false},
		"the upstream says so in the last moment": {func(ctx context.Context, _ upstream.OrderID) (upstream.Result, error) {
			<-ctx.Done()
			return upstream.Result{}, own
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, count := range []int64{1, 3} {
				synctest.Test(t, func(t *testing.T) {
					fake := &orders{answer: func(ctx context.Context, request upstream.Request) (upstream.Result, error) {
						if request.Key.ID == 1 {
							return test.answer(ctx, request.Key.ID)
						}
						return upstream.Result{Order: &upstream.Order{ID: request.Key.ID}}, nil
					}}
					start := time.Now()
					s := &scope.Scope{Deadline: start.Add(time.Second)}
					ids := []int64{1, 2, 3}[:count]
					loader := begin(t, scope.With(t.Context(), s), fake, planned(ids...))
					var thunks []Thunk
					for _, id := range ids {
						thunks = append(thunks, loader.Load(t.Context(), key(id), Base))
					}
					for i, thunk := range thunks {
						order, err := thunk()
						if failed := i == 0; failed != (err != nil) || failed != (order.Order == nil) {
							t.Errorf("order %d: %v, %v", ids[i], order, err)
						}
						if timeout := errors.Is(err, ErrTimeout); i == 0 && timeout != test.timeout {
							t.Errorf("%v: the time of the request is up: %v", err, timeout)
						}
					}
					if took := time.Since(start); took > time.Second {
						t.Errorf("after %v", took)
					}
				})
			}
		})
	}
}
