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
				b.ask(asking{id: refused, needs: needs(upstream.RateDetail)})
				refusal := &upstream.Error{
					Kind: test.kind, Status: 204, AuthorizationURL: "https://auth.example/", Cause: errors.New("cause"),
				}
				b.set(func(f *fake) { f.fail = refusal })
				got := b.ask(asking{id: refused, needs: needs(upstream.OrderInvoice)})
				b.expect(got, "", test.kind.String(), oneCall)
				b.set(func(f *fake) { f.fail = nil })
				time.Sleep(test.holds - time.Nanosecond)

				again := b.ask(asking{id: refused, needs: needs(upstream.OrderInvoice)})
				b.expect(again, "", test.kind.String(), nothingCounted)
				var same *upstream.Error
				if !errors.As(again.err, &same) || same.Status != 204 || same.AuthorizationURL != refusal.AuthorizationURL {
					b.Errorf("got %#v, want it as at first", again.err)
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
				b.expect(b.ask(asking{id: refused, needs: needs(upstream.OrderInvoice)}), fmt.Sprint("call ", calls+1), "", oneCall)
			})
		})
	}
}

func TestQuotaServesNoStaleCopy(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.ask(asking{})
		time.Sleep(DefaultTTL)
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindQuotaExhausted} })
		b.expect(b.ask(asking{id: 2}), "", "QUOTA_EXHAUSTED", oneCall)
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindUnavailable, Outage: true} })
		b.expect(b.ask(asking{}), "", "QUOTA_EXHAUSTED", nothingCounted)
	})
}

func TestRefusalSparesItsOwnRequest(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		arrivedAt := time.Now()
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindShopNotAuthorized} })
		b.expect(b.ask(asking{arrivedAt: arrivedAt}), "", "SHOP_NOT_AUTHORIZED", oneCall)
		b.set(func(f *fake) { f.fail = nil })
		b.expect(b.ask(asking{id: 2, arrivedAt: arrivedAt}), "call 2", "", oneCall)
		b.expect(b.ask(asking{id: 2}), "", "SHOP_NOT_AUTHORIZED", nothingCounted)
	})
}

func TestRefusalLearntAgainHoldsOn(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		before := time.Now()
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindQuotaExhausted} })
		b.ask(asking{})
		time.Sleep(10 * time.Second)
		between := time.Now()
		b.expect(b.ask(asking{arrivedAt: before}), "", "QUOTA_EXHAUSTED", oneCall)
		b.expect(b.ask(asking{arrivedAt: between}), "", "QUOTA_EXHAUSTED", nothingCounted)
		time.Sleep(29 * time.Second)
		b.expect(b.ask(asking{}), "", "QUOTA_EXHAUSTED", nothingCounted)
		time.Sleep(time.Second)
		b.expect(b.ask(asking{}), "", "QUOTA_EXHAUSTED", oneCall)
	})
}

func TestRefusalLearntAnew(t *testing.T) {
	r, k, start := newRefusals(), key{id: 1}, time.Now()
	quota := &upstream.Error{Kind: upstream.KindQuotaExhausted}
	r.learn(k, quota, start)
	r.learn(k, quota, start.Add(40*time.Second))
	between, now := start.Add(35*time.Second), start.Add(41*time.Second)
	if _, stopped := r.find(k, between, now); stopped != nil {
		t.Error("it holds for a request that arrived when none held")
	}
	if _, stopped := r.find(k, now, now); stopped == nil {
		t.Error("it does not hold")
	}
}

func TestRefusalsOfTwoKinds(t *testing.T) {
	now := time.Now()
	r, k := newRefusals(), key{id: 1}
	r.learn(k, &upstream.Error{Kind: upstream.KindQuotaExhausted}, now)
	r.learn(k, &upstream.Error{Kind: upstream.KindShopNotAuthorized}, now)
	hidden, stopped := r.find(k, now, now)
	if hidden == nil || stopped == nil {
		t.Errorf("got %v and %v, want both", hidden, stopped)
	}
	later := now.Add(20 * time.Second)
	hidden, stopped = r.find(k, later, later)
	if hidden != nil || stopped == nil {
		t.Errorf("got %v and %v, want the quota alone", hidden, stopped)
	}
	r.learn(k, fmt.Errorf("wrapped: %w", &upstream.Error{Kind: upstream.KindPermissionDenied}), later)
	if hidden, _ = r.find(k, later, later); hidden == nil || hidden.Kind != upstream.KindPermissionDenied {
		t.Errorf("got %v, want a wrapped refusal to count", hidden)
	}
}

func TestRefusalMemoryIsBounded(t *testing.T) {
	const budget = 64 << 10
	now := time.Now()
	r := &refusals{tenants: newRefusalTable(budget), orders: newRefusalTable(budget)}
	denied := &upstream.Error{Kind: upstream.KindPermissionDenied}
	r.learn(key{tenant: tenant{1}, id: 1}, denied, now)
	notFound := &upstream.Error{Kind: upstream.KindAccountNotFound}
	for id := range upstream.OrderID(10_000) {
		r.learn(key{id: id + 1}, notFound, now)
		if r.orders.used > budget {
			t.Fatalf("%d bytes are remembered", r.orders.used)
		}
	}
	if got := len(r.orders.byKey); got != r.orders.order.Len() || got < 100 {
		t.Errorf("%d keys and %d in order", got, r.orders.order.Len())
	}
	if hidden, _ := r.find(key{tenant: tenant{1}, id: 1}, now, now); hidden == nil {
		t.Error("refusals of orders drove out that of a tenant")
	}
	if hidden, _ := r.find(key{id: 10_000}, now, now); hidden == nil {
		t.Error("the latest refusal is not remembered")
	}
	r.learn(key{tenant: tenant{2}}, &upstream.Error{
		Kind: upstream.KindShopNotAuthorized, AuthorizationURL: strings.Repeat("x", 2*budget),
	}, now)
	if r.tenants.used > budget {
		t.Errorf("a long link takes %d bytes", r.tenants.used)
	}
	later := now.Add(time.Hour)
	r.learn(key{id: 1}, notFound, later)
	if got := len(r.orders.byKey); got != 1 || r.orders.used != refusedBytes+refusalBytes {
		t.Errorf("%d keys of %d bytes after all but one have ended", got, r.orders.used)
	}
}

func TestLatestRefusalsAreKept(t *testing.T) {
	const capacity = 10
	now := time.Now()
	table := newRefusalTable(capacity * (refusedBytes + refusalBytes))
	answer := &upstream.Error{Kind: upstream.KindAccountNotFound}
	for _, id := range []upstream.OrderID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 11, 12} {
		table.learn(key{id: id}, answer, now, now.Add(time.Minute))
	}
	for id := range upstream.OrderID(13) {
		if kept := table.find(key{id: id}) != nil; kept != (id == 1 || id > 3) {
			t.Errorf("refusal of %d kept: %t", id, kept)
		}
	}
}
