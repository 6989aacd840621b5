package respcache

import (
	"context"

	"ordergraph/upstream"
)

// flight is the execution of an operation of which the answer will be kept, if all goes well.
type flight struct{ landed chan struct{} }

// Share lets concurrent requests for one operation of one caller share one execution. Call it when all
// orders have been loaded and nothing but the execution is left to do: whoever waits here joins no
// call.
//
// It returns the answer if there is one by now, and waits for it, as long as ctx lasts, if another
// request is executing the operation. Otherwise the caller must execute it, and then call leave, after
// Keep. Those who waited for an answer that was not kept execute all at once.
func (c *Cache[A]) Share(ctx context.Context, scope *upstream.Scope, operation Operation, request Request) (found *Entry[A], leave func()) {
	if scope.NoCache {
		return nil, func() {}
	}
	key := operationKey{c.callerOf(scope), operation}
	own, others := c.board(key)
	leave = func() {}
	if own != nil {
		leave = func() { c.land(key, own) }
	} else {
		select {
		case <-others.landed:
		case <-ctx.Done():
			return nil, leave
		}
	}
	if found = c.FindOperation(scope, operation, request); found != nil {
		leave()
		return found, func() {}
	}
	return nil, leave
}

// board returns the flight of a key: either the caller's own new one, or another's.
func (c *Cache[A]) board(key operationKey) (own, others *flight) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if others, found := c.flights[key]; found {
		return nil, others
	}
	own = &flight{landed: make(chan struct{})}
	c.flights[key] = own
	return own, nil
}

func (c *Cache[A]) land(key operationKey, own *flight) {
	c.mutex.Lock()
	delete(c.flights, key)
	c.mutex.Unlock()
	close(own.landed)
}
