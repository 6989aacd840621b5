package upstream

import "slices"

// Product stands for a product that another service knows more about.
type Product struct{ ID ID }

// Member stands for a member of the site, whom another service knows more about.
type Member struct{ ID ID }

// IsEntity marks the order as what a federated graph can ask for by its key.
func (*Order) IsEntity() {}

// ExtraAttributes returns all extra attributes. The keys are what the upstream was asked for in
// addition; they leave none out. Their name is the argument's: gqlgen binds by it.
func (o *Order) ExtraAttributes(keys []string) []*ExtraAttribute {
	return o.Attributes
}

// Product returns the product of the line, nil for an offline product.
func (l *LineItem) Product() *Product {
	if l.ProductID == "" {
		return nil
	}
	return &Product{ID: l.ProductID}
}

// Shipments returns the shipments that name the line. None without the domain NativeLogistics.
func (l *LineItem) Shipments() []*Shipment {
	if l.ID == "" || l.order == nil || l.order.DomesticShipping == nil {
		return nil
	}
	var shipments []*Shipment
	for _, shipment := range l.order.DomesticShipping.Shipments {
		if slices.Contains(shipment.LineItemIDs, l.ID) {
			shipments = append(shipments, shipment)
		}
	}
	return shipments
}

// LineItems returns the lines that the shipment names, in the order of the order's lines. Ids that
// name no line are left out: the upstream sends such.
func (s *Shipment) LineItems() []*LineItem {
	if s.order == nil {
		return nil
	}
	var items []*LineItem
	for _, item := range s.order.LineItems {
		if item.ID != "" && slices.Contains(s.LineItemIDs, item.ID) {
			items = append(items, item)
		}
	}
	return items
}

// Member returns the buyer's membership, nil without a member id.
func (b *Buyer) Member() *Member { return memberOf(b.MemberID) }

// Member returns the seller's membership, nil without a member id.
func (s *Seller) Member() *Member { return memberOf(s.MemberID) }

func memberOf(id ID) *Member {
	if id == "" {
		return nil
	}
	return &Member{ID: id}
}
