package cache

import (
	"container/list"
	"errors"
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

// refusalBytes is what a refusal costs in a refusalTable, its link aside: a map slot, a list element and
// the refusal.
const refusalBytes = 384

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

// denials are the kinds that deny a tenant its copies, too.
var denials = [...]upstream.Kind{
	upstream.KindPermissionDenied, upstream.KindPermissionOrQuota, upstream.KindShopNotAuthorized,
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
	tenant := k.ofTenant()
	if quota := n.tenants.find(refusalKey{tenant, upstream.KindQuotaExhausted}, receivedAt, now); quota != nil {
		noFetch = quota.remembered(now)
	}
	latest := n.orders.find(refusalKey{k, upstream.KindAccountNotFound}, receivedAt, now)
	if latest == nil {
		for _, kind := range denials {
			if found := n.tenants.find(refusalKey{tenant, kind}, receivedAt, now); found != nil &&
				(latest == nil || found.learnt.After(latest.learnt)) {
				latest = found
			}
		}
	}
	if latest != nil {
		denied = latest.remembered(now)
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
	table := &n.orders
	if !ofOrder {
		table, k = &n.tenants, k.ofTenant()
	}
	table.add(&refusal{
		refusalKey: refusalKey{k, answer.Kind}, status: answer.Status, authorizationURL: answer.AuthorizationURL,
		since: now, learnt: now, until: now.Add(duration),
	})
	n.until.Store(max(n.until.Load(), now.Add(duration).UnixNano()))
}

// refusalKey names a refusal: about whom, and of which kind.
type refusalKey struct {
	key
	kind upstream.Kind
}

// refusal is what the upstream answered, and when that holds.
type refusal struct {
	refusalKey
	status           int
	authorizationURL string
	// since is when it began to hold, and learnt when the upstream last said so.
	since, learnt, until time.Time
}

// remembered returns the error of a request that the refusal stops.
func (r *refusal) remembered(now time.Time) *upstream.Error {
	return &upstream.Error{
		Kind:             r.kind,
		Status:           r.status,
		AuthorizationURL: r.authorizationURL,
		RetryAfter:       r.until.Sub(now),
		Remembered:       true,
		Cause:            errRemembered,
	}
}

func (r *refusal) bytes() int { return refusalBytes + len(r.authorizationURL) }

// refusalTable holds refusals in the order in which they were last learnt. The first ones go when there are
// too many.
type refusalTable struct {
	budget int
	used   int
	byKey  map[refusalKey]*list.Element // of *refusal
	order  *list.List
}

func newRefusalTable(budget int) refusalTable {
	return refusalTable{budget: budget, byKey: map[refusalKey]*list.Element{}, order: list.New()}
}

// find returns the refusal of that name that holds for a request, or nil. It is not a use.
func (t *refusalTable) find(name refusalKey, receivedAt, now time.Time) *refusal {
	element, found := t.byKey[name]
	if !found {
		return nil
	}
	held := element.Value.(*refusal)
	if held.since.After(receivedAt) || !now.Before(held.until) {
		return nil
	}
	return held
}

// add adds a refusal. One of the same name that still holds goes on in it: requests that arrived in between
// are refused by it. What has ended is forgotten, as far as that comes first, and what is beyond the budget.
func (t *refusalTable) add(added *refusal) {
	if element, found := t.byKey[added.refusalKey]; found {
		if old := element.Value.(*refusal); added.learnt.Before(old.until) {
			added.since = old.since
		}
		t.remove(element)
	}
	t.byKey[added.refusalKey] = t.order.PushBack(added)
	t.used += added.bytes()
	for first := t.order.Front(); first != nil; first = t.order.Front() {
		if t.used <= t.budget && added.learnt.Before(first.Value.(*refusal).until) {
			return
		}
		t.remove(first)
	}
}

func (t *refusalTable) remove(element *list.Element) {
	removed := t.order.Remove(element).(*refusal)
	delete(t.byKey, removed.refusalKey)
	t.used -= removed.bytes()
}
