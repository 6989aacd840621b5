package sandbox

import "fmt"

// line is a line item before it is written.
type line struct {
	product
	id          int64
	thousandths int64 // quantity
	price       int64 // fen for one unit
	adjustment  int64 // fen, negative: cheaper
	shipment    int   // which parcel it is in; -1: none
}

func (l line) full() int64  { return l.price * l.thousandths / 1000 }
func (l line) total() int64 { return l.full() + l.adjustment }

func (g *generator) decideLines() {
	count := g.items
	if count == 0 {
		count = g.between(1, 5)
	}
	g.lines = make([]line, count)
	for i := range g.lines {
		g.lines[i] = g.line(i, count)
	}
	g.decideShipments()
	if g.below(3) > 0 {
		g.shippingFee = int64(g.between(1, 40)) * 50
	}
	if g.chance(25) {
		g.coupon = min(750, g.merchandise()/10)
	}
}

func (g *generator) line(i, count int) line {
	l := line{product: pick(g.random, products), id: g.nextID(i + 1), shipment: -1}
	if count == 1 {
		l.id = g.id // ids are unique per type only
	}
	l.thousandths = int64(g.between(1, 120)) * 1000
	if l.bulk {
		l.thousandths = int64(g.between(1, 40)) * 250
	}
	l.price = l.product.price
	if g.below(4) == 0 {
		l.adjustment = -min(l.full()/10, int64(g.between(1, 5000)))
	}
	return l
}

// decideShipments puts the line items into one parcel or two. Of an order that waits for its seller,
// a part may be on its way.
func (g *generator) decideShipments() {
	parcels := 1 + g.below(2)
	for i := range g.lines {
		switch {
		case g.progress >= shipped:
			g.lines[i].shipment = i % parcels
		case g.progress == paid && !g.closed && i == 0 && len(g.lines) > 2 && parcels == 2:
			g.lines[i].shipment = 0
		}
	}
}

func (g *generator) sum(of func(line) int64) int64 {
	var sum int64
	for _, l := range g.lines {
		sum += of(l)
	}
	return sum
}

// merchandise is ∑ price × quantity in fen, adjustment is ∑ entry_discount in fen.
func (g *generator) merchandise() int64 { return g.sum(line.full) }

func (g *generator) adjustment() int64 {
	return g.sum(func(l line) int64 { return l.adjustment })
}

func (g *generator) pieces() int64 {
	return g.sum(func(l line) int64 { return max(1, l.thousandths/1000) })
}

// total is ∑ item_amount + shipping_fee − coupon_fee in fen.
func (g *generator) total() int64 { return g.sum(line.total) + g.shippingFee - g.coupon }

// refunded is what a refund of the first line item has paid back, in fen.
func (g *generator) refunded() int64 {
	if g.refund < 0 || refundStatuses[g.refund] != "refundsuccess" {
		return 0
	}
	return g.lines[0].total()
}

func (g *generator) productItems() list {
	items := make(list, len(g.lines))
	for i, l := range g.lines {
		items[i] = g.productItem(i, l)
	}
	return items
}

func (g *generator) productItem(i int, l line) object {
	item := make(object, 0, 42)
	item.add("sub_item_id", integer(l.id))
	item.add("sub_item_idstring", digits(l.id))
	item.add("name", l.name)
	item.add("price", g.yuan(l.price))
	item.add("quantity", quantity(l.thousandths))
	item.add("quantity_factor", integer(l.factor()))
	item.add("unit", l.unit)
	item.add("item_amount", g.yuan(l.total()))
	item.add("entry_discount", integer(l.adjustment)) // fen
	g.addProduct(&item, l)
	g.addItemStatus(&item, i, l)
	g.addItemTimes(&item)
	g.addItemOfSite(&item, i, l)
	return item
}

// quantity writes thousandths of a unit.
func quantity(thousandths int64) number {
	if thousandths%1000 == 0 {
		return integer(thousandths / 1000)
	}
	return number(fmt.Sprintf("%d.%03d", thousandths/1000, thousandths%1000))
}

func (l line) factor() int64 {
	if l.bulk {
		return 1000
	}
	return 1
}

