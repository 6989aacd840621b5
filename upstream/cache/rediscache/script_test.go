package rediscache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ordergraph/upstream/cache/shared"
)

func TestOneInstanceLeadsAndTheOthersFollow(t *testing.T) {
	_, url := newServer(t)
	for name, url := range map[string]string{"single server": url, "cluster": url + "?cluster"} {
		t.Run(name, func(t *testing.T) { testLeading(t, newInstance(t, url), newInstance(t, url)) })
	}
}

func testLeading(t *testing.T, a, b *instance) {
	order := a.Name("order", []byte(t.Name()))
	if order != b.Name("order", []byte(t.Name())) {
		t.Fatal("two instances name an order differently")
	}

	version := a.lead(t, order, "needs of a")
	watch := b.Watch(order)
	defer watch.Stop()
	shown := b.acquire(t, order, shared.Seen{}, "needs of b")
	if shown.Version != 0 || shown.Copy.Version != 0 || shown.Lease.Version != version || string(shown.Lease.Needs) != "needs of a" {
		t.Fatalf("b was shown %+v", shown)
	}
	a.Complete(order, version, []byte("the order"), time.Hour, nil)
	if failure := watch.Wait(context.Background(), version); failure != nil {
		t.Fatalf("b was told %q", failure)
	}
	copied := b.acquire(t, order, shared.Seen{Lease: version}, "needs of b")
	if copied.Version != 0 || copied.Copy.Version != version || string(copied.Copy.Value) != "the order" || copied.Lease.Version != 0 {
		t.Fatalf("b was shown %+v", copied)
	}
	for _, i := range []*instance{a, b} {
		eventually(t, func() bool { completed, _ := i.heard(); return len(completed) == 1 && completed[0] == version })
	}
}

func TestAcquireShowsWhatWasNotSeen(t *testing.T) {
	_, url := newServer(t)
	a := newInstance(t, url)
	order := a.Name("order", []byte("1"))
	first := a.lead(t, order, "first")
	a.Complete(order, first, []byte("copy"), time.Hour, nil)
	second := a.acquire(t, order, shared.Seen{Copy: first}, "second").Version
	if second <= first {
		t.Fatalf("%d was granted after %d", second, first)
	}
	for _, test := range []struct {
		seen        shared.Seen
		copy, lease shared.Version
		granted     bool
	}{
		{shared.Seen{}, first, second, false},
		{shared.Seen{Copy: first}, 0, second, false},
		{shared.Seen{Lease: second}, first, 0, false},
		{shared.Seen{Lease: second - 1, Copy: first}, 0, second, false},
		{shared.Seen{Lease: second, Copy: first}, 0, 0, true},
	} {
		shown := a.acquire(t, order, test.seen, "third")
		if shown.Copy.Version != test.copy || shown.Lease.Version != test.lease || shown.Version > 0 != test.granted {
			t.Errorf("seen %+v: was shown %+v", test.seen, shown)
		}
		if test.granted && shown.Version <= second {
			t.Errorf("%d was granted after %d", shown.Version, second)
		}
	}
}

func TestAVersionExceedsWhatIsKnown(t *testing.T) {
	_, url := newServer(t)
	a := newInstance(t, url)
	soon := shared.Version(time.Now().Add(time.Minute).UnixMicro())
	for _, seen := range []shared.Seen{{Copy: soon}, {Lease: soon}} {
		order := a.Name("order", fmt.Append(nil, seen))
		for want := soon + 1; want < soon+4; want++ {
			shown := a.acquire(t, order, seen, "")
			if shown.Version != want {
				t.Errorf("seen %+v: was granted %d, want %d", seen, shown.Version, want)
			}
			seen.Lease = shown.Version
		}
	}
}

