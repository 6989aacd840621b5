package cache

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ordergraph/upstream"
)

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		kind        upstream.Kind
		holds       time.Duration
		servesFresh bool
		ofOrder     bool
	}{
		{upstream.KindQuotaExhausted, 30 * time.Second, true, false},
		{upstream.KindPermissionDenied, 30 * time.Second, false, false},
		{upstream.KindPermissionOrQuota, 30 * time.Second, false, false},
		{upstream.KindShopNotAuthorized, 15 * time.Second, false, false},
		{upstream.KindAccountNotFound, 60 * time.Second, false, true},
	} {
		t.Run(test.kind.String(), func(t *testing.T) {
			options := defaults()
			options.TTL = 5 * time.Minute
			inBubble(t, options, func(b *bench) {
				const cached, refused, unknown = 1, 2, 3
				b.latency = time.Nanosecond // so that no call outlasts what is left of a refusal
				b.ask(asking{id: cached})
				b.ask(asking{id: refused, needs: needs(upstream.DomainRateDetail)})
				refusal := &upstream.Error{
					Kind: test.kind, Status: 204, AuthorizationURL: "https://auth.example/", Cause: errors.New("cause"),
				}
				b.set(func(f *fake) { f.fail = refusal })
				got := b.ask(asking{id: refused, needs: needs(upstream.DomainOrderInvoice)})
				b.expect(got, "", test.kind.String(), oneCall)
				b.set(func(f *fake) { f.fail = nil })
				time.Sleep(test.holds - time.Nanosecond)

				again := b.ask(asking{id: refused, needs: needs(upstream.DomainOrderInvoice)})
				b.expect(again, "", test.kind.String(), nothingCounted)
				var same *upstream.Error
				if !errors.As(again.err, &same) || same.Status != 204 || same.AuthorizationURL != refusal.AuthorizationURL {
					b.Errorf("got %#v, want it as at first", again.err)
				}
				if same.RetryAfter != time.Nanosecond || !same.Remembered || refusal.Remembered {
					b.Errorf("got %#v, want it remembered for what is left", same)
				}
				b.expect(b.ask(asking{id: refused, noCache: true}), "", test.kind.String(), nothingCounted)

				warm, cold := b.ask(asking{id: cached}), b.ask(asking{id: unknown})
				switch {
				case test.ofOrder:
					b.expect(warm, "call 1", "", oneHit)
					b.expect(cold, "call 4", "", oneCall)
				case test.servesFresh:
					b.expect(warm, "call 1", "", oneHit)
					b.expect(cold, "", test.kind.String(), nothingCounted)
				default:
					b.expect(warm, "", test.kind.String(), nothingCounted)
					b.expect(cold, "", test.kind.String(), nothingCounted)
				}
				calls := b.count()
				b.expect(b.ask(asking{id: refused, tenant: "other"}), fmt.Sprint("call ", calls+1), "", oneCall)
				calls++
				time.Sleep(time.Nanosecond)
				b.expect(b.ask(asking{id: cached}), "call 1", "", oneHit)
				b.expect(b.ask(asking{id: refused, needs: needs(upstream.DomainOrderInvoice)}), fmt.Sprint("call ", calls+1), "", oneCall)
			})
		})
	}
}

func TestQuotaServesNoStaleCopy(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.ask(asking{})
		time.Sleep(DefaultTTL)
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindQuotaExhausted} })
		b.expect(b.ask(asking{id: 2}), "", "quota exhausted", oneCall)
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindUnavailable, Outage: true} })
		b.expect(b.ask(asking{}), "", "quota exhausted", nothingCounted)
	})
}

func TestRefusalSparesItsOwnRequest(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		arrivedAt := time.Now()
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindShopNotAuthorized} })
		b.expect(b.ask(asking{arrivedAt: arrivedAt}), "", "shop not authorized", oneCall)
		b.set(func(f *fake) { f.fail = nil })
		b.expect(b.ask(asking{id: 2, arrivedAt: arrivedAt}), "call 2", "", oneCall)
		b.expect(b.ask(asking{id: 2}), "", "shop not authorized", nothingCounted)
	})
}

// A body that trickles evades no refusal that is learnt before it is complete, neither where a call would be
// made nor where a copy would be served.
func TestRefusalHoldsForWhoeverIsNotReceived(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		kept := b.ask(asking{id: 2})
		arrivedAt := time.Now()
		time.Sleep(time.Second)
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindPermissionDenied} })
		b.expect(b.ask(asking{}), "", "permission denied", oneCall)
		b.set(func(f *fake) { f.fail = nil })
		same := asking{id: 2, arrivedAt: arrivedAt}
		slow := asking{id: 2, arrivedAt: arrivedAt, receivedAt: time.Now()}
		time.Sleep(12 * time.Second)
		b.expect(b.ask(slow), "", "permission denied", nothingCounted)
		slow.noCache = true
		b.expect(b.ask(slow), "", "permission denied", nothingCounted)
		copies := []upstream.Copy{{Key: upstream.Key{ID: 2}, Version: kept.Version}}
		if b.cache.Serves(&upstream.Caller{}, upstream.Freshness{ArrivedAt: arrivedAt, ReceivedAt: slow.receivedAt}, copies) {
			b.Error("an answer is given to a request that was received after the refusal")
		}
		if !b.cache.Serves(&upstream.Caller{}, upstream.Freshness{ArrivedAt: arrivedAt}, copies) {
			b.Error("no answer is given to a request that was received before the refusal")
		}
		b.expect(b.ask(same), "call 1", "", oneHit)
		same.id = 3
		b.expect(b.ask(same), "call 3", "", oneCall)
	})
}

