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

// refusalBudget bounds the memory for refusals, in bytes, once for tenants and once for orders.
//
// It holds some 40,000 of each. Every refusal costs a call that the upstream answers, and none holds
// longer than a minute: whoever wants to drive out another tenant's must win against that within its
// lifetime, through the bound on calls in flight. Orders have a table of their own, so that asking
// for many accounts that don't exist never drives out what holds for a tenant.
const refusalBudget = 16 << 20

// refusedBytes is what a key in a refusalTable costs, and refusalBytes what each of its refusals
// costs, the link aside. (map slot, list element, refused; refusal and upstream.Error)
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

// refusals remembers for a moment whom the upstream refused, so that a client's loop does not burn
// points.
type refusals struct {
	mutex   sync.RWMutex
	tenants refusalTable
	orders  refusalTable
	// until is when the last refusal ends, in nanoseconds since 1970: mostly nothing holds, and
	// then no lock is needed.
	until atomic.Int64
}

func newRefusals() *refusals {
	return &refusals{tenants: newRefusalTable(refusalBudget), orders: newRefusalTable(refusalBudget)}
}

// find returns the refusal that holds for a request about k that arrived at arrivedAt: hidden also
// hides copies, stopped only stops calls. One learnt after the request had arrived does not hold for
// it, so that one bad order never spoils another of the same request.
func (r *refusals) find(k key, arrivedAt, now time.Time) (hidden, stopped *upstream.Error) {
	if now.UnixNano() >= r.until.Load() {
		return nil, nil
	}
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	for _, table := range [...]struct {
		*refusalTable
		key key
	}{{&r.tenants, k.ofTenant()}, {&r.orders, k}} {
		for _, refusal := range table.find(table.key) {
			switch {
			case refusal.since.After(arrivedAt) || !now.Before(refusal.until):
			case refusal.answer.Kind == upstream.KindQuotaExhausted:
				stopped = refusal.answer
			default:
				hidden = refusal.answer
			}
		}
	}
	return hidden, stopped
}

// learn remembers why a call about k failed, if that says anything about the next one.
func (r *refusals) learn(k key, failure error, now time.Time) {
	answer, ok := errors.AsType[*upstream.Error](failure)
	if !ok {
		return
	}
	duration, ofOrder := holding(answer.Kind)
	if duration == 0 {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if ofOrder {
		r.orders.learn(k, answer, now, now.Add(duration))
	} else {
		r.tenants.learn(k.ofTenant(), answer, now, now.Add(duration))
	}
	r.until.Store(max(r.until.Load(), now.Add(duration).UnixNano()))
}

// refusal is what the upstream answered, and when that holds.
type refusal struct {
	answer *upstream.Error
	since  time.Time
	until  time.Time
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

func (t *refusalTable) learn(k key, answer *upstream.Error, since, until time.Time) {
	element, found := t.byKey[k]
	if !found {
		element = t.order.PushBack(&refused{key: k})
		t.byKey[k] = element
	}
	t.order.MoveToBack(element)
	entry := element.Value.(*refused)
	entry.add(refusal{remembered(answer), since, until})
	t.used -= entry.bytes
	entry.bytes = entry.size()
	t.used += entry.bytes
	t.shrink(since)
}

// remembered returns what is kept of an answer: what the caller sees, not what led to it.
func remembered(answer *upstream.Error) *upstream.Error {
	return &upstream.Error{
		Kind:             answer.Kind,
		Status:           answer.Status,
		AuthorizationURL: answer.AuthorizationURL,
		Cause:            errRemembered,
	}
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
		case old.answer.Kind == added.answer.Kind:
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
		bytes += refusalBytes + len(held.answer.AuthorizationURL)
	}
	return bytes
}
