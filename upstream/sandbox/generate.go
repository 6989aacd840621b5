package sandbox

import (
	"bytes"
	"slices"
	"strconv"
	"time"
)

// traits are what an invented order must be, whatever its id says.
type traits struct {
	status     string // empty: by the id
	items      int    // 0: by the id
	everything bool   // every part and field there is
}

// progress is how far an order has come.
type progress int

const (
	unpaid progress = iota
	paid
	shipped
	received
	completed
)

// generator invents one order. Its decisions come first, so that the parts agree with each other.
type generator struct {
	*random
	traits
	site string
	id   int64

	statusText   string
	progress     progress
	closed       bool
	staged       bool
	credit       bool
	period       bool // paid after an agreed period
	refund       int  // index into the refund statuses, -1: no refund
	tradeType    tradeType
	payWay       payWay
	nulls        bool // what isn't there is null, not absent
	fixedDigits  bool // amounts have two decimals
	zone         *time.Location
	milliseconds int

	created, paidAt, shippedAt, receivedAt, completedAt, modified time.Time

	buyer, seller party
	place         place
	recipient     string
	lines         []line
	shippingFee   int64 // fen
	coupon        int64 // fen
}

var (
	shanghai = time.FixedZone("", 8*3600)
	pacific  = time.FixedZone("", -7*3600)
)

// generate invents the order of an id: the result of an answer, with all parts that it has.
func generate(site string, id int64, wanted traits) object {
	g := &generator{random: newRandom(site, id), traits: wanted, site: site, id: id}
	g.decide()
	result := make(object, 0, 14)
	result.add("base_info", g.baseInfo())
	if g.chance(40) {
		result.add("order_biz_info", g.businessInfo())
	}
	result.add("trade_terms", g.tradeTerms())
	result.add("product_items", g.productItems())
	if g.site == site1688 || g.chance(50) {
		result.add("native_logistics", g.nativeLogistics())
	}
	if g.chance(30) {
		result.add("order_invoice_info", g.invoice())
	}
	if g.chance(40) {
		result.add("guarantees_terms", g.guarantee())
	}
	result.add("ext_attributes", list{})
	g.addReviews(&result)
	g.addOverseas(&result)
	if g.chance(8) {
		result.add("quote_list", g.quotes())
	}
	return result
}

// chance is true in so many of a hundred orders, and in those that have everything.
func (g *generator) chance(percent int) bool { return g.below(100) < percent || g.everything }

// optional adds a member that not every order has.
func (g *generator) optional(o *object, there bool, name string, value any) {
	g.addIf(there || g.everything, o, name, value)
}

// addIf adds a member that is there or not, even in an order that has everything.
func (g *generator) addIf(there bool, o *object, name string, value any) {
	switch {
	case there:
		o.add(name, value)
	case g.nulls:
		o.add(name, nil)
	}
}

func (g *generator) decide() {
	g.decideStatus()
	g.nulls, g.fixedDigits = g.below(4) == 0, g.below(3) == 0
	g.zone = shanghai
	if g.below(8) == 0 {
		g.zone = pacific
	}
	if g.below(8) == 0 {
		g.milliseconds = g.between(1, 999)
	}
	g.decideTimes()
	g.decidePayment()
	g.refund = -1
	if g.progress >= paid && g.chance(20) {
		g.refund = g.below(len(refundStatuses))
	}
	g.buyer, g.seller = g.party("采购"), g.party("供应")
	g.place, g.recipient = pick(g.random, places), g.person()
	g.decideLines()
}

func (g *generator) decideStatus() {
	index := g.below(len(statusTexts))
	if g.status != "" {
		index = slices.IndexFunc(statusTexts, func(s [2]string) bool { return s[0] == g.status })
	}
	g.status, g.statusText = statusTexts[index][0], statusTexts[index][1]
	switch g.status {
	case "waitbuyerpay":
		g.progress = unpaid
	case "waitsellersend":
		g.progress = paid
	case "waitlogisticstakein", "waitbuyerreceive", "waitbuyersign":
		g.progress = shipped
	case "signinsuccess", "confirm_goods":
		g.progress = received
	case "success":
		g.progress = completed
	case "cancel":
		g.closed = true
	case "terminated":
		g.closed, g.progress = true, paid
	}
	if g.everything {
		g.progress = completed
	}
}

// firstDay is the first day on which an invented order is placed; all are placed in 600 days.
var firstDay = time.Date(2024, 1, 1, 0, 0, 0, 0, shanghai)

func (g *generator) decideTimes() {
	after := func(start time.Time, atMost time.Duration) time.Time {
		return start.Add(time.Duration(g.between(30, int(atMost/time.Second))) * time.Second)
	}
	const day = 24 * time.Hour
	g.created = after(firstDay, 600*day).Add(time.Duration(g.milliseconds) * time.Millisecond)
	g.paidAt = after(g.created, time.Hour)
	g.shippedAt = after(g.paidAt, 2*day)
	g.receivedAt = after(g.shippedAt, 5*day)
	g.completedAt = after(g.receivedAt, 7*day)
	g.modified = []time.Time{g.created, g.paidAt, g.shippedAt, g.receivedAt, g.completedAt}[g.progress]
	if g.closed {
		g.completedAt = after(g.modified, day)
		g.modified = g.completedAt
	}
}

func (g *generator) decidePayment() {
	kind := g.below(100)
	g.staged = kind < 8 || g.everything
	g.credit = kind >= 8 && kind < 18 || g.everything
	g.period = kind >= 18 && kind < 24 || g.everything
	g.tradeType = tradeTypes[0]
	if g.below(3) == 0 {
		g.tradeType = pick(g.random, tradeTypes)
	}
	g.payWay = payWays[0]
	if g.below(2) == 0 {
		g.payWay = pick(g.random, payWays)
	}
	switch {
	case g.staged:
		g.tradeType = stagedTrade
	case g.credit:
		g.tradeType, g.payWay = creditTrade, payWays[2]
	case g.period:
		g.tradeType, g.payWay = accountPeriodTrade, payWays[6]
	}
	if g.site == siteAlibaba {
		g.payWay = pick(g.random, alibabaPayWays)
	}
}

// date writes a point in time as the document does, yyyyMMddHHmmssSSSZ.
func (g *generator) date(t time.Time) string {
	t = t.In(g.zone)
	text := t.AppendFormat(make([]byte, 0, 22), "20060102150405.000-0700")
	return string(append(text[:14], text[15:]...))
}

// plainDate writes the other form of the document, which has no offset and means Shanghai.
func plainDate(t time.Time) string { return t.In(shanghai).Format(time.DateTime) }

// yuan writes an amount of fen as yuan.
func (g *generator) yuan(fen int64) number {
	text := make([]byte, 0, 20)
	if fen < 0 {
		text, fen = append(text, '-'), -fen
	}
	text = strconv.AppendInt(text, fen/100, 10)
	text = append(text, '.', byte('0'+fen/10%10), byte('0'+fen%10))
	if !g.fixedDigits {
		text = bytes.TrimSuffix(bytes.TrimRight(text, "0"), []byte("."))
	}
	return number(text)
}

// nextID returns an id that belongs to the order: the order's number and, one digit group higher,
// the index, as the platform numbers its parts. It stays a positive Java Long.
func (g *generator) nextID(index int) int64 {
	const group = 1_000_000
	offset := int64(index) * group
	if g.id > 1<<62 {
		return g.id - offset
	}
	return g.id + offset
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }
