package rediscache_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/rs/zerolog"

	"ordergraph/upstream/cache/rediscache"
	"ordergraph/upstream/cache/shared"
)

func TestNewRefusesWhatIsWrongAndShowsNoneOfIt(t *testing.T) {
	for name, options := range map[string]rediscache.Options{
		"no URL":         {URL: ""},
		"another scheme": {URL: "http://user:topsecret@redis.example"},
		"no host name":   {URL: "redis://user:topsecret@[::1"},
		"a bad escape":   {URL: "redis://user:%zztopsecret@redis.example"},
		"a bad database": {URL: "redis://user:topsecret@redis.example/topsecret"},
		"a short key":    {URL: "redis://user:topsecret@redis.example", EncryptionKey: []byte("topsecret")},
		"a long key":     {URL: "redis://user:topsecret@redis.example", EncryptionKey: make([]byte, 33)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rediscache.New(options)
			if err == nil {
				t.Fatal("it was accepted")
			}
			if strings.Contains(err.Error(), "topsecret") || strings.Contains(err.Error(), "redis.example") {
				t.Error(err)
			}
		})
	}
}

func TestWithoutAKeyItWarns(t *testing.T) {
	for _, key := range [][]byte{nil, key} {
		log := &lines{}
		cache, err := rediscache.New(rediscache.Options{
			URL: "redis://localhost", EncryptionKey: key, Log: zerolog.New(log),
		})
		if err != nil {
			t.Fatal(err)
		}
		cache.Close() // also where it was never started
		if warned := len(log.read()) == 1; warned != (key == nil) {
			t.Errorf("with the key %q: %q", key, log.read())
		}
	}
}

func TestInstancesWithoutAKeyShareToo(t *testing.T) {
	_, url := newServer(t)
	open := func(key []byte, upstream string) *rediscache.Cache {
		cache, err := rediscache.New(rediscache.Options{URL: url, EncryptionKey: key, Upstream: upstream})
		if err != nil {
			t.Fatal(err)
		}
		return cache
	}
	one, other, keyed, elsewhere := open(nil, "u"), open(nil, "u"), open(key, "u"), open(nil, "v")
	if string(one.TenantKey()) != string(other.TenantKey()) || one.Name("order", nil) != other.Name("order", nil) {
		t.Error("two instances share nothing")
	}
	if string(one.TenantKey()) != string(keyed.TenantKey()) || string(one.TenantKey()) == string(elsewhere.TenantKey()) {
		t.Error("tenants depend on something else than the upstream")
	}
}

