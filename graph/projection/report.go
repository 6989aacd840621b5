package projection

import (
	"context"
	"reflect"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/upstream"
)

// report gathers errors for what the response does not show of one order, or of a field below it: malformed
// values that are selected, and parts that are missing below an object that is null. Its methods accept nil:
// there is nothing to report.
type report struct {
	response *Response
	order    *badOrder
	missing  upstream.Domains
	why      error
	// path leads to what is being written.
	path   ast.Path
	errors gqlerror.List
	// found counts the errors that there would be without a bound.
	found int
}

// newReport returns a report about an order, or a field below it, that the response shows at path: nil for
// one without malformed values that lacks nothing.
func newReport(response *Response, order *upstream.Order, path ast.Path, missing upstream.Domains, why error) *report {
	if order == nil || len(order.BadValues) == 0 && missing == 0 {
		return nil
	}
	return &report{response: response, order: response.badOrder(order), missing: missing, why: why, path: slices.Clip(path)}
}

// root returns what is malformed in the order.
func (r *report) root() *badValues {
	if r == nil {
		return nil
	}
	return r.order.root
}

// push reports what is malformed in a field of an object, in which bad is malformed, and returns what is
// below it. Call pop afterwards.
func (r *report) push(s *selected, bad *badValues) *badValues {
	if r == nil {
		return nil
	}
	r.path = append(r.path, ast.PathName(s.alias))
	r.add(bad.at(s.sources.sibling), s.position)
	if s.sources.link != noLink {
		for _, source := range r.order.links[s.sources.link] {
			r.add(source, s.position)
		}
	}
	own := s.sources.in(bad)
	r.add(own, s.position)
	return own
}

// pushElement returns what is malformed in an element of a list, in which bad is malformed. Call pop
// afterwards.
func (r *report) pushElement(s *selected, index int, element reflect.Value, bad *badValues) *badValues {
	if r == nil {
		return nil
	}
	r.path = append(r.path, ast.PathIndex(index))
	return r.order.element(s.field, index, element, bad)
}

func (r *report) pop() {
	if r != nil {
		r.path = r.path[:len(r.path)-1]
	}
}

// below reports what is malformed in, or missing from, an object that is null, in which bad is malformed.
func (r *report) below(fields []selected, bad *badValues) {
	if r == nil || bad == nil && r.missing == 0 {
		return
	}
	for i := range fields {
		badBelow := r.push(&fields[i], bad)
		if fields[i].part&r.missing != 0 {
			r.errors = append(r.errors, r.errorHere(r.why, fields[i].position))
		} else {
			r.below(fields[i].below, badBelow)
		}
		r.pop()
	}
}

// add adds the errors of one place, as far as the bound of the response allows.
func (r *report) add(bad *badValues, position *ast.Position) {
	if r == nil || bad == nil {
		return
	}
	for _, reason := range bad.reasons {
		r.found++
		if r.response.lists(r.found) {
			r.errors = append(r.errors, r.errorHere(&BadValueError{reason}, position))
		}
	}
}

func (r *report) errorHere(err error, position *ast.Position) *gqlerror.Error {
	return &gqlerror.Error{Err: err, Message: err.Error(), Path: slices.Clone(r.path), Locations: locationsOf(position)}
}

// end adds the errors to the response.
func (r *report) end(ctx context.Context) {
	if r == nil {
		return
	}
	r.response.addBadValues(r.found)
	for _, err := range r.errors {
		graphql.AddError(ctx, err)
	}
}
