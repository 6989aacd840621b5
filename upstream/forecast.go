package upstream

import "context"

// Forecast is what it would take to answer a request for an order.
type Forecast uint8

// The forecasts. A call that brings what several requests wait for is paid for once.
const (
	ForecastNothing Forecast = iota // it would fail without a call: a remembered refusal, or only-if-cached
	ForecastHit                     // a copy
	ForecastShared                  // a call that is under way
	ForecastCall                    // a call of its own
)

// Forecaster are Orders that can tell what a request would take. They make no call for it, and store nothing. An
// implementation must be safe for concurrent use.
type Forecaster interface {
	Forecast(ctx context.Context, request Request) (Forecast, error)
	// Price returns what a call will probably cost.
	Price() int
}
