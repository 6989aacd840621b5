// Package projection writes what a query selects of an order as JSON, in place of gqlgen's execution of one
// field after another.
//
// An order that has been read is finished data: nothing of it is loaded, checked or computed on the way. What
// is selected of it can be written in one pass over the structs, without what a general execution spends on
// each field to keep all that possible: a context, a closure, a boxed value and a marshaler.
//
// [Plan.InterceptField] decides it for each field that gqlgen executes. If everything selected below the
// field is there, it answers with the JSON of the whole subtree. If a selected part of the order is missing,
// or a selected field has a resolver that reads something else than the order, it leaves the field to gqlgen,
// which executes one level, and decides again for each field below. Both ways show the same.
package projection

import (
	"bytes"
	"context"
	"io"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/generated"
	"ordergraph/upstream"
)

// Plan knows where the structs of package upstream keep each field of the schema, and how it is written.
// Compile makes one. Safe for concurrent use once its fields are set.
type Plan struct {
	// Missing returns the parts that an order of the operation lacks because they could not be read, and
	// why. Nil is for orders that lack nothing.
	Missing func(context.Context, *upstream.Order) (upstream.Domains, error)
	// FieldByField leaves every field to gqlgen, for a test that compares.
	FieldByField bool

	objects map[string]*object
	order   *field // what shows an order
}

// InterceptField is a graphql.FieldMiddleware: see the package. It also reports what is malformed in the
// fields that it leaves to gqlgen.
func (p *Plan) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	if err != nil || value == nil {
		return value, err
	}
	switch shown := value.(type) {
	case *upstream.Order:
		return p.showOrders(ctx, value, []*upstream.Order{shown}, false), nil
	case []*upstream.Order:
		return p.showOrders(ctx, value, shown, true), nil
	case []generated.Entity:
		orders := make([]*upstream.Order, len(shown))
		for i := range shown {
			orders[i], _ = shown[i].(*upstream.Order)
		}
		return p.showOrders(ctx, value, orders, true), nil
	}
	if order := OrderOf(ctx); order != nil {
		return p.showField(ctx, order, value)
	}
	return value, nil
}

// OrderOf returns the order that the current field belongs to, nil for none.
func OrderOf(ctx context.Context) *upstream.Order {
	for field := graphql.GetFieldContext(ctx); field != nil; field = field.Parent {
		if order := orderIn(field.Result); order != nil {
			return order
		}
	}
	return nil
}

// orderIn returns the order that gqlgen keeps as the result of a field, or of an element of a list.
func orderIn(result any) *upstream.Order {
	switch result := result.(type) {
	case *upstream.Order:
		return result
	case **upstream.Order:
		return *result
	case *generated.Entity:
		order, _ := (*result).(*upstream.Order)
		return order
	}
	return nil
}

// showOrders returns what shows the orders of a field: they write themselves, or gqlgen executes what is
// selected of each.
func (p *Plan) showOrders(ctx context.Context, value any, orders []*upstream.Order, isList bool) any {
	selection := p.Select(graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field)
	written := writtenOrders{ctx, selection, orders, isList}
	if p.writesAll(ctx, selection, orders...) {
		if here := graphql.GetFieldContext(ctx); here.Object == "Query" { // orders that a resolver added are not its field
			responseFrom(ctx).addWritten()
		}
		return written
	}
	for i, order := range orders {
		report := newReport(responseFrom(ctx), order, written.path(i), 0, nil)
		report.add(report.root(), selection.position)
		report.end(ctx)
	}
	return value
}

// writesAll reports whether all that is selected of orders, or below them, is there.
func (p *Plan) writesAll(ctx context.Context, selection *Selection, orders ...*upstream.Order) bool {
	if p.FieldByField || selection.foreign {
		return false
	}
	for _, order := range orders {
		if missing, _ := p.missing(ctx, order); selection.parts&missing != 0 {
			return false
		}
	}
	return true
}

func (p *Plan) missing(ctx context.Context, order *upstream.Order) (upstream.Domains, error) {
	if p.Missing == nil || order == nil {
		return 0, nil
	}
	return p.Missing(ctx, order)
}

