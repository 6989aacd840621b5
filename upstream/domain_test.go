package upstream

import (
	"reflect"
	"testing"
)

func TestDomains(t *testing.T) {
	for domains, want := range map[Domains]string{
		0:                     "GuaranteesTerms",
		DomainGuaranteesTerms: "GuaranteesTerms",
		DomainNativeLogistics: "NativeLogistics",
		DomainRateDetail:      "RateDetail",
		DomainOrderInvoice:    "OrderInvoice",
		DomainOrderInvoice | DomainNativeLogistics:                                            "NativeLogistics,OrderInvoice",
		DomainGuaranteesTerms | DomainNativeLogistics | DomainRateDetail | DomainOrderInvoice: "GuaranteesTerms,NativeLogistics,RateDetail,OrderInvoice",
	} {
		if got := domains.String(); got != want {
			t.Errorf("%d is sent as %q, want %q", domains, got, want)
		}
	}
	for _, name := range domainNames {
		domain, err := ParseDomain(name)
		if err != nil || domain.String() != name {
			t.Errorf("%s is parsed as %v (%v)", name, domain, err)
		}
	}
	for _, name := range []string{"", "nativelogistics", "NativeLogistics,RateDetail"} {
		if domain, err := ParseDomain(name); err == nil {
			t.Errorf("%q is parsed as %v", name, domain)
		}
	}
}

func TestNeeds(t *testing.T) {
	needs := func(domains Domains, keys ...string) Needs { return Needs{Domains: domains, AttributeKeys: keys} }
	for _, test := range []struct {
		a, b, union Needs
		covers      bool
	}{
		{needs(0), needs(0), needs(0), true},
		{needs(DomainRateDetail), needs(0), needs(DomainRateDetail), true},
		{needs(0), needs(DomainRateDetail), needs(DomainRateDetail), false},
		{needs(DomainRateDetail), needs(DomainOrderInvoice), needs(DomainRateDetail | DomainOrderInvoice), false},
		{needs(0, "a", "c"), needs(0, "c"), needs(0, "a", "c"), true},
		{needs(0, "a", "c"), needs(0, "b"), needs(0, "a", "b", "c"), false},
		{needs(0), needs(0, "b"), needs(0, "b"), false},
		{needs(DomainRateDetail, "a"), needs(DomainRateDetail), needs(DomainRateDetail, "a"), true},
	} {
		if got := test.a.Union(test.b); !reflect.DeepEqual(got, test.union) {
			t.Errorf("%v and %v are %v, want %v", test.a, test.b, got, test.union)
		}
		if got := test.a.Covers(test.b); got != test.covers {
			t.Errorf("%v covers %v: %t", test.a, test.b, got)
		}
		if union := test.a.Union(test.b); !union.Covers(test.a) || !union.Covers(test.b) {
			t.Errorf("%v does not cover what it was made of", union)
		}
	}
}

// TestUnionLeavesKeysAlone matters because key lists are shared.
func TestUnionLeavesKeysAlone(t *testing.T) {
	shared := append(make([]string, 0, 4), "b", "d")
	Needs{AttributeKeys: shared}.Union(Needs{AttributeKeys: []string{"a", "c"}})
	if !reflect.DeepEqual(shared, []string{"b", "d"}) {
		t.Errorf("the shared keys became %v", shared)
	}
}
