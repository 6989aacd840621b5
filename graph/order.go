package graph

import (
	"context"

	"ordergraph/graph/internal/generated"
	"ordergraph/graph/loader"
	"ordergraph/graph/projection"
	"ordergraph/upstream"
)

// The resolvers of the parts of an order that the upstream sends on demand: null, with an error, if the part
// could not be read. They run where package projection does not write an order as a whole.

// Order returns the resolver of the parts of an order.
func (r *resolver) Order() generated.OrderResolver { return orderResolver{} }

// OrderLineItem returns the resolver of what belongs to the parts of an order in its lines.
func (r *resolver) OrderLineItem() generated.OrderLineItemResolver { return lineItemResolver{} }

// OrderReviews returns the resolver of the lists of reviews.
func (r *resolver) OrderReviews() generated.OrderReviewsResolver { return reviewsResolver{} }

type (
	orderResolver    struct{}
	lineItemResolver struct{}
	reviewsResolver  struct{}
)

// DomesticShipping resolves Order.domesticShipping.
func (orderResolver) DomesticShipping(ctx context.Context, order *upstream.Order) (*upstream.OrderDomesticShipping, error) {
	return order.DomesticShipping, loaded(ctx, upstream.DomainNativeLogistics)
}

// Invoice resolves Order.invoice.
func (orderResolver) Invoice(ctx context.Context, order *upstream.Order) (*upstream.OrderInvoice, error) {
	return order.Invoice, loaded(ctx, upstream.DomainOrderInvoice)
}

// Guarantees resolves Order.guarantees.
func (orderResolver) Guarantees(ctx context.Context, order *upstream.Order) ([]*upstream.OrderGuarantee, error) {
	return order.Guarantees, loaded(ctx, upstream.DomainGuaranteesTerms)
}

// Guarantees resolves OrderLineItem.guarantees.
func (lineItemResolver) Guarantees(ctx context.Context, item *upstream.OrderLineItem) ([]*upstream.OrderGuarantee, error) {
	return item.Guarantees, loaded(ctx, upstream.DomainGuaranteesTerms)
}

// Shipments resolves OrderLineItem.shipments.
func (lineItemResolver) Shipments(ctx context.Context, item *upstream.OrderLineItem) ([]*upstream.OrderShipment, error) {
	return item.Shipments(), loaded(ctx, upstream.DomainNativeLogistics)
}

// ReviewsOfBuyer resolves OrderReviews.reviewsOfBuyer.
func (reviewsResolver) ReviewsOfBuyer(ctx context.Context, reviews *upstream.OrderReviews) ([]*upstream.OrderReview, error) {
	return reviews.ReviewsOfBuyer, loaded(ctx, upstream.DomainRateDetail)
}

// ReviewsOfSeller resolves OrderReviews.reviewsOfSeller.
func (reviewsResolver) ReviewsOfSeller(ctx context.Context, reviews *upstream.OrderReviews) ([]*upstream.OrderReview, error) {
	return reviews.ReviewsOfSeller, loaded(ctx, upstream.DomainRateDetail)
}

// loaded returns why a part of the order that the current field belongs to could not be read. Nothing is
// waited for: one call brought all parts.
func loaded(ctx context.Context, part upstream.Domains) error {
	_, err := load(ctx, projection.OrderOf(ctx).Key(), part)()
	return err
}

// missing returns the parts of an order that could not be read, and why.
func missing(ctx context.Context, order *upstream.Order) (upstream.Domains, error) {
	result, _ := load(ctx, order.Key(), loader.Base)()
	if result.Missing == nil {
		return 0, nil
	}
	return ^result.Held.Domains, result.Missing
}
