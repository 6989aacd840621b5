package program

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"ordergraph/graph/transport"
	"ordergraph/upstream"
	"ordergraph/upstream/client"
)

// budgets returns what may be spent.
func (c *config) budgets() (budgets client.Budgets, err error) {
	for _, text := range c.Budget.All {
		budget, err := client.ParseBudget(text)
		if err != nil {
			return budgets, fmt.Errorf("--budget: %.100q is not allowed, %w", text, err)
		}
		budgets.All = append(budgets.All, budget)
	}
	for _, text := range c.Budget.Client {
		name, amount, named := strings.Cut(text, ":")
		if !named {
			amount = text
		}
		budget, err := client.ParseBudget(amount)
		if err != nil {
			return budgets, fmt.Errorf("--client-budget: %.100q is not allowed, %w, or NAME: before it", text, err)
		}
		if !named {
			budgets.Each = append(budgets.Each, budget)
			continue
		}
		if !slices.ContainsFunc(c.Access.ClientTokens, func(given upstream.Secret) bool {
			known, _ := transport.ClientName(given)
			return known == name
		}) {
			return budgets, fmt.Errorf("--client-budget: %.100q is not allowed, want a name that --client-tokens gives to a token, as NAME=TOKEN", text)
		}
		if budgets.Named == nil {
			budgets.Named = map[string][]client.Budget{}
		}
		budgets.Named[name] = append(budgets.Named[name], budget)
	}
	return budgets, nil
}

// budgetsTo returns what may be spent, and tells the log when parts of it are.
func (c *config) budgetsTo(logger zerolog.Logger) client.Budgets {
	budgets, _ := c.budgets() // checked when the settings were read
	budgets.Notice = func(n client.Notice) {
		event := logger.Warn()
		if n.Percent == 50 {
			event = logger.Info()
		}
		event.Stringer("budget", n.Budget).Str("client", n.Client).Int("percent", n.Percent).Int("spent", n.Spent).
			Time("reset_at", n.ResetAt).Msg("a budget for upstream calls is being spent")
	}
	if len(budgets.All)+len(budgets.Each)+len(budgets.Named) > 0 && c.Redis.URL == "" {
		logger.Info().Msg("budgets begin at 0: what was spent before this start is not known")
	}
	return budgets
}
