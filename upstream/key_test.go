package upstream

import (
	"strings"
	"testing"
)

func TestParseOrderID(t *testing.T) {
	for _, text := range []string{"1", "58218860983545941", "9223372036854775807"} {
		if id, err := ParseOrderID(text); err != nil || id.String() != text {
			t.Errorf("%q is %v (%v)", text, id, err)
		}
	}
	for _, text := range []string{
		"", "0", "01", "-1", "+1", " 1", "1 ", "1\r\n", "1.0", "1e3", "1_0", "0x1", "１", "abc",
		"9223372036854775808", "10000000000000000000", "58218860983545941\x00",
	} {
		if id, err := ParseOrderID(text); err == nil {
			t.Errorf("%q is %v, want an error", text, id)
		}
	}
}

func TestWebSiteAndEdition(t *testing.T) {
	for _, test := range []struct {
		site                    WebSite
		wire, graphql, currency string
	}{{WebSiteCN1688, "1688", "CN_1688", "CNY"}, {WebSiteAlibaba, "alibaba", "ALIBABA", ""}} {
		var text strings.Builder
		test.site.MarshalGQL(&text)
		var read WebSite
		if err := read.UnmarshalGQL(test.graphql); err != nil || read != test.site || text.String() != `"`+test.graphql+`"` {
			t.Errorf("%s is written %s and read as %v (%v)", test.graphql, &text, read, err)
		}
		if test.site.Wire() != test.wire || test.site.Currency() != test.currency {
			t.Errorf("%v is %q in %q", test.site, test.site.Wire(), test.site.Currency())
		}
	}
	for _, test := range []struct {
		edition       Edition
		wire, graphql string
	}{{EditionV1, "1", "V1"}, {EditionV2, "2", "V2"}} {
		var text strings.Builder
		test.edition.MarshalGQL(&text)
		var read Edition
		if err := read.UnmarshalGQL(test.graphql); err != nil || read != test.edition || text.String() != `"`+test.graphql+`"` {
			t.Errorf("%s is written %s and read as %v (%v)", test.graphql, &text, read, err)
		}
		if test.edition.Wire() != test.wire {
			t.Errorf("%v is %q", test.edition, test.edition.Wire())
		}
	}
	for _, value := range []any{"", "1688", "cn_1688", 1, nil} {
		var site WebSite
		var edition Edition
		if site.UnmarshalGQL(value) == nil || edition.UnmarshalGQL(value) == nil {
			t.Errorf("%v was read", value)
		}
	}
}
