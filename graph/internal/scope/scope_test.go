package scope

import (
	"context"
	"testing"
	"time"

	"ordergraph/upstream"
)

func TestForgottenScopeHasNoCaller(t *testing.T) {
	lost := From(t.Context()).Order(upstream.Key{ID: 1}, upstream.Needs{})
	if err := lost.Check(); upstream.KindOf(err) != upstream.KindInternal || err == nil {
		t.Errorf("got %v, want an error of ours", err)
	}
	want := &Scope{Caller: &upstream.Caller{}}
	ctx, cancel := context.WithCancel(With(t.Context(), want))
	defer cancel()
	if got := From(ctx); got != want {
		t.Error("another scope")
	}
	if err := From(ctx).Order(upstream.Key{ID: 1}, upstream.Needs{}).Check(); err != nil {
		t.Error(err)
	}
}

func TestProvenance(t *testing.T) {
	now := time.Now()
	fresh := upstream.Result{Order: &upstream.Order{}, Version: 7, FreshUntil: now.Add(time.Minute)}
	other := upstream.Result{Order: &upstream.Order{}, Version: 8, FreshUntil: now}
	for name, test := range map[string]struct {
		results  []upstream.Result
		until    time.Time
		shows    bool
		complete bool
	}{
		"nothing":            {},
		"a copy":             {[]upstream.Result{fresh}, fresh.FreshUntil, true, true},
		"the least fresh":    {[]upstream.Result{fresh, other, fresh}, now, true, true},
		"no such order":      {[]upstream.Result{fresh, {}}, fresh.FreshUntil, true, false},
		"nobody keeps it":    {[]upstream.Result{{Order: &upstream.Order{}}, fresh}, time.Time{}, true, false},
		"a part is missing":  {[]upstream.Result{{Order: &upstream.Order{}, Version: 7, Missing: &upstream.Error{}, FreshUntil: now}}, now, true, false},
		"no such order only": {[]upstream.Result{{Version: 7}}, time.Time{}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			var p Provenance
			for i, result := range test.results {
				p.Add(upstream.Key{ID: upstream.OrderID(i)}, result)
			}
			if _, complete := p.Copies(); complete {
				t.Error("complete before anybody said so")
			}
			p.SetComplete()
			until, shows := p.FreshUntil()
			copies, complete := p.Copies()
			if !until.Equal(test.until) || shows != test.shows || complete != test.complete {
				t.Errorf("fresh until %v, shows %t, complete %t", until, shows, complete)
			}
			if complete && len(copies) != len(test.results) {
				t.Errorf("%d copies", len(copies))
			}
		})
	}
}
