package upstream

// OrderInvoice is the invoice that the buyer asked for (result.order_invoice_info, 发票信息; domain
// OrderInvoice). Personal and financial data.
type OrderInvoice struct {
	ID         ID                     `json:"local_invoice_id"`                     // 本地发票号
	OrderID    ID                     `json:"order_id"`                             // 订单Id
	Type       Enum                   `json:"invoice_type" enum:"OrderInvoiceType"` // 发票类型
	Title      Text                   `json:"invoice_company_name"`                 // 发票公司名称(即发票抬头)
	TaxpayerID Text                   `json:"taxpayer_identify"`                    // 纳税人识别号
	Company    *OrderInvoiceCompany   `json:",inline"`
	Recipient  *OrderInvoiceRecipient `json:",inline"`
}

// TypeRaw returns order_invoice_info.invoice_type as it was sent.
func (i *OrderInvoice) TypeRaw() RawText { return i.Type.Raw() }

// OrderInvoiceCompany is the company as registered with the tax office (order_invoice_info.register_*).
// The bank account must never be logged.
type OrderInvoiceCompany struct {
	RegionCode        Text  `json:"register_code"`       // (注册)省市区编码
	RegionName        Text  `json:"register_code_text"`  // (注册)省市区文本
	StreetAddress     Text  `json:"register_street"`     // (注册)街道地址
	Phone             Phone `json:"register_phone"`      // (公司)注册电话
	BankName          Text  `json:"register_bank"`       // (公司)开户银行
	BankAccountNumber Text  `json:"register_account_id"` // (公司)银行账号
}

// OrderInvoiceRecipient is who the paper invoice is sent to (order_invoice_info.receive_*).
type OrderInvoiceRecipient struct {
	Name          Text  `json:"receive_name"`               // (收件者)发票收货人
	Phone         Phone `json:"receive_phone"`              // (收件者)发票收货人电话
	MobilePhone   Phone `json:"receive_mobile"`             // (收件者)发票收货人手机
	RegionCode    Text  `json:"receive_code"`               // (收件人)址区域编码
	RegionName    Text  `json:"receive_code_text"`          // (收件人)省市区编码对应的文案
	StreetAddress Text  `json:"receive_street"`             // (收件人)街道地址
	PostalCode    Text  `json:"receive_post" null:"000000"` // (收件者)发票收货地址邮编
}