func (g *generator) addProduct(item *object, l line) {
	productID := 610_000_000_000 + int64(g.below(1_000_000_000))
	online := g.below(12) > 0
	g.optional(item, online, "product_id", integer(productID))
	images := list{}
	if online {
		path := fmt.Sprintf("https://img.example.test/ibank/%d", productID)
		images = list{path + ".80x80.jpg", path + ".jpg"}
	}
	item.add("product_img_url", images)
	item.add("product_snapshot_url", "https://trade.example.test/order/offer_snapshot.htm?order_entry_id="+digits(l.id))
	hasVariants := len(l.attributes) > 0
	g.optional(item, hasVariants, "sku_id", integer(4_000_000_000_000+productID%1_000_000_000))
	g.optional(item, hasVariants, "spec_id", fmt.Sprintf("%016x%016x", g.next(), g.next()))
	attributes := make(list, len(l.attributes))
	for i, a := range l.attributes {
		attributes[i] = object{{"name", a[0]}, {"value", a[1]}}
	}
	if g.everything && !hasVariants {
		attributes = list{object{{"name", "规格"}, {"value", "默认"}}}
	}
	item.add("sku_infos", attributes)
	g.optional(item, l.weight != "" && g.below(2) == 0, "weight", l.weight)
	g.optional(item, l.weight != "" && g.below(2) == 0, "weight_unit", l.weightUnit)
	g.optional(item, g.below(3) == 0, "cargo_number", fmt.Sprintf("SKU-%04d", g.below(10_000)))
	g.optional(item, g.below(3) == 0, "product_cargo_number", fmt.Sprintf("KY%03d", g.below(1000)))
}

func (g *generator) addItemStatus(item *object, i int, l line) {
	item.add("status", g.status)
	item.add("status_str", g.statusText)
	item.add("logistics_status", integer(g.logisticsStatus(l)))
	if i > 0 {
		item.add("refund", g.yuan(0))
	} else {
		item.add("refund", g.yuan(g.refunded()))
	}
	if i == 0 && g.refund >= 0 {
		item.add("refund_status", itemRefundStatuses[g.refund])
		item.add("refund_id", fmt.Sprintf("TQ%d", 7_000_000_000+g.id%1_000_000_000))
	}
	g.optional(item, g.progress == completed && g.below(6) == 0, "refund_id_for_as", fmt.Sprintf("SH%d", 8_000_000_000+g.id%1_000_000_000))
	g.optional(item, g.closed, "close_reason", pick(g.random, append([]string{"测试"}, closeReasons...)))
}

// logisticsStatus is 1 未发货, 2 已发货, 3 已收货, 4 已经退货, 5 部分发货, 7 or 8 还未创建物流订单.
func (g *generator) logisticsStatus(l line) int64 {
	switch {
	case g.closed && g.progress == unpaid:
		return 7
	case g.progress == unpaid:
		return 8
	case g.refund >= 0 && refundStatuses[g.refund] == "refundsuccess" && g.progress >= shipped:
		return 4
	case g.progress >= received:
		return 3
	case l.shipment < 0:
		return 1
	case l.bulk && g.progress == paid:
		return 5
	default:
		return 2
	}
}

func (g *generator) addItemTimes(item *object) {
	item.add("gmt_create", g.date(g.created))
	item.add("gmt_modified", g.date(g.modified))
	g.optional(item, g.progress == completed || g.closed, "gmt_completed", g.date(g.completedAt))
	g.optional(item, g.progress == unpaid, "gmt_pay_expire_time", plainDate(g.created.AddDate(0, 0, 1)))
}

// addItemOfSite adds what only one of the sites has.
func (g *generator) addItemOfSite(item *object, i int, l line) {
	international := g.site == siteAlibaba || g.everything
	item.add("type", "common")
	if international {
		item.add("description", l.english+" / "+l.category)
		item.add("sort", integer(int64(i)))
	}
	terms := list{}
	for range g.below(4) {
		terms = append(terms, g.guarantee())
	}
	if g.everything && len(terms) == 0 {
		terms = append(terms, g.guarantee())
	}
	item.add("guarantees_terms", terms)
}

func (g *generator) guarantee() object {
	terms := guarantees
	if g.site == siteAlibaba {
		terms = alibabaGuarantees
	}
	term := pick(g.random, terms)
	return object{{"assurance_info", term[2]}, {"assurance_type", term[0]}, {"quality_assurance_type", term[1]}}
}
