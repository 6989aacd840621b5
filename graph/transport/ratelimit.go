package transport

import (
	"hash/maphash"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"ordergraph/upstream"
)

// maxCallers bounds the memory of the rate limit. Beyond it the limit forgets callers at random.
const maxCallers = 1 << 16

// sweepWidth is how many callers are looked at for each new one, so that those who went away make
// room without a pause.
const sweepWidth = 8

// rateLimit admits a number of requests a second for each caller, with a burst of one second's
// worth. It keeps one moment per caller (the generic cell rate algorithm). A nil one admits all.
// Safe for concurrent use.
//
// A caller is a token, and who makes up tokens is a new one each time. So callers that were never answered
// with an order share a second limit, by their address, on the upstream calls that they cost; requests
// without a call cost nothing there. Callers that are known are not held up by others behind their address.
type rateLimit struct {
	interval time.Duration // between two requests at the full rate
	burst    time.Duration // how far ahead of that a caller may run
	seed     maphash.Seed

	mu sync.Mutex
	// next holds for each caller when its next request would be due at the full rate.
	next map[uint64]time.Time
	// known holds the callers that were answered with an order.
	known map[uint64]struct{}

	// shared is told what callers used here, and tells what they used elsewhere; nil is no other instance.
	shared SharedRates
	// used is what shared was not told yet, and reporting says that it will be.
	used      map[uint64]usage
	reporting bool
}

// reservation is the call that a request of an unknown caller may cost, until it is known what it did cost.
// The zero value reserves nothing.
type reservation struct {
	made   bool
	caller uint64
	// address names the rate that the calls count in.
	address string
}

// longestInterval keeps the least rates from overflowing, which would be no limit at all.
const longestInterval = 30 * 24 * time.Hour

func newRateLimit(perSecond float64, shared SharedRates) *rateLimit {
	if perSecond <= 0 {
		return nil
	}
	interval := time.Duration(min(max(1, float64(time.Second)/perSecond), float64(longestInterval)))
	return &rateLimit{
		interval: interval,
		burst:    max(interval, time.Second),
		seed:     maphash.MakeSeed(),
		next:     map[uint64]time.Time{},
		known:    map[uint64]struct{}{},
		shared:   shared,
		used:     map[uint64]usage{},
	}
}

// admit counts a request of the caller; if it is one too many it returns how long to wait. What it reserves
// must be settled. A caller without a token is its address; authenticated ones made nothing up.
func (l *rateLimit) admit(r *http.Request, tenant upstream.Secret, authenticated bool) (reserved reservation, wait time.Duration, admitted bool) {
	if l == nil {
		return reservation{}, 0, true
	}
	now := time.Now()
	if tenant == "" {
		wait, admitted = l.take("address "+addressOf(r), now)
		return reservation{}, wait, admitted
	}
	name := "token " + tenant.Reveal()
	caller := maphash.String(l.seed, name)
	if wait, admitted = l.take(name, now); !admitted || authenticated || l.knows(caller) {
		return reservation{}, wait, admitted
	}
	address := "calls " + addressOf(r)
	wait, admitted = l.take(address, now)
	return reservation{made: admitted, caller: caller, address: address}, wait, admitted
}

// settle replaces what was reserved for a request by the calls that it cost. A caller that was answered with
// an order is known from then on, and its calls don't count.
func (l *rateLimit) settle(reserved reservation, calls int, answered bool) {
	if !reserved.made {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if answered {
		calls = 0
		l.remember(reserved.caller)
	}
	address, cost := maphash.String(l.seed, reserved.address), time.Duration(calls-1)*l.interval
	if due, known := l.next[address]; known {
		l.next[address] = due.Add(cost)
		l.report(address, reserved.address, cost)
	}
}

// addressOf returns where a request comes from: the network of 64 bits under IPv6, of which one subscriber has
// every address. Headers such as X-Forwarded-For can be made up and don't count.
func addressOf(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	address := from.Addr().Unmap().WithZone("")
	if address.Is6() {
		if network, err := address.Prefix(64); err == nil {
			return network.String()
		}
	}
	return address.String()
}

func (l *rateLimit) knows(caller uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.known[caller]
	return known
}

// remember adds a known caller, in place of an arbitrary one if there are too many. The mu is held.
func (l *rateLimit) remember(caller uint64) {
	for other := range l.known {
		if len(l.known) < maxCallers {
			break
		}
		delete(l.known, other)
	}
	l.known[caller] = struct{}{}
}

func (l *rateLimit) take(name string, now time.Time) (wait time.Duration, admitted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	caller := maphash.String(l.seed, name)
	due, known := l.next[caller]
	if !known {
		l.makeRoom(now)
	}
	if due.Before(now) {
		due = now
	}
	due = due.Add(l.interval)
	if ahead := due.Sub(now) - l.burst; ahead > 0 {
		return ahead, false
	}
	l.next[caller] = due
	l.report(caller, name, l.interval)
	return 0, true
}

// makeRoom forgets callers whose moment has passed, for whom nothing needs to be known, and an
// arbitrary one if there are still too many.
func (l *rateLimit) makeRoom(now time.Time) {
	looked := 0
	for caller, due := range l.next {
		if looked == sweepWidth {
			break
		}
		looked++
		if due.Before(now) {
			delete(l.next, caller)
		}
	}
	for caller := range l.next {
		if len(l.next) < maxCallers {
			break
		}
		delete(l.next, caller)
	}
}
