package projection

import (
	"reflect"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

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
