package cache

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/lru"
)

const (
	// negativeBudget bounds the memory for refusals, in bytes, once for tenants and once for orders.
	//
	// It holds some 40,000 of each. Every refusal costs a call that the upstream answers, and none holds
	// longer than a minute: whoever wants to drive out another tenant's must win against that within its
	// lifetime, through the bound on calls in flight.
	negativeBudget = 16 << 20
	// refusalBytes is what a refusal costs in its table, its link aside: a map slot, a list element and
	// the refusal.
	refusalBytes = 384
)

var errRemembered = errors.New("the upstream said so a moment ago; it was not asked again")

// refusalRule says what a kind of refusal means for the requests that come after it.
type refusalRule struct {
	kind  upstream.Kind
	holds time.Duration
	// ofOrder says that it is about one order only, denies that it takes a tenant its copies, too.
	ofOrder, denies bool
}

var refusalRules = [...]refusalRule{
	{upstream.KindAccountNotFound, 60 * time.Second, true, true},
	{upstream.KindPermissionDenied, 30 * time.Second, false, true},
	{upstream.KindPermissionOrQuota, 30 * time.Second, false, true},
	{upstream.KindShopNotAuthorized, 15 * time.Second, false, true},
	{upstream.KindQuotaExhausted, 30 * time.Second, false, false},
}

// negativeCache remembers for a moment whom the upstream refused, so that a client's loop does not burn
// points.
type negativeCache struct {
	// Orders have a table of their own, so that asking for many accounts that don't exist never drives out
	// what holds for a tenant.
	tenants, orders *lru.Cache[refusalKey, refusal]
	// until is when the last refusal ends, in nanoseconds since 1970: mostly nothing holds, and
	// then no lock is needed.
	until  atomic.Int64
	adding sync.Mutex
	// learnt counts what was added, by rule.
	learnt [len(refusalRules)]atomic.Uint64
}

// refusalKey names a refusal: about whom, and of which kind.
type refusalKey struct {
	key
	kind upstream.Kind
}

// refusal is what the upstream answered, and when that holds.
type refusal struct {
	status           int
	authorizationURL string
	since, until     time.Time
}

func newNegativeCache(budget int) *negativeCache {
	return &negativeCache{
		tenants: lru.New[refusalKey, refusal](budget, nil),
		orders:  lru.New[refusalKey, refusal](budget, nil),
	}
}

// tableOf returns where a refusal about k is remembered, and by which name.
func (n *negativeCache) tableOf(rule refusalRule, k key) (*lru.Cache[refusalKey, refusal], refusalKey) {
	if rule.ofOrder {
		return n.orders, refusalKey{k, rule.kind}
	}
	return n.tenants, refusalKey{key{tenant: k.tenant}, rule.kind}
}

// find returns the refusal that holds for a request about k that was received at receivedAt: denied also
// hides copies, noFetch only stops calls. One learnt after the request had been received does not hold
// for it, so that one bad order never spoils another of the same request.
func (n *negativeCache) find(k key, receivedAt, now time.Time) (denied, noFetch *upstream.Error) {
	return n.read(k, receivedAt, now, (*lru.Cache[refusalKey, refusal]).Get)
}

// peek is find without a use of the refusal.
func (n *negativeCache) peek(k key, receivedAt, now time.Time) (denied, noFetch *upstream.Error) {
	return n.read(k, receivedAt, now, (*lru.Cache[refusalKey, refusal]).Peek)
}

func (n *negativeCache) read(
	k key, receivedAt, now time.Time, get func(*lru.Cache[refusalKey, refusal], refusalKey) (refusal, bool),
) (denied, noFetch *upstream.Error) {
	if now.UnixNano() >= n.until.Load() {
		return nil, nil
	}
	for _, rule := range refusalRules {
		table, name := n.tableOf(rule, k)
		found, ok := get(table, name)
		switch {
		case !ok || found.since.After(receivedAt) || !now.Before(found.until):
		case !rule.denies:
			noFetch = found.remembered(rule.kind, now)
		case denied == nil:
			denied = found.remembered(rule.kind, now)
		}
	}
	return denied, noFetch
}

// add remembers why a call about k failed, if that says anything about the next one. A refusal that still
// holds goes on: requests that arrived since it began are refused by it.
func (n *negativeCache) add(k key, failure error, now time.Time) {
	answer, _ := errors.AsType[*upstream.Error](failure)
	for i, rule := range refusalRules {
		if answer == nil || answer.Kind != rule.kind {
			continue
		}
		n.adding.Lock()
		defer n.adding.Unlock()
		table, name := n.tableOf(rule, k)
		added := refusal{answer.Status, answer.AuthorizationURL, now, now.Add(rule.holds)}
		if old, found := table.Get(name); found && now.Before(old.until) {
			added.since = old.since
			if old.until.After(added.until) {
				added.until = old.until
			}
		}
		n.learnt[i].Add(1)
		table.Put(name, added, refusalBytes+len(added.authorizationURL))
		n.until.Store(max(n.until.Load(), added.until.UnixNano()))
	}
}

// forget drops all refusals.
func (n *negativeCache) forget() {
	n.adding.Lock()
	defer n.adding.Unlock()
	n.tenants.Clear()
	n.orders.Clear()
}

// remembered returns the error of a request that the refusal stops.
func (r refusal) remembered(kind upstream.Kind, now time.Time) *upstream.Error {
	return &upstream.Error{
		Kind:             kind,
		Status:           r.status,
		AuthorizationURL: r.authorizationURL,
		RetryAfter:       r.until.Sub(now),
		Remembered:       true,
		Cause:            errRemembered,
	}
}
