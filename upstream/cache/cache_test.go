package cache

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

func needs(domains upstream.Domains, keys ...string) upstream.Needs {
	return upstream.Needs{Domains: domains, AttributeKeys: keys}
}

func TestFreshness(t *testing.T) {
	for _, test := range []struct {
		name, status string
		change       func(*Options)
		fresh        time.Duration
	}{
		{"open", "waitbuyerpay", nil, 30 * time.Second},
		{"unknown status", "brand_new", nil, 30 * time.Second},
		{"success", "success", nil, 10 * time.Minute},
		{"cancelled", "cancel", nil, 10 * time.Minute},
		{"terminated", "terminated", nil, 10 * time.Minute},
		{"other setting", "success", func(o *Options) { o.TTLClosed = time.Minute }, time.Minute},
		{"never fresh", "waitbuyerpay", func(o *Options) { o.TTL = 0 }, 0},
		{"closed only", "success", func(o *Options) { o.TTL = 0 }, 10 * time.Minute},
		{"not kept for outages", "waitbuyerpay", func(o *Options) { o.StaleIfError = 0 }, 30 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := defaults()
			if test.change != nil {
				test.change(&options)
			}
			inBubble(t, options, func(b *bench) {
				b.status = test.status
				first := b.ask(asking{})
				b.expect(first, "call 1", "", oneCall)
				if got := first.FreshUntil.Sub(first.FetchedAt); got != test.fresh {
					b.Errorf("fresh for %v, want %v", got, test.fresh)
				}
				if test.fresh > 0 {
					time.Sleep(test.fresh - time.Nanosecond)
					second := b.ask(asking{})
					b.expect(second, "call 1", "", oneHit)
					if second.FreshUntil != first.FreshUntil || !second.FetchedAt.Equal(first.FetchedAt) {
						b.Errorf("a hit changed the times: %v and %v", first, second)
					}
					time.Sleep(time.Nanosecond)
				}
				b.expect(b.ask(asking{}), "call 2", "", oneCall)
			})
		})
	}
}

func TestResultIsComplete(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		want := needs(upstream.DomainRateDetail, "a", "b")
		for range 2 {
			got := b.ask(asking{needs: want, id: 7})
			if got.Order.ID != 7 || !got.Held.Covers(want) || got.Body != nil || got.FetchedAt.Location() != time.UTC {
				b.Errorf("got %+v", got)
			}
			if !got.Order.FetchedAt.Equal(got.FetchedAt.Truncate(time.Millisecond)) {
				b.Errorf("order fetched at %v, result at %v", got.Order.FetchedAt, got.FetchedAt)
			}
		}
		b.expectCalls(1)
	})
}

func TestTenants(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		tokens := []string{"", " ", "Bearer a", "bearer a", "Bearer A", "Bearer  a", "Bearer a ", "Bearer", "a", "\x00"}
		for i, token := range tokens {
			b.expect(b.ask(asking{tenant: token}), "call "+string(rune('0'+(i+1)%10)), "", oneCall)
			if i == 8 {
				break // call 10 has two digits
			}
		}
		b.expect(b.ask(asking{tenant: "\x00"}), "call 10", "", oneCall)
		for _, token := range tokens {
			if got := b.ask(asking{tenant: token}); got.counts != oneHit {
				b.Errorf("tenant %q: %+v", token, got.counts)
			}
		}
		b.expectCalls(len(tokens))
	})
}

func TestTenantHashes(t *testing.T) {
	hasher, other := newTenantHasher([]byte("secret")), newTenantHasher([]byte("other"))
	seen := map[upstream.TenantHash]upstream.Secret{}
	for _, token := range []upstream.Secret{"", "a", "b", "A", "a ", "Bearer a"} {
		hash := hasher.HashTenant(token)
		if same, found := seen[hash]; found {
			t.Errorf("%q and %q have one hash", token.Reveal(), same.Reveal())
		}
		if hash != hasher.HashTenant(token) || hash == other.HashTenant(token) {
			t.Errorf("the hash of %q is not one of the token and the secret", token.Reveal())
		}
		seen[hash] = token
	}
}