func TestRedisThatIsAwayAtTheStartIsFound(t *testing.T) {
	port := freeAddress(t)
	a := startInstance(t, "redis://"+port)
	eventually(t, func() bool { return len(a.log.read()) > 0 })
	if _, up := a.State(); up {
		t.Fatal("it is up")
	}
	order := a.Name("order", nil)
	if _, err := a.Acquire(context.Background(), order, shared.Seen{}, nil); err == nil {
		t.Error("a lease was granted")
	}
	if _, err := a.Confirm(context.Background(), order, 1); err == nil {
		t.Error("a copy was confirmed")
	}
	if _, err := a.Rate("rate").Reserve(context.Background(), time.Second); err == nil {
		t.Error("a call was taken")
	}
	if _, err := a.Spend(context.Background(), map[string]time.Duration{"rate": time.Second}); err == nil {
		t.Error("something was spent")
	}
	a.Complete(order, 1, nil, 0, nil) // does no harm
	a.Fail(order, 1, nil)
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(port); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	a.waitUp(t, true)
	if log := a.log.read(); len(log) != 2 || !strings.Contains(log[0], "away") || !strings.Contains(log[1], "up") {
		t.Errorf("%q", log)
	}
	a.lead(t, order, "")
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func TestEachSubscriptionIsAnEpoch(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	first, _ := a.State()
	server.Close()
	a.waitUp(t, false)
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	a.waitUp(t, true)
	if second, _ := a.State(); second <= first {
		t.Errorf("epoch %d after %d", second, first)
	}
	if log := a.log.read(); len(log) != 3 {
		t.Errorf("%q", log)
	}
	order := a.Name("order", nil)
	a.Complete(order, a.lead(t, order, ""), nil, 0, nil)
	eventually(t, func() bool { completed, _ := a.heard(); return len(completed) == 1 })
}

func TestAfterSomeFailuresNothingIsAskedUntilAProbeSucceeds(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	order := a.Name("order", nil)
	epoch, _ := a.State()
	server.SetError("OOM command not allowed when used memory > 'maxmemory'.")
	for failures := 1; failures <= 3; failures++ {
		if _, up := a.State(); !up {
			t.Fatalf("away after %d failures", failures-1)
		}
		if _, err := a.Acquire(context.Background(), order, shared.Seen{}, nil); err == nil {
			t.Fatal("it did not fail")
		}
	}
	if _, up := a.State(); up {
		t.Fatal("still up")
	}
	server.SetError("")
	a.waitUp(t, true)
	if now, _ := a.State(); now != epoch {
		t.Error("a new epoch, although events were never lost")
	}
	if log := a.log.read(); len(log) != 3 || !strings.Contains(log[1], "OOM") {
		t.Errorf("%q", log)
	}
}

func TestInstancesAreCounted(t *testing.T) {
	_, url := newServer(t)
	a, b := newInstance(t, url), newInstance(t, url)
	newInstance(t, url)
	eventually(t, func() bool { return b.Rate("").Instances() > 0 && a.Rate("").Instances() > 0 })
	c := newInstance(t, url)
	eventually(t, func() bool { return c.Rate("").Instances() == 4 })
}

func TestALeaseThatWasGrantedTooLateIsGivenBack(t *testing.T) {
	server, _ := newServer(t)
	slow := newProxy(t, server.Addr())
	for name, patience := range map[string]time.Duration{"the command's time is up": time.Minute, "its caller leaves": 20 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			a, b := newInstance(t, "redis://"+slow.address), newInstance(t, "redis://"+server.Addr())
			order := a.Name("order", []byte(name))
			a.Fail(order, a.lead(t, order, ""), nil) // Redis knows the scripts now
			slow.hold()
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if _, err := a.Acquire(ctx, order, shared.Seen{}, nil); err == nil {
				t.Fatal("it was granted in time")
			}
			slow.release()
			if _, err := a.Confirm(t.Context(), order, 1); err != nil { // comes after the lease was granted
				t.Fatal(err)
			}
			eventually(t, func() bool { return b.acquire(t, order, shared.Seen{}, "").Version != 0 })
			if _, up := a.State(); !up {
				t.Error("one failure let the cache be away")
			}
		})
	}
}

func TestCloseEndsWhateverRedisDoes(t *testing.T) {
	server, _ := newServer(t)
	slow := newProxy(t, server.Addr())
	a := newInstance(t, "redis://"+slow.address)
	slow.hold()
	began := time.Now()
	a.Close()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

// proxy stands between an instance and Redis, and holds up what passes.
type proxy struct {
	address string

	mu   sync.Mutex
	held chan struct{} // nil unless it holds
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: listener.Addr().String()}
	var open sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	open.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				_ = client.Close()
				continue
			}
			stop := context.AfterFunc(ctx, func() { _, _ = client.Close(), server.Close() })
			open.Go(func() { defer stop(); p.pass(server, client) })
			open.Go(func() { p.pass(client, server) })
		}
	})
	t.Cleanup(func() {
		cancel()
		p.release()
		_ = listener.Close()
		open.Wait()
	})
	return p
}

// pass copies what comes, and closes both ends when one has.
func (p *proxy) pass(to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		held := p.held
		p.mu.Unlock()
		if held != nil {
			<-held
		}
		if _, writeErr := to.Write(buffer[:n]); writeErr != nil || err != nil {
			return
		}
	}
}

func (p *proxy) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = make(chan struct{})
}

func (p *proxy) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held != nil {
		close(p.held)
		p.held = nil
	}
}
