package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/cache/shared"
)

// sharers are clients on one wire that share budgets.
type sharers struct {
	wire    *fakeWire
	fake    *shared.Fake
	budgets Budgets
	shared  []*shared.FakeInstance
	clients []*Client
	// slow lets answers come too late.
	slow atomic.Bool
}

func share(t *testing.T, count int, budgets Budgets) *sharers {
	s := &sharers{wire: &fakeWire{delay: 20 * time.Millisecond}, fake: &shared.Fake{}, budgets: budgets}
	s.fake.Latency = func() (there, back time.Duration) {
		if s.slow.Load() {
			return 0, time.Second
		}
		return time.Millisecond, time.Millisecond
	}
	for range count {
		s.add(t)
	}
	return s
}

// add adds a client, and returns it.
func (s *sharers) add(t *testing.T) *Client {
	instance := s.fake.Instance()
	instance.Connect()
	options := Options{Budgets: s.budgets}
	options.Budgets.Shared = instance
	s.shared, s.clients = append(s.shared, instance), append(s.clients, s.wire.client(t, options))
	return s.clients[len(s.clients)-1]
}

// atOnce lets each client make so many calls at the same moment, and returns how many were made.
func (s *sharers) atOnce(t *testing.T, count int) (made int) {
	t.Helper()
	before := s.wire.calls.Load()
	var group sync.WaitGroup
	for _, client := range s.clients {
		group.Go(func() {
			for _, err := range orderAll(client, count) {
				if err != nil && exhausted(err) == nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	time.Sleep(2 * tellAgainAfter) // all is told
	synctest.Wait()
	return int(s.wire.calls.Load() - before)
}

func (s *sharers) connect(t *testing.T, up bool) {
	t.Helper()
	for _, instance := range s.shared {
		if up {
			instance.Connect()
		} else {
			instance.Disconnect()
		}
	}
}

// wantSpent wants all clients to know how much was spent of the first budget of all.
func (s *sharers) wantSpent(t *testing.T, want int) {
	t.Helper()
	time.Sleep(100 * time.Millisecond)
	for n, client := range s.clients {
		if got := client.Budgets(nil)[0].Spent; got != want {
			t.Errorf("client %d knows of %d points, want %d", n, got, want)
		}
	}
}

func TestASharedBudgetHoldsForAllClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := share(t, 3, Budgets{All: budgets(t, "50/day")})
		for range 2 {
			if calls := s.atOnce(t, 67); calls != 50 {
				t.Errorf("%d calls of 50", calls)
			}
			s.wantSpent(t, 50)
			if restarted := s.add(t); exhausted(order(restarted)) == nil {
				t.Error("a client that was started later begins at 0")
			}
			s.wantSpent(t, 50)
			time.Sleep(24 * time.Hour)
			s.wantSpent(t, 0)
		}
	})
}

func TestSharedBudgetsOfClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := share(t, 2, Budgets{All: budgets(t, "9/day", "20/month"), Each: budgets(t, "3/hour"), Named: map[string][]Budget{"shop": budgets(t, "5/day")}})
		ask := func(name string, tenant upstream.Secret, want int) {
			t.Helper()
			before := s.wire.calls.Load()
			for n := range 10 {
				request := requestOf(tenant)
				request.Caller.Client = name
				_, _ = s.clients[n%2].Order(context.Background(), request)
			}
			if got := int(s.wire.calls.Load() - before); got != want {
				t.Errorf("%d calls for %q %q, want %d", got, name, tenant.Reveal(), want)
			}
		}
		ask("", "a", 3)
		ask("shop", "b", 5)
		ask("shop", "a", 0)
		ask("", "b", 1) // all is spent
		time.Sleep(24 * time.Hour)
		ask("", "b", 3)
		states := s.clients[0].Budgets([]string{"shop", "erp"})
		for n, want := range []int{3, 12, 0, 0} {
			if states[n].Spent != want {
				t.Errorf("%+v, want %d", states[n], want)
			}
		}
	})
}

// What a call costs takes the place of what was reserved, for all.
func TestASharedBudgetIsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := share(t, 2, Budgets{All: budgets(t, "10/day")})
		s.wire.always(200, costing(0))
		s.atOnce(t, 20)
		s.wantSpent(t, 0)
		s.wire.always(200, costing(3))
		_ = order(s.clients[0])
		s.wantSpent(t, 3)
		s.wire.always(0, "")
		_ = order(s.clients[1])
		s.wantSpent(t, 3)
		s.wire.always(200, `<html>`)
		_ = order(s.clients[0])
		s.wantSpent(t, 6) // as much as the last one that told
	})
}

