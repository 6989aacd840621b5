package upstream

import "time"

// Order is one order as its buyer sees it (订单详情, data.result). It may be shared between callers
// and cached: never change it after decoding.
//
// Here and in the other order_*.go files a struct has the shape of a GraphQL type. The json tag of a
// field names its key on the wire, and its Go type is its unit: Money is in the currency's major
// unit whatever the wire sends, Time is a point in time whatever the format. A nil pointer, an empty
// Text, ID, Decimal or URL and the zero Time, Int and Bool are null.
type Order struct {
	// ID is the number that was asked for. Those in the answer (id_of_str, id) are compared with it
	// and dropped: they may have been rounded.
	ID      OrderID
	WebSite WebSite
	Edition Edition
	// FetchedAt is when the answer had been read, UTC, in whole milliseconds.
	FetchedAt time.Time
	// FreshUntil is until when the order is served without another call. Decoding makes it FetchedAt: package
	// cache decides about more.
	FreshUntil time.Time

	BaseInfo           `json:"base_info"`
	BusinessInfo       *OrderBusinessInfo       `json:"order_biz_info"`         // 订单业务信息
	Payments           []*OrderPayment          `json:"trade_terms"`            // 交易条款
	LineItems          []*OrderLineItem         `json:"product_items"`          // 商品条目信息
	DomesticShipping   *OrderDomesticShipping   `json:"native_logistics"`       // 国内物流; domain NativeLogistics
	Invoice            *OrderInvoice            `json:"order_invoice_info"`     // 发票信息; domain OrderInvoice
	Guarantees         []*OrderGuarantee        `json:"guarantees_terms"`       // 保障条款; domain GuaranteesTerms
	Reviews            *OrderReviews            `json:"order_rate_info"`        // 订单评价信息
	OverseasShipping   *OrderOverseasShipping   `json:"overseas_extra_address"` // 跨境地址扩展信息
	CustomsDeclaration *OrderCustomsDeclaration `json:"customs"`                // 跨境报关信息
	ProcurementQuotes  []*OrderProcurementQuote `json:"quote_list"`             // 采购单详情列表; large enterprises only
	ExtraAttributes    []*OrderExtraAttribute   `json:"ext_attributes"`         // 订单扩展属性

	// OuterReviewsOfSeller is where the upstream's document lists seller_rate_list; its SDK has it in
	// order_rate_info. Decoding moves it to Reviews unless that has a list of its own.
	OuterReviewsOfSeller []*OrderReview `json:"seller_rate_list" path:"Reviews.ReviewsOfSeller"`

	// BadValues are the values that were neither empty nor readable.
	BadValues []BadValue
}

// Key names the order.
func (o *Order) Key() Key { return Key{Site: o.WebSite, Edition: o.Edition, ID: o.ID} }

// BadValue says that one value of an answer was neither empty nor readable, so that the order shows
// null, or leaves an element of a list out.
type BadValue struct {
	// Path leads from the order to the value: Go field names (string) and list indexes (int). A field
	// name is the GraphQL name but for the case of its letters. The path of a left-out element is
	// that of its list. It is nil in the note of how many there are beyond a bound.
	Path []any
	// Reason says what was expected. It never holds the value, which may be personal data.
	Reason string
}

