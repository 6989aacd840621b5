package upstream

// OrderLineItem is one line of an order, which the upstream also calls a sub-order (result.product_items,
// 商品条目信息, 子订单).
type OrderLineItem struct {
	ID       ID        // the exact one of IDString, IDNumber and the snapshot's address
	IDString lenientID `json:"sub_item_idstring" alias:"sub_item_id_string,sub_item_i_d_string,subItemIDString" path:"ID"`
	IDNumber lenientID `json:"sub_item_id" path:"ID"` // may have been rounded to a float64

	Name        Text `json:"name"`        // 商品名称
	Description Text `json:"description"` // 描述; never on 1688
	ProductType Text `json:"type"`        // 类型; used by the international site
	Position    Int  `json:"sort"`        // 排序字段, from 0; never on 1688

	Status            Enum `json:"status" enum:"OrderStatus"` // 子订单状态
	StatusDescription Text `json:"status_str"`                // 子订单状态描述
	FulfillmentStatus Enum `json:"logistics_status" enum:"OrderFulfillmentStatus"`
	CloseReason       Enum `json:"close_reason" enum:"OrderCancellationReason"` // 关闭原因; free text occurs

	ProductID            ID                       `json:"product_id"`           // 产品ID; none for offline products
	ProductArticleNumber Text                     `json:"product_cargo_number"` // 指定商品货号, as it was when ordered
	SKUID                ID                       `json:"sku_id"`               // skuID
	SKUArticleNumber     Text                     `json:"cargo_number"`         // 指定单品货号, as it was when ordered
	SpecificationID      ID                       `json:"spec_id"`              // 订单销售属性ID
	VariantAttributes    []*OrderVariantAttribute `json:"sku_infos"`
	ImageURLs            []URL                    `json:"product_img_url"`      // 商品图片url
	SnapshotURL          URL                      `json:"product_snapshot_url"` // 产品快照url

	Quantity                Decimal `json:"quantity"`        // 数量, in Unit; may be fractional
	QuantityPrecisionFactor Decimal `json:"quantity_factor"` // quantity精度系数, a power of ten
	Unit                    Text    `json:"unit"`            // 售卖单位: 个, 件, 箱, 吨
	Weight                  Decimal `json:"weight"`          // 重量, in WeightUnit
	WeightUnit              Text    `json:"weight_unit"`     // 重量单位: g, kg, t

	UnitPrice       *Money `json:"price" unit:"yuan"`         // 原始单价
	Total           *Money `json:"item_amount" unit:"yuan"`   // 实付金额
	PriceAdjustment *Money `json:"entry_discount" unit:"fen"` // 涨价或降价的金额, negative for a price cut
	RefundedAmount  *Money `json:"refund" unit:"yuan"`        // 退款金额

	RefundStatus       Enum `json:"refund_status" enum:"OrderRefundStatus"`
	RefundID           ID   `json:"refund_id"`        // 售中退款单号
	AfterSalesRefundID ID   `json:"refund_id_for_as"` // 售后退款单号

	CreatedAt                 Time `json:"gmt_create"`          // 创建时间
	UpdatedAt                 Time `json:"gmt_modified"`        // 修改时间
	CompletedAt               Time `json:"gmt_completed"`       // 明细完成时间
	StockReservationExpiresAt Time `json:"gmt_pay_expire_time"` // 库存超时时间; sent without an offset

	Guarantees []*OrderGuarantee `json:"guarantees_terms"` // 保障条款; domain GuaranteesTerms

	links *orderLinks
}

// StatusRaw returns product_items.status as it was sent.
func (l *OrderLineItem) StatusRaw() RawText { return l.Status.Raw() }

// FulfillmentStatusRaw returns product_items.logistics_status as it was sent.
func (l *OrderLineItem) FulfillmentStatusRaw() RawText { return l.FulfillmentStatus.Raw() }

// CloseReasonRaw returns product_items.close_reason as it was sent.
func (l *OrderLineItem) CloseReasonRaw() RawText { return l.CloseReason.Raw() }

// RefundStatusRaw returns product_items.refund_status as it was sent.
func (l *OrderLineItem) RefundStatusRaw() RawText { return l.RefundStatus.Raw() }

// OrderVariantAttribute is one property that tells a SKU from its siblings (product_items.sku_infos).
type OrderVariantAttribute struct {
	Name  Text `json:"name"`  // 属性名
	Value Text `json:"value"` // 属性值
}

// OrderGuarantee is one promise to the buyer (guarantees_terms, 保障条款, of the order or of a line).
type OrderGuarantee struct {
	Code             Text `json:"assurance_type"`         // 保障方式; open set of codes
	Description      Text `json:"assurance_info"`         // 保障条款
	QualityAssurance Text `json:"quality_assurance_type"` // 质量保证类型; a display name on 1688
}
