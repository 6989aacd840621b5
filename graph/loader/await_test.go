package loader

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failure := &upstream.Error{Kind: upstream.KindTimeout}
		fake := &orders{answer: func(_ context.Context, request upstream.Request) (upstream.Result, error) {
			time.Sleep(time.Second)
			if request.Key.ID == 2 {
				return upstream.Result{}, failure
			}
			return upstream.Result{Order: &upstream.Order{ID: request.Key.ID}}, nil
		}}
		Await(t.Context()) // an operation without orders
		ctx := begin(t, t.Context(), fake, wanted(1, 2, 3))
		start := time.Now()
		Await(ctx)
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want the time of one call", took)
		}
		for id := range int64(3) {
			order, err := Load(ctx, key(id+1))()
			if failed := id == 1; errors.Is(err, failure) != failed || (order == nil) != failed {
				t.Errorf("order %d: %v, %v", id+1, order, err)
			}
		}
		if calls := len(fake.called()); calls != 3 || time.Since(start) != time.Second {
			t.Errorf("%d calls in %v, want 3 in a second", calls, time.Since(start))
		}
	})
}