// TestOrdersDiffer wants each site, edition and id to have a copy of its own.
func TestOrdersDiffer(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		for range 2 {
			for i, order := range []upstream.Key{{ID: 1}, {ID: 2}, {ID: 1, Site: upstream.WebSiteAlibaba}, {ID: 1, Edition: upstream.EditionV2}} {
				result, err := b.cache.Order(b.Context(), upstream.Request{Key: order, Caller: &upstream.Caller{}, Meter: &upstream.Meter{}})
				if want := fmt.Sprint("call ", i+1); err != nil || string(result.Order.OrderNote) != want {
					b.Errorf("%+v: got %+v and %v, want %s", order, result.Order, err, want)
				}
			}
		}
	})
}

// TestForgottenCallerIsNobody gives nothing to a request that doesn't say who asks or who pays: least of all
// what is kept for the tenant without a token.
func TestForgottenCallerIsNobody(t *testing.T) {
	orders := &fake{}
	cache, err := New(orders, defaults())
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	request := upstream.Request{Key: upstream.Key{ID: 1}, Caller: &upstream.Caller{}, Meter: &upstream.Meter{}}
	for range 2 {
		if _, err := cache.Order(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	if _, found := cache.Peek(request); !found {
		t.Fatal("the tenant without a token finds no copy")
	}
	for name, forgetful := range map[string]upstream.Request{
		"caller": {Key: request.Key, Meter: request.Meter},
		"meter":  {Key: request.Key, Caller: request.Caller},
	} {
		if result, err := cache.Order(t.Context(), forgetful); upstream.KindOf(err) != upstream.KindInternal || result.Order != nil {
			t.Errorf("without a %s: %v, %v", name, result.Order, err)
		}
		if _, found := cache.Peek(forgetful); found {
			t.Errorf("without a %s a copy was found", name)
		}
	}
	if orders.count() != 1 {
		t.Errorf("%d calls", orders.count())
	}
}

func TestUnionKeepsOneSnapshot(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.ask(asking{needs: needs(upstream.DomainNativeLogistics, "a")})
		b.expect(b.ask(asking{needs: needs(upstream.DomainOrderInvoice, "b")}), "call 2", "", oneCall)
		union := needs(upstream.DomainNativeLogistics|upstream.DomainOrderInvoice, "a", "b")
		if got := b.lastNeeds(); !got.Covers(union) || !union.Covers(got) {
			b.Errorf("the call asked for %v, want %v", got, union)
		}
		for _, part := range []upstream.Needs{{}, needs(upstream.DomainNativeLogistics), needs(upstream.DomainOrderInvoice, "a", "b")} {
			b.expect(b.ask(asking{needs: part}), "call 2", "", oneHit)
		}
		time.Sleep(DefaultTTL)
		b.ask(asking{needs: needs(upstream.DomainRateDetail)})
		if got := b.lastNeeds(); got.Domains != upstream.DomainRateDetail || got.AttributeKeys != nil {
			b.Errorf("a copy that is no longer fresh was asked for too: %v", got)
		}
	})
}

// attributeKeys returns count keys that begin with prefix, sorted.
func attributeKeys(prefix string, count int) []string {
	keys := make([]string, count)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s%04d", prefix, i)
	}
	return keys
}

func TestAttributeKeysDoNotAccumulate(t *testing.T) {
	for name, test := range map[string]struct {
		maximum, each int
		last          []string // what the last call asks for
	}{
		"each request its full share": {100, 100, attributeKeys("t", 100)},
		"two requests' share":         {100, 60, slices.Concat(attributeKeys("a", 40), attributeKeys("t", 60))},
		"by default":                  {0, 70, slices.Concat(attributeKeys("a", 30), attributeKeys("t", 70))},
		"more than allowed":           {10, 20, attributeKeys("t", 20)},
	} {
		t.Run(name, func(t *testing.T) {
			options := defaults()
			options.MaxAttributeKeys = test.maximum
			inBubble(t, options, func(b *bench) {
				const requests = 20
				check := func() {
					if got := b.lastNeeds().AttributeKeys; !slices.Equal(got, test.last) {
						b.Errorf("asked for %d keys %v, want %d: the needed ones, and the first of the others", len(got), got, len(test.last))
					}
				}
				for i := range requests {
					b.ask(asking{needs: needs(0, attributeKeys(string(rune('a'+i)), test.each)...)})
				}
				check()
				// The copy is what was asked for: all of it serves, and nothing else.
				b.expect(b.ask(asking{needs: needs(0, test.last...)}), fmt.Sprint("call ", requests), "", oneHit)
				b.expect(b.ask(asking{needs: needs(0, "zz")}), fmt.Sprint("call ", requests+1), "", oneCall)
			})
			inBubble(t, options, func(b *bench) { // all at once
				var replies []func() reply
				for i := range 20 {
					asked := needs(0, attributeKeys(string(rune('a'+i)), test.each)...)
					replies = append(replies, b.later(asking{needs: asked}))
					if got := b.lastNeeds(); !got.Covers(asked) || len(got.AttributeKeys) > max(test.each, b.cache.options.MaxAttributeKeys) {
						b.Errorf("asked for %d keys", len(got.AttributeKeys))
					}
				}
				for _, got := range replies {
					got()
				}
			})
		})
	}
}

