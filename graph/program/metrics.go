package program

import (
	"context"
	"strings"

	"ordergraph/graph"
	"ordergraph/graph/internal/scope"
	"ordergraph/graph/telemetry"
	"ordergraph/upstream/client"
)

// newMetrics returns the metrics of a server with these settings.
func newMetrics(c *config) *telemetry.Telemetry {
	mode := "pass-through"
	switch {
	case c.sandboxed():
		mode = "sandbox"
	case c.Upstream.Token != "":
		mode = "service"
	}
	built := readBuild()
	return telemetry.New(telemetry.Options{
		Version: built.Version, Revision: built.Revision, GoVersion: built.GoVersion, Mode: mode, Code: graph.CodeOf,
	})
}

// observeCalls has every attempt to call the upstream counted.
func observeCalls(metrics *telemetry.Telemetry) func(context.Context) (context.Context, func(client.Attempt)) {
	return func(ctx context.Context) (context.Context, func(client.Attempt)) {
		request := scope.From(ctx)
		return ctx, func(attempt client.Attempt) {
			metrics.CallEnded(telemetry.Call{
				Operation: request.OperationName,
				Wait:      attempt.Wait, Duration: attempt.Duration, Needs: attempt.Needs, Retry: attempt.Retry,
				Written: attempt.Written, Points: attempt.Points, NoOrder: attempt.NoOrder, Err: attempt.Err,
			})
		}
	}
}

// clientState returns what the upstream's client is doing.
func clientState(endpoint *client.Client) telemetry.ClientState {
	state := endpoint.State()
	return telemetry.ClientState{
		InFlight: state.InFlight, Limit: state.Limit, Waiting: state.Waiting, Breaker: strings.ReplaceAll(state.Breaker, "-", "_"),
		Transitions: map[string]uint64{"open": state.Opened, "half_open": state.HalfOpened, "closed": state.Closed},
	}
}
