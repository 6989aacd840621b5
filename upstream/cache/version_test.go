package cache

import (
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

func (b *bench) serves(tenant string, copies ...upstream.Copy) bool {
	return b.cache.Serves(&upstream.Caller{Tenant: upstream.Secret(tenant)}, upstream.Freshness{ArrivedAt: time.Now()}, copies)
}

func TestServes(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		first := b.ask(asking{tenant: "a"}).Version
		if hit := b.ask(asking{tenant: "a"}); hit.Version != first || first == 0 {
			t.Fatalf("version %d, then %d", first, hit.Version)
		}
		one := upstream.Copy{Key: upstream.Key{ID: 1}, Version: first}
		two := upstream.Copy{Key: upstream.Key{ID: 2}, Version: b.ask(asking{tenant: "a", id: 2}).Version}
		elsewhere := upstream.Copy{Key: upstream.Key{ID: 1, Site: upstream.WebSiteAlibaba}, Version: first}
		for name, test := range map[string]struct{ got, want bool }{
			"one":               {b.serves("a", one), true},
			"both":              {b.serves("a", one, two), true},
			"another tenant":    {b.serves("b", one), false},
			"another site":      {b.serves("a", elsewhere), false},
			"one of two":        {b.serves("a", one, upstream.Copy{Key: two.Key, Version: first}), false},
			"no copy's version": {b.serves("a", upstream.Copy{Key: one.Key}), false},
		} {
			if test.got != test.want {
				t.Errorf("%s: %v, want %v", name, test.got, test.want)
			}
		}
		newer := b.later(asking{tenant: "a", noCache: true})
		if !b.serves("a", one) {
			t.Error("a call under way has replaced nothing yet")
		}
		one.Version = newer().Version
		if old := (upstream.Copy{Key: one.Key, Version: first}); b.serves("a", old) || !b.serves("a", one) {
			t.Error("a copy outlives the call that replaced it")
		}
		time.Sleep(DefaultTTL)
		if b.serves("a", one) {
			t.Error("a copy is served that is not fresh")
		}
	})
}

func TestServesNothingWithoutCopies(t *testing.T) {
	options := defaults()
	options.Size = 0
	inBubble(t, options, func(b *bench) {
		if version := b.ask(asking{}).Version; version != 0 || b.serves("", upstream.Copy{Key: upstream.Key{ID: 1}, Version: version}) {
			t.Errorf("version %d of a cache that keeps no copies", version)
		}
	})
}

// TestAtHand wants only what is ready, and neither a call nor a count for the rest.
func TestAtHand(t *testing.T) {
	options := defaults()
	synctest.Test(t, func(t *testing.T) {
		orders := &fake{}
		cache, err := New(orders, options)
		if err != nil {
			t.Fatal(err)
		}
		defer cache.Close()
		request := upstream.Request{Key: upstream.Key{ID: 1}, Caller: &upstream.Caller{Tenant: "a"}, Meter: &upstream.Meter{}}
		if _, found := cache.Peek(request); found || orders.count() > 0 {
			t.Errorf("found %v an order that was never asked for, with %d calls", found, orders.count())
		}
		if _, err := cache.Order(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if _, found := cache.Peek(request); found {
			t.Error("found an order that was asked for only once")
		}
		if _, err := cache.Order(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		request.Meter = &upstream.Meter{}
		if result, found := cache.Peek(request); !found || result.Order == nil || request.Meter.Usage() != oneHit {
			t.Errorf("found %v, counted %+v", found, request.Meter.Usage())
		}
		for name, other := range map[string]upstream.Request{
			"more needs":     {Key: request.Key, Caller: &upstream.Caller{Tenant: "a"}, Meter: &upstream.Meter{}, Needs: needs(upstream.DomainOrderInvoice)},
			"another tenant": {Key: request.Key, Caller: &upstream.Caller{Tenant: "b"}, Meter: &upstream.Meter{}},
			"no copies":      {Key: request.Key, Caller: &upstream.Caller{Tenant: "a"}, Meter: &upstream.Meter{}, Freshness: upstream.Freshness{NoCache: true}},
		} {
			if _, found := cache.Peek(other); found || other.Meter.Usage() != nothingCounted {
				t.Errorf("%s: found %v, counted %+v", name, found, other.Meter.Usage())
			}
		}
		// What has to be decompressed first is not at hand.
		cache.memory.ready.Remove(cache.memory.get(key{cache.Tenant(request.Caller), request.Key}))
		if _, found := cache.Peek(request); found {
			t.Error("found an order that is compressed")
		}
		if _, err := cache.Order(t.Context(), request); err != nil || orders.count() != 1 {
			t.Errorf("%d calls, %v", orders.count(), err)
		}
	})
}
