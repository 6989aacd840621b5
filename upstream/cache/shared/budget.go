package shared

import (
	"context"
	"time"
)

// Budgets keep what the instances have spent together. Safe for concurrent use.
//
// Each instance tells how much it has spent in all, not how much more, and of what it has told only the latest counts.
// So whatever was lost or came late is made good by what is told next: an answer that did not come, a time without the
// shared cache, a shared cache that came back empty.
type Budgets interface {
	// Name returns the name of what data identifies.
	Name(kind string, data []byte) Name
	// ReservePoints takes note of what an instance has spent, and then of each reservation in turn that fits into all of
	// its budgets. It returns what all instances have spent of each budget, reservations among it, and which of these
	// were granted. It takes a moment, also where it fails; what is true then the instance has to tell again.
	ReservePoints(ctx context.Context, told Spending) (spent []int, granted []bool, err error)
}

// Spending is what an instance tells and asks.
type Spending struct {
	// Turn is higher each time.
	Turn         uint64
	Budgets      []Budget
	Reservations []Reservation
}

// Budget is what one instance knows of a budget in one window.
type Budget struct {
	Name Name
	// Limit is how many points all may spend, Until how long anybody asks.
	Limit int
	Until time.Time
	// Writer names whose count Own is: what it has spent since the window began, and has reserved.
	Writer string
	Own    int
	// Told is what Own was in the last answer, and Known what all had spent then. Both are 0 before it.
	Told, Known int
}

// Reservation asks for points of some of the budgets, which it names by their index.
type Reservation struct {
	Points  int
	Budgets []int
}

// kept is what is kept of a budget.
type kept struct {
	spent   int
	until   time.Time
	writers map[string]written
}

type written struct {
	turn uint64
	own  int
}

// ReservePoints is what the script of package rediscache does.
func (i *FakeInstance) ReservePoints(ctx context.Context, told Spending) (spent []int, granted []bool, err error) {
	err = i.run(ctx, func() { spent, granted = i.fake.reserve(told) })
	return spent, granted, err
}

func (f *Fake) reserve(told Spending) (spent []int, granted []bool) {
	all := make([]*kept, len(told.Budgets))
	own := make([]int, len(told.Budgets))
	for n, b := range told.Budgets {
		all[n] = f.budget(b)
		own[n] = b.Own
		last, found := all[n].writers[b.Writer]
		switch {
		case !found:
			all[n].spent = max(all[n].spent, b.Known) + b.Own - b.Told
		case last.turn < told.Turn:
			all[n].spent += b.Own - last.own
		default:
			own[n] = -1 // it came late
		}
		// What the writers say together is the least.
		least := b.Own
		if own[n] < 0 {
			least = last.own
		}
		for writer, told := range all[n].writers {
			if writer != b.Writer {
				least += told.own
			}
		}
		all[n].spent = max(0, all[n].spent, least)
	}
	for _, r := range told.Reservations {
		fits := true
		for _, n := range r.Budgets {
			fits = fits && own[n] >= 0 && all[n].spent+r.Points <= told.Budgets[n].Limit
		}
		for _, n := range r.Budgets {
			if fits {
				all[n].spent += r.Points
				own[n] += r.Points
			}
		}
		granted = append(granted, fits)
	}
	for n, b := range told.Budgets {
		if _, found := all[n].writers[b.Writer]; own[n] >= 0 && (found || all[n].spent > 0) {
			all[n].writers[b.Writer] = written{told.Turn, own[n]}
		}
		spent = append(spent, all[n].spent)
	}
	return spent, granted
}

func (f *Fake) budget(of Budget) *kept {
	if f.budgets == nil {
		f.budgets = map[Name]*kept{}
	}
	if known := f.budgets[of.Name]; known != nil && time.Now().Before(known.until) {
		return known
	}
	f.budgets[of.Name] = &kept{until: of.Until, writers: map[string]written{}}
	return f.budgets[of.Name]
}
