package projection

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"ordergraph/upstream"
)

// maxBadValues is how many malformed values one response lists one by one.
const maxBadValues = 50

// BadValueError says that the response shows null, or less, where the upstream sent what can't be read.
type BadValueError struct{ Reason string }

func (e *BadValueError) Error() string { return "a malformed value: " + e.Reason }

// badValues is a tree of the malformed values of an order: those at one place, and below it.
type badValues struct {
	reasons  []string
	fields   map[string]*badValues // by the lower-case name: Go and GraphQL write the case differently
	elements map[int]*badValues
}

func badValueTree(list []upstream.BadValue) *badValues {
	root := &badValues{}
	for _, value := range list {
		node := root
		for _, step := range value.Path {
			node = node.grow(step)
		}
		node.reasons = append(node.reasons, value.Reason)
	}
	return root
}

// grow returns what is below v at a step of a path: a field's name or an element's index.
func (v *badValues) grow(step any) *badValues {
	if index, isIndex := step.(int); isIndex {
		return grown(&v.elements, index)
	}
	return grown(&v.fields, strings.ToLower(fmt.Sprint(step)))
}

func grown[K comparable](below *map[K]*badValues, key K) *badValues {
	if *below == nil {
		*below = map[K]*badValues{}
	}
	if (*below)[key] == nil {
		(*below)[key] = &badValues{}
	}
	return (*below)[key]
}

// at returns what is malformed in a field or below it, nil if nothing is.
func (v *badValues) at(name string) *badValues {
	if v == nil {
		return nil
	}
	return v.fields[name]
}

func (v *badValues) element(index int) *badValues {
	if v == nil {
		return nil
	}
	return v.elements[index]
}

// each returns what is malformed in one field of each element, in their order.
func (v *badValues) each(name string) []*badValues {
	if v == nil {
		return nil
	}
	var list []*badValues
	for _, index := range slices.Sorted(maps.Keys(v.elements)) {
		if bad := v.elements[index].at(name); bad != nil {
			list = append(list, bad)
		}
	}
	return list
}

// badOrder is what is malformed in an order, also as links lead to it.
type badOrder struct {
	root *badValues
	// linked are the malformed values of the objects that links lead to, by their addresses, and links what
	// is malformed where links start and end.
	linked map[uintptr]*badValues
	links  map[link][]*badValues
}

func newBadOrder(order *upstream.Order) *badOrder {
	b := &badOrder{root: badValueTree(order.BadValues), linked: map[uintptr]*badValues{}}
	items, shipping := b.root.at("lineitems"), b.root.at("domesticshipping")
	shipments := shipping.at("shipments")
	b.links = map[link][]*badValues{
		toLineItems: append([]*badValues{items}, items.each("id")...),
		toShipments: append([]*badValues{shipping, shipments}, shipments.each("lineitemids")...),
	}
	for i, item := range order.LineItems {
		b.linked[reflect.ValueOf(item).Pointer()] = items.element(i)
	}
	if order.DomesticShipping != nil {
		for i, shipment := range order.DomesticShipping.Shipments {
			b.linked[reflect.ValueOf(shipment).Pointer()] = shipments.element(i)
		}
	}
	return b
}

// element returns what is malformed in an element of a list that a field shows, in which bad is malformed.
func (b *badOrder) element(list *field, index int, element reflect.Value, bad *badValues) *badValues {
	if list.sources.link != noLink {
		return b.linked[element.Pointer()]
	}
	return bad.element(index)
}

// in returns what is malformed in a field of an object in which bad is malformed.
func (s *sources) in(bad *badValues) *badValues {
	if own := bad.at(s.own); own != nil {
		return own
	}
	return currencyOnly(bad.at(s.currency))
}

// currencyOnly returns what is malformed in an amount whose currency alone is.
func currencyOnly(currency *badValues) *badValues {
	if currency == nil {
		return nil
	}
	return &badValues{fields: map[string]*badValues{"currencycode": currency}}
}

// sources are where else than under its own name a malformed value is the reason that a field lacks
// something, by lower-case names.
type sources struct {
	// own is the field's name, sibling that of another field of the same object.
	own, sibling string
	// currency is the sibling that holds the currency of an amount.
	currency string
	link     link
}

// link says that a field leads to other objects of the same order, which may lack some for what is malformed
// there.
type link uint8

const (
	noLink link = iota
	toShipments
	toLineItems
)

// sourcesOf knows the fields that are no fields of the Go struct but derived from some.
func sourcesOf(structType reflect.Type, name string) sources {
	from := sources{own: strings.ToLower(name)}
	switch structType.Name() + "." + name {
	case "OrderLineItem.product":
		from.sibling = "productid"
	case "OrderLineItem.shipments":
		from.sibling, from.link = "id", toShipments
	case "OrderShipment.lineItems":
		from.sibling, from.link = "lineitemids", toLineItems
	case "OrderBuyer.member", "OrderSeller.member":
		from.sibling = "memberid"
	case "Order.paymentTimeoutSeconds":
		from.sibling = "paymenttimeoutraw"
	case "OrderCustomsItem.declaredValue":
		from.currency = "currencyraw"
	}
	return from
}
