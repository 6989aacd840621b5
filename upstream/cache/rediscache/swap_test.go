package rediscache_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"ordergraph/upstream/cache/shared"
)

func TestSwap(t *testing.T) {
	first, firstURL := newServer(t)
	second, secondURL := newServer(t)
	second.RequireAuth("topsecret")
	secondURL = strings.Replace(secondURL, "redis://", "redis://:topsecret@", 1)
	otherKey := []byte("another key of thirty-two bytes.")
	a, b := newInstance(t, firstURL), newInstance(t, firstURL)
	share(t, a, b, "before")
	for name, to := range map[string]struct {
		url string
		key []byte
	}{
		"another Redis":         {secondURL, key},
		"another key":           {secondURL, otherKey},
		"another Redis and key": {firstURL, key},
		"the same":              {firstURL, key},
		"no key":                {firstURL, nil},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := a.State()
			if err := a.Swap(to.url, to.key); err != nil {
				t.Fatal(err)
			}
			if after, up := a.State(); after <= before || !up {
				t.Errorf("epoch %d after %d, up: %v", after, before, up)
			}
			if err := b.Swap(to.url, to.key); err != nil {
				t.Fatal(err)
			}
			share(t, a, b, name)
			order := a.Name("order", []byte("told "+name))
			version := a.lead(t, order, "")
			a.Complete(order, version, nil, time.Hour, nil)
			eventually(t, func() bool {
				completed, _ := b.heard()
				return len(completed) > 0 && completed[len(completed)-1] == version
			})
			if wait, err := a.Rate(name).Reserve(t.Context(), time.Second); err != nil || wait != 0 {
				t.Errorf("%v, %v", wait, err)
			}
		})
	}
	eventually(t, func() bool { return first.CurrentConnectionCount()+second.CurrentConnectionCount() == 4 })
	for _, line := range a.log.read() {
		if strings.Contains(line, "away") || strings.Contains(line, "topsecret") {
			t.Errorf("%q", line)
		}
	}
}

// A copy that was stored under another key is none, and is replaced.
func TestAfterAnotherKeyOldCopiesAreMisses(t *testing.T) {
	_, url := newServer(t)
	a := newInstance(t, url)
	order := a.Name("order", nil)
	version := a.lead(t, order, "")
	a.Complete(order, version, []byte("value"), time.Hour, nil)
	if err := a.Swap(url, []byte("another key of thirty-two bytes.")); err != nil {
		t.Fatal(err)
	}
	if newest, err := a.Confirm(t.Context(), order, version); !newest || err != nil {
		t.Errorf("what is in memory is not confirmed: %v", err)
	}
	a.lead(t, order, "")
}

func TestSwapRefusesWhatDoesNotWork(t *testing.T) {
	_, url := newServer(t)
	readOnly, readOnlyURL := newServer(t)
	readOnly.SetError("READONLY You can't write against a read only replica.")
	guarded, guardedURL := newServer(t)
	guarded.RequireAuth("another")
	a, b := newInstance(t, url), newInstance(t, url)
	epoch, _ := a.State()
	for name, to := range map[string]struct {
		url string
		key []byte
	}{
		"nobody there":     {"redis://:topsecret@127.0.0.1:1", key},
		"a wrong password": {strings.Replace(guardedURL, "redis://", "redis://:topsecret@", 1), key},
		"read-only":        {readOnlyURL, key},
		"no URL":           {"http://topsecret", key},
		"a short key":      {url, []byte("topsecret")},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			if err := a.Swap(to.url, to.key); err == nil || strings.Contains(err.Error(), "topsecret") {
				t.Error(err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			if now, up := a.State(); now != epoch || !up {
				t.Errorf("epoch %d after %d, up: %v", now, epoch, up)
			}
			share(t, a, b, name)
		})
	}
}

// What was asked of the old Redis before is answered by it.
func TestSwapLetsWhatIsUnderWayEnd(t *testing.T) {
	server, _ := newServer(t)
	_, nextURL := newServer(t)
	slow := newProxy(t, server.Addr())
	a := newInstance(t, "redis://"+slow.address)
	order := a.Name("order", nil)
	a.Fail(order, a.lead(t, order, ""), nil) // Redis knows the scripts now
	slow.hold()
	answered := make(chan error, 1)
	go func() {
		_, err := a.Acquire(context.Background(), order, shared.Seen{}, nil)
		answered <- err
	}()
	time.Sleep(50 * time.Millisecond)
	if err := a.Swap(nextURL, key); err != nil {
		t.Fatal(err)
	}
	slow.release()
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func TestSwapAfterClose(t *testing.T) {
	_, url := newServer(t)
	a := newInstance(t, url)
	a.Close()
	if err := a.Swap(url, key); err == nil {
		t.Error("it was swapped")
	}
}
