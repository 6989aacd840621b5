package upstream

// The tables of the enums: each GraphQL value with the forms in which the upstream sends it.

var orderStatusTable = newEnumTable(
	sentAs("WAIT_BUYER_PAY", "waitbuyerpay"),
	sentAs("WAIT_SELLER_SEND", "waitsellersend"),
	sentAs("WAIT_LOGISTICS_TAKE_IN", "waitlogisticstakein"),
	sentAs("WAIT_BUYER_RECEIVE", "waitbuyerreceive"),
	sentAs("WAIT_BUYER_SIGN", "waitbuyersign"),
	sentAs("SIGNED", "signinsuccess"),
	sentAs("GOODS_CONFIRMED", "confirm_goods"),
	sentAs("SUCCESS", "success"),
	sentAs("CANCELLED", "cancel"),
	sentAs("TERMINATED", "terminated"),
	sentAs("PAID_NOT_SETTLED", "paid_but_not_fund"),
	sentAs("SHIPPED_NOT_SETTLED", "send_goods_but_not_fund"),
	sentAs("GOODS_CONFIRMED_NOT_SETTLED", "confirm_goods_but_not_fund"),
	sentAs("GOODS_CONFIRMED_DISCOUNTED", "confirm_goods_and_has_subsidy"),
	sentAs("WAIT_SELLER_CONFIRM", "waitsellerconfirm"),
	sentAs("WAIT_BUYER_CONFIRM", "waitbuyerconfirm"),
	sentAs("WAIT_SELLER_ACT", "waitselleract"),
	sentAs("WAIT_BUYER_CONFIRM_ACTION", "waitbuyerconfirmaction"),
	sentAs("WAIT_SELLER_PUSH", "waitsellerpush"),
	sentAs("SIGN_FAILED", "signinfailed"),
)

var refundStatusTable = newEnumTable(
	sentAs("WAIT_SELLER_AGREE", "waitselleragree", "WAIT_SELLER_AGREE"),
	sentAs("WAIT_BUYER_MODIFY", "waitbuyermodify", "WAIT_BUYER_MODIFY"),
	sentAs("WAIT_BUYER_SEND", "waitbuyersend", "WAIT_BUYER_SEND"),
	sentAs("WAIT_SELLER_RECEIVE", "waitsellerreceive", "WAIT_SELLER_RECEIVE"),
	sentAs("REFUND_SUCCEEDED", "refundsuccess", "REFUND_SUCCESS"),
	sentAs("REFUND_CLOSED", "refundclose", "REFUND_CLOSED"),
	sentAs("NO_REFUND", "NO_REFUND"),
	sentAs("SELLER_REFUSED", "SELLER_REFUSE_BUYER"),
)

var cancellationReasonTable = newEnumTable(
	sentAs("BUYER_CANCELLED", "buyerCancel"),
	sentAs("SELLER_OUT_OF_STOCK", "sellerGoodsLack"),
	sentAs("BUYER_DID_NOT_PAY", "BUYER_NO_PAY"),
	sentAs("OTHER", "other"),
)

var cancellationInitiatorTable = newEnumTable(
	sentAs("SELLER", "CLOSE_TRADE_BY_SELLER"),
	sentAs("PLATFORM", "CLOSE_TRADE_BY_BOPS"),
	sentAs("SYSTEM", "CLOSE_TRADE_BY_SYSTEM"),
	sentAs("BUYER", "CLOSE_TRADE_BY_BUYER"),
	sentAs("CREDIT_COMPLAINT", "CLOSE_TRADE_BY_CREADIT", "CLOSE_TRADE_BY_CREDIT"),
)

var tradeTypeTable = newEnumTable(
	sentAs("ESCROW", "1"),
	sentAs("PREPAID_DEPOSIT", "2"),
	sentAs("ETC_OVERSEAS", "3"),
	sentAs("INSTANT", "4"),
	sentAs("SECURITY_DEPOSIT", "5"),
	sentAs("UNIFIED", "6"),
	sentAs("STAGED_PAYMENT", "7"),
	sentAs("CASH_ON_DELIVERY", "8"),
	sentAs("CREDIT_VOUCHER", "9"),
	sentAs("ACCOUNT_PERIOD", "10"),
	sentAs("TRADE_4", "50060"),
)

var businessTypeTable = newEnumTable(
	sentAs("TRADE_ASSURANCE", "ta"),
	sentAs("ONLINE_WHOLESALE", "wholesale"),
	sentAs("STANDARD", "cn"),
	sentAs("BULK_WHOLESALE", "ws"),
	sentAs("SAMPLE", "yp"),
	sentAs("ONE_CENT_SAMPLE", "yf"),
	sentAs("FLASH_SALE", "fs"),
	sentAs("CUSTOM_PROCESSING", "cz"),
	sentAs("AGREEMENT_PROCUREMENT", "ag"),
	sentAs("GROUP_PURCHASE", "hp"),
	sentAs("SUPPLY", "supply"),
	sentAs("TAO_FACTORY", "factory"),
	sentAs("QUICK_ORDER", "quick"),
	sentAs("SHARED_PURCHASE", "xiangpin"),
	sentAs("FACE_TO_FACE", "f2f"),
	sentAs("SAMPLE_STORAGE", "cyfw"),
	sentAs("CONSIGNMENT", "sp"),
	sentAs("MICRO_SUPPLY", "wg"),
	sentAs("RETAIL_LINK", "lst"),
	sentAs("CROSS_BORDER", "cb"),
	sentAs("DISTRIBUTION", "distribution"),
	sentAs("CAIYUANBAO", "cab"),
	sentAs("MANUFACTURING", "manufact"),
)

