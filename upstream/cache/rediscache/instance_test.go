package rediscache_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/rs/zerolog"

	"ordergraph/upstream/cache/rediscache"
	"ordergraph/upstream/cache/shared"
)

// key is the encryption key of the tests.
var key = []byte("0123456789abcdef0123456789abcdef")

// instance is one instance of the program, as far as it concerns Redis.
type instance struct {
	*rediscache.Cache
	log *lines

	mu        sync.Mutex
	completed []shared.Version
	failed    []string
}

func (i *instance) Completed(_ shared.Name, version shared.Version) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.completed = append(i.completed, version)
}

func (i *instance) Failed(failure []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.failed = append(i.failed, string(failure))
}

// heard returns what the instance was told until now.
func (i *instance) heard() (completed []shared.Version, failed []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]shared.Version(nil), i.completed...), append([]string(nil), i.failed...)
}

// startInstance starts an instance that need not be up yet.
func startInstance(t *testing.T, url string) *instance {
	t.Helper()
	i := &instance{log: &lines{}}
	cache, err := rediscache.New(rediscache.Options{
		URL: url, EncryptionKey: key, Upstream: "https://upstream.example/", Log: zerolog.New(i.log),
	})
	if err != nil {
		t.Fatal(err)
	}
	i.Cache = cache
	if !strings.Contains(url, "?cluster") {
		cache.ForceSingleClient()
	}
	cache.Start(i)
	t.Cleanup(cache.Close)
	return i
}

// newInstance starts an instance and waits until it is up.
func newInstance(t *testing.T, url string) *instance {
	t.Helper()
	i := startInstance(t, url)
	i.waitUp(t, true)
	return i
}

func (i *instance) waitUp(t *testing.T, want bool) {
	t.Helper()
	eventually(t, func() bool {
		_, up := i.State()
		return up == want
	})
}

// eventually waits until a condition holds, much longer than it should take.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("it did not happen")
		}
	}
}

// lead acquires the lease of an order of which nothing is known.
func (i *instance) lead(t *testing.T, name shared.Name, needs string) shared.Version {
	t.Helper()
	acquired := i.acquire(t, name, shared.Seen{}, needs)
	if acquired.Version == 0 {
		t.Fatalf("was shown %+v", acquired)
	}
	return acquired.Version
}

func (i *instance) acquire(t *testing.T, name shared.Name, seen shared.Seen, needs string) shared.Acquired {
	t.Helper()
	acquired, err := i.Acquire(context.Background(), name, seen, []byte(needs))
	if err != nil {
		t.Fatal(err)
	}
	return acquired
}

// share shows that two instances share: one completes a call for an order, and the other one reads it.
func share(t *testing.T, a, b *instance, order string) {
	t.Helper()
	name := a.Name("order", []byte(order))
	version := a.lead(t, name, "needs")
	watch := b.Watch(name)
	defer watch.Stop()
	if shown := b.acquire(t, name, shared.Seen{}, ""); shown.Lease.Version != version {
		t.Fatalf("b was shown %+v", shown)
	}
	a.Complete(name, version, []byte("value"), time.Hour, nil)
	watch.Wait(t.Context(), version)
	if shown := b.acquire(t, name, shared.Seen{Lease: version}, ""); string(shown.Copy.Value) != "value" {
		t.Fatalf("b was shown %+v", shown)
	}
}

// newServer starts a Redis in this process, which is exact in what scripts do, but not about time.
func newServer(t *testing.T) (server *miniredis.Miniredis, url string) {
	t.Helper()
	server = miniredis.RunT(t)
	return server, "redis://" + server.Addr()
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, string(line))
	return len(line), nil
}

func (l *lines) read() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.text...)
}
