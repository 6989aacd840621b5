package upstream

import (
	"slices"
	"strings"
)

// finish derives what depends on more than one part of the order.
func (o *Order) finish(d *decoding) {
	o.Status = o.Status.orUnknown()
	if o.PaymentTimeoutType.String() != "FIXED_TIME" { // for which pay_timeout is no number of seconds
		seconds, err := parseInt(strings.TrimSpace(o.PaymentTimeoutRaw.text))
		if err != nil {
			d.bad(err.Error(), "PaymentTimeoutSeconds")
		}
		o.PaymentTimeoutSeconds = seconds
	}
	o.setPaymentDueAt(d)
	o.adoptOuterReviews()
	o.fillParts()
	o.link()
}

// setPaymentDueAt computes by when the buyer has to pay. Where there is no such time because of a malformed value,
// that is noted here too.
func (o *Order) setPaymentDueAt(d *decoding) {
	if o.Status.String() != "WAIT_BUYER_PAY" || o.PaymentTimeoutType.String() != "FIXED_DURATION" {
		return
	}
	if o.CreatedAt.valid && o.PaymentTimeoutSeconds.Valid {
		o.PaymentDueAt = o.CreatedAt
		o.PaymentDueAt.unixMilli += int64(o.PaymentTimeoutSeconds.Value) * 1000
		return
	}
	for _, note := range d.notes {
		if len(note.Path) == 1 && slices.Contains([]any{"CreatedAt", "PaymentTimeoutRaw", "PaymentTimeoutSeconds"}, note.Path[0]) {
			d.bad(note.Reason, "PaymentDueAt")
		}
	}
}

// adoptOuterReviews moves the reviews to where GraphQL has them. There are none if it has some already.
func (o *Order) adoptOuterReviews() {
	outer := o.OuterReviewsOfSeller
	o.OuterReviewsOfSeller = nil
	if len(outer) == 0 {
		return
	}
	if o.Reviews == nil {
		o.Reviews = &OrderReviews{}
	}
	o.Reviews.ReviewsOfSeller = outer
}

// fillParts makes the lists that belong to a part of their own empty where they are absent: null is for a
// part that is missing.
func (o *Order) fillParts() {
	o.Guarantees = orEmpty(o.Guarantees)
	for _, item := range o.LineItems {
		item.Guarantees = orEmpty(item.Guarantees)
	}
	if o.Reviews != nil {
		o.Reviews.ReviewsOfBuyer, o.Reviews.ReviewsOfSeller = orEmpty(o.Reviews.ReviewsOfBuyer), orEmpty(o.Reviews.ReviewsOfSeller)
	}
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// finish gives the declared value its own currency. RMB is what the upstream calls CNY.
func (c *OrderCustomsItem) finish(*decoding) {
	if c.DeclaredValue == nil {
		return
	}
	currency := strings.TrimSpace(c.CurrencyRaw.text)
	if strings.EqualFold(currency, "RMB") {
		currency = "CNY"
	}
	c.DeclaredValue.CurrencyCode = Text(currency)
}
