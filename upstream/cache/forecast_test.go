package cache

import (
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
)

func (b *bench) forecast(id upstream.OrderID) upstream.Forecast {
	b.Helper()
	forecast, err := b.cache.Forecast(b.Context(), upstream.Request{
		Key: upstream.Key{ID: id}, Caller: &upstream.Caller{}, Meter: &upstream.Meter{},
	})
	if err != nil {
		b.Error(err)
	}
	return forecast
}

// TestForecastUsesNoRefusal forgets the refusal that was used least lately, whichever was forecast.
func TestForecastUsesNoRefusal(t *testing.T) {
	inBubble(t, defaults(), func(b *bench) {
		b.cache.negative = newNegativeCache(3 * refusalBytes)
		b.set(func(f *fake) {
			f.latency, f.fail = time.Millisecond, &upstream.Error{Kind: upstream.KindAccountNotFound}
		})
		id := upstream.OrderID(0)
		for b.forecast(1) == upstream.ForecastNothing || id == 0 {
			id++
			b.ask(asking{id: id})
			if id > 10 {
				b.Fatal("a refusal that was only forecast outlived those in use")
			}
		}
		if id < 3 || b.forecast(2) != upstream.ForecastNothing {
			b.Errorf("the refusals of 1 and 2 are gone after %d", id)
		}
	})
}

// TestForecastWithOtherInstances asks the second instance what an order would take that the first one has asked for.
func TestForecastWithOtherInstances(t *testing.T) {
	deploy(t, 2, func(d *deployment) {
		forecast := func(needs upstream.Needs, change ...func(*upstream.Request)) upstream.Forecast {
			request := upstream.Request{
				Key: upstream.Key{ID: 1}, Needs: needs, Caller: &upstream.Caller{Tenant: "me"}, Meter: &upstream.Meter{},
				Freshness: upstream.Freshness{ArrivedAt: time.Now()},
			}
			for _, apply := range change {
				apply(&request)
			}
			got, err := d.instances[1].Forecast(t.Context(), request)
			if err != nil {
				t.Error(err)
			}
			return got
		}
		want := func(when string, got, want upstream.Forecast) {
			t.Helper()
			if got != want {
				t.Errorf("%s: forecast %d, want %d", when, got, want)
			}
		}
		onlyIfCached := func(request *upstream.Request) { request.Freshness.OnlyIfCached = true }
		invoice := upstream.Needs{Domains: upstream.DomainOrderInvoice}
		d.fake.latency = time.Second
		synctest.Wait()
		want("nobody has asked", forecast(invoice), upstream.ForecastCall)
		want("nobody has asked, only-if-cached", forecast(invoice, onlyIfCached), upstream.ForecastNothing)
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.ask(0, invoice)
		}()
		time.Sleep(500 * time.Millisecond)
		want("under way", forecast(invoice), upstream.ForecastShared)
		want("under way, for less", forecast(upstream.Needs{Domains: upstream.DomainRateDetail}), upstream.ForecastCall)
		want("under way, no-cache", forecast(invoice, noCache), upstream.ForecastCall)
		want("under way, only-if-cached", forecast(invoice, onlyIfCached), upstream.ForecastNothing)
		<-done
		synctest.Wait()
		want("answered", forecast(invoice), upstream.ForecastHit)
		want("answered, for more", forecast(upstream.Needs{Domains: upstream.DomainRateDetail}), upstream.ForecastCall)
		want("answered, no-cache", forecast(invoice, noCache), upstream.ForecastCall)
		want("answered, only-if-cached", forecast(invoice, onlyIfCached), upstream.ForecastHit)
		want("another tenant", forecast(invoice, func(r *upstream.Request) { r.Caller = &upstream.Caller{Tenant: "you"} }), upstream.ForecastCall)
		if leases := d.shared.Leases(); leases > 0 {
			t.Errorf("%d leases were taken", leases)
		}
		d.wantCalls(1)
		if got := d.ask(1, invoice); got.usage.Hits != 1 {
			t.Errorf("asked after all: %+v", got)
		}
		d.wantCalls(1)
	})
}
