package upstream

// OrderPayment is one payment of an order (result.trade_terms, 交易条款).
type OrderPayment struct {
	Status            Enum   `json:"pay_status" enum:"OrderPaymentStatus"`         // 支付状态
	PaidAt            Time   `json:"pay_time"`                                     // 完成阶段支付时间
	Method            Enum   `json:"pay_way" enum:"OrderPaymentMethod"`            // 支付方式
	MethodDescription Text   `json:"pay_way_desc"`                                 // 支付方式
	Amount            *Money `json:"phas_amount" alias:"phase_amount" unit:"yuan"` // 付款额; misspelt upstream
	StageID           ID     `json:"phase"`                                        // 阶段单id
	StageCondition    Text   `json:"phase_condition"`                              // 阶段条件; never on 1688
	StageDate         Text   `json:"phase_date"`                                   // 阶段时间; never on 1688
	IsCardPayment     Bool   `json:"card_pay"`                                     // 是否银行卡支付
	IsExpressPayment  Bool   `json:"express_pay"`                                  // 是否快捷支付
}

// StatusRaw returns trade_terms.pay_status as it was sent.
func (p *OrderPayment) StatusRaw() RawText { return p.Status.Raw() }

// MethodRaw returns trade_terms.pay_way as it was sent.
func (p *OrderPayment) MethodRaw() RawText { return p.Method.Raw() }

// OrderPaymentStage is one stage of a staged payment (base_info.step_order_list, 分阶段订单). Its amounts
// are its share of the order's; that they are in yuan is inferred, the upstream doesn't say.
type OrderPaymentStage struct {
	ID            ID   `json:"step_order_id"` // 阶段id
	Name          Text `json:"step_name"`     // 当前步骤的名称
	Sequence      Int  `json:"step_no"`       // 阶段序列, from 1
	Status        Enum `json:"step_order_status" enum:"OrderPaymentStageStatus"`
	PaymentStatus Enum `json:"step_pay_status" enum:"OrderStagePaymentStatus"`
	TemplateID    ID   `json:"template_id"` // 使用的模板id

	AmountDue                  *Money  `json:"actual_pay_fee" unit:"yuan"`    // 应付款(含运费)
	AmountDueExcludingShipping *Money  `json:"pay_fee" unit:"yuan"`           // 创建时需要付款的金额,不含运费
	UnitPrice                  *Money  `json:"price" unit:"yuan"`             // 本阶段分摊的单价
	Quantity                   Decimal `json:"amount"`                        // 购买数量; not money
	ShippingFee                *Money  `json:"post_fee" unit:"yuan"`          // 运费
	ShopDiscount               *Money  `json:"discount_fee" unit:"yuan"`      // 本阶段分摊的店铺优惠
	ItemDiscount               *Money  `json:"item_discount_fee" unit:"yuan"` // 本阶段分摊的单品优惠
	PriceAdjustment            *Money  `json:"adjust_fee" unit:"yuan"`        // 修改价格修改的金额, signed

	CreatedAt     Time `json:"gmt_create"`         // 创建时间
	UpdatedAt     Time `json:"gmt_modified"`       // 修改时间
	StartedAt     Time `json:"enter_time"`         // 开始时间
	PaidAt        Time `json:"pay_time"`           // 付款时间
	SellerActedAt Time `json:"seller_action_time"` // 卖家操作时间
	EndedAt       Time `json:"end_time"`           // 本阶段结束时间

	SellerActionName  Text `json:"seller_action_name"` // 卖家操作名称
	SellerMessage     Text `json:"message"`            // 卖家操作留言
	SellerMessagePath Text `json:"message_path"`       // 卖家操作留言路径
	EvidenceImagePath Text `json:"picture_path"`       // 卖家上传图片凭据路径

	PaymentTimeoutSeconds      Int `json:"buyer_pay_timeout"`     // 买家不付款的超时时间(秒)
	ConfirmationTimeoutSeconds Int `json:"buyer_confirm_timeout"` // 买家不确认的超时时间; seconds are inferred

	IsFinalStage          Bool `json:"last_step"`              // 是否最后一个阶段
	IsDisbursedToSeller   Bool `json:"has_disbursed"`          // 是否已打款给卖家
	RequiresShipping      Bool `json:"need_logistics"`         // 是否需要物流
	RequiresSellerAction  Bool `json:"need_seller_action"`     // 是否需要卖家操作和买家确认
	RequiresSellerAdvance Bool `json:"need_seller_call_next"`  // 是否需要卖家推进
	DisbursesOnCompletion Bool `json:"transfer_after_confirm"` // 阶段结束是否打款
	AllowsInstantPayment  Bool `json:"instant_pay"`            // 是否允许即时到帐
}

// StatusRaw returns step_order_list.step_order_status as it was sent.
func (p *OrderPaymentStage) StatusRaw() RawText { return p.Status.Raw() }

// PaymentStatusRaw returns step_order_list.step_pay_status as it was sent.
func (p *OrderPaymentStage) PaymentStatusRaw() RawText { return p.PaymentStatus.Raw() }

// OrderBusinessInfo is what only some kinds of business have (result.order_biz_info, 订单业务信息).
type OrderBusinessInfo struct {
	IsCaiyuanbaoOrder      Bool                `json:"ods_cyd"`             // 是否采源宝订单
	IsCreditTradeSelected  Bool                `json:"credit_order"`        // 下单时选择了诚e赊; no proof of paying by it
	CreditPayment          *OrderCreditPayment `json:"credit_order_detail"` // 诚e赊支付详情
	CreditTermSettlementAt Time                `json:"account_period_time"` // 账期交易订单的到账时间
	PreOrder               *OrderPreOrder      `json:"pre_order_info"`      // 预订单信息
}

// OrderCreditPayment is a payment by Cheng-e-She (order_biz_info.credit_order_detail, 诚e赊支付详情).
type OrderCreditPayment struct {
	Status               Text    `json:"status"`                // 状态; END is the one documented value
	StatusDescription    Text    `json:"status_str"`            // 状态描述
	PaidAt               Time    `json:"create_time"`           // 支付时间
	RepaymentDueAt       Time    `json:"grace_period_end_time"` // 最晚还款时间
	AmountRaw            Decimal `json:"pay_amount"`            // 订单金额, unit undocumented, believed to be fen
	OutstandingAmountRaw Decimal `json:"rest_repay_amount"`     // 应还金额, unit undocumented, believed to be fen
}

// OrderPreOrder is the pre-order that an order came from (order_biz_info.pre_order_info, 预订单信息).
type OrderPreOrder struct {
	MarketName            Text `json:"market_name"`          // 创建预订单时传入的市场名
	IsCreatedByCurrentApp Bool `json:"create_pre_order_app"` // 预订单是否为当前查询的ERP创建
}
