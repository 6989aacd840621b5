package respcache

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
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

func of(body string) *StoredResponse {
	return &StoredResponse{
		Body: []byte(body), FreshUntil: time.Now().Add(time.Minute),
		Copies: []upstream.Copy{{Key: upstream.Key{ID: 1}, Version: 10}, {Key: upstream.Key{ID: 2}, Version: 20}},
	}
}

// operation makes a name for an operation.
func operation(text string) Digest { return sha256.Sum256([]byte(text)) }

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
func keep(c *Cache, s *scope.Scope, request Request, answer *StoredResponse) {
	c.Put(s, operation(fmt.Sprint(request)), request, answer)
}

func expect(t *testing.T, c *Cache, s *scope.Scope, request Request, want string) {
	t.Helper()
	expectEntry(t, c.Get(s, request), want)
}

func expectEntry(t *testing.T, e *StoredResponse, want string) {
	t.Helper()
	switch {
	case e == nil && want != "":
		t.Errorf("found nothing, want %q", want)
	case e != nil && string(e.Body) != want:
		t.Errorf("found %q, want %q", string(e.Body), want)
	}
}

// check compares what is counted with what is there, as far as aliases lead to it.
func check(t *testing.T, c *Cache) {
	t.Helper()
	sum, counted := 0, map[*StoredResponse]bool{}
	for hash, a := range c.aliases {
		e := a.response
		kept, found := c.responses.Get(e.key)
		if !found || kept != e || !e.kept || a.hash != hash || !slices.Contains(e.aliases, a) || len(e.aliases) > maxAliases {
			t.Errorf("%q has the alias %q, and %d in all", e.Body, a.raw, len(e.aliases))
		}
		if counted[e] {
			continue
		}
		counted[e] = true
		sum += e.size
		least := e.Bytes()
		for _, a := range e.aliases {
			least += aliasBytes + len(a.raw)
			if c.aliases[a.hash] != a {
				t.Errorf("the alias %q of %q is not known", a.raw, e.Body)
			}
		}
		if e.size < least {
			t.Errorf("%q is counted as %d bytes, and takes %d", e.Body, e.size, least)
		}
	}
	if used := c.responses.Size(); sum > used || used > c.size {
		t.Errorf("%d responses of %d bytes, counted as %d of %d", len(counted), sum, used, c.size)
	}
}

func TestWhatTellsRequestsApart(t *testing.T) {
	scopes := []*scope.Scope{scopeOf(""), scopeOf(" "), scopeOf("Bearer a"), scopeOf("bearer a"), scopeOf("Bearer a "), trusted("Bearer a")}
	requests := []Request{{Raw: []byte("{}")}, {Raw: []byte("{} ")}, {Raw: []byte("{}"), Get: true}, {Raw: []byte("{")}}
	c := New(newShelf(), 1<<20)
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
	c := New(newShelf(), 1<<20)
	mine, theirs := scopeOf("mine"), scopeOf("theirs")
	request, other := Request{Raw: []byte("{}")}, Request{Raw: []byte("{other}")}
	keep(c, mine, request, of("mine"))
	known := c.aliases[c.hash(aliasKey{c.callerOf(mine), false}, request.Raw)]
	c.aliases[c.hash(aliasKey{c.callerOf(theirs), false}, request.Raw)] = known
	c.aliases[c.hash(aliasKey{c.callerOf(mine), false}, other.Raw)] = known
	expect(t, c, theirs, request, "")
	expect(t, c, mine, other, "")
	expect(t, c, mine, request, "mine")
}

func TestRequestIsCopied(t *testing.T) {
	c := New(newShelf(), 1<<20)
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
			c := New(copies, 1<<20)
			keep(c, scopeOf(""), request, of("old"))
			expect(t, c, &scope.Scope{Caller: &upstream.Caller{}, Freshness: upstream.Freshness{NoCache: true}}, request, "")
			expect(t, c, scopeOf(""), request, "old")
			change(copies)
			expect(t, c, scopeOf(""), request, "")
			expectEntry(t, c.GetOperation(scopeOf(""), operation(fmt.Sprint(request)), request), "")
			if used := c.responses.Size(); used != 0 || len(c.aliases) != 0 {
				t.Errorf("it still takes %d bytes", used)
			}
		})
	}
}