var paymentStageStatusTable = newEnumTable(
	sentAs("WAIT_ACTIVATION", "waitactivate"),
	sentAs("WAIT_SELLER_PUSH", "waitsellerpush"),
	sentAs("SUCCESS", "success"),
	sentAs("SETTLED", "settlebill"),
	sentAs("CANCELLED", "cancel"),
	sentAs("CANCELLED_BEFORE_START", "inactiveandcancel"),
	sentAs("WAIT_BUYER_PAY", "waitbuyerpay"),
	sentAs("WAIT_SELLER_SEND", "waitsellersend"),
	sentAs("WAIT_BUYER_RECEIVE", "waitbuyerreceive"),
	sentAs("WAIT_SELLER_ACTION", "waitselleract"),
	sentAs("WAIT_BUYER_CONFIRM", "waitbuyerconfirmaction"),
)

var stagePaymentStatusTable = newEnumTable(
	sentAs("UNPAID", "1"),
	sentAs("PAID", "2"),
	sentAs("REFUNDED", "4"),
	sentAs("TRANSFERRED", "6"),
	sentAs("CLOSED_UNPAID", "8"),
)

var paymentTimeoutTypeTable = newEnumTable(
	sentAs("FIXED_DURATION", "0"),
	sentAs("FIXED_TIME", "1"),
)

var paymentStatusTable = newEnumTable(
	sentAs("UNPAID", "1", "WAIT_PAY"),
	sentAs("PAID", "2", "PAYER_PAID"),
	sentAs("PARTIALLY_SUCCEEDED", "PART_SUCCESS"),
	sentAs("PAYMENT_SUCCEEDED", "PAY_SUCCESS"),
	sentAs("SUCCEEDED", "SUCCESS"),
	sentAs("FAILED", "FAIL"),
	sentAs("CLOSED_BY_RISK_CONTROL", "CLOSED"),
	sentAs("CANCELLED", "8", "CANCELLED"),
	sentAs("FULLY_REFUNDED", "4"),
	sentAs("SETTLED_TO_SELLER", "6"),
	sentAs("NOT_CREATED", "7"),
	sentAs("PAYING", "9"),
	sentAs("ACCOUNT_PERIOD_PENDING", "12"),
)

var paymentMethodTable = newEnumTable(
	sentAs("ALIPAY", "1"),
	sentAs("MYBANK_TRUST", "2"),
	sentAs("CHENG_E_SHE", "3"),
	sentAs("BANK_TRANSFER", "4"),
	sentAs("SHE_XIAO_BAO", "5"),
	sentAs("ELECTRONIC_ACCEPTANCE_BILL", "6"),
	sentAs("ACCOUNT_PERIOD", "7"),
	sentAs("COMBINED", "8"),
	sentAs("NO_PAYMENT", "9"),
	sentAs("RETAIL_LINK_CREDIT", "10"),
	sentAs("DECLARED", "12"),
	sentAs("PAYMENT_PLATFORM", "13"),
	sentAs("FINANCING", "ECL"),
	sentAs("CREDIT_CARD", "CC"),
	sentAs("WIRE_TRANSFER", "TT"),
	sentAs("ECHECK", "ACH"),
)

var fulfillmentStatusTable = newEnumTable(
	sentAs("NOT_SHIPPED", "1"),
	sentAs("SHIPPED", "2"),
	sentAs("RECEIVED", "3"),
	sentAs("RETURNED", "4"),
	sentAs("PARTIALLY_SHIPPED", "5"),
	sentAs("CANCELLED_BEFORE_SHIPPING", "7"),
	sentAs("NO_LOGISTICS_ORDER", "8"),
)

var shipmentTypeTable = newEnumTable(
	sentAs("SELF_SHIPPED", "0", "SELF_SEND_GOODS"),
	sentAs("ONLINE_SHIPPED", "1", "ONLINE_SEND_GOODS"),
	sentAs("NO_LOGISTICS", "2", "NO_LOGISTICS_SEND_GOODS"),
)

var shipmentStatusTable = newEnumTable(
	sentAs("SENT", "alreadysend"),
)

var noCarrierReasonTable = newEnumTable(
	sentAs("THIRD_PARTY_CARRIER", "1"),
	sentAs("FEE_ADJUSTMENT", "2"),
	sentAs("SELLER_DELIVERY", "3"),
	sentAs("BUYER_PICKUP", "4"),
	sentAs("OTHER", "5"),
).withNull("-1")

var invoiceTypeTable = newEnumTable(
	sentAs("ORDINARY", "0"),
	sentAs("VAT", "1"),
)

var reviewStatusTable = newEnumTable(
	sentAs("REVIEWED", "4"),
	sentAs("NOT_REVIEWED", "5"),
	sentAs("NOT_NEEDED", "6"),
)

var customsRecordTypeTable = newEnumTable(
	sentAs("DECLARATION", "1"),
)
