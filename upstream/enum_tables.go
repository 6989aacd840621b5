package upstream

// enumTables holds the known values of each enum of the schema by its name, with the forms in which the
// upstream sends them. The struct tag enum names the table of a field.
var enumTables = map[string]*enumTable{
	// OrderStatus is where an order or a line of it stands (交易状态, 子订单状态).
	"OrderStatus": newEnumTable(
		wire("WAIT_BUYER_PAY", "waitbuyerpay"),
		wire("WAIT_SELLER_SEND", "waitsellersend"),
		wire("WAIT_LOGISTICS_TAKE_IN", "waitlogisticstakein"),
		wire("WAIT_BUYER_RECEIVE", "waitbuyerreceive"),
		wire("WAIT_BUYER_SIGN", "waitbuyersign"),
		wire("SIGNED", "signinsuccess"),
		wire("GOODS_CONFIRMED", "confirm_goods"),
		wire("SUCCESS", "success"),
		wire("CANCELLED", "cancel"),
		wire("TERMINATED", "terminated"),
		wire("PAID_NOT_SETTLED", "paid_but_not_fund"),
		wire("SHIPPED_NOT_SETTLED", "send_goods_but_not_fund"),
		wire("GOODS_CONFIRMED_NOT_SETTLED", "confirm_goods_but_not_fund"),
		wire("GOODS_CONFIRMED_DISCOUNTED", "confirm_goods_and_has_subsidy"),
		wire("WAIT_SELLER_CONFIRM", "waitsellerconfirm"),
		wire("WAIT_BUYER_CONFIRM", "waitbuyerconfirm"),
		wire("WAIT_SELLER_ACT", "waitselleract"),
		wire("WAIT_BUYER_CONFIRM_ACTION", "waitbuyerconfirmaction"),
		wire("WAIT_SELLER_PUSH", "waitsellerpush"),
		wire("SIGN_FAILED", "signinfailed"),
	),

	// OrderRefundStatus is where a refund during the sale stands (售中退款状态). Orders and lines spell it differently.
	"OrderRefundStatus": newEnumTable(
		wire("WAIT_SELLER_AGREE", "waitselleragree", "WAIT_SELLER_AGREE"),
		wire("WAIT_BUYER_MODIFY", "waitbuyermodify", "WAIT_BUYER_MODIFY"),
		wire("WAIT_BUYER_SEND", "waitbuyersend", "WAIT_BUYER_SEND"),
		wire("WAIT_SELLER_RECEIVE", "waitsellerreceive", "WAIT_SELLER_RECEIVE"),
		wire("REFUND_SUCCEEDED", "refundsuccess", "REFUND_SUCCESS"),
		wire("REFUND_CLOSED", "refundclose", "REFUND_CLOSED"),
		wire("NO_REFUND", "NO_REFUND"),
		wire("SELLER_REFUSED", "SELLER_REFUSE_BUYER"),
	),

	// OrderCancellationReason is why an order was closed (关闭原因). Lines hold free text at times.
	"OrderCancellationReason": newEnumTable(
		wire("BUYER_CANCELLED", "buyerCancel"),
		wire("SELLER_OUT_OF_STOCK", "sellerGoodsLack"),
		wire("BUYER_DID_NOT_PAY", "BUYER_NO_PAY"),
		wire("OTHER", "other"),
	),

	// OrderCancellationInitiator is who closed an order (关闭订单操作类型).
	"OrderCancellationInitiator": newEnumTable(
		wire("SELLER", "CLOSE_TRADE_BY_SELLER"),
		wire("PLATFORM", "CLOSE_TRADE_BY_BOPS"),
		wire("SYSTEM", "CLOSE_TRADE_BY_SYSTEM"),
		wire("BUYER", "CLOSE_TRADE_BY_BUYER"),
		wire("CREDIT_COMPLAINT", "CLOSE_TRADE_BY_CREADIT", "CLOSE_TRADE_BY_CREDIT"),
	),

	// OrderTradeType is how the payment is secured (交易类型).
	"OrderTradeType": newEnumTable(
		wire("ESCROW", "1"),
		wire("PREPAID_DEPOSIT", "2"),
		wire("ETC_OVERSEAS", "3"),
		wire("INSTANT", "4"),
		wire("SECURITY_DEPOSIT", "5"),
		wire("UNIFIED", "6"),
		wire("STAGED_PAYMENT", "7"),
		wire("CASH_ON_DELIVERY", "8"),
		wire("CREDIT_VOUCHER", "9"),
		wire("ACCOUNT_PERIOD", "10"),
		wire("TRADE_4", "50060"),
	),

	// OrderBusinessType is the kind of business (业务类型): two values of the international site, the rest of 1688.
	"OrderBusinessType": newEnumTable(
		wire("TRADE_ASSURANCE", "ta"),
		wire("ONLINE_WHOLESALE", "wholesale"),
		wire("STANDARD", "cn"),
		wire("BULK_WHOLESALE", "ws"),
		wire("SAMPLE", "yp"),
		wire("ONE_CENT_SAMPLE", "yf"),
		wire("FLASH_SALE", "fs"),
		wire("CUSTOM_PROCESSING", "cz"),
		wire("AGREEMENT_PROCUREMENT", "ag"),
		wire("GROUP_PURCHASE", "hp"),
		wire("SUPPLY", "supply"),
		wire("TAO_FACTORY", "factory"),
		wire("QUICK_ORDER", "quick"),
		wire("SHARED_PURCHASE", "xiangpin"),
		wire("FACE_TO_FACE", "f2f"),
		wire("SAMPLE_STORAGE", "cyfw"),
		wire("CONSIGNMENT", "sp"),
		wire("MICRO_SUPPLY", "wg"),
		wire("RETAIL_LINK", "lst"),
		wire("CROSS_BORDER", "cb"),
		wire("DISTRIBUTION", "distribution"),
		wire("CAIYUANBAO", "cab"),
		wire("MANUFACTURING", "manufact"),
	),

	// OrderPaymentStageStatus is where a payment stage stands (阶段状态).
	"OrderPaymentStageStatus": newEnumTable(
		wire("WAIT_ACTIVATION", "waitactivate"),
		wire("WAIT_SELLER_PUSH", "waitsellerpush"),
		wire("SUCCESS", "success"),
		wire("SETTLED", "settlebill"),
		wire("CANCELLED", "cancel"),
		wire("CANCELLED_BEFORE_START", "inactiveandcancel"),
		wire("WAIT_BUYER_PAY", "waitbuyerpay"),
		wire("WAIT_SELLER_SEND", "waitsellersend"),
		wire("WAIT_BUYER_RECEIVE", "waitbuyerreceive"),
		wire("WAIT_SELLER_ACTION", "waitselleract"),
		wire("WAIT_BUYER_CONFIRM", "waitbuyerconfirmaction"),
	),

	// OrderStagePaymentStatus is where a stage's payment stands (阶段付款状态).
	"OrderStagePaymentStatus": newEnumTable(
		wire("UNPAID", "1"),
		wire("PAID", "2"),
		wire("REFUNDED", "4"),
		wire("TRANSFERRED", "6"),
		wire("CLOSED_UNPAID", "8"),
	),

	// OrderPaymentTimeoutType is how the payment deadline is given (支付超时TYPE).
	"OrderPaymentTimeoutType": newEnumTable(
		wire("FIXED_DURATION", "0"),
		wire("FIXED_TIME", "1"),
	),

	// OrderPaymentStatus is where a payment stands (支付状态): numbers on 1688, words on the international site.
	"OrderPaymentStatus": newEnumTable(
		wire("UNPAID", "1", "WAIT_PAY"),
		wire("PAID", "2", "PAYER_PAID"),
		wire("PARTIALLY_SUCCEEDED", "PART_SUCCESS"),
		wire("PAYMENT_SUCCEEDED", "PAY_SUCCESS"),
		wire("SUCCEEDED", "SUCCESS"),
		wire("FAILED", "FAIL"),
		wire("CLOSED_BY_RISK_CONTROL", "CLOSED"),
		wire("CANCELLED", "8", "CANCELLED"),
		wire("FULLY_REFUNDED", "4"),
		wire("SETTLED_TO_SELLER", "6"),
		wire("NOT_CREATED", "7"),
		wire("PAYING", "9"),
		wire("ACCOUNT_PERIOD_PENDING", "12"),
	),

	// OrderPaymentMethod is how was paid (支付方式): numbers on 1688, words on the international site.
	"OrderPaymentMethod": newEnumTable(
		wire("ALIPAY", "1"),
		wire("MYBANK_TRUST", "2"),
		wire("CHENG_E_SHE", "3"),
		wire("BANK_TRANSFER", "4"),
		wire("SHE_XIAO_BAO", "5"),
		wire("ELECTRONIC_ACCEPTANCE_BILL", "6"),
		wire("ACCOUNT_PERIOD", "7"),
		wire("COMBINED", "8"),
		wire("NO_PAYMENT", "9"),
		wire("RETAIL_LINK_CREDIT", "10"),
		wire("DECLARED", "12"),
		wire("PAYMENT_PLATFORM", "13"),
		wire("FINANCING", "ECL"),
		wire("CREDIT_CARD", "CC"),
		wire("WIRE_TRANSFER", "TT"),
		wire("ECHECK", "ACH"),
	),

	// OrderFulfillmentStatus is where the delivery of a line stands (物流状态).
	"OrderFulfillmentStatus": newEnumTable(
		wire("NOT_SHIPPED", "1"),
		wire("SHIPPED", "2"),
		wire("RECEIVED", "3"),
		wire("RETURNED", "4"),
		wire("PARTIALLY_SHIPPED", "5"),
		wire("CANCELLED_BEFORE_SHIPPING", "7"),
		wire("NO_LOGISTICS_ORDER", "8"),
	),

	// OrderShipmentType is who ships (发货方式).
	"OrderShipmentType": newEnumTable(
		wire("SELF_SHIPPED", "0", "SELF_SEND_GOODS"),
		wire("ONLINE_SHIPPED", "1", "ONLINE_SEND_GOODS"),
		wire("NO_LOGISTICS", "2", "NO_LOGISTICS_SEND_GOODS"),
	),

	// OrderShipmentStatus is where a shipment stands; only one value was ever seen, no list is documented.
	"OrderShipmentStatus": newEnumTable(
		wire("SENT", "alreadysend"),
	),

	// OrderCarrierlessDeliveryReason is why a delivery needs no carrier (无需物流类别); -1 is null.
	"OrderCarrierlessDeliveryReason": newEnumTable(
		wire("THIRD_PARTY_CARRIER", "1"),
		wire("FEE_ADJUSTMENT", "2"),
		wire("SELLER_DELIVERY", "3"),
		wire("BUYER_PICKUP", "4"),
		wire("OTHER", "5"),
	).withNull("-1"),

	// OrderInvoiceType is the kind of invoice (发票类型); the documented 9 (未知类型) is UNKNOWN.
	"OrderInvoiceType": newEnumTable(
		wire("ORDINARY", "0"),
		wire("VAT", "1"),
	),

	// OrderReviewStatus is whether a side has reviewed the other (评价状态).
	"OrderReviewStatus": newEnumTable(
		wire("REVIEWED", "4"),
		wire("NOT_REVIEWED", "5"),
		wire("NOT_NEEDED", "6"),
	),

	// OrderCustomsRecordType is the kind of customs record (业务数据类型).
	"OrderCustomsRecordType": newEnumTable(
		wire("DECLARATION", "1"),
	),
}
