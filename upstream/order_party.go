package upstream

// OrderBuyer is who ordered (base_info.buyer_*). Personal data.
type OrderBuyer struct {
	MemberID          ID            `json:"buyer_id"`           // 买家主账号id, as in b2b-2248544159
	UserID            ID            `json:"buyer_user_id"`      // 买家数字id
	LoginID           Text          `json:"buyer_login_id"`     // 买家loginId, 旺旺Id
	SubAccountLoginID Text          `json:"sub_buyer_login_id"` // 买家子账号
	AlipayID          Text          `json:"buyer_alipay_id"`    // 买家支付宝id
	Contact           *OrderContact `json:"buyer_contact"`      // 买家联系人
}

// OrderSeller is who sells (base_info.seller_*). Personal data.
type OrderSeller struct {
	MemberID    ID                  `json:"seller_id"`           // 卖家主账号id, as in b2b-2248564064
	UserID      ID                  `json:"seller_user_id"`      // 卖家数字id
	LoginID     Text                `json:"seller_login_id"`     // 卖家loginId, 旺旺Id
	AlipayID    Text                `json:"seller_alipay_id"`    // 卖家支付宝id
	CreditLevel Text                `json:"seller_credit_level"` // 卖家诚信等级, as in L1
	Contact     *OrderSellerContact `json:"seller_contact"`      // 卖家联系人信息
}

// OrderContact is how to reach a buyer (base_info.buyer_contact, 买家联系人). Personal data.
type OrderContact struct {
	Name        Text  `json:"name"`           // 联系人名称
	CompanyName Text  `json:"company_name"`   // 公司名称
	Phone       Phone `json:"phone"`          // 联系电话
	MobilePhone Phone `json:"mobile"`         // 联系人手机号
	Fax         Text  `json:"fax"`            // 传真
	Email       Text  `json:"email"`          // 邮箱
	IMAccount   Text  `json:"im_in_platform"` // 联系人在平台的IM账号
}

// OrderSellerContact is how to reach a seller (base_info.seller_contact, 卖家联系人信息). Personal data.
type OrderSellerContact struct {
	OrderContact
	DropshipSenderName  Text  `json:"wg_sender_name"`  // 发件人名称, set by the distributor (微供)
	DropshipSenderPhone Phone `json:"wg_sender_phone"` // 发件人电话, set by the distributor (微供)
}

// OrderRecipient is who receives the goods (base_info.receiver_info, 收件人信息). Personal data.
type OrderRecipient struct {
	FullName    Text  `json:"to_full_name"`          // 收件人
	Phone       Phone `json:"to_phone"`              // 收件人电话
	MobilePhone Phone `json:"to_mobile"`             // 收件人移动电话
	RegionCode  Text  `json:"to_division_code"`      // 收货人地址区域编码, GB/T 2260
	TownCode    Text  `json:"to_town_code"`          // 收货人街道或镇区域编码
	PostalCode  Text  `json:"to_post" null:"000000"` // 邮编, leading zeros kept
	AddressLine Text  `json:"to_area"`               // 收货地址, sometimes the regions alone
}
