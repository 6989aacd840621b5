// Package upstream reads 1688/Alibaba buyer orders from the paid REST endpoint
// 1688get-order-info (订单详情查看, 买家视角): one order a call, every call costs points.
//
// The package holds everything that is peculiar to that endpoint: which parts of an order can be
// asked for (Domains), how its answer is read in spite of its quirks (the files wire_*.go), and what its
// response codes mean (Kind). Package client calls it.
// Nothing here knows GraphQL; the structs are nevertheless shaped like the GraphQL types, so that
// no mapper stands between the two.
package upstream

import (
	"context"
	"errors"
	"time"
)

// Orders reads one order for one caller. Client is the endpoint itself; package cache decorates it.
//
// An implementation must be safe for concurrent use. A nil [Result].Order without an error means that
// the upstream knows no such order. Every error is, or wraps, an [*Error].
type Orders interface {
	Order(ctx context.Context, request Request) (Result, error)
}

// Request asks for one order. Needs are a lower bound: an implementation may bring more. Without a Caller or
// a Meter it fails with KindInternal: nobody's order and nobody's bill are faults of ours.
type Request struct {
	Key   Key
	Needs Needs
	// Caller is who asks.
	Caller *Caller
	// Freshness is how new the answer must be.
	Freshness Freshness
	// Meter gathers what the answer cost.
	Meter *Meter
	// Begin, if set, is called just before the request of an attempt is written, after all waiting, and
	// again for each retry. False means that nobody waits for the answer any longer: then the call must
	// not be made, and fails with KindTimeout. It may take a moment.
	Begin func() bool
}

// Freshness is how new an answer must be.
type Freshness struct {
	// ArrivedAt is when the request began to arrive: answers to a request with NoCache are of calls
	// that were written later. Zero means now.
	ArrivedAt time.Time
	// ReceivedAt is when the whole request had arrived, its body included; zero means at ArrivedAt. A
	// refusal of the upstream holds for every request that was not received when it was learnt, so that
	// a slow body evades none, and for no other, so that one order spoils none of the same request.
	ReceivedAt time.Time
	// NoCache asks for answers from upstream: no copy of any kind is served.
	NoCache bool
	// OnlyIfCached asks for copies alone: no call is started or joined, and an order of which no copy serves
	// fails with KindNotCached.
	OnlyIfCached bool
	// MaxAge is how old a copy may be, in an outage too; 0 is no bound.
	MaxAge time.Duration
	// MaxStale is how long past its freshness a copy is good enough, so that no call is made. The cache keeps
	// none longer than it would for an outage.
	MaxStale time.Duration
}

var (
	errNoCaller = errors.New("the request has no caller")
	errNoMeter  = errors.New("the request has no meter")
)

// Check returns an error of KindInternal for a request without a Caller or a Meter, else nil.
func (r Request) Check() error {
	switch {
	case r.Caller == nil:
		return &Error{Kind: KindInternal, Cause: errNoCaller}
	case r.Meter == nil:
		return &Error{Kind: KindInternal, Cause: errNoMeter}
	}
	return nil
}

// Result is one answer about one order.
type Result struct {
	// Order is nil when the upstream answered with success but without an order. It may be shared
	// between callers and cached: never change it.
	Order *Order
	// Held is what the call that brought the order asked for: all of its parts are final, even
	// where they are absent.
	Held Needs
	// Missing is why the order lacks parts that were asked for and are not among Held; nil if it lacks none.
	// The call for them failed by an outage, and Order is a copy. It is, or wraps, an [*Error].
	Missing error
	// Body is the upstream's answer, after inflating, for those who keep orders in their wire form:
	// [DecodeAnswer] reads it back, and [DecompressAnswer] what [CompressAnswer] makes of it. Without it no
	// copy is kept, and the next request pays again.
	Body []byte
	// FetchedAt is when the answer had been read, UTC.
	FetchedAt time.Time
	// FreshUntil is when the copy stops being fresh; in the past for a stale copy. Client leaves it
	// zero: freshness is the cache's decision.
	FreshUntil time.Time
	// Version is that of the copy that the order is, or 0 where nobody keeps one.
	Version Version
	// Points is what the call cost that brought the answer, whoever made it; Source says whether that was paid
	// for this request.
	Points int
	Source Source
}

// Key names one order at one site in one edition of the upstream's API.
type Key struct {
	Site    WebSite
	Edition Edition
	ID      OrderID
}
