package sandbox

import "fmt"

// party is the buyer or the seller.
type party struct {
	userID                     int64
	memberID, loginID, company string
	contact, phone, mobile     string
	place                      place
}

func (g *generator) party(role string) party {
	home := pick(g.random, places)
	userID := 2_200_000_000_000 + int64(g.below(1_000_000))
	return party{
		userID:   userID,
		memberID: "b2b-" + digits(userID),
		loginID:  fmt.Sprintf("示例%s%03d", role, g.below(1000)),
		company:  home.city + pick(g.random, companyNames) + "有限公司",
		contact:  g.person(),
		phone:    fmt.Sprintf("86-%s-888800%02d", home.areaCode, g.below(100)),
		mobile:   g.mobile(),
		place:    home,
	}
}

func (g *generator) person() string {
	return pick(g.random, familyNames) + pick(g.random, givenNames)
}

func (g *generator) mobile() string { return fmt.Sprintf("138000000%02d", g.below(100)) }

// contact returns buyer_contact, or the part of seller_contact that is the same.
func (g *generator) contact(p party) object {
	contact := make(object, 0, 9)
	contact.add("phone", p.phone)
	g.optional(&contact, g.below(4) == 0, "fax", p.phone)
	g.optional(&contact, g.below(3) == 0, "email", fmt.Sprintf("contact%d@example.com", p.userID%1000))
	contact.add("im_in_platform", p.loginID)
	contact.add("name", p.contact)
	contact.add("mobile", p.mobile)
	contact.add("company_name", p.company)
	return contact
}

func (g *generator) sellerContact() object {
	contact := g.contact(g.seller)
	distributed := g.chance(10)
	g.optional(&contact, distributed, "wg_sender_name", g.person())
	g.optional(&contact, distributed, "wg_sender_phone", g.mobile())
	return contact
}

func (g *generator) receiverInfo() object {
	p := g.place
	receiver := make(object, 0, 7)
	receiver.add("to_full_name", g.recipient)
	receiver.add("to_division_code", p.code)
	receiver.add("to_mobile", g.mobile())
	g.optional(&receiver, g.below(3) == 0, "to_phone", fmt.Sprintf("86-%s-888800%02d", p.areaCode, g.below(100)))
	receiver.add("to_post", p.postalCode)
	receiver.add("to_town_code", p.code+"002")
	receiver.add("to_area", p.province+" "+p.city+" "+p.district+" "+p.town)
	return receiver
}
