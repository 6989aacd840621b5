package respcache

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"ordergraph/graph/internal/scope"
	"ordergraph/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf holds copies for every caller alike. It names callers by the beginning of their token.
type shelf struct {
	mu       sync.Mutex
	versions map[upstream.Key]upstream.Version
}

func (s *shelf) Serves(_ *upstream.Caller, _ upstream.Freshness, copies []upstream.Copy) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, copied := range copies {
		if s.versions[copied.Key] != copied.Version {
			return false
		}
	}
	return true
}

func (s *shelf) Tenant(caller *upstream.Caller) (named upstream.TenantHash) {
	copy(named[1:], caller.Tenant.Reveal())
	named[0] = byte(len(caller.Tenant))
	return named
}

func (s *shelf) set(id upstream.OrderID, version upstream.Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[upstream.Key{ID: id}] = version
}

func newShelf() *shelf {
	return &shelf{versions: map[upstream.Key]upstream.Version{{ID: 1}: 10, {ID: 2}: 20}}
}

func of(value string) Answer[string] {
	return Answer[string]{
		Value: value, Bytes: len(value), FreshUntil: time.Now().Add(time.Minute),
		Copies: []upstream.Copy{{Key: upstream.Key{ID: 1}, Version: 10}, {Key: upstream.Key{ID: 2}, Version: 20}},
	}
}

// operation makes a name for an operation.
func operation(text string) Operation { return sha256.Sum256([]byte(text)) }

// scopeOf returns the scope of a request of a tenant.
func scopeOf(tenant upstream.Secret) *scope.Scope {
	return &scope.Scope{Caller: &upstream.Caller{Tenant: tenant}}
}

// trusted returns the scope of a request of a router that is trusted.
func trusted(tenant upstream.Secret) *scope.Scope {
	s := scopeOf(tenant)
	s.RouterTrusted = true
	return s
}

// keep keeps an answer to an operation that is written as its request.
func keep(c *Cache[string], s *scope.Scope, request Request, answer Answer[string]) {
	c.Put(s, operation(fmt.Sprint(request)), request, NewEntry(answer))
}

func expect(t *testing.T, c *Cache[string], s *scope.Scope, request Request, want string) {
	t.Helper()
	expectEntry(t, c.Get(s, request), want)
}

func expectEntry(t *testing.T, e *Entry[string], want string) {
	t.Helper()
	switch {
	case e == nil && want != "":
		t.Errorf("found nothing, want %q", want)
	case e != nil && e.Value() != want:
		t.Errorf("found %q, want %q", e.Value(), want)
	}
}

// check compares what is counted with what is there.
func check(t *testing.T, c *Cache[string]) {
	t.Helper()
	sum, names := 0, 0
	for element := c.recent.Front(); element != nil; element = element.Next() {
		e := element.Value.(*Entry[string])
		if c.entries[e.key] != e || len(e.names) > maxNames {
			t.Errorf("%q can't be found, or has %d names", e.Value(), len(e.names))
		}
		sum += e.bytes
		for _, n := range e.names {
			names++
			if c.names[n.hash] != n || n.entry != e {
				t.Errorf("the name %q of %q is not known", n.raw, e.Value())
			}
		}
	}
	if c.used != sum || sum > c.budget || len(c.entries) != c.recent.Len() || len(c.names) != names {
		t.Errorf("%d entries of %d bytes with %d names, counted as %d, %d and %d, of %d",
			c.recent.Len(), sum, names, len(c.entries), c.used, len(c.names), c.budget)
	}
}

func TestWhatTellsRequestsApart(t *testing.T) {
	scopes := []*scope.Scope{scopeOf(""), scopeOf(" "), scopeOf("Bearer a"), scopeOf("bearer a"), scopeOf("Bearer a "), trusted("Bearer a")}
	requests := []Request{{Raw: []byte("{}")}, {Raw: []byte("{} ")}, {Raw: []byte("{}"), Get: true}, {Raw: []byte("{")}}
	c := New[string](newShelf(), 1<<20)
	name := func(i, j int) string { return fmt.Sprint(i, "/", j) }
	for i, s := range scopes {
		for j, request := range requests {
			expect(t, c, s, request, "")
			keep(c, s, request, of(name(i, j)))
		}
	}
	for i, s := range scopes {
		for j, request := range requests {
			expect(t, c, s, request, name(i, j))
		}
	}
}