func TestALaterCopyStays(t *testing.T) {
	_, url := newServer(t)
	a := newInstance(t, url)
	order := a.Name("order", []byte("1"))
	older := a.lead(t, order, "older")
	later := a.acquire(t, order, shared.Seen{Lease: older}, "later").Version
	watch := a.Watch(order)
	defer watch.Stop()
	a.Complete(order, later, []byte("later"), time.Hour, nil)
	a.Complete(order, older, []byte("older"), time.Hour, nil)
	if got := a.acquire(t, order, shared.Seen{}, ""); string(got.Copy.Value) != "later" {
		t.Errorf("was shown %+v", got)
	}
	// A later answer is good for those who wait for an earlier call, too.
	if failure := watch.Wait(context.Background(), older); failure != nil {
		t.Errorf("was told %q", failure)
	}
}

// TestTheEndOfACallIsNoFailure wants the cache to stay up, however many calls end.
func TestTheEndOfACallIsNoFailure(t *testing.T) {
	_, url := newServer(t)
	a := newInstance(t, url)
	for i := range 10 {
		order := a.Name("order", []byte{byte(i)})
		a.Complete(order, a.lead(t, order, ""), []byte("a copy"), time.Hour, nil)
		a.Fail(order, a.acquire(t, order, shared.Seen{Copy: 1 << 60}, "").Version, nil)
	}
	if epoch, up := a.State(); !up || epoch != 1 {
		t.Errorf("epoch %d, up: %v", epoch, up)
	}
}

func TestAnOlderCallDoesNotEndALaterLease(t *testing.T) {
	_, url := newServer(t)
	a := newInstance(t, url)
	order := a.Name("order", []byte("1"))
	older := a.lead(t, order, "older")
	later := a.acquire(t, order, shared.Seen{Lease: older}, "later").Version
	a.Fail(order, older, []byte("failure"))
	if got := a.acquire(t, order, shared.Seen{}, ""); got.Lease.Version != later || string(got.Lease.Needs) != "later" {
		t.Errorf("was shown %+v", got)
	}
	a.Complete(order, older, []byte("older"), time.Hour, nil)
	if got := a.acquire(t, order, shared.Seen{}, ""); got.Lease.Version != later || got.Copy.Version != older {
		t.Errorf("was shown %+v", got)
	}
}

func TestAnAnswerWithoutAValueRemovesTheCopyBefore(t *testing.T) {
	_, url := newServer(t)
	a := newInstance(t, url)
	large := make([]byte, 300<<10)
	for _, test := range []struct {
		name    string
		value   []byte
		keep    time.Duration
		failure []byte
	}{
		{"no order", nil, time.Hour, []byte("there is none")},
		{"not to be stored", nil, time.Hour, nil},
		{"not to be remembered", nil, 0, nil},
		{"too large", large, time.Hour, nil},
		{"out of date already", []byte("copy"), 0, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			order := a.Name("order", []byte(test.name))
			first := a.lead(t, order, "")
			a.Complete(order, first, []byte("copy"), time.Hour, nil)
			second := a.acquire(t, order, shared.Seen{Copy: first}, "").Version
			watch := a.Watch(order)
			defer watch.Stop()
			a.Complete(order, second, test.value, test.keep, test.failure)
			if failure := watch.Wait(context.Background(), second); string(failure) != string(test.failure) {
				t.Errorf("who waited was told %q", failure)
			}
			if newest, err := a.Confirm(context.Background(), order, first); newest != (test.keep == 0) || err != nil {
				t.Errorf("the copy before is the newest: %v, %v", newest, err)
			}
			got := a.acquire(t, order, shared.Seen{}, "")
			if got.Copy.Value != nil || test.keep > 0 && got.Copy.Version != second || test.keep == 0 && got.Copy.Version != 0 {
				t.Errorf("was shown %+v", got)
			}
			if test.failure != nil && (got.Lease.Version != second || string(got.Lease.Failure) != string(test.failure)) {
				t.Errorf("who missed it was shown %+v", got.Lease)
			}
			if got.Version == 0 {
				got = a.acquire(t, order, shared.Seen{Copy: second, Lease: got.Lease.Version}, "")
			}
			if got.Version <= second {
				t.Errorf("nobody leads: was shown %+v", got)
			}
			eventually(t, func() bool {
				completed, _ := a.heard()
				return len(completed) > 0 && completed[len(completed)-1] == second
			})
			if _, failed := a.heard(); len(failed) > 0 {
				t.Errorf("was told of failures %q", failed)
			}
		})
	}
}

