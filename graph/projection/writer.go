package projection

import (
	"bytes"
	"context"
	"errors"
	"math"
	"sync"

	"ordergraph/upstream"
)

const (
	// chunk is how many bytes are written between two looks at the budget and at the context.
	chunk = 32 << 10
	// smallOrder is what an order may take in any case, however much was written in vain before it.
	smallOrder = 64 << 10
)

// Response is what the orders of one response share. NewResponse makes one. Safe for concurrent use.
type Response struct {
	maxBytes int
	exceeded error

	// apart lets one field at a time be written apart, so that all of them stay within maxBytes.
	apart sync.Mutex

	mu sync.Mutex
	// spent counts the bytes of what was written apart and is not yet part of the response.
	spent int
	// wasted counts the bytes of what turned out to be too large. Each alone may take as long to write as a
	// whole response.
	wasted int
	// written counts the fields of orders that no resolver had a part in.
	written int
	// badValues counts the malformed values that the response would show.
	badValues int
	bad       map[*upstream.Order]*badOrder
}

// NewResponse returns a response of at most maxBytes bytes of data. An order that would go beyond fails with
// exceeded; those that still fit are written.
func NewResponse(maxBytes int, exceeded error) *Response {
	return &Response{maxBytes: maxBytes, exceeded: exceeded}
}

// Written returns how many fields showed orders of which everything was written by this package: no resolver
// has added to it what it read elsewhere.
func (r *Response) Written() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.written
}

func (r *Response) addWritten() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.written++
}

// UnlistedBadValues returns how many malformed values have no error of their own, for there are too many.
func (r *Response) UnlistedBadValues() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return max(0, r.badValues-maxBadValues)
}

// lists reports whether the next of some malformed values, after those that were added, gets an error of its
// own.
func (r *Response) lists(next int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.badValues+next <= maxBadValues
}

func (r *Response) addBadValues(found int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.badValues += found
}

// badOrder returns what is malformed in an order.
func (r *Response) badOrder(order *upstream.Order) *badOrder {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bad[order] == nil {
		if r.bad == nil {
			r.bad = map[*upstream.Order]*badOrder{}
		}
		r.bad[order] = newBadOrder(order)
	}
	return r.bad[order]
}

// spend takes what was written apart, or what gqlgen will write, from the room of the response; or gives it
// back when it is written.
func (r *Response) spend(bytes int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spent += bytes
	if r.spent > r.maxBytes {
		return r.exceeded
	}
	return nil
}

func (r *Response) waste(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wasted += bytes
}

type responseKey struct{}

// WithResponse returns a context in which orders are written as parts of response.
func WithResponse(ctx context.Context, response *Response) context.Context {
	return context.WithValue(ctx, responseKey{}, response)
}

func responseFrom(ctx context.Context) *Response {
	if response, found := ctx.Value(responseKey{}).(*Response); found {
		return response
	}
	return NewResponse(math.MaxInt32, errors.New("projection: the response is too large"))
}

// room returns how large a buffer may be when a value has been written that begins at start. What is wasted
// is bounded: the longer the response is written in vain, the less is left to the next value.
func (r *Response) room(start int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return min(r.maxBytes-r.spent, start+max(smallOrder, 2*r.maxBytes-r.wasted))
}

// writer writes one order to the response. What it has written is in out at first, so that appending costs
// no call, and goes to the buffer in chunks.
type writer struct {
	context  context.Context
	response *Response
	buffer   *bytes.Buffer
	out      []byte
	// start is where the order begins in buffer, limit where it must end.
	start, limit int
	// pause is the length of out at which there is something to check.
	pause int
	// report is nil for an order without malformed values that lacks no part.
	report *report
}

// newWriter returns a writer that begins with room for usual bytes.
func newWriter(ctx context.Context, response *Response, buffer *bytes.Buffer, usual int) *writer {
	w := &writer{context: ctx, response: response, buffer: buffer, start: buffer.Len()}
	w.limit = response.room(w.start)
	w.next(min(usual, chunk))
	return w
}

// next prepares the next chunk, with room for size bytes.
func (w *writer) next(size int) {
	w.buffer.Grow(size)
	w.out = w.buffer.AvailableBuffer()
	w.pause = max(0, min(chunk, w.limit-w.buffer.Len()))
}

// check ends the writing of an order that is too large, or that nobody waits for any longer.
func (w *writer) check() error {
	if len(w.out) <= w.pause {
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.context.Err(); err != nil {
		return err
	}
	w.next(chunk)
	return nil
}

func (w *writer) flush() error {
	if w.buffer.Len()+len(w.out) > w.limit {
		return w.response.exceeded
	}
	_, _ = w.buffer.Write(w.out) // never fails
	w.out = nil
	return nil
}

// discard takes back what was written of the order.
func (w *writer) discard() {
	w.response.waste(w.buffer.Len() + len(w.out) - w.start)
	w.buffer.Truncate(w.start)
}
