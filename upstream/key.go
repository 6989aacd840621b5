package upstream

import (
	"errors"
	"fmt"
	"io"
	"strconv"
)

// OrderID is the number of an order (order_id, 交易的订单id), 1 to 2^63-1. It exceeds 2^53, so it
// must never pass through a float64 or a JavaScript number.
type OrderID int64

var errOrderID = errors.New("an order id is 1 to 19 decimal digits without a leading zero, at most 9223372036854775807")

// ParseOrderID reads the decimal form ^[1-9][0-9]{0,18}$. Signs, spaces, leading zeros, exponents,
// full-width digits and numbers above 2^63-1 are refused: "1" and "01" would otherwise be one order
// under two names.
func ParseOrderID(text string) (OrderID, error) {
	if len(text) < 1 || len(text) > 19 || text[0] == '0' {
		return 0, errOrderID
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, errOrderID
		}
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errOrderID
	}
	return OrderID(number), nil
}

// String returns every digit.
func (id OrderID) String() string { return strconv.FormatInt(int64(id), 10) }

// WebSite is the marketplace an order was placed on (web_site). Several enums and the currency
// depend on it.
type WebSite uint8

const (
	WebSiteCN1688  WebSite = iota // 1688.com, the domestic site (中文站); wire value "1688"
	WebSiteAlibaba                // alibaba.com, the international site (国际站); wire value "alibaba"
)

var webSites = [...]struct{ graphql, wire, currency string }{
	WebSiteCN1688:  {"CN_1688", "1688", "CNY"},
	WebSiteAlibaba: {"ALIBABA", "alibaba", ""},
}

// Wire returns the value of the request parameter web_site.
func (s WebSite) Wire() string { return webSites[s].wire }

// Currency returns the ISO 4217 code of the site's amounts, empty where the upstream doesn't tell.
func (s WebSite) Currency() string { return webSites[s].currency }

// String returns the GraphQL enum value.
func (s WebSite) String() string { return webSites[s].graphql }

// MarshalGQL writes the GraphQL enum value.
func (s WebSite) MarshalGQL(w io.Writer) { writeQuoted(w, s.String()) }

// UnmarshalGQL reads the GraphQL enum value.
func (s *WebSite) UnmarshalGQL(value any) error {
	for i, site := range webSites {
		if value == site.graphql {
			*s = WebSite(i)
			return nil
		}
	}
	return fmt.Errorf("not a WebSite")
}

// Edition is the upstream's version of the answer (edition, 版本). Its effect is undocumented.
type Edition uint8

const (
	EditionV1 Edition = iota // 1.0, the upstream's default; wire value "1"
	EditionV2                // 2.0; wire value "2"
)

// Wire returns the value of the request parameter edition.
func (e Edition) Wire() string { return strconv.Itoa(int(e) + 1) }

// String returns the GraphQL enum value.
func (e Edition) String() string { return "V" + e.Wire() }

// MarshalGQL writes the GraphQL enum value.
func (e Edition) MarshalGQL(w io.Writer) { writeQuoted(w, e.String()) }

// UnmarshalGQL reads the GraphQL enum value.
func (e *Edition) UnmarshalGQL(value any) error {
	switch value {
	case "V1":
		*e = EditionV1
	case "V2":
		*e = EditionV2
	default:
		return fmt.Errorf("not an Edition")
	}
	return nil
}

// writeQuoted writes text as a JSON string; text must need no escaping. The writer is always a
// buffer: a failed write shows where that buffer is sent.
func writeQuoted(w io.Writer, text string) {
	_, _ = io.WriteString(w, `"`+text+`"`)
}
