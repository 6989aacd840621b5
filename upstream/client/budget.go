package client

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/cache/shared"
)

const (
	// maxBudget bounds what a budget may allow, so that no sum of points overflows.
	maxBudget = 1_000_000_000
	// maxAccounts is how many clients have an account at once. Of more, those that spent least are forgotten, an
	// eighth at a time.
	maxAccounts = 65536
)

// billing is the time zone in which points are billed, and so that of all windows.
var billing = time.FixedZone("UTC+8", 8*60*60)

// Window is the time for which a budget holds, by the calendar at UTC+8.
type Window string

// The windows that there are.
const (
	Hour  Window = "hour"
	Day   Window = "day"
	Month Window = "month"
)

// around returns the window around now.
func (w Window) around(now time.Time) (start, end time.Time) {
	year, month, day := now.In(billing).Date()
	switch w {
	case Hour:
		start = time.Date(year, month, day, now.In(billing).Hour(), 0, 0, 0, billing)
		return start, start.Add(time.Hour)
	case Day:
		return time.Date(year, month, day, 0, 0, 0, 0, billing), time.Date(year, month, day+1, 0, 0, 0, 0, billing)
	default:
		return time.Date(year, month, 1, 0, 0, 0, 0, billing), time.Date(year, month+1, 1, 0, 0, 0, 0, billing)
	}
}

// Budget is how many points may be spent in a window.
type Budget struct {
	Points int
	Window Window
}

// String returns the budget as ParseBudget reads it.
func (b Budget) String() string { return strconv.Itoa(b.Points) + "/" + string(b.Window) }

// ParseBudget reads a budget such as 500/day.
func ParseBudget(text string) (Budget, error) {
	points, window, _ := strings.Cut(text, "/")
	number, err := strconv.ParseUint(points, 10, 64)
	b := Budget{Points: int(min(number, maxBudget+1)), Window: Window(window)}
	if err != nil || b.Points < 1 || b.Points > maxBudget || b.Window != Hour && b.Window != Day && b.Window != Month {
		return Budget{}, fmt.Errorf("want N/hour, N/day or N/month, N from 1 to %d", maxBudget)
	}
	return b, nil
}

// Budgets bound the points that calls cost. No budget is no bound; of two for the same window the tighter one holds.
type Budgets struct {
	// All bound the points of all calls together.
	All []Budget
	// Each bound those of each client: of a name ([upstream.Caller].Client) or else of a tenant.
	Each []Budget
	// Named bound those of clients by their name, in place of Each.
	Named map[string][]Budget
	// Shared keeps what was spent together with other clients, and longer than this one lives. As long as it can't be
	// asked, this client goes on with what it knows, and tells afterwards what it has spent. Nil: what was spent is
	// known to this client alone, and begins at 0.
	Shared shared.Budgets
	// Notice is told when half, four fifths and all of a budget are spent, if set. It must not block.
	Notice func(Notice)
}

// Notice says that a part of a budget is spent.
type Notice struct {
	Budget Budget
	// Client is whose budget it is: a name, "tenant" for one without a name, empty for all.
	Client string
	// Percent is 50, 80 or 100, which says that no call is left.
	Percent int
	// Spent is how many points were spent, ResetAt when the window ends.
	Spent   int
	ResetAt time.Time
}

// ledger counts the points that calls cost against the budgets. A call reserves what it will probably cost before
// it is made, and settles afterwards: checking first and adding later would let all calls through that are under
// way together. The price of the next call is that of the last one which told it; while it rises, the budget is
// exceeded by the rise for each call in flight, at most.
//
// All is decided under one mutex, unless the budgets are shared: then those who wait are decided about together, by
// one question at a time (budget_shared.go). A reservation of a client that died is never settled, and counts as spent.
type ledger struct {
	budgets Budgets

	mu    sync.Mutex
	price int
	all   *account
	// clients are the accounts of clients that have a budget.
	clients map[accountKey]*account
	// refused counts the calls that were refused, by the client whose budget was spent.
	refused map[string]uint64
	sharing
}

// accountKey names a client: by its name, or by a hash of its tenant where it has none.
type accountKey struct {
	name   string
	tenant uint64
}

// account is what was spent of the budgets of one client, or of all.
type account struct {
	client string
	spent  []spending
	shared sharedAccount
}