func TestEqualHashes(t *testing.T) {
	c := New[string](newShelf(), 1<<20)
	mine, theirs := scopeOf("mine"), scopeOf("theirs")
	request, other := Request{Raw: []byte("{}")}, Request{Raw: []byte("{other}")}
	keep(c, mine, request, of("mine"))
	known := c.names[c.hash(c.nameOf(mine, request), request.Raw)]
	c.names[c.hash(c.nameOf(theirs, request), request.Raw)] = known
	c.names[c.hash(c.nameOf(mine, other), other.Raw)] = known
	expect(t, c, theirs, request, "")
	expect(t, c, mine, other, "")
	expect(t, c, mine, request, "mine")
}

func TestRequestIsCopied(t *testing.T) {
	c := New[string](newShelf(), 1<<20)
	raw := []byte("{one}")
	keep(c, scopeOf(""), Request{Raw: raw}, of("one"))
	copy(raw, "{two}")
	expect(t, c, scopeOf(""), Request{Raw: raw}, "")
	expect(t, c, scopeOf(""), Request{Raw: []byte("{one}")}, "one")
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
			keep(c, scopeOf(""), request, of("old"))
			expect(t, c, &scope.Scope{Caller: &upstream.Caller{}, Freshness: upstream.Freshness{NoCache: true}}, request, "")
			expect(t, c, scopeOf(""), request, "old")
			change(copies)
			expect(t, c, scopeOf(""), request, "")
			if c.used != 0 || c.recent.Len() != 0 || len(c.entries) != 0 || len(c.names) != 0 {
				t.Errorf("it still takes %d bytes", c.used)
			}
		})
	}
}

func TestFreshness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New[string](newShelf(), 1<<20)
		first, second := Request{Raw: []byte("1")}, Request{Raw: []byte("2")}
		keep(c, scopeOf(""), first, of("one"))
		time.Sleep(time.Minute - time.Nanosecond)
		expect(t, c, scopeOf(""), first, "one")
		time.Sleep(time.Nanosecond)
		keep(c, scopeOf(""), second, of("two"))
		if len(c.entries) != 1 {
			t.Errorf("%d entries, want the expired one gone", len(c.entries))
		}
		expect(t, c, scopeOf(""), first, "")
		time.Sleep(time.Minute)
		expect(t, c, scopeOf(""), second, "")
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
			keep(c, scopeOf(""), Request{}, answer)
			expect(t, c, scopeOf(""), Request{}, "")
		})
	}
}

func TestBound(t *testing.T) {
	const each = 1 << 10
	c := New[string](newShelf(), 100*each)
	used := Request{Raw: bytes.Repeat([]byte("u"), 100)}
	keep(c, scopeOf(""), used, of("used"))
	for i := range 1000 {
		answer := of("other")
		answer.Bytes = each
		keep(c, scopeOf(""), Request{Raw: fmt.Append(nil, i)}, answer)
		expect(t, c, scopeOf(""), used, "used")
	}
	check(t, c)
	if c.used < c.budget/2 {
		t.Errorf("%d of %d bytes are used", c.used, c.budget)
	}
	expect(t, c, scopeOf(""), Request{Raw: []byte("0")}, "")
	expect(t, c, scopeOf(""), Request{Raw: []byte("999")}, "other")
}

func TestConcurrentUse(t *testing.T) {
	copies := newShelf()
	c := New[string](copies, 8<<10)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			s := scopeOf(upstream.Secret(fmt.Sprint(worker % 2)))
			for i := range 500 {
				request := Request{Raw: fmt.Append(nil, i%20)}
				found := c.Get(s, request)
				if found == nil {
					found = c.GetOperation(s, operation(fmt.Sprint(i%10)), request)
				}
				if found != nil && found.Value() != s.Caller.Tenant.Reveal() {
					t.Errorf("found %q for %q", found.Value(), s.Caller.Tenant.Reveal())
				}
				e := NewEntry(of(s.Caller.Tenant.Reveal()))
				c.Put(s, operation(fmt.Sprint(i%10)), request, e)
				c.Grow(e, 100)
				copies.set(2, 20+upstream.Version(i%50)/49)
			}
		})
	}
	group.Wait()
	check(t, c)
}