func TestSmallestDomainIsCached(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.ask(asking{})
		if got := b.lastNeeds().Domains; got != upstream.DomainGuaranteesTerms {
			b.Errorf("asked for %v", got)
		}
		b.expect(b.ask(asking{needs: needs(upstream.DomainGuaranteesTerms)}), "call 1", "", oneHit)
		b.ask(asking{needs: needs(upstream.DomainRateDetail)})
		if got := b.lastNeeds().Domains; got != upstream.DomainGuaranteesTerms|upstream.DomainRateDetail {
			b.Errorf("asked for %v", got)
		}
	})
}

func TestNoCache(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.ask(asking{needs: needs(upstream.DomainNativeLogistics)})
		b.expect(b.ask(asking{needs: needs(upstream.DomainRateDetail), noCache: true}), "call 2", "", oneCall)
		if got := b.lastNeeds().Domains; got != upstream.DomainNativeLogistics|upstream.DomainRateDetail {
			b.Errorf("asked for %v, want the needed and the cached domains", got)
		}
		b.expect(b.ask(asking{needs: needs(upstream.DomainNativeLogistics)}), "call 2", "", oneHit)
		b.expect(b.ask(asking{noCache: true}), "call 3", "", oneCall)

		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindUnavailable, Outage: true} })
		b.expect(b.ask(asking{noCache: true}), "", "unavailable", oneCall)
		b.expect(b.ask(asking{}), "call 3", "", oneHit)
	})
}

func TestOnlyIfCached(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		only := asking{onlyIfCached: true}
		b.expect(b.ask(only), "", "not cached", nothingCounted)
		first := b.later(asking{})
		b.expect(b.ask(only), "", "not cached", nothingCounted)
		b.expect(first(), "call 1", "", oneCall)
		b.expect(b.ask(only), "call 1", "", oneHit)
		b.expect(b.ask(asking{onlyIfCached: true, needs: needs(upstream.DomainRateDetail)}), "", "not cached", nothingCounted)
		b.expect(b.ask(asking{onlyIfCached: true, noCache: true}), "", "not cached", nothingCounted)
		time.Sleep(DefaultTTL)
		b.expect(b.ask(only), "", "not cached", nothingCounted)
		b.expect(b.ask(asking{onlyIfCached: true, maxStale: time.Minute}), "call 1", "", oneStaleHit)

		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindQuotaExhausted} })
		b.expect(b.ask(asking{}), "", "quota exhausted", oneCall)
		b.expect(b.ask(only), "", "not cached", nothingCounted)
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindPermissionDenied} })
		b.expect(b.ask(asking{tenant: "you"}), "", "permission denied", oneCall)
		b.expect(b.ask(asking{tenant: "you", onlyIfCached: true}), "", "permission denied", nothingCounted)
		b.expectCalls(3)
	})
}

func TestMaxAge(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.expect(b.ask(asking{}), "call 1", "", oneCall)
		time.Sleep(5 * time.Second)
		b.expect(b.ask(asking{maxAge: 5 * time.Second}), "call 1", "", oneHit)
		time.Sleep(time.Nanosecond)
		b.expect(b.ask(asking{maxAge: 6 * time.Second}), "call 1", "", oneHit)
		b.expect(b.ask(asking{maxAge: 5 * time.Second}), "call 2", "", oneCall)
		b.expect(b.ask(asking{maxAge: 5 * time.Second}), "call 2", "", oneHit)

		time.Sleep(DefaultTTL)
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindUnavailable, Outage: true} })
		b.expect(b.ask(asking{maxAge: DefaultTTL}), "", "unavailable", oneCall)
		b.expect(b.ask(asking{maxAge: time.Hour}), "call 2", "", upstream.Usage{Calls: 1, Hits: 1, Stale: 1})
	})
}

