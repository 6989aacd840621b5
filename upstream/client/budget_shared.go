package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"ordergraph/upstream/cache/shared"
)

const (
	// tellAgainAfter passes before what could not be told is told again.
	tellAgainAfter = time.Second
	// maxAsked bounds what is asked, or told, at once.
	maxAsked = 100
)

// sharing is the part of a ledger that shares its budgets with others. One question is under way at a time: it tells
// what this client has spent since the last one, and asks for all reservations that wait. So none waits for more than
// two questions, and the answers can't overtake each other.
type sharing struct {
	turn    uint64
	asking  bool
	waiting []*asker
	// untold are accounts of which others do not know, or may not, what was spent.
	untold map[*account]struct{}
	again  *time.Timer
	closed bool
}

// asker waits for a reservation.
type asker struct {
	reservation
	err  error
	done chan struct{}
}

// sharedAccount is how others know an account. What is spent in it counts under writer: an account that was forgotten
// and comes back is another one, so that what was told of the first still counts.
type sharedAccount struct {
	name   shared.Name
	writer string
}

// sharedSpending is how others know what was spent in a window, and how much they were told.
type sharedSpending struct {
	name shared.Name
	told int
}

func (a *account) share(with shared.Budgets, tenant []byte) {
	a.shared = sharedAccount{with.Name("account", fmt.Appendf(nil, "%s\x00%s", a.client, tenant)), strconv.FormatUint(rand.Uint64(), 36)}
}

// reserveShared has a reservation decided about together with those of other clients. The mutex is held but while it
// waits.
func (l *ledger) reserveShared(asked reservation) (reservation, error) {
	a := &asker{reservation: asked, done: make(chan struct{})}
	l.waiting = append(l.waiting, a)
	l.ask()
	l.mu.Unlock()
	<-a.done
	l.mu.Lock()
	return a.reservation, a.err
}

// tell sees to it that others will know what was spent.
func (l *ledger) tell(accounts ...*account) {
	for _, a := range accounts {
		l.untold[a] = struct{}{}
	}
	l.ask()
}

func (l *ledger) ask() {
	if !l.asking {
		l.asking = true
		go l.askAll()
	}
}

// askAll asks and tells until there is nothing more.
func (l *ledger) askAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting)+len(l.untold) > 0 {
		q := l.question()
		l.mu.Unlock()
		spent, granted, err := l.budgets.Shared.ReservePoints(context.Background(), q.Spending)
		l.mu.Lock()
		if err != nil {
			l.goOn(q)
			break
		}
		l.learn(q, spent, granted)
	}
	l.asking = false
}

// question is what is told and asked at once.
type question struct {
	shared.Spending
	askers []*asker
	// accounts and spent are whose budgets these are, one after the other.
	accounts []*account
	spent    []*spending
}

// question takes it from what waits and what is untold.
func (l *ledger) question() *question {
	l.turn++
	count := min(maxAsked, len(l.waiting))
	q := &question{Spending: shared.Spending{Turn: l.turn}, askers: l.waiting[:count:count]}
	l.waiting = l.waiting[count:]
	now, indices := time.Now(), map[*spending]int{}
	add := func(a *account) {
		delete(l.untold, a)
		for i := range a.spent {
			s := &a.spent[i]
			if _, found := indices[s]; found {
				continue
			}
			if s.roll(now); s.shared.name == (shared.Name{}) {
				s.shared.name = l.budgets.Shared.Name("budget", fmt.Appendf(a.shared.name[:], "%s%d", s.budget.Window, s.start.Unix()))
			}
			indices[s] = len(q.spent)
			q.accounts, q.spent = append(q.accounts, a), append(q.spent, s)
			q.Budgets = append(q.Budgets, shared.Budget{
				Name: s.shared.name, Limit: s.budget.Points, Until: s.end, Writer: a.shared.writer,
				Own: s.spent + s.reserved, Told: s.shared.told, Known: s.others + s.shared.told,
			})
		}
	}
	for _, a := range q.askers {
		asks := shared.Reservation{Points: a.points}
		a.starts = nil
		for _, account := range a.accounts {
			add(account)
		}
		for s := range a.each() {
			asks.Budgets, a.starts = append(asks.Budgets, indices[s]), append(a.starts, s.start)
		}
		q.Reservations = append(q.Reservations, asks)
	}
	for a := range l.untold {
		if len(q.spent) >= 2*maxAsked {
			break
		}
		add(a)
	}
	return q
}

// learn takes over what an answer says, but for windows that ended meanwhile.
func (l *ledger) learn(q *question, spent []int, granted []bool) {
	own := make([]int, len(q.spent))
	for n, b := range q.Budgets {
		own[n] = b.Own
	}
	for n, a := range q.askers {
		for _, index := range q.Reservations[n].Budgets {
			if granted[n] {
				own[index] += a.points
				if s := q.spent[index]; s.shared.name == q.Budgets[index].Name {
					s.reserved += a.points
				}
			}
		}
	}
	for n, s := range q.spent {
		if s.shared.name != q.Budgets[n].Name {
			continue
		}
		s.shared.told, s.others = own[n], max(0, spent[n]-own[n])
		l.notice(q.accounts[n], s, max(1, l.price))
		if s.spent+s.reserved != own[n] { // it was settled meanwhile
			l.tell(q.accounts[n])
		}
	}
	for n, a := range q.askers {
		if !granted[n] && a.points > 0 {
			if a.err = l.refuse(a.reservation); a.err == nil {
				l.waiting = append(l.waiting, a) // there is room by now
				continue
			}
			a.reservation = reservation{}
		}
		close(a.done)
	}
}

// goOn decides by what this client knows about all who wait, and tells it when it can.
func (l *ledger) goOn(q *question) {
	for _, a := range append(q.askers, l.waiting...) {
		if a.starts = nil; a.points > 0 {
			a.reservation, a.err = l.decide(a.reservation)
		}
		close(a.done)
	}
	l.waiting = nil
	for _, a := range q.accounts {
		l.untold[a] = struct{}{}
	}
	switch {
	case l.closed:
	case l.again != nil:
		l.again.Reset(tellAgainAfter)
	default:
		l.again = time.AfterFunc(tellAgainAfter, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.ask()
		})
	}
}

// close ends what is told by itself.
func (l *ledger) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed = true; l.again != nil {
		l.again.Stop()
	}
}
