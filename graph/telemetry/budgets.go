package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// BudgetState is what was spent of a budget in its window: hour, day or month.
type BudgetState struct {
	Client, Window string
	Limit, Spent   int
	ResetAt        time.Time
}

// budgetWindows are the windows that there can be.
var budgetWindows = []string{"hour", "day", "month"}

// budgetCollector reads budgets at each scrape: which there are changes with the tokens of clients.
type budgetCollector struct {
	read                func() []BudgetState
	limit, spent, reset *prometheus.Desc
}

// ReportBudgets has budgets read at each scrape, and how many calls were refused for want of each client's. clients
// are all that have a name, or will have.
func (t *Telemetry) ReportBudgets(read func() []BudgetState, refused func(client string) uint64, clients func() []string) {
	labels := []string{"window", "client"}
	t.registry.MustRegister(
		&budgetCollector{
			read,
			prometheus.NewDesc("budget_limit_points", "With a budget: points that it allows in its window. `client` is empty for the budget of all.", labels, nil),
			prometheus.NewDesc("budget_spent_points", "With a budget: points that were spent of it in its window.", labels, nil),
			prometheus.NewDesc("budget_reset_timestamp_seconds", "With a budget: when its window ends.", labels[:1], nil),
		},
		&refusedCollector{
			refused, clients,
			prometheus.NewDesc("budget_refused_total", "Calls that were not made because a budget is spent, by whose it is: empty for that of all, `tenant` for a client without a name.", labels[1:], nil),
		},
	)
}

// Describe is of the interface prometheus.Collector.
func (c *budgetCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.limit
	to <- c.spent
	to <- c.reset
}

// Collect is of the interface prometheus.Collector. Of two budgets for one window the tighter one counts.
func (c *budgetCollector) Collect(to chan<- prometheus.Metric) {
	type account struct{ client, window string }
	tightest := map[account]BudgetState{}
	resets := map[string]time.Time{}
	for _, state := range c.read() {
		of := account{state.Client, state.Window}
		if known, found := tightest[of]; !found || state.Limit < known.Limit {
			tightest[of] = state
		}
		resets[state.Window] = state.ResetAt
	}
	for of, state := range tightest {
		to <- prometheus.MustNewConstMetric(c.limit, prometheus.GaugeValue, float64(state.Limit), of.window, of.client)
		to <- prometheus.MustNewConstMetric(c.spent, prometheus.GaugeValue, float64(state.Spent), of.window, of.client)
	}
	for _, window := range budgetWindows {
		if at, found := resets[window]; found {
			to <- prometheus.MustNewConstMetric(c.reset, prometheus.GaugeValue, float64(at.Unix()), window)
		}
	}
}

type refusedCollector struct {
	read    func(client string) uint64
	clients func() []string
	desc    *prometheus.Desc
}

// Describe is of the interface prometheus.Collector.
func (c *refusedCollector) Describe(to chan<- *prometheus.Desc) { to <- c.desc }

// Collect is of the interface prometheus.Collector.
func (c *refusedCollector) Collect(to chan<- prometheus.Metric) {
	seen := map[string]bool{}
	for _, client := range append([]string{"", "tenant"}, c.clients()...) {
		if !seen[client] {
			seen[client] = true
			to <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(c.read(client)), client)
		}
	}
}
