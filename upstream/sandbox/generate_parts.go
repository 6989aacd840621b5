package sandbox

import "fmt"

func (g *generator) businessInfo() object {
	info := make(object, 0, 5)
	info.add("ods_cyd", g.below(4) == 0)
	info.add("credit_order", g.credit)
	g.optional(&info, g.credit && g.progress >= paid, "credit_order_detail", g.creditDetail())
	g.optional(&info, g.below(4) == 0, "pre_order_info",
		object{{"market_name", "dxc"}, {"create_pre_order_app", g.below(2) == 0}})
	g.optional(&info, g.period, "account_period_time", plainDate(g.created.AddDate(0, 1, 0)))
	return info
}

func (g *generator) creditDetail() object {
	status, text, rest := "WAIT_REPAY", "待还款", g.total()
	if g.progress == completed && g.below(2) == 0 {
		status, text, rest = "END", "已还清", 0
	}
	return object{
		{"pay_amount", integer(g.total())},
		{"create_time", plainDate(g.paidAt)},
		{"status", status},
		{"grace_period_end_time", plainDate(g.paidAt.AddDate(0, 1, 9))},
		{"status_str", text},
		{"rest_repay_amount", integer(rest)},
	}
}

// tradeTerms has one payment, or one for each stage that has an amount.
func (g *generator) tradeTerms() list {
	if !g.staged {
		return list{g.tradeTerm(20, g.total())}
	}
	goods := g.merchandise() + g.adjustment()
	advance := goods * 3 / 10
	return list{g.tradeTerm(50, advance), g.tradeTerm(52, g.total()-advance)}
}

func (g *generator) tradeTerm(index int, amount int64) object {
	term := make(object, 0, 10)
	term.add("phase", integer(g.nextID(index)))
	term.add("phas_amount", g.yuan(amount))
	term.add("pay_status", g.payStatus())
	term.add("pay_way", g.payWay.code)
	g.optional(&term, g.below(2) == 0, "pay_way_desc", g.payWay.description)
	g.optional(&term, g.progress >= paid, "pay_time", g.date(g.paidAt))
	g.optional(&term, g.below(2) == 0, "card_pay", g.below(4) == 0)
	g.optional(&term, g.below(2) == 0, "express_pay", g.below(2) == 0)
	international := g.site == siteAlibaba
	g.optional(&term, international, "phase_condition", "advance payment before production")
	g.optional(&term, international, "phase_date", "within 7 days")
	return term
}

func (g *generator) payStatus() string {
	alibaba := g.site == siteAlibaba
	switch {
	case g.closed && g.progress == unpaid && alibaba:
		return pick(g.random, []string{"CANCELLED", "CLOSED", "FAIL"})
	case g.closed && g.progress == unpaid:
		return "8"
	case g.progress == unpaid && alibaba:
		return pick(g.random, []string{"WAIT_PAY", "PART_SUCCESS"})
	case g.progress == unpaid:
		return pick(g.random, []string{"1", "1", "7", "9"})
	case g.progress == completed && alibaba:
		return "SUCCESS"
	case alibaba:
		return pick(g.random, []string{"PAYER_PAID", "PAY_SUCCESS"})
	case g.refund >= 0 && refundStatuses[g.refund] == "refundsuccess":
		return "4"
	case g.period:
		return "12"
	case g.progress == completed:
		return "6"
	default:
		return "2"
	}
}