func TestMaxStale(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.expect(b.ask(asking{}), "call 1", "", oneCall)
		time.Sleep(DefaultTTL + time.Minute - time.Nanosecond)
		b.expect(b.ask(asking{maxStale: time.Minute}), "call 1", "", oneStaleHit)
		b.expect(b.ask(asking{maxStale: time.Minute, maxAge: time.Minute}), "call 2", "", oneCall)
		b.expect(b.ask(asking{maxStale: time.Minute}), "call 2", "", oneHit)
		time.Sleep(DefaultTTL + time.Minute)
		b.expect(b.ask(asking{maxStale: time.Minute}), "call 3", "", oneCall)
		time.Sleep(DefaultTTL + DefaultStaleIfError - time.Second)
		b.expect(b.ask(asking{maxStale: time.Duration(1 << 62)}), "call 3", "", oneStaleHit)
		b.expect(b.ask(asking{maxStale: time.Duration(1 << 62), needs: needs(upstream.DomainRateDetail)}), "call 4", "", oneCall)
		time.Sleep(DefaultTTL + DefaultStaleIfError)
		b.expect(b.ask(asking{maxStale: time.Duration(1 << 62)}), "call 5", "", oneCall)
	})
}

func TestNotCached(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		for _, kind := range []upstream.Kind{
			upstream.KindInternal, upstream.KindBadUserInput, upstream.KindTimeout, upstream.KindUpstreamError,
			upstream.KindUnsupported, upstream.KindBadResponse, upstream.KindRateLimited, upstream.KindUnavailable,
			upstream.KindUnauthenticated, upstream.KindOverloaded,
		} {
			b.set(func(f *fake) { f.fail = &upstream.Error{Kind: kind} })
			for range 2 {
				b.expect(b.ask(asking{}), "", kind.String(), oneCall)
			}
		}
		b.set(func(f *fake) { f.fail, f.act = nil, noOrder })
		for range 2 {
			got := b.ask(asking{})
			b.expect(got, "", "", oneCall)
			if !got.FreshUntil.IsZero() {
				b.Errorf("no order is fresh until %v", got.FreshUntil)
			}
		}
	})
}

// TestPartsAreMissing wants a copy to answer for the parts that it holds while the call for the others fails
// by an outage, fresh or not.
func TestPartsAreMissing(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		invoice := needs(upstream.DomainOrderInvoice)
		b.ask(asking{needs: invoice})
		b.set(func(f *fake) {
			f.fail = &upstream.Error{Kind: upstream.KindUnavailable, Outage: true, RetryAfter: time.Second}
		})
		for _, test := range []struct {
			name  string
			after time.Duration
			want  upstream.Usage
		}{
			{"fresh", 0, upstream.Usage{Calls: 1, Hits: 1}},
			{"stale", DefaultTTL, upstream.Usage{Calls: 1, Hits: 1, Stale: 1}},
		} {
			time.Sleep(test.after)
			got := b.ask(asking{needs: needs(upstream.DomainOrderInvoice | upstream.DomainRateDetail)})
			b.expect(got, "call 1", "", test.want)
			if upstream.KindOf(got.Missing) != upstream.KindUnavailable || got.Held.Domains != upstream.DomainOrderInvoice {
				b.Errorf("%s: held %v, missing %v", test.name, got.Held, got.Missing)
			}
		}
		if got := b.ask(asking{needs: invoice}); got.Missing != nil {
			b.Errorf("a copy that holds all that is needed lacks something: %v", got.Missing)
		}
		b.expect(b.ask(asking{needs: needs(upstream.DomainRateDetail), noCache: true}), "", "unavailable", oneCall)
	})
}