func TestFreshness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(newShelf(), 1<<20)
		first, second := Request{Raw: []byte("1")}, Request{Raw: []byte("2")}
		keep(c, scopeOf(""), first, of("one"))
		time.Sleep(time.Minute - time.Nanosecond)
		expect(t, c, scopeOf(""), first, "one")
		time.Sleep(time.Nanosecond)
		keep(c, scopeOf(""), second, of("two"))
		expect(t, c, scopeOf(""), first, "")
		expectEntry(t, c.GetOperation(scopeOf(""), operation(fmt.Sprint(first)), first), "")
		time.Sleep(time.Minute)
		expect(t, c, scopeOf(""), second, "")
		expectEntry(t, c.GetOperation(scopeOf(""), operation(fmt.Sprint(second)), second), "")
		if used := c.responses.Size(); used != 0 {
			t.Errorf("%d bytes are used", used)
		}
	})
}

func TestNotKept(t *testing.T) {
	for name, change := range map[string]func(*StoredResponse){
		"no copies":   func(a *StoredResponse) { a.Copies = nil },
		"not fresh":   func(a *StoredResponse) { a.FreshUntil = time.Now() },
		"never fresh": func(a *StoredResponse) { a.FreshUntil = time.Time{} },
		"too large":   func(a *StoredResponse) { a.Body = make([]byte, 1<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			c := New(newShelf(), 1<<20)
			answer := of("it")
			change(answer)
			keep(c, scopeOf(""), Request{}, answer)
			expect(t, c, scopeOf(""), Request{}, "")
		})
	}
}

func TestBound(t *testing.T) {
	const each = 1 << 10
	c := New(newShelf(), 100*each)
	used := Request{Raw: bytes.Repeat([]byte("u"), 100)}
	keep(c, scopeOf(""), used, of("used"))
	for i := range 1000 {
		answer := of(strings.Repeat("o", each))
		keep(c, scopeOf(""), Request{Raw: fmt.Append(nil, i)}, answer)
		expect(t, c, scopeOf(""), used, "used")
	}
	check(t, c)
	if used := c.responses.Size(); used < c.size/2 {
		t.Errorf("%d of %d bytes are used", used, c.size)
	}
	expect(t, c, scopeOf(""), Request{Raw: []byte("0")}, "")
	expect(t, c, scopeOf(""), Request{Raw: []byte("999")}, strings.Repeat("o", each))
}

func TestConcurrentUse(t *testing.T) {
	copies := newShelf()
	c := New(copies, 8<<10)
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
				if found != nil && string(found.Body) != s.Caller.Tenant.Reveal() {
					t.Errorf("found %q for %q", string(found.Body), s.Caller.Tenant.Reveal())
				}
				e := of(s.Caller.Tenant.Reveal())
				c.Put(s, operation(fmt.Sprint(i%10)), request, e)
				c.grow(e, 100)
				copies.set(2, 20+upstream.Version(i%50)/49)
			}
		})
	}
	group.Wait()
	check(t, c)
}

func raw(text string) Request { return Request{Raw: []byte(text)} }