func (g *generator) invoice() object {
	home := g.buyer.place
	region := home.province + " " + home.city + " " + home.district
	kind := []int64{0, 1, 1, 9}[g.below(4)]
	invoice := make(object, 0, 18)
	invoice.add("invoice_company_name", g.buyer.company)
	invoice.add("invoice_type", integer(kind))
	invoice.add("local_invoice_id", integer(5_500_000_000+g.id%1_000_000))
	invoice.add("order_id", integer(g.id))
	invoice.add("taxpayer_identify", fmt.Sprintf("91%s00000000%02d", home.code, g.below(100)))
	invoice.add("receive_code", home.code)
	invoice.add("receive_code_text", region)
	invoice.add("receive_name", g.person())
	invoice.add("receive_mobile", g.mobile())
	g.optional(&invoice, g.below(2) == 0, "receive_phone", g.buyer.phone)
	invoice.add("receive_post", home.postalCode)
	invoice.add("receive_street", home.town+home.street)
	registered := kind == 1
	g.optional(&invoice, registered, "register_account_id", fmt.Sprintf("62000000000%05d", g.below(100_000)))
	g.optional(&invoice, registered, "register_bank", pick(g.random, banks))
	g.optional(&invoice, registered, "register_code", home.code)
	g.optional(&invoice, registered, "register_code_text", region)
	g.optional(&invoice, registered, "register_phone", g.buyer.phone)
	g.optional(&invoice, registered, "register_street", home.town+home.street)
	return invoice
}

// addReviews adds order_rate_info. The document lists seller_rate_list beside it, the platform's
// SDK inside it: some orders do the one, some the other.
func (g *generator) addReviews(result *object) {
	info := object{{"buyer_rate_status", integer(5)}, {"seller_rate_status", integer(5)}}
	if g.closed {
		info = object{{"buyer_rate_status", integer(6)}, {"seller_rate_status", integer(6)}}
	}
	if g.progress < received || !g.chance(60) {
		result.add("order_rate_info", info)
		return
	}
	info[0].value = integer(4)
	info.add("buyer_rate_list", list{g.review(g.seller, g.buyer, "合作愉快,欢迎再来")})
	if g.chance(70) {
		info[1].value = integer(4)
		reviews := list{g.review(g.buyer, g.seller, "质量不错,发货很快"), g.review(g.buyer, g.seller, "追加:用了一周,还可以")}
		if g.below(4) == 0 && !g.everything {
			result.add("seller_rate_list", reviews)
		} else {
			info.add("seller_rate_list", reviews)
		}
	}
	result.add("order_rate_info", info)
}

func (g *generator) review(from, to party, text string) object {
	return object{
		{"star_level", integer(int64(g.between(3, 5)))},
		{"content", text},
		{"receiver_nick", to.loginID},
		{"poster_nick", from.loginID},
		{"publish_time", g.date(g.completedAt)},
	}
}

// addOverseas adds the forwarder's address and, for some of those orders, the customs declaration.
func (g *generator) addOverseas(result *object) {
	if !g.chance(15) {
		return
	}
	r := pick(g.random, routes)
	result.add("overseas_extra_address", object{
		{"channel_name", r.name},
		{"channel_id", r.id},
		{"shipping_company_id", r.forwarderID},
		{"shipping_company_name", r.forwarder},
		{"country_code", r.code},
		{"country", r.country},
		{"email", fmt.Sprintf("buyer%d@example.com", g.buyer.userID%1000)},
	})
	if g.chance(60) {
		result.add("customs", g.customs())
	}
}

func (g *generator) customs() object {
	currency := pick(g.random, customsCurrencies)
	items := make(list, len(g.lines))
	for i, l := range g.lines {
		items[i] = object{
			{"sku", fmt.Sprintf("SKU-%04d", g.below(10_000))},
			{"c_name", l.name},
			{"en_name", l.english},
			{"amount", number(fmt.Sprintf("%d.%d", l.total()/100, l.total()/10%10))},
			{"quantity", quantity(l.thousandths)},
			{"weight", number(fmt.Sprintf("%d.%03d", g.below(50), g.below(1000)))},
			{"currency", currency},
		}
	}
	return object{
		{"id", integer(g.nextID(70))},
		{"gmt_create", g.date(g.paidAt)},
		{"gmt_modified", g.date(g.modified)},
		{"buyer_id", integer(g.buyer.userID)},
		{"order_id", digits(g.id)},
		{"type", integer(1)},
		{"attributes", items},
	}
}

func (g *generator) quotes() list {
	quotes := make(list, len(g.lines))
	for i, l := range g.lines {
		quotes[i] = object{
			{"product_quote_name", l.name}, {"price", g.yuan(l.price)}, {"count", quantity(l.thousandths)},
		}
	}
	return quotes
}