// spending is what was spent of one budget in its window.
type spending struct {
	budget     Budget
	start, end time.Time
	// spent and reserved are of this client, others of those that share the budget, as far as it is known.
	spent, reserved, others int
	noticed                 int
	shared                  sharedSpending
}

// fits reports whether so many points are left.
func (s *spending) fits(points int) bool {
	return s.others+s.spent+s.reserved+points <= s.budget.Points
}

// reservation is what a call will probably cost, in all accounts that pay for it. The zero value is of no account.
type reservation struct {
	points   int
	accounts []*account
	// starts are those of the windows, one after the other.
	starts []time.Time
}

func newLedger(budgets Budgets) *ledger {
	l := &ledger{budgets: budgets, price: 1, clients: map[accountKey]*account{}, refused: map[string]uint64{}}
	l.untold = map[*account]struct{}{}
	l.all = l.newAccount("", nil, budgets.All)
	return l
}

// newAccount returns an account that has spent nothing. Of tenants without a name, tenant says whose it is.
func (l *ledger) newAccount(client string, tenant []byte, budgets []Budget) *account {
	a := &account{client: client}
	for _, budget := range budgets {
		same := slices.IndexFunc(a.spent, func(s spending) bool { return s.budget.Window == budget.Window })
		if same < 0 {
			a.spent = append(a.spent, spending{budget: budget})
		} else {
			a.spent[same].budget.Points = min(a.spent[same].budget.Points, budget.Points)
		}
	}
	if l.budgets.Shared != nil {
		a.share(l.budgets.Shared, tenant)
	}
	return a
}

// reserve sets aside what a call will probably cost, or refuses it. The reservation must be given to settle.
func (l *ledger) reserve(by caller) (reservation, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := reservation{points: max(1, l.price)}
	for _, a := range []*account{l.all, l.accountOf(by)} {
		if a != nil && len(a.spent) > 0 {
			asked.accounts = append(asked.accounts, a)
		}
	}
	if l.budgets.Shared != nil && len(asked.accounts) > 0 {
		return l.reserveShared(asked)
	}
	return l.decide(asked)
}

// decide reserves by what this client knows. As with all methods from here on, the mutex is held.
func (l *ledger) decide(asked reservation) (reservation, error) {
	if err := l.refuse(asked); err != nil {
		return reservation{}, err
	}
	for s := range asked.each() {
		s.reserved += asked.points
		asked.starts = append(asked.starts, s.start)
	}
	return asked, nil
}

// each yields what was spent in all accounts of a reservation.
func (r *reservation) each() iter.Seq[*spending] {
	return func(yield func(*spending) bool) {
		for _, a := range r.accounts {
			for i := range a.spent {
				if !yield(&a.spent[i]) {
					return
				}
			}
		}
	}
}

// refuse returns an error if a budget has too few points left, with the time when all will have enough.
func (l *ledger) refuse(asked reservation) error {
	now := time.Now()
	var exhausted Budget
	var client string
	var resetAt time.Time
	for _, a := range asked.accounts {
		for i := range a.spent {
			s := &a.spent[i]
			s.roll(now)
			if !s.fits(asked.points) && s.end.After(resetAt) {
				exhausted, client, resetAt = s.budget, a.client, s.end
			}
			l.notice(a, s, asked.points)
		}
	}
	if resetAt.IsZero() {
		return nil
	}
	l.refused[client]++
	return &upstream.Error{
		Kind: upstream.KindBudgetExhausted, Outage: true, ResetAt: resetAt, RetryAfter: resetAt.Sub(now),
		Cause: fmt.Errorf("%w: %v", errBudget, exhausted),
	}
}

var errBudget = errors.New("the budget is spent")

// settle puts what a call has cost in place of what was reserved for it. It counts in the windows in which it was
// reserved. One that was not made has cost nothing.
func (l *ledger) settle(reserved reservation, made Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if made.priced && made.Err == nil {
		l.price = min(made.Points, maxBudget)
	}
	cost := 0
	switch {
	case made.priced:
		cost = min(made.Points, maxBudget)
	case made.Written:
		cost = max(1, l.price) // nobody said, so it is as likely to have been charged as not
	}
	starts := reserved.starts
	for _, a := range reserved.accounts {
		for i := range a.spent {
			s := &a.spent[i]
			if s.start.Equal(starts[i]) {
				s.reserved -= reserved.points
				s.spent += cost
				l.notice(a, s, max(1, l.price))
			}
		}
		starts = starts[len(a.spent):]
	}
	if l.budgets.Shared != nil && cost != reserved.points {
		l.tell(reserved.accounts...)
	}
}