func TestAliases(t *testing.T) {
	c := New(newShelf(), 1<<20)
	s, o := scopeOf("a"), operation("one")
	expectEntry(t, c.GetOperation(s, o, raw("1")), "")
	c.Put(s, o, raw("1"), of("one"))
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

func TestEmptyBytesAreNoAlias(t *testing.T) {
	c := New(newShelf(), 1<<20)
	s, o := scopeOf(""), operation("one")
	c.Put(s, o, Request{}, of("one"))
	expectEntry(t, c.GetOperation(s, o, Request{}), "one")
	expect(t, c, s, Request{}, "")
	check(t, c)
}

func TestAliasesAreBounded(t *testing.T) {
	c := New(newShelf(), 8<<10)
	s, o := scopeOf(""), operation("one")
	c.Put(s, o, raw("first"), of("one"))
	used := c.responses.Size()
	for i := range 3 * maxAliases {
		expectEntry(t, c.GetOperation(s, o, raw(fmt.Sprint(i))), "one")
		expect(t, c, s, raw(fmt.Sprint(i)), "one")
		check(t, c)
	}
	expect(t, c, s, raw("first"), "")
	if added := c.responses.Size() - used; added <= 0 || len(c.aliases) != maxAliases {
		t.Errorf("%d aliases of %d bytes", len(c.aliases), added)
	}
	expectEntry(t, c.GetOperation(s, o, Request{Raw: make([]byte, 8<<10)}), "one")
	expectEntry(t, c.GetOperation(s, o, Request{}), "one")
	check(t, c)
}

// An alias may pass from one response to another: a document may be known by its hash, and then another
// operation is.
func TestAliasPassesOn(t *testing.T) {
	c := New(newShelf(), 1<<20)
	s := scopeOf("")
	c.Put(s, operation("one"), raw("1"), of("one"))
	c.Put(s, operation("two"), raw("1"), of("two"))
	expect(t, c, s, raw("1"), "two")
	expectEntry(t, c.GetOperation(s, operation("one"), Request{}), "one")
	check(t, c)
	c.Put(s, operation("two"), raw("2"), of("newer"))
	expect(t, c, s, raw("1"), "")
	expect(t, c, s, raw("2"), "newer")
	check(t, c)
}

// What is compressed is kept so as long as there is room, and makes room for itself.
func TestCompressedOnce(t *testing.T) {
	c := New(newShelf(), 8<<10)
	s := scopeOf("")
	random := make([]byte, 4<<10)
	for i := range random {
		random[i] = byte(rand.Uint32()) // so that gzip takes no less
	}
	body := random[:2<<10]
	first, other, wide := of(string(body)), of("other"), of(string(random))
	compressed := func(e *StoredResponse) bool {
		encoded := e.Encoded(true)
		reader, err := gzip.NewReader(bytes.NewReader(encoded.Bytes))
		if err != nil {
			t.Fatal(err)
		}
		if inflated, err := io.ReadAll(reader); err != nil || !bytes.Equal(inflated, e.Body) || encoded.Length[0] != strconv.Itoa(len(encoded.Bytes)) {
			t.Fatalf("%v, %d of %d bytes", err, len(inflated), len(e.Body))
		}
		if plain := e.Encoded(false); plain != e.Encoded(false) || !bytes.Equal(plain.Bytes, e.Body) {
			t.Fatalf("%d of %d bytes", len(plain.Bytes), len(e.Body))
		}
		return encoded == e.Encoded(true)
	}
	if !compressed(of("of no cache")) {
		t.Error("one that nobody counts was compressed again")
	}
	c.Put(s, operation("first"), raw("1"), first)
	c.Put(s, operation("other"), raw("2"), other)
	expect(t, c, s, raw("1"), string(body))
	used := c.responses.Size()
	if !compressed(first) || c.responses.Size() != used+len(first.Encoded(true).Bytes) {
		t.Errorf("%d bytes after %d", c.responses.Size(), used)
	}
	check(t, c)
	expect(t, c, s, raw("2"), "other")
	c.Put(s, operation("wide"), raw("3"), wide)
	expect(t, c, s, raw("1"), "")
	expect(t, c, s, raw("2"), "other")
	if compressed(wide) {
		t.Error("a response outgrew the cache")
	}
	if c.Put(s, operation("again"), raw("4"), of(string(body))); compressed(first) != true {
		t.Error("what was compressed in time is compressed again")
	}
	gone := of("gone")
	c.Put(s, operation("gone"), raw("5"), gone)
	c.Put(s, operation("gone"), raw("5"), of("newer"))
	if compressed(gone) {
		t.Error("a response grew that is gone")
	}
	check(t, c)
}

func TestHeadersOfAResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := of(`{"data":1}`)
		e.Data = []byte("1")
		for left := 60; left > -2; left-- {
			want := fmt.Sprintf("private, max-age=%d", max(0, left))
			if got := e.CacheControl(time.Now()); len(got) != 1 || got[0] != want {
				t.Errorf("%q, want %q", got, want)
			}
			time.Sleep(time.Second)
		}
		other := of("other")
		other.Data = []byte("2")
		if tag := e.EntityTag(); len(tag) != 1 || tag[0] != e.EntityTag()[0] || tag[0] == other.EntityTag()[0] || tag[0][:3] != `W/"` {
			t.Errorf("tag %s", tag)
		}
	})
}

// Where there is no cache nothing is found.
func TestNoCache(t *testing.T) {
	var c *Cache
	c.Put(scopeOf(""), operation("one"), raw("1"), of("one"))
	expect(t, c, scopeOf(""), raw("1"), "")
	expectEntry(t, c.GetOperation(scopeOf(""), operation("one"), raw("1")), "")
}
