package respcache

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"ordergraph/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf holds copies for every caller alike.
type shelf struct {
	mutex   sync.Mutex
	numbers map[upstream.Key]uint64
}

func (s *shelf) Serves(_ *upstream.Scope, copies []upstream.Copy) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, copied := range copies {
		if s.numbers[copied.Key] != copied.Number {
			return false
		}
	}
	return true
}

func (s *shelf) set(id upstream.OrderID, number uint64) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.numbers[upstream.Key{ID: id}] = number
}

func newShelf() *shelf {
	return &shelf{numbers: map[upstream.Key]uint64{{ID: 1}: 10, {ID: 2}: 20}}
}

func of(value string) Answer[string] {
	return Answer[string]{
		Value: value, Bytes: len(value), FreshUntil: time.Now().Add(time.Minute),
		Copies: []upstream.Copy{{Key: upstream.Key{ID: 1}, Number: 10}, {Key: upstream.Key{ID: 2}, Number: 20}},
	}
}

func expect(t *testing.T, c *Cache[string], scope *upstream.Scope, request Request, want string) {
	t.Helper()
	if got, found := c.Find(scope, request); got != want || found != (want != "") {
		t.Errorf("%q %+v: found %q %v, want %q", request.Raw, scope, got, found, want)
	}
}

func TestWhatTellsRequestsApart(t *testing.T) {
	scopes := []*upstream.Scope{{}, {Tenant: " "}, {Tenant: "Bearer a"}, {Tenant: "bearer a"}, {Tenant: "Bearer a "}, {Tenant: "Bearer a", RouterTrusted: true}}
	requests := []Request{{Raw: []byte("{}")}, {Raw: []byte("{} ")}, {Raw: []byte("{}"), Get: true}, {}}
	c := New[string](newShelf(), 1<<20)
	name := func(i, j int) string { return fmt.Sprint(i, "/", j) }
	for i, scope := range scopes {
		for j, request := range requests {
			expect(t, c, scope, request, "")
			c.Keep(scope, request, of(name(i, j)))
		}
	}
	for i, scope := range scopes {
		for j, request := range requests {
			expect(t, c, scope, request, name(i, j))
		}
	}
}

func TestEqualHashes(t *testing.T) {
	c := New[string](newShelf(), 1<<20)
	mine, theirs := &upstream.Scope{Tenant: "mine"}, &upstream.Scope{Tenant: "theirs"}
	request, other := Request{Raw: []byte("{}")}, Request{Raw: []byte("{other}")}
	c.Keep(mine, request, of("mine"))
	element := c.entries[c.hash(c.keyOf(mine, request), request.Raw)]
	c.entries[c.hash(c.keyOf(theirs, request), request.Raw)] = element
	c.entries[c.hash(c.keyOf(mine, other), other.Raw)] = element
	expect(t, c, theirs, request, "")
	expect(t, c, mine, other, "")
	expect(t, c, mine, request, "mine")
}

func TestRequestIsCopied(t *testing.T) {
	c := New[string](newShelf(), 1<<20)
	raw := []byte("{one}")
	c.Keep(&upstream.Scope{}, Request{Raw: raw}, of("one"))
	copy(raw, "{two}")
	expect(t, c, &upstream.Scope{}, Request{Raw: raw}, "")
	expect(t, c, &upstream.Scope{}, Request{Raw: []byte("{one}")}, "one")
}

func TestServedWhileItsCopiesAre(t *testing.T) {
	request := Request{Raw: []byte("{}")}
	for name, change := range map[string]func(*shelf){
		"replaced": func(s *shelf) { s.set(2, 21) },
		"dropped":  func(s *shelf) { s.set(1, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			copies := newShelf()
			c := New[string](copies, 1<<20)
			c.Keep(&upstream.Scope{}, request, of("old"))
			expect(t, c, &upstream.Scope{NoCache: true}, request, "")
			expect(t, c, &upstream.Scope{}, request, "old")
			change(copies)
			expect(t, c, &upstream.Scope{}, request, "")
			if c.used != 0 || c.recent.Len() != 0 || len(c.entries) != 0 {
				t.Errorf("it still takes %d bytes", c.used)
			}
		})
	}
}

func TestFreshness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New[string](newShelf(), 1<<20)
		first, second := Request{Raw: []byte("1")}, Request{Raw: []byte("2")}
		c.Keep(&upstream.Scope{}, first, of("one"))
		time.Sleep(time.Minute - time.Nanosecond)
		expect(t, c, &upstream.Scope{}, first, "one")
		time.Sleep(time.Nanosecond)
		c.Keep(&upstream.Scope{}, second, of("two"))
		if len(c.entries) != 1 {
			t.Errorf("%d entries, want the expired one gone", len(c.entries))
		}
		expect(t, c, &upstream.Scope{}, first, "")
		time.Sleep(time.Minute)
		expect(t, c, &upstream.Scope{}, second, "")
		if c.used != 0 {
			t.Errorf("%d bytes are used", c.used)
		}
	})
}

func TestNotKept(t *testing.T) {
	for name, change := range map[string]func(*Answer[string]){
		"no copies":   func(a *Answer[string]) { a.Copies = nil },
		"not fresh":   func(a *Answer[string]) { a.FreshUntil = time.Now() },
		"never fresh": func(a *Answer[string]) { a.FreshUntil = time.Time{} },
		"too large":   func(a *Answer[string]) { a.Bytes = 1 << 20 },
	} {
		t.Run(name, func(t *testing.T) {
			c := New[string](newShelf(), 1<<20)
			answer := of("it")
			change(&answer)
			c.Keep(&upstream.Scope{}, Request{}, answer)
			expect(t, c, &upstream.Scope{}, Request{}, "")
		})
	}
}

func TestBound(t *testing.T) {
	const each = 1 << 10
	c := New[string](newShelf(), 100*each)
	used := Request{Raw: bytes.Repeat([]byte("u"), 100)}
	c.Keep(&upstream.Scope{}, used, of("used"))
	for i := range 1000 {
		answer := of("other")
		answer.Bytes = each
		c.Keep(&upstream.Scope{}, Request{Raw: fmt.Append(nil, i)}, answer)
		expect(t, c, &upstream.Scope{}, used, "used")
	}
	sum := 0
	for element := c.recent.Front(); element != nil; element = element.Next() {
		sum += element.Value.(*entry[string]).bytes
	}
	if c.used != sum || sum > c.budget || sum < c.budget/2 || len(c.entries) != c.recent.Len() {
		t.Errorf("%d entries of %d bytes, counted as %d, of %d", len(c.entries), sum, c.used, c.budget)
	}
	expect(t, c, &upstream.Scope{}, Request{Raw: []byte("0")}, "")
	expect(t, c, &upstream.Scope{}, Request{Raw: []byte("999")}, "other")
}

func TestConcurrentUse(t *testing.T) {
	copies := newShelf()
	c := New[string](copies, 8<<10)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			scope := &upstream.Scope{Tenant: upstream.Secret(fmt.Sprint(worker % 2))}
			for i := range 500 {
				request := Request{Raw: fmt.Append(nil, i%20)}
				if got, found := c.Find(scope, request); found && got != scope.Tenant.Reveal() {
					t.Errorf("found %q for %q", got, scope.Tenant.Reveal())
				}
				c.Keep(scope, request, of(scope.Tenant.Reveal()))
				copies.set(2, 20+uint64(i%50)/49)
			}
		})
	}
	group.Wait()
}
