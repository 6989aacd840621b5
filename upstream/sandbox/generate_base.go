package sandbox

import "fmt"

func (g *generator) baseInfo() object {
	base := make(object, 0, 70)
	base.add("id", integer(g.id))
	base.add("id_of_str", digits(g.id))
	base.add("business_type", g.businessType())
	base.add("status", g.status)
	base.add("trade_type", g.tradeType.code)
	base.add("trade_type_code", g.tradeType.name)
	base.add("trade_type_desc", g.tradeType.description)
	g.optional(&base, g.below(2) == 0, "flow_template_code", g.tradeType.workflow)
	g.addParties(&base)
	g.addTotals(&base)
	g.addTimes(&base)
	g.addClosing(&base)
	g.addNotes(&base)
	g.addFlags(&base)
	if g.staged {
		base.add("step_agreement_path", "https://trade.example.test/order/step_agreement.htm?id="+digits(g.id))
		base.add("step_order_list", g.stageList())
	}
	return base
}

func (g *generator) businessType() string {
	if g.site == siteAlibaba {
		return pick(g.random, alibabaBusinessTypes)
	}
	if g.staged {
		return "factory"
	}
	return pick(g.random, businessTypes)
}

func (g *generator) addParties(base *object) {
	base.add("buyer_id", g.buyer.memberID)
	base.add("buyer_login_id", g.buyer.loginID)
	base.add("buyer_user_id", integer(g.buyer.userID))
	base.add("buyer_alipay_id", fmt.Sprintf("20880000%08d", g.buyer.userID%100_000_000))
	g.optional(base, g.below(3) == 0, "sub_buyer_login_id", g.buyer.loginID+":采购01")
	base.add("buyer_contact", g.contact(g.buyer))
	base.add("seller_id", g.seller.memberID)
	base.add("seller_login_id", g.seller.loginID)
	base.add("seller_user_id", integer(g.seller.userID))
	base.add("seller_alipay_id", fmt.Sprintf("20880000%08d", g.seller.userID%100_000_000))
	g.optional(base, g.below(2) == 0, "seller_credit_level", fmt.Sprintf("L%d", g.between(1, 5)))
	base.add("seller_contact", g.sellerContact())
	base.add("receiver_info", g.receiverInfo())
}

func (g *generator) addTotals(base *object) {
	base.add("total_amount", g.yuan(g.total()))
	base.add("sum_product_payment", g.yuan(g.merchandise()))
	base.add("shipping_fee", g.yuan(g.shippingFee))
	base.add("discount", integer(g.adjustment())) // fen
	g.optional(base, g.coupon > 0, "coupon_fee", g.yuan(g.coupon))
	base.add("refund", g.yuan(g.refunded()))
	base.add("refund_payment", integer(g.refunded()))
	if g.refund >= 0 {
		base.add("refund_status", refundStatuses[g.refund])
		base.add("refund_id", fmt.Sprintf("TQ%d", 7_000_000_000+g.id%1_000_000_000))
	}
	g.optional(base, g.progress == completed && g.below(6) == 0, "refund_status_for_as", "refundsuccess")
	base.add("pay_channel_list", g.channels())
	transaction := "UNCREATED"
	if g.progress >= paid {
		transaction = g.paidAt.In(shanghai).Format("20060102") + fmt.Sprintf("2200100000%010d", g.id%10_000_000_000)
	}
	base.add("alipay_trade_id", transaction)
	due := g.progress == unpaid // so it says by when
	g.optional(base, g.below(2) == 0 || due, "pay_timeout", integer(432_000))
	typed, timeoutType := g.below(2) == 0 || due, g.below(8)/7
	if due {
		timeoutType = 0
	}
	g.optional(base, typed, "pay_timeout_type", integer(int64(timeoutType)))
}

func (g *generator) channels() list {
	if g.progress < paid {
		return list{}
	}
	channels := list{g.payWay.channel}
	if g.coupon > 0 {
		channels = append(channels, "红包")
	}
	return channels
}

func (g *generator) addTimes(base *object) {
	base.add("create_time", g.date(g.created))
	base.add("modify_time", g.date(g.modified))
	g.optional(base, g.progress >= paid, "pay_time", g.date(g.paidAt))
	g.optional(base, g.progress >= shipped, "all_delivered_time", g.date(g.shippedAt))
	g.optional(base, g.progress >= received, "receiving_time", g.date(g.receivedAt))
	g.optional(base, g.progress >= received, "confirmed_time", g.date(g.receivedAt))
	g.optional(base, g.progress == completed || g.closed, "complete_time", g.date(g.completedAt))
}