func TestAFailureIsToldToAll(t *testing.T) {
	_, url := newServer(t)
	a, b := newInstance(t, url), newInstance(t, url)
	order := a.Name("order", []byte("1"))
	version := a.lead(t, order, "")
	watch := b.Watch(order)
	defer watch.Stop()
	a.Fail(order, version, []byte("refused"))
	if failure := watch.Wait(context.Background(), version); string(failure) != "refused" {
		t.Errorf("b was told %q", failure)
	}
	eventually(t, func() bool { _, failed := b.heard(); return len(failed) == 1 && failed[0] == "refused" })
	// Who missed that finds it for a moment. It is no lease: who has seen it leads.
	shown := b.acquire(t, order, shared.Seen{}, "")
	if shown.Lease.Version != version || string(shown.Lease.Failure) != "refused" || shown.Lease.Needs != nil {
		t.Errorf("b was shown %+v", shown)
	}
	if shown = b.acquire(t, order, shared.Seen{Lease: version}, ""); shown.Version <= version {
		t.Errorf("b was shown %+v", shown)
	}
}

func TestAFailureThatIsNobodyElsesEndsTheLease(t *testing.T) {
	_, url := newServer(t)
	a := newInstance(t, url)
	order := a.Name("order", []byte("1"))
	version := a.lead(t, order, "")
	a.Fail(order, version, nil)
	if shown := a.acquire(t, order, shared.Seen{}, ""); shown.Version <= version {
		t.Errorf("was shown %+v", shown)
	}
	if _, failed := a.heard(); len(failed) > 0 {
		t.Errorf("was told %q", failed)
	}
}

func TestConfirm(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	order := a.Name("order", []byte("1"))
	confirm := func(version shared.Version, want bool) {
		t.Helper()
		if newest, err := a.Confirm(context.Background(), order, version); newest != want || err != nil {
			t.Errorf("%v, %v", newest, err)
		}
	}
	confirm(5, true) // there is none
	version := a.lead(t, order, "")
	confirm(5, true) // a call under way has brought nothing yet
	a.Complete(order, version, []byte("copy"), time.Hour, nil)
	confirm(version, true)
	confirm(version+1, true)
	confirm(version-1, false)
	for _, stored := range server.Keys() {
		server.Del(stored)
		_, _ = server.Push(stored, "not a text")
	}
	confirm(version, false)
	if _, up := a.State(); !up {
		t.Error("what others wrote let the cache be away")
	}
}

