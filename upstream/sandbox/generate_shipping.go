package sandbox

import (
	"fmt"
	"strings"
)

func (g *generator) nativeLogistics() object {
	p := g.place
	logistics := make(object, 0, 13)
	logistics.add("address", p.street)
	logistics.add("area", p.district)
	logistics.add("area_code", p.code)
	logistics.add("city", p.city)
	logistics.add("contact_person", g.recipient)
	phone := fmt.Sprintf("86-%s-888800%02d", p.areaCode, g.below(100))
	g.optional(&logistics, g.below(6) == 0, "fax", phone)
	logistics.add("mobile", g.mobile())
	logistics.add("province", p.province)
	g.optional(&logistics, g.below(3) == 0, "telephone", phone)
	logistics.add("zip", p.postalCode)
	logistics.add("town_code", p.code+"002")
	logistics.add("town", p.town)
	if shipments := g.shipments(); len(shipments) > 0 {
		logistics.add("logistics_items", shipments)
	}
	return logistics
}

func (g *generator) shipments() list {
	var ids [2][]string
	for _, l := range g.lines {
		if l.shipment >= 0 {
			ids[l.shipment] = append(ids[l.shipment], digits(l.id))
		}
	}
	var shipments list
	for i, lineIDs := range ids {
		if len(lineIDs) > 0 {
			shipments = append(shipments, g.shipment(i, strings.Join(lineIDs, ",")))
		}
	}
	return shipments
}

// shipment has a carrier in most cases (type 0 or 1), or needs none (type 2).
func (g *generator) shipment(i int, lineIDs string) object {
	id := 107_450_000_000_000 + g.id%1_000_000_000 + int64(i)
	kind := []string{"0", "0", "1", "2"}[g.below(4)]
	s := make(object, 0, 36)
	s.add("id", integer(id))
	s.add("logistics_code", fmt.Sprintf("LP%014d", id%100_000_000_000_000))
	s.add("type", kind)
	s.add("status", "alreadysend")
	s.add("delivered_time", g.date(g.shippedAt))
	s.add("gmt_create", g.date(g.shippedAt))
	s.add("gmt_modified", g.date(g.modified))
	s.add("sub_item_ids", lineIDs)
	g.addAddresses(&s)
	if kind != "2" || g.everything {
		g.addCarrier(&s)
	}
	if kind == "2" || g.everything {
		g.addNoCarrier(&s)
	}
	return s
}

func (g *generator) addCarrier(s *object) {
	c := pick(g.random, carriers)
	s.add("carriage", g.yuan(g.shippingFee))
	s.add("logistics_company_id", integer(c.id))
	s.add("logistics_company_no", c.code)
	s.add("logistics_company_name", c.name)
	s.add("logistics_bill_no", fmt.Sprintf("%s%013d", c.code, g.below(1_000_000_000)))
	if !g.everything {
		s.add("no_logistics_condition", "-1")
	}
}

func (g *generator) addNoCarrier(s *object) {
	if !g.everything {
		s.add("logistics_bill_no", "不需要物流")
	}
	s.add("no_logistics_name", g.person())
	s.add("no_logistics_tel", g.mobile())
	s.add("no_logistics_bill_no", fmt.Sprintf("ZT%06d", g.below(1_000_000)))
	s.add("no_logistics_condition", digits(int64(g.between(1, 5))))
}

func (g *generator) addAddresses(s *object) {
	from, to := g.seller.place, g.place
	s.add("from_province", from.province)
	s.add("from_city", from.city)
	s.add("from_area", from.district)
	s.add("from_address", from.town+from.street)
	s.add("from_phone", g.seller.phone)
	s.add("from_mobile", g.seller.mobile)
	post := from.postalCode
	if g.below(6) == 0 {
		post = "000000"
	}
	s.add("from_post", post)
	s.add("to_province", to.province)
	s.add("to_city", to.city)
	s.add("to_area", to.district)
	s.add("to_address", to.town+to.street)
	phone := ""
	if g.everything {
		phone = g.buyer.phone
	}
	s.add("to_phone", phone)
	s.add("to_mobile", g.mobile())
	s.add("to_post", to.postalCode)
}
