package program

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"ordergraph/graph"
	"ordergraph/graph/internal/scope"
	"ordergraph/graph/telemetry"
	"ordergraph/upstream"
	"ordergraph/upstream/cache"
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
		Version: built.Version, Revision: built.Revision, GoVersion: built.GoVersion, Mode: mode, Code: graph.CodeOf, ConfigHash: c.hash,
	})
}

// observeCalls has every attempt to call the upstream counted.
func observeCalls(metrics *telemetry.Telemetry) func(context.Context) (context.Context, func(client.Attempt)) {
	return func(ctx context.Context) (context.Context, func(client.Attempt)) {
		request := scope.From(ctx)
		return ctx, func(attempt client.Attempt) {
			request.Slowest.Add(attempt.Wait, attempt.Duration)
			metrics.CallEnded(telemetry.Call{
				Trace: request.Trace, Key: attempt.Key, HTTPStatus: attempt.HTTPStatus,
				Client: request.Client, Trusted: request.Trusted, Operation: request.OperationName,
				Wait: attempt.Wait, Duration: attempt.Duration, Needs: attempt.Needs, Retry: attempt.Retry,
				Written: attempt.Written, Points: attempt.Points, NoOrder: attempt.NoOrder, Err: attempt.Err,
			})
		}
	}
}

// joined has a request say in its trace that it waited for another one's call.
func joined(ctx, call context.Context, key upstream.Key, began time.Time) {
	if request := scope.From(ctx); request.Trace != nil {
		request.Trace.Wait(began, scope.From(call).Trace, key)
	}
}

// clientNames are the names of clients, as of the last reading of the settings.
type clientNames struct{ atomic.Pointer[[]string] }

func (n *clientNames) get() []string { return *n.Load() }

func (n *clientNames) set(c *config, metrics *telemetry.Telemetry) {
	names := c.access().Names()
	n.Store(&names)
	metrics.NameClients(append(names, c.Access.ClientNames...))
}

// reportService has what the client and the cache do read at each scrape. It returns the names of the clients.
func reportService(c *config, metrics *telemetry.Telemetry, endpoint *client.Client, orders *cache.Cache) *clientNames {
	clients := new(clientNames)
	clients.set(c, metrics)
	metrics.ReportClient(func() telemetry.ClientState { return clientState(endpoint) })
	metrics.ReportCache("memory", orders.Stats)
	metrics.ReportRefusals(cache.RefusalKinds(), func() (int64, int64, map[upstream.Kind]uint64) {
		stats := orders.RefusalStats()
		return stats.OfTenants, stats.OfOrders, stats.Remembered
	})
	metrics.ReportBudgets(func() (states []telemetry.BudgetState) {
		for _, s := range endpoint.Budgets(clients.get()) {
			states = append(states, telemetry.BudgetState{
				Client: s.Client, Window: string(s.Budget.Window), Limit: s.Budget.Points, Spent: s.Spent, ResetAt: s.ResetAt,
			})
		}
		return states
	}, endpoint.BudgetRefusals, clients.get)
	return clients
}

// clientState returns what the upstream's client is doing.
func clientState(endpoint *client.Client) telemetry.ClientState {
	state := endpoint.State()
	return telemetry.ClientState{
		InFlight: state.InFlight, Limit: state.Limit, Waiting: state.Waiting, Breaker: strings.ReplaceAll(state.Breaker, "-", "_"),
		Transitions: map[string]uint64{"open": state.Opened, "half_open": state.HalfOpened, "closed": state.Closed},
	}
}
