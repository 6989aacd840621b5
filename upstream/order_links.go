package upstream

import (
	"slices"
	"sync"
)

// Product is the stub of a product that another service knows more about.
type Product struct{ ID ID }

// Member is the stub of a member of the site, whom another service knows more about.
type Member struct{ ID ID }

// IsEntity marks the order as what a federated graph can ask for by its key.
func (*Order) IsEntity() {}

// Product returns the product of the line, nil for an offline product.
func (l *OrderLineItem) Product() *Product {
	if l.ProductID == "" {
		return nil
	}
	return &Product{ID: l.ProductID}
}

// Shipments returns the shipments that name the line, never nil. None without the domain NativeLogistics.
func (l *OrderLineItem) Shipments() []*OrderShipment {
	if l.ID == "" || l.links == nil {
		return []*OrderShipment{}
	}
	return orEmpty(l.links.follow().shipments[l.ID])
}

// LineItems returns the lines that the shipment names, in the order of the order's lines. Ids that
// name no line are left out: the upstream sends such.
func (s *OrderShipment) LineItems() []*OrderLineItem {
	if s.links == nil {
		return nil
	}
	links := s.links.follow()
	var places []int
	for _, id := range s.LineItemIDs {
		places = append(places, links.items[id]...)
	}
	slices.Sort(places)
	places = slices.Compact(places)
	items := make([]*OrderLineItem, len(places))
	for i, place := range places {
		items[i] = links.order.LineItems[place]
	}
	return items
}

// orderLinks are what the lines and the shipments of an order know of each other, by the ids of lines: an
// order can have many of both, and each may be asked for the others often. They are made when the first
// one is followed.
type orderLinks struct {
	once  sync.Once
	order *Order
	// items are places in Order.LineItems.
	items     map[ID][]int
	shipments map[ID][]*OrderShipment
}

// link lets lines and shipments find each other.
func (o *Order) link() {
	if o.DomesticShipping == nil {
		return
	}
	links := &orderLinks{order: o}
	for _, item := range o.LineItems {
		item.links = links
	}
	for _, shipment := range o.DomesticShipping.Shipments {
		shipment.links = links
	}
}

func (l *orderLinks) follow() *orderLinks {
	l.once.Do(func() {
		l.items, l.shipments = map[ID][]int{}, map[ID][]*OrderShipment{}
		for i, item := range l.order.LineItems {
			if item.ID != "" {
				l.items[item.ID] = append(l.items[item.ID], i)
			}
		}
		for _, shipment := range l.order.DomesticShipping.Shipments {
			for _, id := range shipment.LineItemIDs {
				if named := l.shipments[id]; len(named) == 0 || named[len(named)-1] != shipment {
					l.shipments[id] = append(named, shipment)
				}
			}
		}
	})
	return l
}

// Member returns the buyer's membership, nil without a member id.
func (b *OrderBuyer) Member() *Member { return memberOf(b.MemberID) }

// Member returns the seller's membership, nil without a member id.
func (s *OrderSeller) Member() *Member { return memberOf(s.MemberID) }

func memberOf(id ID) *Member {
	if id == "" {
		return nil
	}
	return &Member{ID: id}
}