// roll begins a new window when the last one has ended. What is reserved then belongs to the last one.
func (s *spending) roll(now time.Time) {
	if !now.Before(s.end) {
		start, end := s.budget.Window.around(now)
		*s = spending{budget: s.budget, start: start, end: end}
	}
}

// notice tells of the highest part of a budget that was reached, once.
func (l *ledger) notice(a *account, s *spending, price int) {
	percent, spent := 0, s.others+s.spent
	switch {
	case spent+price > s.budget.Points:
		percent = 100
	case 5*spent >= 4*s.budget.Points:
		percent = 80
	case 2*spent >= s.budget.Points:
		percent = 50
	}
	if percent > s.noticed && l.budgets.Notice != nil {
		s.noticed = percent
		l.budgets.Notice(Notice{Budget: s.budget, Client: a.client, Percent: percent, Spent: spent, ResetAt: s.end})
	}
}

// accountOf returns the account of a client, nil for one without a budget.
func (l *ledger) accountOf(by caller) *account {
	budgets := l.budgetsOf(by.client)
	if len(budgets) == 0 {
		return nil
	}
	key, client, tenant := accountKey{name: by.client}, by.client, []byte(nil)
	if client == "" {
		key, client, tenant = accountKey{tenant: by.tenant}, tenantClient, []byte(by.secret.Reveal())
	}
	known, found := l.clients[key]
	if !found {
		if len(l.clients) >= maxAccounts {
			l.forget()
		}
		known = l.newAccount(client, tenant, budgets)
		l.clients[key] = known
	}
	return known
}

// tenantClient is the client of all tenants without a name.
const tenantClient = "tenant"

// BudgetState is what was spent of a budget in its window.
type BudgetState struct {
	Budget Budget
	// Client is whose budget it is, empty for that of all.
	Client  string
	Spent   int
	ResetAt time.Time
}

// Budgets returns the budget of all and those of the named clients, whether or not they have spent anything. Tenants
// without a name are left out. Of budgets that are shared it is what all have spent, which may take a moment to ask for.
func (c *Client) Budgets(clients []string) (states []BudgetState) {
	l := c.transport.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	accounts := []*account{l.all}
	for _, client := range clients {
		if a := l.accountOf(caller{client: client}); a != nil {
			accounts = append(accounts, a)
		}
	}
	if l.budgets.Shared != nil {
		_, _ = l.reserveShared(reservation{accounts: accounts}) // of nothing
	}
	now := time.Now()
	for _, a := range accounts {
		for i := range a.spent {
			s := &a.spent[i]
			s.roll(now)
			states = append(states, BudgetState{s.budget, a.client, s.others + s.spent, s.end})
		}
	}
	return states
}

// Price returns what a call will probably cost: as much as the last one that brought an answer, and at least 1.
func (c *Client) Price() int {
	l := c.transport.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(1, l.price)
}

// BudgetRefusals returns how many calls were refused because a budget was spent, by the client whose it is: empty for
// that of all, "tenant" for clients without a name.
func (c *Client) BudgetRefusals(client string) uint64 {
	l := c.transport.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused[client]
}

// budgetsOf returns what a client may spend.
func (l *ledger) budgetsOf(client string) []Budget {
	if budgets, named := l.budgets.Named[client]; named {
		return budgets
	}
	return l.budgets.Each
}

// forget removes the accounts that spent least, an eighth of all.
func (l *ledger) forget() {
	type spent struct {
		key    accountKey
		points int
	}
	now := time.Now()
	all := make([]spent, 0, len(l.clients))
	for key, a := range l.clients {
		points := 0
		for i := range a.spent {
			a.spent[i].roll(now)
			points = max(points, a.spent[i].others+a.spent[i].spent+a.spent[i].reserved)
		}
		all = append(all, spent{key, points})
	}
	slices.SortFunc(all, func(a, b spent) int { return cmp.Compare(a.points, b.points) })
	for _, least := range all[:len(all)/8] {
		delete(l.untold, l.clients[least.key])
		delete(l.clients, least.key)
	}
}
