package upstream

import (
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// The enums of an order. gqlgen binds a type by its own MarshalGQL and UnmarshalGQL, not by those of
// an embedded one, hence the three lines for each.

// OrderStatus is where an order or a line of it stands (交易状态, 子订单状态).
type OrderStatus struct{ Enum }

func (e *OrderStatus) decode(value jsontext.Value) error { return e.decodeBy(orderStatusTable, value) }

// MarshalGQL writes the GraphQL value or null.
func (e OrderStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderStatus) UnmarshalGQL(value any) error { return e.parseBy(orderStatusTable, value) }

// OrderRefundStatus is where a refund during the sale stands (售中退款状态). Orders and lines spell it differently.
type OrderRefundStatus struct{ Enum }

func (e *OrderRefundStatus) decode(value jsontext.Value) error {
	return e.decodeBy(refundStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderRefundStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderRefundStatus) UnmarshalGQL(value any) error { return e.parseBy(refundStatusTable, value) }

// OrderCancellationReason is why an order was closed (关闭原因). Lines hold free text at times.
type OrderCancellationReason struct{ Enum }

func (e *OrderCancellationReason) decode(value jsontext.Value) error {
	return e.decodeBy(cancellationReasonTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderCancellationReason) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderCancellationReason) UnmarshalGQL(value any) error {
	return e.parseBy(cancellationReasonTable, value)
}

// OrderCancellationInitiator is who closed an order (关闭订单操作类型).
type OrderCancellationInitiator struct{ Enum }

func (e *OrderCancellationInitiator) decode(value jsontext.Value) error {
	return e.decodeBy(cancellationInitiatorTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderCancellationInitiator) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderCancellationInitiator) UnmarshalGQL(value any) error {
	return e.parseBy(cancellationInitiatorTable, value)
}

// OrderTradeType is how the payment is secured (交易类型).
type OrderTradeType struct{ Enum }

func (e *OrderTradeType) decode(value jsontext.Value) error { return e.decodeBy(tradeTypeTable, value) }

// MarshalGQL writes the GraphQL value or null.
func (e OrderTradeType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderTradeType) UnmarshalGQL(value any) error { return e.parseBy(tradeTypeTable, value) }

// OrderBusinessType is the kind of business (业务类型): two values of the international site, the rest of 1688.
type OrderBusinessType struct{ Enum }

func (e *OrderBusinessType) decode(value jsontext.Value) error {
	return e.decodeBy(businessTypeTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderBusinessType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderBusinessType) UnmarshalGQL(value any) error { return e.parseBy(businessTypeTable, value) }

// OrderPaymentStageStatus is where a payment stage stands (阶段状态).
type OrderPaymentStageStatus struct{ Enum }

func (e *OrderPaymentStageStatus) decode(value jsontext.Value) error {
	return e.decodeBy(paymentStageStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderPaymentStageStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderPaymentStageStatus) UnmarshalGQL(value any) error {
	return e.parseBy(paymentStageStatusTable, value)
}

// OrderStagePaymentStatus is where a stage's payment stands (阶段付款状态).
type OrderStagePaymentStatus struct{ Enum }

func (e *OrderStagePaymentStatus) decode(value jsontext.Value) error {
	return e.decodeBy(stagePaymentStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderStagePaymentStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderStagePaymentStatus) UnmarshalGQL(value any) error {
	return e.parseBy(stagePaymentStatusTable, value)
}

// OrderPaymentTimeoutType is how the payment deadline is given (支付超时TYPE).
type OrderPaymentTimeoutType struct{ Enum }

func (e *OrderPaymentTimeoutType) decode(value jsontext.Value) error {
	return e.decodeBy(paymentTimeoutTypeTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderPaymentTimeoutType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderPaymentTimeoutType) UnmarshalGQL(value any) error {
	return e.parseBy(paymentTimeoutTypeTable, value)
}

// OrderPaymentStatus is where a payment stands (支付状态): numbers on 1688, words on the international site.
type OrderPaymentStatus struct{ Enum }

func (e *OrderPaymentStatus) decode(value jsontext.Value) error {
	return e.decodeBy(paymentStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderPaymentStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderPaymentStatus) UnmarshalGQL(value any) error {
	return e.parseBy(paymentStatusTable, value)
}

// OrderPaymentMethod is how was paid (支付方式): numbers on 1688, words on the international site.
type OrderPaymentMethod struct{ Enum }

func (e *OrderPaymentMethod) decode(value jsontext.Value) error {
	return e.decodeBy(paymentMethodTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderPaymentMethod) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderPaymentMethod) UnmarshalGQL(value any) error {
	return e.parseBy(paymentMethodTable, value)
}

// OrderFulfillmentStatus is where the delivery of a line stands (物流状态).
type OrderFulfillmentStatus struct{ Enum }

func (e *OrderFulfillmentStatus) decode(value jsontext.Value) error {
	return e.decodeBy(fulfillmentStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderFulfillmentStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderFulfillmentStatus) UnmarshalGQL(value any) error {
	return e.parseBy(fulfillmentStatusTable, value)
}

// OrderShipmentType is who ships (发货方式).
type OrderShipmentType struct{ Enum }

func (e *OrderShipmentType) decode(value jsontext.Value) error {
	return e.decodeBy(shipmentTypeTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderShipmentType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderShipmentType) UnmarshalGQL(value any) error { return e.parseBy(shipmentTypeTable, value) }

// OrderShipmentStatus is where a shipment stands; only one value was ever seen, no list is documented.
type OrderShipmentStatus struct{ Enum }

func (e *OrderShipmentStatus) decode(value jsontext.Value) error {
	return e.decodeBy(shipmentStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderShipmentStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderShipmentStatus) UnmarshalGQL(value any) error {
	return e.parseBy(shipmentStatusTable, value)
}

// OrderCarrierlessDeliveryReason is why a delivery needs no carrier (无需物流类别); -1 is null.
type OrderCarrierlessDeliveryReason struct{ Enum }

func (e *OrderCarrierlessDeliveryReason) decode(value jsontext.Value) error {
	return e.decodeBy(noCarrierReasonTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderCarrierlessDeliveryReason) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderCarrierlessDeliveryReason) UnmarshalGQL(value any) error {
	return e.parseBy(noCarrierReasonTable, value)
}

// OrderInvoiceType is the kind of invoice (发票类型); the documented 9 (未知类型) is UNKNOWN.
type OrderInvoiceType struct{ Enum }

func (e *OrderInvoiceType) decode(value jsontext.Value) error {
	return e.decodeBy(invoiceTypeTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderInvoiceType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderInvoiceType) UnmarshalGQL(value any) error { return e.parseBy(invoiceTypeTable, value) }

// OrderReviewStatus is whether a side has reviewed the other (评价状态).
type OrderReviewStatus struct{ Enum }

func (e *OrderReviewStatus) decode(value jsontext.Value) error {
	return e.decodeBy(reviewStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderReviewStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderReviewStatus) UnmarshalGQL(value any) error { return e.parseBy(reviewStatusTable, value) }

// OrderCustomsRecordType is the kind of customs record (业务数据类型).
type OrderCustomsRecordType struct{ Enum }

func (e *OrderCustomsRecordType) decode(value jsontext.Value) error {
	return e.decodeBy(customsRecordTypeTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e OrderCustomsRecordType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *OrderCustomsRecordType) UnmarshalGQL(value any) error {
	return e.parseBy(customsRecordTypeTable, value)
}
