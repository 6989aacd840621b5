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

// RefundStatus is where a refund during the sale stands (售中退款状态). Orders and lines spell it differently.
type RefundStatus struct{ Enum }

func (e *RefundStatus) decode(value jsontext.Value) error {
	return e.decodeBy(refundStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e RefundStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *RefundStatus) UnmarshalGQL(value any) error { return e.parseBy(refundStatusTable, value) }

// CancellationReason is why an order was closed (关闭原因). Lines hold free text at times.
type CancellationReason struct{ Enum }

func (e *CancellationReason) decode(value jsontext.Value) error {
	return e.decodeBy(cancellationReasonTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e CancellationReason) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *CancellationReason) UnmarshalGQL(value any) error {
	return e.parseBy(cancellationReasonTable, value)
}

// CancellationInitiator is who closed an order (关闭订单操作类型).
type CancellationInitiator struct{ Enum }

func (e *CancellationInitiator) decode(value jsontext.Value) error {
	return e.decodeBy(cancellationInitiatorTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e CancellationInitiator) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *CancellationInitiator) UnmarshalGQL(value any) error {
	return e.parseBy(cancellationInitiatorTable, value)
}

// TradeType is how the payment is secured (交易类型).
type TradeType struct{ Enum }

func (e *TradeType) decode(value jsontext.Value) error { return e.decodeBy(tradeTypeTable, value) }

// MarshalGQL writes the GraphQL value or null.
func (e TradeType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *TradeType) UnmarshalGQL(value any) error { return e.parseBy(tradeTypeTable, value) }

// BusinessType is the kind of business (业务类型): two values of the international site, the rest of 1688.
type BusinessType struct{ Enum }

func (e *BusinessType) decode(value jsontext.Value) error {
	return e.decodeBy(businessTypeTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e BusinessType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *BusinessType) UnmarshalGQL(value any) error { return e.parseBy(businessTypeTable, value) }

// PaymentStageStatus is where a payment stage stands (阶段状态).
type PaymentStageStatus struct{ Enum }

func (e *PaymentStageStatus) decode(value jsontext.Value) error {
	return e.decodeBy(paymentStageStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e PaymentStageStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *PaymentStageStatus) UnmarshalGQL(value any) error {
	return e.parseBy(paymentStageStatusTable, value)
}

// StagePaymentStatus is where a stage's payment stands (阶段付款状态).
type StagePaymentStatus struct{ Enum }

func (e *StagePaymentStatus) decode(value jsontext.Value) error {
	return e.decodeBy(stagePaymentStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e StagePaymentStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *StagePaymentStatus) UnmarshalGQL(value any) error {
	return e.parseBy(stagePaymentStatusTable, value)
}

// PaymentTimeoutType is how the payment deadline is given (支付超时TYPE).
type PaymentTimeoutType struct{ Enum }

func (e *PaymentTimeoutType) decode(value jsontext.Value) error {
	return e.decodeBy(paymentTimeoutTypeTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e PaymentTimeoutType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *PaymentTimeoutType) UnmarshalGQL(value any) error {
	return e.parseBy(paymentTimeoutTypeTable, value)
}

// PaymentStatus is where a payment stands (支付状态): numbers on 1688, words on the international site.
type PaymentStatus struct{ Enum }

func (e *PaymentStatus) decode(value jsontext.Value) error {
	return e.decodeBy(paymentStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e PaymentStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *PaymentStatus) UnmarshalGQL(value any) error { return e.parseBy(paymentStatusTable, value) }

// PaymentMethod is how was paid (支付方式): numbers on 1688, words on the international site.
type PaymentMethod struct{ Enum }

func (e *PaymentMethod) decode(value jsontext.Value) error {
	return e.decodeBy(paymentMethodTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e PaymentMethod) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *PaymentMethod) UnmarshalGQL(value any) error { return e.parseBy(paymentMethodTable, value) }

// FulfillmentStatus is where the delivery of a line stands (物流状态).
type FulfillmentStatus struct{ Enum }

func (e *FulfillmentStatus) decode(value jsontext.Value) error {
	return e.decodeBy(fulfillmentStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e FulfillmentStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *FulfillmentStatus) UnmarshalGQL(value any) error {
	return e.parseBy(fulfillmentStatusTable, value)
}

// ShipmentType is who ships (发货方式).
type ShipmentType struct{ Enum }

func (e *ShipmentType) decode(value jsontext.Value) error {
	return e.decodeBy(shipmentTypeTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e ShipmentType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *ShipmentType) UnmarshalGQL(value any) error { return e.parseBy(shipmentTypeTable, value) }

// ShipmentStatus is where a shipment stands; only one value was ever seen, no list is documented.
type ShipmentStatus struct{ Enum }

func (e *ShipmentStatus) decode(value jsontext.Value) error {
	return e.decodeBy(shipmentStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e ShipmentStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *ShipmentStatus) UnmarshalGQL(value any) error { return e.parseBy(shipmentStatusTable, value) }

// NoCarrierReason is why a delivery needs no carrier (无需物流类别); -1 is null.
type NoCarrierReason struct{ Enum }

func (e *NoCarrierReason) decode(value jsontext.Value) error {
	return e.decodeBy(noCarrierReasonTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e NoCarrierReason) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *NoCarrierReason) UnmarshalGQL(value any) error {
	return e.parseBy(noCarrierReasonTable, value)
}

// InvoiceType is the kind of invoice (发票类型); the documented 9 (未知类型) is UNKNOWN.
type InvoiceType struct{ Enum }

func (e *InvoiceType) decode(value jsontext.Value) error { return e.decodeBy(invoiceTypeTable, value) }

// MarshalGQL writes the GraphQL value or null.
func (e InvoiceType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *InvoiceType) UnmarshalGQL(value any) error { return e.parseBy(invoiceTypeTable, value) }

// ReviewStatus is whether a side has reviewed the other (评价状态).
type ReviewStatus struct{ Enum }

func (e *ReviewStatus) decode(value jsontext.Value) error {
	return e.decodeBy(reviewStatusTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e ReviewStatus) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *ReviewStatus) UnmarshalGQL(value any) error { return e.parseBy(reviewStatusTable, value) }

// CustomsRecordType is the kind of customs record (业务数据类型).
type CustomsRecordType struct{ Enum }

func (e *CustomsRecordType) decode(value jsontext.Value) error {
	return e.decodeBy(customsRecordTypeTable, value)
}

// MarshalGQL writes the GraphQL value or null.
func (e CustomsRecordType) MarshalGQL(w io.Writer) { e.write(w) }

// UnmarshalGQL reads the GraphQL value.
func (e *CustomsRecordType) UnmarshalGQL(value any) error {
	return e.parseBy(customsRecordTypeTable, value)
}
