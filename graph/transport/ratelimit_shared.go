package transport

import (
	"context"
	"hash/maphash"
	"time"
)

// Instances that share rates admit by what they know, at once, and tell each other later: a caller who goes to all
// of them gets more than its rate for about that long.

const (
	// reportAfter is how long what callers use is gathered.
	reportAfter = 100 * time.Millisecond
	// maxReported bounds the callers of one report. The others are in the next one.
	maxReported = 1000
)

// SharedRates are the rates of callers in all instances. It is safe for concurrent use.
type SharedRates interface {
	// Spend adds to each rate what was used of it here, as time, and returns how far ahead of the time it is then. What
	// is missing is not known.
	Spend(ctx context.Context, used map[string]time.Duration) (ahead map[string]time.Duration, err error)
}

// usage is what was used of a rate.
type usage struct {
	name string
	cost time.Duration
}

// report notes what the others are to be told. The mu is held.
func (l *rateLimit) report(caller uint64, name string, cost time.Duration) {
	already, found := l.used[caller]
	if l.shared == nil || !found && len(l.used) >= maxCallers {
		return
	}
	l.used[caller] = usage{name, already.cost + cost}
	if !l.reporting {
		l.reporting = true
		time.AfterFunc(reportAfter, l.send)
	}
}

// send tells the others, and takes over what they have used. What can't be told is forgotten: then each instance
// admits the whole rate.
func (l *rateLimit) send() {
	ahead, _ := l.shared.Spend(context.Background(), l.unreported())
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for name, common := range ahead {
		caller := maphash.String(l.seed, name)
		if due := now.Add(common + l.used[caller].cost); due.After(l.next[caller]) {
			l.next[caller] = due
		}
	}
	if l.reporting = len(l.used) > 0; l.reporting {
		time.AfterFunc(reportAfter, l.send)
	}
}

func (l *rateLimit) unreported() map[string]time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	used := map[string]time.Duration{}
	for caller, one := range l.used {
		if len(used) == maxReported {
			break
		}
		used[one.name] = one.cost
		delete(l.used, caller)
	}
	return used
}
