package cache

import (
	"container/list"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ordergraph/upstream"
)

// negativeBudget bounds the memory for refusals, in bytes, once for tenants and once for orders.
//
// It holds some 40,000 of each. Every refusal costs a call that the upstream answers, and none holds
// longer than a minute: whoever wants to drive out another tenant's must win against that within its
// lifetime, through the bound on calls in flight. Orders have a table of their own, so that asking
// for many accounts that don't exist never drives out what holds for a tenant.
const negativeBudget = 16 << 20

// refusedBytes is what a key in a refusalTable costs, and refusalBytes what each of its refusals
// costs, the link aside. (map slot, list element, refused; refusal)
const (
	refusedBytes = 256
	refusalBytes = 160
)

var errRemembered = errors.New("the upstream said so a moment ago; it was not asked again")

// holding returns how long a refusal holds, 0 if it is none to remember, and whether it is about one
// order only.
func holding(kind upstream.Kind) (duration time.Duration, ofOrder bool) {
	switch kind {
	case upstream.KindQuotaExhausted, upstream.KindPermissionDenied, upstream.KindPermissionOrQuota:
		return 30 * time.Second, false
	case upstream.KindShopNotAuthorized:
		return 15 * time.Second, false
	case upstream.KindAccountNotFound:
		return 60 * time.Second, true
	default:
		return 0, false
	}
}

// negativeCache remembers for a moment whom the upstream refused, so that a client's loop does not burn
// points.
type negativeCache struct {
	mu      sync.RWMutex
	tenants refusalTable
	orders  refusalTable
	// until is when the last refusal ends, in nanoseconds since 1970: mostly nothing holds, and
	// then no lock is needed.
	until atomic.Int64
}

func newNegativeCache() *negativeCache {
	return &negativeCache{tenants: newRefusalTable(negativeBudget), orders: newRefusalTable(negativeBudget)}
}

// find returns the refusal that holds for a request about k that was received at receivedAt: denied also
// hides copies, noFetch only stops calls. One learnt after the request had been received does not hold
// for it, so that one bad order never spoils another of the same request.
func (n *negativeCache) find(k key, receivedAt, now time.Time) (denied, noFetch *upstream.Error) {
	if now.UnixNano() >= n.until.Load() {
		return nil, nil
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, table := range [...]struct {
		*refusalTable
		key key
	}{{&n.tenants, k.ofTenant()}, {&n.orders, k}} {
		for _, refusal := range table.find(table.key) {
			switch {
			case refusal.since.After(receivedAt) || !now.Before(refusal.until):
			case refusal.kind == upstream.KindQuotaExhausted:
				noFetch = refusal.remembered(now)
			default:
				denied = refusal.remembered(now)
			}
		}
	}
	return denied, noFetch
}

// add remembers why a call about k failed, if that says anything about the next one.
func (n *negativeCache) add(k key, failure error, now time.Time) {
	answer, ok := errors.AsType[*upstream.Error](failure)
	if !ok {
		return
	}
	duration, ofOrder := holding(answer.Kind)
	if duration == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if ofOrder {
		n.orders.add(k, answer, now, now.Add(duration))
	} else {
		n.tenants.add(k.ofTenant(), answer, now, now.Add(duration))
	}
	n.until.Store(max(n.until.Load(), now.Add(duration).UnixNano()))
}

// refusal is what the upstream answered, and when that holds.
type refusal struct {
	kind             upstream.Kind
	status           int
	authorizationURL string
	since            time.Time
	until            time.Time
}

// remembered returns the error of a request that the refusal stops.
func (r refusal) remembered(now time.Time) *upstream.Error {
	return &upstream.Error{
		Kind:             r.kind,
		Status:           r.status,
		AuthorizationURL: r.authorizationURL,
		RetryAfter:       r.until.Sub(now),
		Remembered:       true,
		Cause:            errRemembered,
	}
}

// refusalTable holds the refusals of each key, at most one of a kind. The keys are in the order in
// which they were last refused, and the first ones go when there are too many.
type refusalTable struct {
	budget int
	used   int
	byKey  map[key]*list.Element // of *refused
	order  *list.List
}

type refused struct {
	key      key
	refusals []refusal
	bytes    int
}

func newRefusalTable(budget int) refusalTable {
	return refusalTable{budget: budget, byKey: map[key]*list.Element{}, order: list.New()}
}

func (t *refusalTable) find(k key) []refusal {
	if element, found := t.byKey[k]; found {
		return element.Value.(*refused).refusals
	}
	return nil
}

func (t *refusalTable) add(k key, answer *upstream.Error, since, until time.Time) {
	element, found := t.byKey[k]
	if !found {
		element = t.order.PushBack(&refused{key: k})
		t.byKey[k] = element
	}
	t.order.MoveToBack(element)
	entry := element.Value.(*refused)
	entry.add(refusal{answer.Kind, answer.Status, answer.AuthorizationURL, since, until})
	t.used -= entry.bytes
	entry.bytes = entry.size()
	t.used += entry.bytes
	t.shrink(since)
}

// shrink forgets what has ended, as far as that comes first, and what is beyond the budget.
func (t *refusalTable) shrink(now time.Time) {
	for first := t.order.Front(); first != nil; first = t.order.Front() {
		entry := first.Value.(*refused)
		if t.used <= t.budget && entry.holds(now) {
			return
		}
		t.order.Remove(first)
		delete(t.byKey, entry.key)
		t.used -= entry.bytes
	}
}

// add adds a refusal, drops those that have ended, and lets one of the same kind that still holds go
// on: requests that arrived in between are refused by it.
func (r *refused) add(added refusal) {
	kept := make([]refusal, 0, len(r.refusals)+1)
	for _, old := range r.refusals {
		switch {
		case !added.since.Before(old.until):
		case old.kind == added.kind:
			added.since = old.since
		default:
			kept = append(kept, old)
		}
	}
	r.refusals = append(kept, added)
}

func (r *refused) holds(now time.Time) bool {
	return slices.ContainsFunc(r.refusals, func(held refusal) bool { return now.Before(held.until) })
}

func (r *refused) size() int {
	bytes := refusedBytes
	for _, held := range r.refusals {
		bytes += refusalBytes + len(held.authorizationURL)
	}
	return bytes
}