// BaseInfo is the part of an order that every answer has (订单基础信息, result.base_info).
type BaseInfo struct {
	Status                 Enum `json:"status" enum:"OrderStatus"`              // 交易状态; never null
	AfterSalesRefundStatus Text `json:"refund_status_for_as"`                   // 订单的售后退款状态; values undocumented
	RefundStatus           Enum `json:"refund_status" enum:"OrderRefundStatus"` // 订单的售中退款状态
	RefundID               ID   `json:"refund_id"`                              // 退款单ID

	CreatedAt       Time `json:"create_time"`        // 创建时间
	UpdatedAt       Time `json:"modify_time"`        // 修改时间
	ConfirmedAt     Time `json:"confirmed_time"`     // 确认时间
	PaidAt          Time `json:"pay_time"`           // 付款时间, of the first payment
	FullyShippedAt  Time `json:"all_delivered_time"` // 完全发货时间, not of delivery
	FullyReceivedAt Time `json:"receiving_time"`     // 完全收货时间
	CompletedAt     Time `json:"complete_time"`      // 完成时间

	Total            *Money  `json:"total_amount" unit:"yuan"`        // 应付款总金额, after coupons
	MerchandiseTotal *Money  `json:"sum_product_payment" unit:"yuan"` // 产品总金额
	ShippingFee      *Money  `json:"shipping_fee" unit:"yuan"`        // 运费
	CouponDiscount   *Money  `json:"coupon_fee" unit:"yuan"`          // 红包金额, already deducted from Total
	PriceAdjustment  *Money  `json:"discount" unit:"fen"`             // 折扣信息, negative for a price cut
	RefundedAmount   *Money  `json:"refund" unit:"yuan"`              // 退款金额
	RefundPaymentRaw Decimal `json:"refund_payment"`                  // 退款金额, unit undocumented, believed to be fen

	TradeType            Enum `json:"trade_type" enum:"OrderTradeType"`
	TradeTypeCode        Text `json:"trade_type_code"` // 下单时指定的交易方式tradeType: assureTrade, …
	TradeTypeDescription Text `json:"trade_type_desc"` // 下单时指定的交易方式
	BusinessType         Enum `json:"business_type" enum:"OrderBusinessType"`
	WorkflowTemplateCode Text `json:"flow_template_code"` // 4.0交易流程模板code

	PaymentChannels            []Text               `json:"pay_channel_list"`                 // 支付渠道名称列表, Chinese display names
	PaymentTransactionID       Text                 `json:"alipay_trade_id" null:"UNCREATED"` // 外部支付交易Id; UNCREATED is null
	PaymentTimeoutType         Enum                 `json:"pay_timeout_type" enum:"OrderPaymentTimeoutType"`
	PaymentTimeoutRaw          RawText              `json:"pay_timeout"` // 支付超时时间, seconds unless the type is 1
	PaymentTimeoutSeconds      Int                  // from PaymentTimeoutRaw; null for the type 1
	PaymentDueAt               Time                 // CreatedAt and PaymentTimeoutSeconds of an order that is to be paid
	PaymentStages              []*OrderPaymentStage `json:"step_order_list"`     // 分阶段订单list
	StagedPaymentAgreementPath Text                 `json:"step_agreement_path"` // 分阶段法务协议地址

	IsPaidInFullUpfront Bool `json:"step_pay_all"`      // 是否一次性付款
	IsSellerInitiated   Bool `json:"seller_order"`      // 是否自主订单(邀约订单)
	IsOverseasOrder     Bool `json:"over_sea_order"`    // 是否海外代发订单
	PreOrderID          ID   `json:"pre_order_id"`      // 预订单ID
	OrderNote           Text `json:"remark"`            // 备注, written when ordering
	BuyerMessage        Text `json:"buyer_feedback"`    // 买家留言, at most 500 characters
	BuyerMemo           Text `json:"buyer_memo"`        // 买家备忘信息
	BuyerMemoFlag       Text `json:"buyer_remark_icon"` // 买家备忘标志

	Buyer        *OrderBuyer        `json:",inline"`
	Seller       *OrderSeller       `json:",inline"`
	Recipient    *OrderRecipient    `json:"receiver_info"` // 收件人信息
	Cancellation *OrderCancellation `json:",inline"`
}

// StatusRaw returns base_info.status as it was sent.
func (b *BaseInfo) StatusRaw() RawText { return b.Status.Raw() }

// StatusDescription returns the upstream's text for the status, null for one that is not known.
func (b *BaseInfo) StatusDescription() Text {
	return enumTables["OrderStatus"].terms[b.Status.String()]
}

// IsFinal reports whether the order is in a status that no other follows.
func (b *BaseInfo) IsFinal() bool {
	switch b.Status.String() {
	case "SUCCESS", "CANCELLED", "TERMINATED":
		return true
	default:
		return false
	}
}

// RefundStatusRaw returns base_info.refund_status as it was sent.
func (b *BaseInfo) RefundStatusRaw() RawText { return b.RefundStatus.Raw() }

// TradeTypeRaw returns base_info.trade_type as it was sent.
func (b *BaseInfo) TradeTypeRaw() RawText { return b.TradeType.Raw() }

// BusinessTypeRaw returns base_info.business_type as it was sent.
func (b *BaseInfo) BusinessTypeRaw() RawText { return b.BusinessType.Raw() }

// PaymentTimeoutTypeRaw returns base_info.pay_timeout_type as it was sent.
func (b *BaseInfo) PaymentTimeoutTypeRaw() RawText { return b.PaymentTimeoutType.Raw() }

// OrderCancellation is how and why an order was closed (base_info.close_*).
type OrderCancellation struct {
	Reason    Enum `json:"close_reason" enum:"OrderCancellationReason"`          // 关闭原因
	Initiator Enum `json:"close_operate_type" enum:"OrderCancellationInitiator"` // 关闭订单操作类型
	Note      Text `json:"close_remark"`                                         // 关闭订单备注
}

// ReasonRaw returns base_info.close_reason as it was sent.
func (c *OrderCancellation) ReasonRaw() RawText { return c.Reason.Raw() }

// InitiatorRaw returns base_info.close_operate_type as it was sent.
func (c *OrderCancellation) InitiatorRaw() RawText { return c.Initiator.Raw() }

// OrderExtraAttribute is one attribute of an order's vertical table (result.ext_attributes, 订单扩展属性).
type OrderExtraAttribute struct {
	Key         Text `json:"key"`   // 键
	Value       Text `json:"value"` // 值
	Description Text `json:"description"`
}