func raw(text string) Request { return Request{Raw: []byte(text)} }

func TestNames(t *testing.T) {
	c := New[string](newShelf(), 1<<20)
	s, o := scopeOf("a"), operation("one")
	expectEntry(t, c.GetOperation(s, o, raw("1")), "")
	c.Put(s, o, raw("1"), NewEntry(of("one")))
	expect(t, c, s, raw("1 "), "")
	expectEntry(t, c.GetOperation(s, o, raw("1 ")), "one")
	expect(t, c, s, raw("1 "), "one")
	expect(t, c, s, raw("1"), "one")
	expectEntry(t, c.GetOperation(s, o, Request{Raw: []byte("1"), Get: true}), "one")
	expect(t, c, s, Request{Raw: []byte("1"), Get: true}, "one")
	noCopies := scopeOf("a")
	noCopies.Freshness.NoCache = true
	for name, other := range map[string]*scope.Scope{
		"another caller": scopeOf("b"), "a trusted router": trusted("a"), "no copies": noCopies,
	} {
		t.Run(name, func(t *testing.T) {
			expectEntry(t, c.GetOperation(other, o, raw("2")), "")
			expect(t, c, other, raw("1"), "")
		})
	}
	expect(t, c, s, raw("2"), "")
	check(t, c)
}

func TestEmptyBytesNameNothing(t *testing.T) {
	c := New[string](newShelf(), 1<<20)
	s, o := scopeOf(""), operation("one")
	c.Put(s, o, Request{}, NewEntry(of("one")))
	expectEntry(t, c.GetOperation(s, o, Request{}), "one")
	expect(t, c, s, Request{}, "")
	check(t, c)
}

func TestNamesAreBounded(t *testing.T) {
	c := New[string](newShelf(), 8<<10)
	s, o := scopeOf(""), operation("one")
	c.Put(s, o, raw("first"), NewEntry(of("one")))
	used := c.used
	for i := range 3 * maxNames {
		expectEntry(t, c.GetOperation(s, o, raw(fmt.Sprint(i))), "one")
		expect(t, c, s, raw(fmt.Sprint(i)), "one")
		check(t, c)
	}
	expect(t, c, s, raw("first"), "")
	if c.used <= used || len(c.names) != maxNames {
		t.Errorf("%d names of %d bytes", len(c.names), c.used-used)
	}
	expectEntry(t, c.GetOperation(s, o, Request{Raw: make([]byte, 8<<10)}), "one")
	expectEntry(t, c.GetOperation(s, o, Request{}), "one")
	check(t, c)
}

// A name may pass from one entry to another: a document may be known by its hash, and then another
// operation is.
func TestNamePassesOn(t *testing.T) {
	c := New[string](newShelf(), 1<<20)
	s := scopeOf("")
	c.Put(s, operation("one"), raw("1"), NewEntry(of("one")))
	c.Put(s, operation("two"), raw("1"), NewEntry(of("two")))
	expect(t, c, s, raw("1"), "two")
	expectEntry(t, c.GetOperation(s, operation("one"), Request{}), "one")
	check(t, c)
	c.Put(s, operation("two"), raw("2"), NewEntry(of("newer")))
	expect(t, c, s, raw("1"), "")
	expect(t, c, s, raw("2"), "newer")
	check(t, c)
}

func TestGrow(t *testing.T) {
	c := New[string](newShelf(), 4<<10)
	s := scopeOf("")
	first, second := NewEntry(of("one")), NewEntry(of("two"))
	if c.Grow(first, 1) {
		t.Error("an entry grew that is not kept")
	}
	c.Put(s, operation("one"), raw("1"), first)
	c.Put(s, operation("two"), raw("2"), second)
	used := c.used
	if !c.Grow(first, 100) || c.used != used+100 {
		t.Errorf("%d bytes, want %d", c.used, used+100)
	}
	check(t, c)
	if c.Grow(first, 4<<10) || c.used != used+100 {
		t.Error("an entry outgrew the cache")
	}
	if !c.Grow(first, 3<<10) {
		t.Error("an entry makes no room for itself")
	}
	check(t, c)
	expect(t, c, s, raw("1"), "one")
	expect(t, c, s, raw("2"), "")
	if c.Grow(second, 1) {
		t.Error("an entry grew that is gone")
	}
}