// showField returns what shows a field of an object below order: all that is selected of it, or the value
// for gqlgen to execute.
//
// Unlike orders, it is written at once: a field may be one that is never null, and gqlgen must know if it
// fails.
func (p *Plan) showField(ctx context.Context, order *upstream.Order, value any) (any, error) {
	here := graphql.GetFieldContext(ctx)
	declared := p.fieldOf(here)
	if declared == nil {
		return value, nil // no field of an order, but of what another resolver returned
	}
	response := responseFrom(ctx)
	selection := p.collect(graphql.GetOperationContext(ctx), declared, here.Field)
	missing, why := p.missing(ctx, order)
	report := newReport(response, order, here.Parent.Path(), missing&selection.parts, why)
	bad := report.push(&selection.selected, p.badIn(here.Parent, report))
	defer report.end(ctx)
	shown := reflect.ValueOf(value)
	switch {
	case shown.Kind() == reflect.Pointer && shown.IsNil():
		report.below(selection.below, bad)
		return value, nil
	case declared.object == nil || !p.writesAll(ctx, selection, order):
		return value, response.spend(len(here.Field.Alias) + len(`"":,`))
	}
	response.apart.Lock()
	defer response.apart.Unlock()
	var buffer bytes.Buffer
	err := selection.write(ctx, response, &buffer, report, func(w *writer) error {
		return selection.writeValue(w, shown, bad)
	})
	if err != nil {
		return nil, err
	}
	return graphql.WriterFunc(func(out io.Writer) {
		_ = response.spend(-buffer.Len())
		_, _ = out.Write(buffer.Bytes())
	}), response.spend(buffer.Len())
}

// fieldOf returns how a field of an order's object is shown, nil for a field of anything else.
func (p *Plan) fieldOf(context *graphql.FieldContext) *field {
	if object := p.objects[context.Object]; object != nil {
		return object.fields[context.Field.Name]
	}
	return nil
}

// badIn returns what is malformed in the value of a field, or of an element of a list, that gqlgen executes.
func (p *Plan) badIn(context *graphql.FieldContext, report *report) *badValues {
	switch {
	case report == nil || context == nil:
		return nil
	case orderIn(context.Result) != nil:
		return report.order.root
	case context.Index == nil:
		declared := p.fieldOf(context)
		if declared == nil {
			return nil
		}
		return declared.sources.in(p.badIn(context.Parent, report))
	}
	list := p.fieldOf(context.Parent)
	if list == nil {
		return nil
	}
	element := reflect.ValueOf(context.Result).Elem()
	return report.order.element(list, *context.Index, element, p.badIn(context.Parent, report))
}

// writtenOrders shows orders as what is selected of each.
type writtenOrders struct {
	context   context.Context
	selection *Selection
	orders    []*upstream.Order
	isList    bool
}

// MarshalGQL writes the orders when the response is written. One of which that fails is null, with an error
// at its place, and the others are not harmed: if it lacks what the schema says is never null, if a panic
// breaks it off, if the response would become too large, or if nobody waits for it any longer.
func (o writtenOrders) MarshalGQL(out io.Writer) {
	buffer, isResponse := out.(*bytes.Buffer)
	if !isResponse {
		buffer = new(bytes.Buffer)
		defer func() { _, _ = out.Write(buffer.Bytes()) }()
	}
	if !o.isList {
		o.write(buffer, 0)
		return
	}
	buffer.WriteByte('[')
	for i := range o.orders {
		if i > 0 {
			buffer.WriteByte(',')
		}
		o.write(buffer, i)
	}
	buffer.WriteByte(']')
}

func (o writtenOrders) write(buffer *bytes.Buffer, index int) {
	order := o.orders[index]
	if order == nil {
		buffer.WriteString(null)
		return
	}
	response := responseFrom(o.context)
	report := newReport(response, order, o.path(index), 0, nil)
	report.add(report.root(), o.selection.position)
	err := o.selection.write(o.context, response, buffer, report, func(w *writer) error {
		return o.selection.writeOne(w, reflect.ValueOf(order), report.root())
	})
	if err != nil {
		graphql.AddError(o.context, &gqlerror.Error{
			Err: err, Message: err.Error(), Path: o.path(index), Locations: locationsOf(o.selection.position),
		})
		buffer.WriteString(null)
		return
	}
	report.end(o.context)
}

// path returns where the response shows an order.
func (o writtenOrders) path(index int) ast.Path {
	path := graphql.GetPath(o.context)
	if o.isList {
		path = append(path, ast.PathIndex(index))
	}
	return path
}
