package loader

import (
	"context"
	"sync"

	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

// NewDryRun returns a loader by which all planned orders are null at once. Instead of loading them it finds out what
// that would take (scope.Scope.DryRun). Orders that tell no forecast, as they have no copies, take a call each. Call end
// as for New.
func NewDryRun(ctx context.Context, orders upstream.Orders, needs map[upstream.Key]upstream.Needs) (_ *Loader, end context.CancelFunc) {
	request := scope.From(ctx)
	l := &Loader{peeked: make(map[upstream.Key]upstream.Result, len(needs))}
	l.ctx, end = untilDeadline(ctx)
	forecaster, known := orders.(upstream.Forecaster)
	found := make(chan upstream.Forecast, len(needs))
	var group sync.WaitGroup
	for key := range needs {
		l.peeked[key] = upstream.Result{}
		if !known {
			found <- upstream.ForecastCall
			continue
		}
		group.Go(func() {
			// What would fail, even by a fault of ours, would make no call.
			forecast, _ := forecaster.Forecast(l.ctx, request.Order(key, needs[key]))
			found <- forecast
		})
	}
	group.Wait()
	close(found)
	result, price := scope.DryRun{Orders: len(needs)}, 1
	for forecast := range found {
		switch forecast {
		case upstream.ForecastHit:
			result.Hits++
		case upstream.ForecastShared:
			result.Shared++
		case upstream.ForecastCall:
			result.Calls++
		}
	}
	if known {
		price = forecaster.Price()
	}
	result.Points = result.Calls * price
	*request.DryRun = result
	return l, end
}
