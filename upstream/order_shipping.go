package upstream

// OrderDomesticShipping is where an order goes within China and in which parcels
// (result.native_logistics, 国内物流; domain NativeLogistics). Personal data.
type OrderDomesticShipping struct {
	RecipientName Text             `json:"contact_person"`    // 联系人姓名
	Phone         Phone            `json:"telephone"`         // 电话
	MobilePhone   Phone            `json:"mobile"`            // 手机
	Fax           Text             `json:"fax"`               // 传真
	Province      Text             `json:"province"`          // 省份
	City          Text             `json:"city"`              // 城市
	District      Text             `json:"area"`              // 县,区
	RegionCode    Text             `json:"area_code"`         // 省市区编码
	Town          Text             `json:"town"`              // 镇,街道
	TownCode      Text             `json:"town_code"`         // 镇,街道地址码
	AddressLine   Text             `json:"address"`           // 详细地址
	PostalCode    Text             `json:"zip" null:"000000"` // 邮编
	Shipments     []*OrderShipment `json:"logistics_items"`   // 运单明细
}

// OrderShipment is one parcel, or one delivery without a carrier (native_logistics.logistics_items,
// 运单明细).
type OrderShipment struct {
	ID             ID     `json:"id"`             // 主键id
	Code           Text   `json:"logistics_code"` // 物流编号
	Type           Enum   `json:"type" enum:"OrderShipmentType"`
	Status         Enum   `json:"status" enum:"OrderShipmentStatus"`          // 状态; the values are undocumented
	TrackingNumber Text   `json:"logistics_bill_no" null:"不需要物流,无需物流,无需物流单号"` // 物流公司运单号; placeholders are null
	LineItemIDs    []ID   `json:"sub_item_ids" split:","`                     // 商品明细条目id; may name lines that don't exist
	ShippingFee    *Money `json:"carriage" unit:"yuan"`                       // 运费
	ShippedAt      Time   `json:"delivered_time"`                             // 发货时间, handed to the carrier
	CreatedAt      Time   `json:"gmt_create"`                                 // 创建时间
	UpdatedAt      Time   `json:"gmt_modified"`                               // 修改时间

	Carrier   *OrderCarrier         `json:",inline"`
	NoCarrier *OrderNoCarrier       `json:",inline"`
	Origin    *OrderShipmentAddress `json:",inline"`
	To        *destination          `json:",inline" path:"Destination"`

	links *orderLinks
}

// TypeRaw returns logistics_items.type as it was sent.
func (s *OrderShipment) TypeRaw() RawText { return s.Type.Raw() }

// StatusRaw returns logistics_items.status as it was sent.
func (s *OrderShipment) StatusRaw() RawText { return s.Status.Raw() }

// Destination returns where the parcel goes, as the type that this shares with Origin.
func (s *OrderShipment) Destination() *OrderShipmentAddress { return (*OrderShipmentAddress)(s.To) }

// OrderCarrier is the company that carries a parcel (logistics_items.logistics_company_*).
type OrderCarrier struct {
	ID   ID   `json:"logistics_company_id"`   // 物流公司Id
	Code Text `json:"logistics_company_no"`   // 物流公司编号, as in ZTO
	Name Text `json:"logistics_company_name"` // 物流公司名称
}

// OrderNoCarrier is who delivers, and why, where no carrier does (logistics_items.no_logistics_*).
type OrderNoCarrier struct {
	Reason          Enum  `json:"no_logistics_condition" enum:"OrderCarrierlessDeliveryReason"` // 无需物流类别
	ReferenceNumber Text  `json:"no_logistics_bill_no"`                                         // 无需物流业务单号
	ContactName     Text  `json:"no_logistics_name"`                                            // 物流姓名
	ContactPhone    Phone `json:"no_logistics_tel"`                                             // 联系方式
}

// ReasonRaw returns logistics_items.no_logistics_condition as it was sent.
func (n *OrderNoCarrier) ReasonRaw() RawText { return n.Reason.Raw() }

// OrderShipmentAddress is where a parcel comes from (logistics_items.from_*) or, as destination, goes to.
type OrderShipmentAddress struct {
	Province    Text  `json:"from_province"`           // 发货省
	City        Text  `json:"from_city"`               // 发货市
	District    Text  `json:"from_area"`               // 发货区
	AddressLine Text  `json:"from_address"`            // 发货街道地址
	PostalCode  Text  `json:"from_post" null:"000000"` // 发货地址邮编
	Phone       Phone `json:"from_phone"`              // 发货联系电话
	MobilePhone Phone `json:"from_mobile"`             // 发货联系手机
}

// destination is a ShipmentAddress under the wire keys logistics_items.to_*. The conversion in
// [OrderShipment.Destination] keeps the two alike.
type destination struct {
	Province    Text  `json:"to_province"`           // 收货省
	City        Text  `json:"to_city"`               // 收货市
	District    Text  `json:"to_area"`               // 收货区
	AddressLine Text  `json:"to_address"`            // 收货街道地址
	PostalCode  Text  `json:"to_post" null:"000000"` // 收货地址邮编
	Phone       Phone `json:"to_phone"`              // 收货联系电话
	MobilePhone Phone `json:"to_mobile"`             // 收货联系手机
}