// TestOutOfTimeTakesWhatThereIs wants a request whose time ends before its call to be answered from a copy, or
// for the parts that the copy holds. The call goes on.
func TestOutOfTimeTakesWhatThereIs(t *testing.T) {
	invoice, reviews := needs(upstream.DomainOrderInvoice), needs(upstream.DomainOrderInvoice|upstream.DomainRateDetail)
	for _, test := range []struct {
		name    string
		needs   upstream.Needs
		noCache bool
		after   time.Duration // since the copy was fetched
		want    upstream.Usage
		note    string
		missing bool
	}{
		{"fresh, lacks a part", reviews, false, 0, upstream.Usage{Calls: 1, Hits: 1}, "call 1", true},
		{"stale, lacks a part", reviews, false, DefaultTTL, upstream.Usage{Calls: 1, Hits: 1, Stale: 1}, "call 1", true},
		{"stale, whole", invoice, false, DefaultTTL, upstream.Usage{Calls: 1, Hits: 1, Stale: 1}, "call 1", false},
		{"too old", invoice, false, DefaultTTL + DefaultStaleIfError, oneCall, "", false},
		{"lacks an attribute", needs(0, "a"), false, 0, oneCall, "", false},
		{"takes no copies", invoice, true, 0, oneCall, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, defaults(), func(b *bench) {
				b.ask(asking{needs: invoice})
				time.Sleep(test.after)
				ctx, cancel := context.WithTimeout(b.Context(), time.Millisecond)
				defer cancel()
				got := b.ask(asking{needs: test.needs, noCache: test.noCache, ctx: ctx})
				kind := ""
				if test.note == "" {
					kind = "timeout"
				}
				b.expect(got, test.note, kind, test.want)
				if missing := upstream.KindOf(got.Missing) == upstream.KindTimeout; missing != test.missing {
					b.Errorf("missing %v", got.Missing)
				}
				time.Sleep(2 * time.Second)
				b.expect(b.ask(asking{needs: test.needs}), "call 2", "", oneHit)
			})
		})
	}
}

func TestStaleIfError(t *testing.T) {
	for _, test := range []struct {
		name   string
		kind   upstream.Kind
		outage bool
		after  time.Duration // since the copy was fetched
		needs  upstream.Needs
		stale  bool
	}{
		{"timeout", upstream.KindTimeout, true, time.Minute, upstream.Needs{}, true},
		{"system error", upstream.KindUpstreamError, true, time.Minute, upstream.Needs{}, true},
		{"bad response", upstream.KindBadResponse, true, time.Minute, upstream.Needs{}, true},
		{"unavailable", upstream.KindUnavailable, true, time.Minute, upstream.Needs{}, true},
		{"last moment", upstream.KindUnavailable, true, DefaultTTL + DefaultStaleIfError - 2*time.Second, upstream.Needs{}, true},
		{"too old", upstream.KindUnavailable, true, DefaultTTL + DefaultStaleIfError, upstream.Needs{}, false},
		{"lacks an attribute", upstream.KindUnavailable, true, time.Minute, needs(0, "a"), false},
		{"fresh, but lacks an attribute", upstream.KindUnavailable, true, time.Second, needs(0, "a"), false},
		{"a refusal of a domain that it lacks", upstream.KindPermissionDenied, false, time.Second, needs(upstream.DomainRateDetail), false},
		{"too many requests", upstream.KindRateLimited, false, time.Minute, upstream.Needs{}, false},
		{"a timeout that the answer tells of", upstream.KindTimeout, false, time.Minute, upstream.Needs{}, false},
		{"an undocumented code", upstream.KindUpstreamError, false, time.Minute, upstream.Needs{}, false},
		{"a redirect", upstream.KindBadResponse, false, time.Minute, upstream.Needs{}, false},
		{"answers that opened the breaker", upstream.KindUnavailable, false, time.Minute, upstream.Needs{}, false},
		{"overloaded", upstream.KindOverloaded, false, time.Minute, upstream.Needs{}, false},
		{"account not found", upstream.KindAccountNotFound, false, time.Minute, upstream.Needs{}, false},
		{"permission denied", upstream.KindPermissionDenied, false, time.Minute, upstream.Needs{}, false},
		{"quota exhausted", upstream.KindQuotaExhausted, false, time.Minute, upstream.Needs{}, false},
		{"permission or quota", upstream.KindPermissionOrQuota, false, time.Minute, upstream.Needs{}, false},
		{"shop not authorized", upstream.KindShopNotAuthorized, false, time.Minute, upstream.Needs{}, false},
		{"unsupported", upstream.KindUnsupported, false, time.Minute, upstream.Needs{}, false},
		{"bad input", upstream.KindBadUserInput, false, time.Minute, upstream.Needs{}, false},
		{"internal", upstream.KindInternal, false, time.Minute, upstream.Needs{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, defaults(), func(b *bench) {
				first := b.ask(asking{})
				b.set(func(f *fake) { f.fail = &upstream.Error{Kind: test.kind, Outage: test.outage} })
				time.Sleep(test.after)
				got := b.ask(asking{needs: test.needs})
				if !test.stale {
					b.expect(got, "", test.kind.String(), oneCall)
					return
				}
				b.expect(got, "call 1", "", upstream.Usage{Calls: 1, Hits: 1, Stale: 1})
				if got.FreshUntil != first.FreshUntil || !got.FreshUntil.Before(time.Now()) {
					b.Errorf("fresh until %v, want %v", got.FreshUntil, first.FreshUntil)
				}
			})
		})
	}
}

