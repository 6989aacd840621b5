package projection

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

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
	// own is the field's name, beside that of another field of the same object.
	own, beside string
	// currency is the field beside that holds the currency of an amount.
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
		from.beside = "productid"
	case "OrderLineItem.shipments":
		from.beside, from.link = "id", toShipments
	case "OrderShipment.lineItems":
		from.beside, from.link = "lineitemids", toLineItems
	case "OrderBuyer.member", "OrderSeller.member":
		from.beside = "memberid"
	case "Order.paymentTimeoutSeconds":
		from.beside = "paymenttimeoutraw"
	case "OrderCustomsItem.declaredValue":
		from.currency = "currencyraw"
	}
	return from
}

// report gathers errors for what the response does not show of one order, while that is written: malformed
// values that are selected, and parts that are missing.
type report struct {
	order    *Order
	response *Response
	root     *badValues
	// linked are the malformed values of the objects that links lead to, by their addresses, and links what
	// is malformed where links start and end.
	linked map[uintptr]*badValues
	links  map[link][]*badValues
	// path leads to what is being written.
	path   ast.Path
	errors gqlerror.List
	// found counts the errors that there would be without a bound.
	found int
}

// newReport returns a report about an order that the response shows at path, nil if there is nothing to
// report.
func newReport(response *Response, order *Order, path ast.Path) *report {
	if len(order.BadValues) == 0 && order.why == nil {
		return nil
	}
	r := &report{
		order: order, response: response, root: badValueTree(order.BadValues), linked: map[uintptr]*badValues{}, path: slices.Clone(path),
	}
	items, shipping := r.root.at("lineitems"), r.root.at("domesticshipping")
	shipments := shipping.at("shipments")
	r.links = map[link][]*badValues{
		toLineItems: append([]*badValues{items}, items.each("id")...),
		toShipments: append([]*badValues{shipping, shipments}, shipments.each("lineitemids")...),
	}
	for i, item := range order.LineItems {
		r.linked[reflect.ValueOf(item).Pointer()] = items.element(i)
	}
	if order.DomesticShipping != nil {
		for i, shipment := range order.DomesticShipping.Shipments {
			r.linked[reflect.ValueOf(shipment).Pointer()] = shipments.element(i)
		}
	}
	r.add(r.root, order.selection.position)
	return r
}

// lacks reports whether a field shows a part that is missing, of which there is an error then.
func (r *report) lacks(s *selected) bool {
	if s.domain&r.order.missing == 0 {
		return false
	}
	r.errors = append(r.errors, &gqlerror.Error{
		Err: r.order.why, Message: r.order.why.Error(), Path: slices.Clone(r.path), Locations: locationsOf(s.position),
	})
	return true
}

// of returns what is malformed in the order.
func (r *report) of() *badValues {
	if r == nil {
		return nil
	}
	return r.root
}

// enter reports what is malformed in a field of an object, in which bad is malformed, and returns what is
// below it. Call leave afterwards.
func (r *report) enter(s *selected, bad *badValues) *badValues {
	r.path = append(r.path, ast.PathName(s.alias))
	r.add(bad.at(s.sources.beside), s.position)
	if s.sources.link != noLink {
		for _, source := range r.links[s.sources.link] {
			r.add(source, s.position)
		}
	}
	own := bad.at(s.sources.own)
	if own == nil {
		own = currencyOnly(bad.at(s.sources.currency))
	}
	r.add(own, s.position)
	return own
}

// enterElement returns what is malformed in an element of a list, in which bad is malformed. Call leave
// afterwards.
func (r *report) enterElement(s *selected, index int, element reflect.Value, bad *badValues) *badValues {
	r.path = append(r.path, ast.PathIndex(index))
	if s.sources.link != noLink {
		return r.linked[element.Pointer()]
	}
	return bad.element(index)
}

func (r *report) leave() { r.path = r.path[:len(r.path)-1] }

// below reports what is malformed in, or missing from, an object that is null, in which bad is malformed.
func (r *report) below(fields []selected, bad *badValues) {
	if r == nil || bad == nil && r.order.missing == 0 {
		return
	}
	for i := range fields {
		badBelow := r.enter(&fields[i], bad)
		if !r.lacks(&fields[i]) {
			r.below(fields[i].below, badBelow)
		}
		r.leave()
	}
}

// add adds the errors of one place, as far as the bound of the response allows.
func (r *report) add(bad *badValues, position *ast.Position) {
	if bad == nil {
		return
	}
	for _, reason := range bad.reasons {
		r.found++
		if r.response.badValues+r.found <= maxBadValues {
			err := &BadValueError{reason}
			r.errors = append(r.errors, &gqlerror.Error{
				Err: err, Message: err.Error(), Path: slices.Clone(r.path), Locations: locationsOf(position),
			})
		}
	}
}