func TestWhatCannotBeReadIsNoCopyAndIsReplaced(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	stored := a.CopyKey
	other := a.Name("order", []byte("other"))
	a.Complete(other, a.lead(t, other, ""), []byte("another order"), time.Hour, nil)
	otherRecord, _ := server.Get(stored(other))

	for name, spoil := range map[string]func(key, record string){
		"empty":           func(key, _ string) { _ = server.Set(key, "") },
		"garbage":         func(key, _ string) { _ = server.Set(key, "garbage") },
		"a long garbage":  func(key, _ string) { _ = server.Set(key, strings.Repeat("garbage", 100)) },
		"no seal":         func(key, record string) { _ = server.Set(key, record[:16]) },
		"cut":             func(key, record string) { _ = server.Set(key, record[:len(record)-1]) },
		"a flipped bit":   func(key, record string) { _ = server.Set(key, record[:30]+string(record[30]^1)+record[31:]) },
		"a later version": func(key, record string) { _ = server.Set(key, increment(record[:16])+record[16:]) },
		"a version of the far future": func(key, record string) {
			_ = server.Set(key, "9999999999999999"+record[16:])
		},
		"a version that is no number": func(key, record string) { _ = server.Set(key, "             inf"+record[16:]) },
		"another order's":             func(key, _ string) { _ = server.Set(key, otherRecord) },
		"a list": func(key, _ string) {
			server.Del(key)
			_, _ = server.Push(key, "not a text")
		},
	} {
		t.Run(name, func(t *testing.T) {
			order := a.Name("order", []byte(name))
			first := a.lead(t, order, "")
			a.Complete(order, first, []byte("copy"), time.Hour, nil)
			record, err := server.Get(stored(order))
			if err != nil {
				t.Fatal(err)
			}
			spoil(stored(order), record)

			var seen shared.Seen
			shown := a.acquire(t, order, seen, "")
			if shown.Copy.Value != nil {
				t.Fatalf("read %q", shown.Copy.Value)
			}
			if shown.Version == 0 {
				seen.Copy = shown.Copy.Version
				shown = a.acquire(t, order, seen, "")
			}
			if shown.Version == 0 {
				t.Fatalf("nobody leads: was shown %+v", shown)
			}
			a.Complete(order, shown.Version, []byte("replaced"), time.Hour, nil)
			if shown = a.acquire(t, order, shared.Seen{}, ""); string(shown.Copy.Value) != "replaced" {
				t.Errorf("was shown %+v", shown)
			}
			if _, up := a.State(); !up {
				t.Error("what others wrote let the cache be away")
			}
		})
	}
}

// increment returns digits with the last one raised.
func increment(digits string) string {
	return digits[:len(digits)-1] + string(digits[len(digits)-1]%10+'0'+1)
}

func TestALeaseThatCannotBeReadIsTakenOver(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	for name, spoil := range map[string]func(key, record string){
		"empty":    func(key, _ string) { _ = server.Set(key, "") },
		"garbage":  func(key, _ string) { _ = server.Set(key, "garbage") },
		"no kind":  func(key, record string) { _ = server.Set(key, record[:16]) },
		"a kind":   func(key, record string) { _ = server.Set(key, record[:16]+"X"+record[17:]) },
		"bad seal": func(key, record string) { _ = server.Set(key, record[:len(record)-1]) },
		"a list": func(key, _ string) {
			server.Del(key)
			_, _ = server.Push(key, "not a text")
		},
	} {
		t.Run(name, func(t *testing.T) {
			order := a.Name("order", []byte(name))
			a.lead(t, order, "needs")
			key := a.LeaseKey(order)
			record, err := server.Get(key)
			if err != nil {
				t.Fatal(err)
			}
			spoil(key, record)
			shown := a.acquire(t, order, shared.Seen{}, "")
			if shown.Lease.Needs != nil || shown.Lease.Failure != nil {
				t.Fatalf("read %+v", shown.Lease)
			}
			if shown.Version == 0 && a.acquire(t, order, shared.Seen{Lease: shown.Lease.Version}, "").Version == 0 {
				t.Error("nobody leads")
			}
		})
	}
}

func TestEventsThatCannotBeReadAreIgnored(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	order := a.Name("order", []byte("1"))
	version := a.lead(t, order, "")
	forged := "F" + string(order[:]) + fmt.Sprintf("%016d", version) + "not sealed"
	for _, message := range []string{"", "C", "X" + string(order[:]) + "0000000000000001", "C" + string(order[:]) + "no version 12345", forged} {
		server.Publish("og1:e", message)
	}
	a.Complete(order, version, nil, 0, nil)
	eventually(t, func() bool { completed, _ := a.heard(); return len(completed) > 0 })
	if completed, failed := a.heard(); len(completed) != 1 || completed[0] != version || len(failed) != 0 {
		t.Errorf("was told %v, %q", completed, failed)
	}
}

