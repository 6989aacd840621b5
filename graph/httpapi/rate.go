package httpapi

import (
	"hash/maphash"
	"net"
	"net/http"
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
type rateLimit struct {
	interval time.Duration // between two requests at the full rate
	burst    time.Duration // how far ahead of that a caller may run
	seed     maphash.Seed

	mutex sync.Mutex
	// next holds for each caller when its next request would be due at the full rate.
	next map[uint64]time.Time
}

// longestInterval keeps the least rates from overflowing, which would be no limit at all.
const longestInterval = 365 * 24 * time.Hour

func newRateLimit(perSecond float64) *rateLimit {
	if perSecond <= 0 {
		return nil
	}
	interval := time.Duration(min(max(1, float64(time.Second)/perSecond), float64(longestInterval)))
	return &rateLimit{
		interval: interval,
		burst:    max(interval, time.Second),
		seed:     maphash.MakeSeed(),
		next:     map[uint64]time.Time{},
	}
}

// admit counts a request of the caller; if it is one too many it returns how long to wait.
func (l *rateLimit) admit(r *http.Request, tenant upstream.Secret) (wait time.Duration, admitted bool) {
	if l == nil {
		return 0, true
	}
	return l.take(l.caller(r, tenant), time.Now())
}

// caller names who asks by a keyed hash: of the credentials, or of the address for those without.
// Headers such as X-Forwarded-For can be made up and don't count.
func (l *rateLimit) caller(r *http.Request, tenant upstream.Secret) uint64 {
	if tenant != "" {
		return maphash.String(l.seed, "token "+tenant.Reveal())
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return maphash.String(l.seed, "address "+host)
}

func (l *rateLimit) take(caller uint64, now time.Time) (wait time.Duration, admitted bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
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
