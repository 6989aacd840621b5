package upstream

// OrderOverseasShipping is how an order leaves China (result.overseas_extra_address, 跨境地址扩展信息).
type OrderOverseasShipping struct {
	RouteID     ID              `json:"channel_id"`   // 路线id
	RouteName   Text            `json:"channel_name"` // 路线名称
	CountryCode Text            `json:"country_code"` // 国家code; UK occurs, which is not ISO 3166
	Country     Text            `json:"country"`      // 国家
	BuyerEmail  Text            `json:"email"`        // 买家邮箱
	Forwarder   *OrderForwarder `json:",inline"`
}

// OrderForwarder is the freight forwarder (overseas_extra_address.shipping_company_*, 货代公司).
type OrderForwarder struct {
	ID   ID   `json:"shipping_company_id"`   // 货代公司id
	Name Text `json:"shipping_company_name"` // 货代公司名称
}

// OrderCustomsDeclaration is what is declared to customs (result.customs, 跨境报关信息).
type OrderCustomsDeclaration struct {
	ID          ID                  `json:"id"`
	OrderID     ID                  `json:"order_id"`                           // 主订单id
	BuyerUserID ID                  `json:"buyer_id"`                           // 买家id, the numeric one
	RecordType  Enum                `json:"type" enum:"OrderCustomsRecordType"` // 业务数据类型
	CreatedAt   Time                `json:"gmt_create"`                         // 创建时间
	UpdatedAt   Time                `json:"gmt_modified"`                       // 修改时间
	Items       []*OrderCustomsItem `json:"attributes"`                         // 报关信息列表
}

// RecordTypeRaw returns customs.type as it was sent.
func (c *OrderCustomsDeclaration) RecordTypeRaw() RawText { return c.RecordType.Raw() }

// OrderCustomsItem is one declared kind of goods (customs.attributes, 报关信息).
type OrderCustomsItem struct {
	SKU           Text    `json:"sku"`                  // sku标识
	ChineseName   Text    `json:"c_name" alias:"cname"` // 中文名称
	EnglishName   Text    `json:"en_name"`              // 英文名称
	Quantity      Decimal `json:"quantity"`             // 数量
	WeightKg      Decimal `json:"weight"`               // 重量(kg)
	DeclaredValue *Money  `json:"amount" unit:"major"`  // 申报价值, in the currency of CurrencyRaw
	CurrencyRaw   RawText `json:"currency"`             // 报关币种
}

// OrderProcurementQuote is one line of a large enterprise's purchase (result.quote_list, 采购单详情).
type OrderProcurementQuote struct {
	ItemName  Text    `json:"product_quote_name"` // 供应单项的名称
	UnitPrice *Money  `json:"price" unit:"yuan"`  // 价格
	Quantity  Decimal `json:"count"`              // 购买数量
}
