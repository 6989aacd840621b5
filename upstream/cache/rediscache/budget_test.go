package rediscache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"ordergraph/upstream/cache/shared"
)

// The fake, which the tests of budgets use, does what the script does, whatever is asked.
func TestReservePointsLikeTheFake(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	fake := new(shared.Fake)
	b := fake.Instance()
	b.Connect()
	random := rand.New(rand.NewPCG(1, 2))
	until := time.Now().Add(time.Hour)
	granted := 0
	for round := range 2000 {
		if random.IntN(50) == 0 {
			server.FlushAll()
			fake.Flush()
		}
		asked := shared.Spending{Turn: uint64(round + 1 - random.IntN(2)*random.IntN(5))}
		for n := range 1 + random.IntN(4) {
			told := random.IntN(10)
			asked.Budgets = append(asked.Budgets, shared.Budget{
				Name: a.Name("budget", fmt.Append(nil, n)), Limit: 5 + random.IntN(60), Until: until, Writer: fmt.Sprint("writer", random.IntN(3)),
				Own: random.IntN(20), Told: told, Known: told + random.IntN(10),
			})
		}
		for range random.IntN(4) {
			r := shared.Reservation{Points: random.IntN(5)}
			for n := range asked.Budgets {
				if random.IntN(2) == 0 {
					r.Budgets = append(r.Budgets, n)
				}
			}
			asked.Reservations = append(asked.Reservations, r)
		}
		spent, grants, err := a.ReservePoints(t.Context(), asked)
		wantSpent, wantGrants, _ := b.ReservePoints(t.Context(), asked)
		if err != nil || !reflect.DeepEqual(spent, wantSpent) || !reflect.DeepEqual(grants, wantGrants) {
			t.Fatalf("%d: %+v: %v %v, %v, want %v %v", round, asked, spent, grants, err, wantSpent, wantGrants)
		}
		for _, grant := range grants {
			if grant {
				granted++
			}
		}
	}
	if granted < 500 {
		t.Errorf("%d grants", granted)
	}
	for _, key := range server.Keys() {
		if left := server.TTL(key); left <= 0 || left > time.Hour {
			t.Errorf("%q is kept for %v", key, left)
		}
	}
}

func TestABudgetThatCannotBeReadIsWhatTheAskerKnows(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	ask := func(turn uint64, own, told, known int) int {
		t.Helper()
		spent, _, err := a.ReservePoints(context.Background(), shared.Spending{Turn: turn, Budgets: []shared.Budget{{
			Name: a.Name("budget", nil), Limit: 10, Until: time.Now().Add(time.Hour), Writer: "w", Own: own, Told: told, Known: known,
		}}})
		if err != nil {
			t.Fatal(err)
		}
		return spent[0]
	}
	ask(1, 2, 0, 0)
	key := server.Keys()[0]
	turn := uint64(1)
	for name, spoil := range map[string]func(){
		"a text":       func() { server.Del(key); _ = server.Set(key, "garbage") },
		"a list":       func() { server.Del(key); _, _ = server.Push(key, "not a hash") },
		"no number":    func() { server.HSet(key, "spent", "nan") },
		"infinity":     func() { server.HSet(key, "spent", "inf") },
		"negative":     func() { server.HSet(key, "spent", "-1") },
		"no writer":    func() { server.HSet(key, "w", "garbage") },
		"nothing more": func() { server.HDel(key, "spent") },
		"nothing":      func() { server.Del(key) },
	} {
		spoil()
		if spent := ask(turn+1, 3, 2, 5); spent != 6 {
			t.Errorf("%s: %d, want 6", name, spent)
		}
		if spent := ask(turn+2, 2, 3, 6); spent != 5 {
			t.Errorf("%s: afterwards %d, want 5", name, spent)
		}
		turn += 2
	}
	server.Del(key)
	if spent := ask(turn+1, 0, 0, 0); spent != 0 || len(server.Keys()) != 0 {
		t.Errorf("of nothing, %d, %q is kept", spent, server.Keys())
	}
}

// TestABudgetThatIsLostIsToldAgain has three instances of which each knew less of the others when the budget was lost,
// and has spent something since.
func TestABudgetThatIsLostIsToldAgain(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	name, until := a.Name("budget", []byte("lost")), time.Now().Add(time.Hour)
	tell := func(turn uint64, writer string, own, told, known int) (spent int) {
		t.Helper()
		all, _, err := a.ReservePoints(t.Context(), shared.Spending{
			Turn: turn, Budgets: []shared.Budget{{Name: name, Limit: 100, Until: until, Writer: writer, Own: own, Told: told, Known: known}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return all[0]
	}
	writers, known := []string{"a", "b", "c"}, map[string]int{}
	for _, writer := range writers {
		known[writer] = tell(1, writer, 4, 0, 0)
	}
	server.FlushAll()
	spent := 0
	for _, writer := range writers {
		spent = tell(2, writer, 8, 4, known[writer])
	}
	if spent != 24 {
		t.Errorf("%d points are known, want 24", spent)
	}
}