func TestStaleWithoutFreshness(t *testing.T) {
	options := defaults()
	options.TTL = 0
	inBubble(t, options, func(b *bench) {
		b.ask(asking{})
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindTimeout, Outage: true} })
		b.expect(b.ask(asking{}), "call 1", "", upstream.Usage{Calls: 1, Hits: 1, Stale: 1})
	})
	options.StaleIfError = 0
	inBubble(t, options, func(b *bench) {
		b.ask(asking{})
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindTimeout, Outage: true} })
		b.expect(b.ask(asking{}), "", "timeout", oneCall)
		if s := b.cache.memory.get(key{b.cache.Tenant(&upstream.Caller{}), upstream.Key{ID: 1}}); s != nil {
			b.Error("a copy that nobody will get is kept")
		}
	})
}

// TestReopenedOrder: a closed order's copy would be fresh for minutes, but the order turns out to be
// open again, and copies of open orders are not kept.
func TestReopenedOrder(t *testing.T) {
	options := defaults()
	options.TTL, options.StaleIfError = 0, 0
	inBubble(t, options, func(b *bench) {
		b.status = "success"
		b.ask(asking{})
		b.expect(b.ask(asking{}), "call 1", "", oneHit)
		b.set(func(f *fake) { f.status = "waitbuyerpay" })
		b.expect(b.ask(asking{noCache: true}), "call 2", "", oneCall)
		b.expect(b.ask(asking{}), "call 3", "", oneCall)
	})
}

func TestSizeZero(t *testing.T) {
	options := defaults()
	options.Size = 0
	inBubble(t, options, func(b *bench) {
		waits := []func() reply{b.later(asking{}), b.later(asking{})}
		for i, wait := range waits {
			got := wait()
			b.expect(got, "call 1", "", upstream.Usage{Calls: 1 - i})
			if got.FreshUntil.Sub(got.FetchedAt) != DefaultTTL {
				b.Errorf("fresh until %v, fetched at %v", got.FreshUntil, got.FetchedAt)
			}
		}
		b.expect(b.ask(asking{}), "call 2", "", oneCall)
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindUnavailable, Outage: true} })
		b.expect(b.ask(asking{}), "", "unavailable", oneCall)
		b.set(func(f *fake) { f.fail = &upstream.Error{Kind: upstream.KindQuotaExhausted} })
		b.expect(b.ask(asking{}), "", "quota exhausted", oneCall)
		b.expect(b.ask(asking{}), "", "quota exhausted", nothingCounted)
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for _, options := range []Options{{Size: -1}, {TTL: -1}, {TTLClosed: -1}, {StaleIfError: -1}, {MaxAttributeKeys: -1}} {
		if _, err := New(&fake{}, options); err == nil {
			t.Errorf("%+v was accepted", options)
		}
	}
}

// TestOrderWithoutBody wants an order whose wire form nobody has to be answered, but not kept.
func TestOrderWithoutBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		cache, err := New(ordersFunc(func(_ context.Context, request upstream.Request) (upstream.Result, error) {
			calls++
			return upstream.Result{Order: &upstream.Order{ID: request.Key.ID}, Held: request.Needs}, nil
		}), defaults())
		if err != nil {
			t.Fatal(err)
		}
		defer cache.Close()
		request := upstream.Request{Key: upstream.Key{ID: 1}, Caller: &upstream.Caller{}, Meter: &upstream.Meter{}}
		for want := range 2 {
			result, err := cache.Order(t.Context(), request)
			if err != nil || result.Order == nil || result.Version != 0 || calls != want+1 {
				t.Errorf("got %+v and %v after %d calls", result, err, calls)
			}
		}
	})
}