// Of a client that died, what its calls had reserved counts as spent.
func TestASharedReservationOfADeadClientIsSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := share(t, 2, Budgets{All: budgets(t, "10/day")})
		s.wire.delay = time.Minute
		go orderAll(s.clients[0], 4)
		time.Sleep(time.Second)
		synctest.Wait()
		s.shared[0].Disconnect()
		s.wire.delay, s.clients, s.shared = 0, s.clients[1:], s.shared[1:]
		if calls := s.atOnce(t, 10); calls != 6 {
			t.Errorf("%d calls, want 6", calls)
		}
		time.Sleep(time.Minute)
	})
}

// While nobody can be asked, each goes on with what it knows; what was spent is added afterwards, also where the other
// side has forgotten everything.
func TestASharedBudgetThatIsAway(t *testing.T) {
	for name, lose := range map[string]func(*shared.Fake){"kept": func(*shared.Fake) {}, "lost": (*shared.Fake).Flush} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := share(t, 3, Budgets{All: budgets(t, "50/day")})
				if calls := s.atOnce(t, 5); calls != 15 {
					t.Errorf("%d calls", calls)
				}
				s.wantSpent(t, 15)
				s.connect(t, false)
				lose(s.fake)
				began := time.Now()
				_ = order(s.clients[0])
				if took := time.Since(began); took != s.wire.delay {
					t.Errorf("it took %v", took)
				}
				if calls := s.atOnce(t, 5); calls != 15 {
					t.Errorf("%d calls while away", calls)
				}
				s.connect(t, true)
				time.Sleep(2 * tellAgainAfter)
				s.wantSpent(t, 31)
				lose(s.fake)
				if calls := s.atOnce(t, 50); calls != 19 {
					t.Errorf("%d calls afterwards, want 19", calls)
				}
				s.connect(t, false)
				if calls := s.atOnce(t, 50); calls != 0 {
					t.Errorf("%d calls of a budget that is spent", calls)
				}
			})
		})
	}
}

// An answer that does not come may have had its effect: that is counted once. Nobody waits for more than two.
func TestASharedBudgetThatIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := share(t, 3, Budgets{All: budgets(t, "50/day")})
		s.wire.delay = 0
		s.slow.Store(true)
		for range 3 {
			began := time.Now()
			if calls := s.atOnce(t, 3); calls != 9 {
				t.Errorf("%d calls", calls)
			}
			if took := time.Since(began) - 2*tellAgainAfter; took > 800*time.Millisecond {
				t.Errorf("it took %v", took)
			}
		}
		s.slow.Store(false)
		time.Sleep(2 * tellAgainAfter)
		s.wantSpent(t, 27)
	})
}

// A call belongs to the window in which it was reserved, whenever it ends.
func TestASharedBudgetAtTheEndOfAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := share(t, 2, Budgets{All: budgets(t, "2/hour", "5/day")})
		s.wire.delay = 2 * time.Second
		time.Sleep(time.Hour - time.Second)
		if calls := s.atOnce(t, 3); calls != 2 {
			t.Errorf("%d calls", calls)
		}
		s.wantSpent(t, 0)
		if calls := s.atOnce(t, 3); calls != 2 {
			t.Errorf("%d calls", calls)
		}
	})
}

// awayBudgets can't be asked, and counts the questions.
type awayBudgets struct {
	shared.FakeInstance
	questions int
}

func (a *awayBudgets) ReservePoints(context.Context, shared.Spending) ([]int, []bool, error) {
	a.questions++
	return nil, nil, errors.New("away")
}

func TestAClosedClientTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := &awayBudgets{}
		client := new(fakeWire).client(t, Options{Budgets: Budgets{All: budgets(t, "50/day"), Shared: away}})
		_ = order(client)
		time.Sleep(time.Minute)
		client.Close()
		synctest.Wait()
		asked := away.questions
		time.Sleep(time.Minute)
		if asked < 50 || away.questions != asked {
			t.Errorf("%d questions, and %d more", asked, away.questions-asked)
		}
	})
}

// Whatever becomes of the questions, in the end all know what was spent, exactly.
func TestASharedBudgetIsExactInTheEnd(t *testing.T) {
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			s := share(t, 3, Budgets{All: budgets(t, "1000000/month")})
			spent := 0
			for range 40 {
				price := random.IntN(4)
				s.wire.always(200, costing(price))
				before := s.wire.calls.Load()
				orderAll(s.clients[random.IntN(3)], 1+random.IntN(5))
				spent += price * int(s.wire.calls.Load()-before)
				switch instance := s.shared[random.IntN(3)]; random.IntN(6) {
				case 0:
					instance.Disconnect()
				case 1:
					instance.Connect()
				case 2:
					s.slow.Store(!s.slow.Load())
				}
				time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
				synctest.Wait()
			}
			s.slow.Store(false)
			s.connect(t, true)
			time.Sleep(3 * tellAgainAfter)
			if s.wantSpent(t, spent); t.Failed() {
				t.Fatal("with seed", seed)
			}
		})
	}
}