// Freshness is a matter of when a request arrived: one with no-cache may join what was written while its
// body trickled in.
func TestNoCacheCountsFromTheArrival(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.latency = 10 * time.Second
		early := time.Now()
		time.Sleep(time.Second)
		first := b.later(asking{})
		time.Sleep(time.Second)
		b.expect(b.ask(asking{noCache: true, arrivedAt: early, receivedAt: time.Now()}), "call 1", "", nothingCounted)
		first()
	})
}

func TestRefusalLearntAgainHoldsOn(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		before := time.Now()
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindQuotaExhausted} })
		b.ask(asking{})
		time.Sleep(10 * time.Second)
		between := time.Now()
		b.expect(b.ask(asking{arrivedAt: before}), "", "quota exhausted", oneCall)
		b.expect(b.ask(asking{arrivedAt: between}), "", "quota exhausted", nothingCounted)
		time.Sleep(29 * time.Second)
		b.expect(b.ask(asking{}), "", "quota exhausted", nothingCounted)
		time.Sleep(time.Second)
		b.expect(b.ask(asking{}), "", "quota exhausted", oneCall)
	})
}

func TestRefusalLearntAnew(t *testing.T) {
	r, k, start := newNegativeCache(negativeBudget), key{order: upstream.Key{ID: 1}}, time.Now()
	quota := &upstream.Error{Kind: upstream.KindQuotaExhausted}
	r.add(k, quota, start)
	r.add(k, quota, start.Add(40*time.Second))
	between, now := start.Add(35*time.Second), start.Add(41*time.Second)
	if _, noFetch := r.find(k, between, now); noFetch != nil {
		t.Error("it holds for a request that arrived when none held")
	}
	if _, noFetch := r.find(k, now, now); noFetch == nil {
		t.Error("it does not hold")
	}
}

func TestRefusalsOfTwoKinds(t *testing.T) {
	now := time.Now()
	r, k := newNegativeCache(negativeBudget), key{order: upstream.Key{ID: 1}}
	r.add(k, &upstream.Error{Kind: upstream.KindQuotaExhausted}, now)
	r.add(k, &upstream.Error{Kind: upstream.KindShopNotAuthorized}, now)
	denied, noFetch := r.find(k, now, now)
	if denied == nil || noFetch == nil {
		t.Errorf("got %v and %v, want both", denied, noFetch)
	}
	later := now.Add(20 * time.Second)
	denied, noFetch = r.find(k, later, later)
	if denied != nil || noFetch == nil {
		t.Errorf("got %v and %v, want the quota alone", denied, noFetch)
	}
	r.add(k, fmt.Errorf("wrapped: %w", &upstream.Error{Kind: upstream.KindPermissionDenied}), later)
	if denied, _ = r.find(k, later, later); denied == nil || denied.Kind != upstream.KindPermissionDenied {
		t.Errorf("got %v, want a wrapped refusal to count", denied)
	}
}

func TestRefusalMemoryIsBounded(t *testing.T) {
	const budget = 64 << 10
	now := time.Now()
	r := newNegativeCache(budget)
	r.add(key{upstream.TenantHash{1}, upstream.Key{ID: 1}}, &upstream.Error{Kind: upstream.KindPermissionDenied}, now)
	notFound := &upstream.Error{Kind: upstream.KindAccountNotFound}
	for id := range upstream.OrderID(10_000) {
		r.add(key{order: upstream.Key{ID: id + 1}}, notFound, now)
	}
	if denied, _ := r.find(key{upstream.TenantHash{1}, upstream.Key{ID: 1}}, now, now); denied == nil {
		t.Error("refusals of orders drove out that of a tenant")
	}
	kept := 0
	for id := range upstream.OrderID(10_000) {
		if denied, _ := r.find(key{order: upstream.Key{ID: id + 1}}, now, now); denied != nil {
			kept++
		} else if kept > 0 {
			t.Errorf("refusal of %d is not remembered, but one before it is", id+1)
		}
	}
	if used := r.orders.Size(); used > budget || kept < 100 {
		t.Errorf("%d of 10,000 are remembered, in %d bytes", kept, used)
	}
	r.add(key{tenant: upstream.TenantHash{2}}, &upstream.Error{
		Kind: upstream.KindShopNotAuthorized, AuthorizationURL: strings.Repeat("x", 2*budget),
	}, now)
	if used := r.tenants.Size(); used > budget {
		t.Errorf("a long link takes %d bytes", used)
	}
}