func TestALeaseIsRenewedUntilItsCallEnds(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	order := a.Name("order", []byte("1"))
	version := a.lead(t, order, "")
	key := a.LeaseKey(order)
	for range 3 {
		server.FastForward(900 * time.Millisecond)
		eventually(t, func() bool { return server.TTL(key) > 500*time.Millisecond })
	}
	a.Complete(order, version, []byte("copy"), time.Hour, nil)
	if server.Exists(key) {
		t.Error("the lease is still there")
	}
	next := a.acquire(t, order, shared.Seen{Copy: version}, "").Version
	a.Fail(order, next, nil)
	if server.Exists(key) {
		t.Error("the lease is still there")
	}
	// The call may have been given a later version by its instance.
	last := a.acquire(t, order, shared.Seen{Copy: next}, "").Version
	a.Complete(order, last+1, []byte("copy"), time.Hour, nil)
	_ = server.Set(key, "another instance's")
	server.SetTTL(key, time.Hour)
	time.Sleep(700 * time.Millisecond) // twice as long as between two renewals
	if server.TTL(key) != time.Hour {
		t.Error("the lease is still renewed")
	}
}

func TestWhatNobodyEndsExpires(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	order := a.Name("order", []byte("1"))
	version := a.lead(t, order, "")
	a.Complete(order, version, []byte("copy"), time.Minute, nil)
	version = a.acquire(t, order, shared.Seen{Copy: version}, "").Version
	a.Fail(order, version, []byte("failure"))
	if _, err := a.Rate("rate").Reserve(context.Background(), time.Second); err != nil {
		t.Fatal(err)
	}
	for _, key := range server.Keys() {
		if server.TTL(key) == 0 {
			t.Errorf("%s does not expire", key)
		}
	}
	server.FastForward(time.Hour)
	if keys := server.Keys(); len(keys) > 0 {
		t.Errorf("%q have not expired", keys)
	}
}

func TestAnInstanceThatGaveUpLeads(t *testing.T) {
	_, url := newServer(t)
	a := newInstance(t, url)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.Acquire(ctx, a.Name("order", nil), shared.Seen{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if a.acquire(t, a.Name("order", nil), shared.Seen{}, "").Version == 0 {
		t.Error("nobody leads")
	}
	if _, up := a.State(); !up {
		t.Error("that a caller gave up let the cache be away")
	}
}

// TestLook shows what there is, and nobody is kept from leading by it.
func TestLook(t *testing.T) {
	_, url := newServer(t)
	for name, url := range map[string]string{"single server": url, "cluster": url + "?cluster"} {
		t.Run(name, func(t *testing.T) {
			a, b := newInstance(t, url), newInstance(t, url)
			order := a.Name("order", []byte(t.Name()))
			look := func() (shared.StoredCopy, shared.Lease) {
				t.Helper()
				stored, lease, err := b.Look(t.Context(), order)
				if err != nil {
					t.Fatal(err)
				}
				return stored, lease
			}
			if stored, lease := look(); stored.Version != 0 || lease.Version != 0 {
				t.Errorf("nothing is there, and shown %+v, %+v", stored, lease)
			}
			first := a.lead(t, order, "needs")
			if stored, lease := look(); stored.Version != 0 || lease.Version != first || string(lease.Needs) != "needs" {
				t.Errorf("shown %+v, %+v", stored, lease)
			}
			a.Complete(order, first, []byte("copy"), time.Hour, nil)
			if stored, lease := look(); stored.Version != first || string(stored.Value) != "copy" || lease.Version != 0 {
				t.Errorf("shown %+v, %+v", stored, lease)
			}
			if second := a.acquire(t, order, shared.Seen{Copy: first}, "more"); second.Version == 0 {
				t.Error("a look took the lease")
			}
		})
	}
}