func (g *generator) addClosing(base *object) {
	if !g.closed && !g.everything {
		return
	}
	base.add("close_reason", pick(g.random, closeReasons))
	base.add("close_operate_type", pick(g.random, closeOperators))
	base.add("close_remark", pick(g.random, []string{"拍错了", "重新下单", "库存不足,已与买家沟通"}))
}

func (g *generator) addNotes(base *object) {
	g.optional(base, g.below(3) == 0, "buyer_feedback", pick(g.random, []string{
		"请尽快发货,谢谢!", "麻烦包装\"结实\"一点\n周末也可以送货", "要开发票",
	}))
	g.optional(base, g.below(5) == 0, "buyer_memo", "第二批货,和上次一样")
	g.optional(base, g.below(5) == 0, "buyer_remark_icon", digits(int64(g.between(1, 4))))
	g.optional(base, g.below(4) == 0, "remark", "工作日送货")
	g.optional(base, g.below(8) == 0, "pre_order_id", integer(77_889_900_000_000_000+g.id%1_000_000_000))
}

func (g *generator) addFlags(base *object) {
	g.optional(base, g.below(2) == 0, "seller_order", g.below(4) == 0)
	g.optional(base, g.below(2) == 0, "over_sea_order", g.below(4) == 0)
	base.add("step_pay_all", !g.staged && g.below(2) == 0)
}

// stageList divides the payment: 30% in advance, production, the rest.
func (g *generator) stageList() list {
	result := make(list, len(stages))
	goods := g.merchandise() + g.adjustment()
	advance := goods * 3 / 10
	due := []int64{advance, 0, goods - advance - g.coupon}
	current := min(int(g.progress), len(stages))
	for i, s := range stages {
		result[i] = g.stage(i, s, due[i], i < current)
	}
	return result
}

func (g *generator) stage(i int, s stage, due int64, done bool) object {
	last := i == len(stages)-1
	status, payment := "success", int64(2)
	if !done {
		status, payment = pick(g.random, stageStatuses), pick(g.random, []int64{1, 4, 6, 8})
	}
	var postage int64
	if last {
		postage = g.shippingFee
	}
	o := make(object, 0, 34)
	o.add("step_order_id", integer(g.nextID(50+i)))
	o.add("step_order_status", status)
	o.add("step_pay_status", integer(payment))
	o.add("step_no", integer(int64(i+1)))
	o.add("last_step", last)
	o.add("has_disbursed", done)
	o.add("pay_fee", g.yuan(due))
	o.add("actual_pay_fee", g.yuan(due+postage))
	o.add("discount_fee", g.yuan(g.coupon))
	o.add("item_discount_fee", g.yuan(0))
	o.add("price", g.yuan(due/int64(max(1, len(g.lines)))))
	o.add("amount", integer(g.pieces()))
	o.add("post_fee", g.yuan(postage))
	o.add("adjust_fee", g.yuan(g.adjustment()))
	g.addStageTimes(&o, i, done)
	g.addStageAction(&o, i, s)
	o.add("template_id", integer(20_001))
	o.add("step_name", s.name)
	o.add("buyer_pay_timeout", integer(259_200))
	o.add("buyer_confirm_timeout", integer(604_800))
	o.add("need_logistics", last)
	o.add("need_seller_action", s.action != "")
	o.add("transfer_after_confirm", true)
	o.add("need_seller_call_next", false)
	o.add("instant_pay", g.below(4) == 0)
	return o
}

func (g *generator) addStageTimes(o *object, i int, done bool) {
	start := g.created.AddDate(0, 0, 3*i)
	o.add("gmt_create", g.date(g.created))
	o.add("gmt_modified", g.date(g.modified))
	o.add("enter_time", g.date(start))
	g.optional(o, done, "pay_time", g.date(start.AddDate(0, 0, 1)))
	g.optional(o, done, "end_time", g.date(start.AddDate(0, 0, 2)))
}

func (g *generator) addStageAction(o *object, i int, s stage) {
	there := s.action != ""
	path := fmt.Sprintf("https://img.example.test/step/%d/%d", g.id, i+1)
	g.addIf(there, o, "seller_action_name", s.action)
	g.addIf(there, o, "seller_action_time", g.date(g.created.AddDate(0, 0, 3*i+1)))
	g.addIf(there, o, "message", "大货已完成,请验收")
	g.addIf(there, o, "message_path", path+"/message")
	g.addIf(there, o, "picture_path", path+"/picture.jpg")
}
