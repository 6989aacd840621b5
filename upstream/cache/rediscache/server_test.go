//go:build redisserver

// These tests need redis-server and redis-cli. They show what only a real server shows: time, eviction, failures,
// TLS, Sentinel and Cluster.

package rediscache_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ordergraph/upstream/cache/shared"
)

// redisServer is a redis-server of its own.
type redisServer struct {
	port    string
	args    []string
	process *exec.Cmd
}

func startRedis(t *testing.T, args ...string) *redisServer {
	t.Helper()
	_, port, _ := net.SplitHostPort(freeAddress(t))
	s := &redisServer{port: port, args: append([]string{
		"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no",
	}, args...)}
	s.start(t)
	t.Cleanup(s.kill)
	return s
}

func (s *redisServer) start(t *testing.T) {
	t.Helper()
	s.process = exec.Command("redis-server", s.args...)
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		connection, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err == nil {
			_ = connection.Close()
		}
		return err == nil
	})
}

func (s *redisServer) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

func (s *redisServer) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// cli returns what redis-cli prints.
func (s *redisServer) cli(t *testing.T, args ...string) string {
	t.Helper()
	output, err := exec.Command("redis-cli", append([]string{"-p", s.port}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, output)
	}
	return strings.TrimSpace(string(output))
}

func (s *redisServer) url() string { return "redis://127.0.0.1:" + s.port }

func TestRealTime(t *testing.T) {
	server := startRedis(t)
	a, b := newInstance(t, server.url()), newInstance(t, server.url())
	share(t, a, b, "1")

	t.Run("a lease is renewed", func(t *testing.T) {
		order := a.Name("order", []byte(t.Name()))
		version := a.lead(t, order, "")
		for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if shown := b.acquire(t, order, shared.Seen{}, ""); shown.Lease.Version != version {
				t.Fatalf("b was shown %+v", shown)
			}
		}
	})
	t.Run("a lease ends soon after its instance", func(t *testing.T) {
		dead := newInstance(t, server.url())
		order := a.Name("order", []byte(t.Name()))
		dead.lead(t, order, "")
		dead.Close()
		began := time.Now()
		eventually(t, func() bool { return b.acquire(t, order, shared.Seen{}, "").Version != 0 })
		if took := time.Since(began); took > 1500*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("a copy and a failure expire", func(t *testing.T) {
		copied, failed := a.Name("order", []byte("copied")), a.Name("order", []byte("failed"))
		a.Complete(copied, a.lead(t, copied, ""), []byte("value"), 200*time.Millisecond, nil)
		a.Fail(failed, a.lead(t, failed, ""), []byte("failure"))
		for _, order := range []shared.Name{copied, failed} {
			eventually(t, func() bool { return b.acquire(t, order, shared.Seen{}, "").Version != 0 })
		}
	})
	t.Run("versions are of Redis's clock, and rise", func(t *testing.T) {
		order := a.Name("order", []byte(t.Name()))
		last := shared.Version(time.Now().Add(-time.Second).UnixMicro())
		for range 100 {
			version := a.acquire(t, order, shared.Seen{Lease: last}, "").Version
			if version <= last || version > shared.Version(time.Now().Add(time.Second).UnixMicro()) {
				t.Fatalf("%d after %d", version, last)
			}
			last = version
		}
	})
	t.Run("a rate holds for all", func(t *testing.T) {
		rate := t.Name()
		const apart = 20 * time.Millisecond
		began := time.Now()
		for n := range 50 {
			wait, err := []*instance{a, b}[n%2].Rate(rate).Reserve(t.Context(), apart)
			if err != nil {
				t.Fatal(err)
			}
			if at := time.Since(began) + wait; at < time.Duration(n-2)*apart {
				t.Errorf("call %d after %v", n, at)
			}
		}
	})
}

// reserve asks for a point of some budgets, for a writer that has spent nothing yet, and returns what all have spent.
func reserve(t *testing.T, i *instance, writer string, until time.Time, budgets ...string) (spent []int, granted bool) {
	t.Helper()
	asked := shared.Spending{Turn: 1, Reservations: []shared.Reservation{{Points: 1}}}
	for n, budget := range budgets {
		asked.Budgets = append(asked.Budgets, shared.Budget{Name: i.Name("budget", []byte(budget)), Limit: 10, Until: until, Writer: writer})
		asked.Reservations[0].Budgets = append(asked.Reservations[0].Budgets, n)
	}
	spent, grants, err := i.ReservePoints(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	return spent, grants[0]
}

func TestABudgetHoldsUntilItsWindowEnds(t *testing.T) {
	server := startRedis(t)
	a, b := newInstance(t, server.url()), newInstance(t, server.url())
	until := time.Now().Add(3 * time.Second)
	for n := range 12 {
		spent, granted := reserve(t, []*instance{a, b}[n%2], fmt.Sprint(n), until, "hour", "day")
		if granted != (n < 10) || spent[0] != min(n+1, 10) || spent[1] != spent[0] {
			t.Errorf("reservation %d: %v, %v", n, spent, granted)
		}
	}
	eventually(t, func() bool { return server.cli(t, "DBSIZE") == "0" })
	if early := time.Until(until); early > 0 {
		t.Errorf("it was forgotten %v too early", early)
	}
}

func TestFailuresOfRedis(t *testing.T) {
	for _, test := range []struct {
		name   string
		args   []string
		fail   func(t *testing.T, s *redisServer)
		mend   func(t *testing.T, s *redisServer)
		epochs uint64 // how many begin at least
	}{
		{
			name: "killed and restarted empty", epochs: 1, fail: func(_ *testing.T, s *redisServer) { s.kill() },
			mend: func(t *testing.T, s *redisServer) { s.start(t) },
		},
		{
			name: "stopped for a moment", fail: func(t *testing.T, s *redisServer) { s.signal(t, syscall.SIGSTOP) },
			mend: func(t *testing.T, s *redisServer) { s.signal(t, syscall.SIGCONT) },
		},
		{
			name: "out of memory", args: []string{"--maxmemory-policy", "noeviction"},
			fail: func(t *testing.T, s *redisServer) { s.cli(t, "CONFIG", "SET", "maxmemory", "1") },
			mend: func(t *testing.T, s *redisServer) { s.cli(t, "CONFIG", "SET", "maxmemory", "0") },
		},
		{
			name: "read-only", fail: func(t *testing.T, s *redisServer) { s.cli(t, "REPLICAOF", "127.0.0.1", "1") },
			mend: func(t *testing.T, s *redisServer) { s.cli(t, "REPLICAOF", "NO", "ONE") },
		},
		{
			name: "another password", epochs: 1,
			fail: func(t *testing.T, s *redisServer) {
				s.cli(t, "CONFIG", "SET", "requirepass", "another")
				s.cli(t, "-a", "another", "CLIENT", "KILL", "TYPE", "normal")
				s.cli(t, "-a", "another", "CLIENT", "KILL", "TYPE", "pubsub")
			},
			mend: func(t *testing.T, s *redisServer) { s.cli(t, "-a", "another", "CONFIG", "SET", "requirepass", "") },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := startRedis(t, test.args...)
			a, b := newInstance(t, server.url()), newInstance(t, server.url())
			share(t, a, b, "before")
			before, _ := a.State()

			test.fail(t, server)
			order := a.Name("order", []byte("during"))
			eventually(t, func() bool {
				began := time.Now()
				_, err := a.Acquire(t.Context(), order, shared.Seen{}, nil)
				if took := time.Since(began); took > time.Second {
					t.Errorf("it took %v to fail", took)
				}
				_, up := a.State()
				return err != nil && !up
			})
			test.mend(t, server)
			mended := time.Now()
			a.waitUp(t, true)
			b.waitUp(t, true)
			if took := time.Since(mended); took > 2*time.Second {
				t.Errorf("it took %v to come up", took)
			}
			if after, _ := a.State(); after < before+test.epochs {
				t.Errorf("epoch %d after %d", after, before)
			}
			// What was asked in vain has left no lease behind.
			if shown := b.acquire(t, order, shared.Seen{}, ""); shown.Version == 0 {
				t.Errorf("b was shown %+v", shown)
			}
			share(t, a, b, "after")
			if log := a.log.read(); len(log) != 3 {
				t.Errorf("%q", log)
			}
		})
	}
}

// Under load from two instances, which go from one Redis to another and back, with another key each time.
func TestSwapUnderLoad(t *testing.T) {
	first, second := startRedis(t), startRedis(t, "--requirepass", "topsecret")
	a, b := newInstance(t, first.url()), newInstance(t, first.url())
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for n := range 8 {
		load.Go(func() {
			for round := 0; ctx.Err() == nil; round++ {
				i, order := []*instance{a, b}[n%2], a.Name("order", fmt.Append(nil, round))
				acquired, err := i.Acquire(ctx, order, shared.Seen{}, nil)
				if err != nil && ctx.Err() == nil {
					t.Errorf("acquire: %v", err)
				}
				if acquired.Version != 0 {
					i.Complete(order, acquired.Version, []byte("value"), time.Minute, nil)
				}
			}
		})
	}
	for n := range 6 {
		url := []string{"redis://:topsecret@127.0.0.1:" + second.port, first.url()}[n%2]
		secret := bytes.Repeat([]byte{byte(n)}, 32)
		for _, i := range []*instance{a, b} {
			if err := i.Swap(url, secret); err != nil {
				t.Fatal(err)
			}
		}
		share(t, a, b, fmt.Sprint("swapped ", n))
	}
	stop()
	load.Wait()
	eventually(t, func() bool { // both have left
		return strings.Count(second.cli(t, "-a", "topsecret", "CLIENT", "LIST"), "id=") == 1
	})
	if log := a.log.read(); len(log) != 1 {
		t.Errorf("%q", log)
	}
}

func TestEviction(t *testing.T) {
	server := startRedis(t, "--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru")
	a := newInstance(t, server.url())
	value := make([]byte, 10<<10)
	for n := range 1000 {
		order := a.Name("order", fmt.Append(nil, n))
		a.Complete(order, a.lead(t, order, ""), value, time.Hour, nil)
	}
	if keys := server.cli(t, "DBSIZE"); len(keys) > 3 {
		t.Errorf("%s keys: nothing was evicted", keys)
	}
	if _, up := a.State(); !up {
		t.Error("away")
	}
}

func TestAConnectionThatIsSilentlyDeadIsFound(t *testing.T) {
	server := startRedis(t)
	between := newProxy(t, "127.0.0.1:"+server.port)
	a := newInstance(t, "redis://"+between.address)
	before, _ := a.State()
	between.hold()
	a.waitUp(t, false)
	between.release()
	a.waitUp(t, true)
	if after, _ := a.State(); after == before {
		t.Error("events may have been lost, and it is the same epoch")
	}
}

func TestNothingInRedisCanBeRead(t *testing.T) {
	server := startRedis(t, "--slowlog-log-slower-than", "0", "--slowlog-max-len", "10000")
	monitor := exec.Command("redis-cli", "-p", server.port, "MONITOR")
	var seen lines
	monitor.Stdout = &seen
	if err := monitor.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return len(seen.read()) > 0 })
	a, b := newInstance(t, server.url()), newInstance(t, server.url())
	order := a.Name("order", []byte("order-id"))
	version := a.lead(t, order, "secret-needs")
	b.acquire(t, order, shared.Seen{}, "secret-needs")
	a.Complete(order, version, []byte("secret-value"), time.Hour, []byte("secret-failure"))
	a.Fail(order, a.acquire(t, order, shared.Seen{Copy: version, Lease: version}, "secret-needs").Version, []byte("secret-failure"))
	eventually(t, func() bool { _, failed := b.heard(); return len(failed) > 0 })
	reserve(t, a, "writer", time.Now().Add(time.Hour), "secret-client")
	stored := server.cli(t, "SLOWLOG", "GET", "10000")
	for _, key := range strings.Fields(server.cli(t, "KEYS", "*")) {
		stored += key + server.cli(t, "EVAL", `return redis.pcall("GET", KEYS[1])`, "1", key) + server.cli(t, "EVAL", `return redis.pcall("HGETALL", KEYS[1])`, "1", key)
	}
	_ = monitor.Process.Kill()
	_ = monitor.Wait()
	for _, secret := range []string{"order-id", "secret"} {
		if strings.Contains(stored, secret) || strings.Contains(strings.Join(seen.read(), ""), secret) {
			t.Errorf("%q can be read", secret)
		}
	}
	if !strings.Contains(strings.Join(seen.read(), ""), "og1:l:") {
		t.Error("MONITOR has seen nothing")
	}
}

func TestPasswordAndTLS(t *testing.T) {
	directory := t.TempDir()
	certificate, private := writeCertificate(t, directory)
	server := startRedis(t, "--requirepass", "topsecret", "--tls-cert-file", certificate, "--tls-key-file", private,
		"--tls-auth-clients", "no", "--tls-port", "0")
	_, tlsPort, _ := net.SplitHostPort(freeAddress(t))
	server.cli(t, "-a", "topsecret", "CONFIG", "SET", "tls-port", tlsPort)

	a := newInstance(t, "redis://:topsecret@127.0.0.1:"+server.port)
	b := newInstance(t, "rediss://:topsecret@127.0.0.1:"+tlsPort+"?skip_verify=true")
	share(t, a, b, "1")
	for name, url := range map[string]string{
		"no password":            "redis://127.0.0.1:" + server.port,
		"a wrong password":       "redis://:wrongsecret@127.0.0.1:" + server.port,
		"an unknown certificate": "rediss://:topsecret@127.0.0.1:" + tlsPort,
	} {
		t.Run(name, func(t *testing.T) {
			i := startInstance(t, url)
			eventually(t, func() bool { return len(i.log.read()) > 0 })
			if log := strings.Join(i.log.read(), ""); !strings.Contains(log, "away") || strings.Contains(log, "secret") {
				t.Error(log)
			}
		})
	}
}

// writeCertificate writes a certificate for 127.0.0.1 that nobody knows.
func writeCertificate(t *testing.T, directory string) (certificate, private string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redis"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, private = filepath.Join(directory, "certificate.pem"), filepath.Join(directory, "key.pem")
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, private: {Type: "PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, private
}

func TestSentinel(t *testing.T) {
	master := startRedis(t, "--requirepass", "topsecret", "--masterauth", "topsecret")
	replica := startRedis(t, "--requirepass", "topsecret", "--masterauth", "topsecret", "--replicaof", "127.0.0.1 "+master.port)
	configuration := filepath.Join(t.TempDir(), "sentinel.conf")
	if err := os.WriteFile(configuration, []byte("sentinel monitor orders 127.0.0.1 "+master.port+" 1\n"+
		"sentinel auth-pass orders topsecret\n"+
		"sentinel down-after-milliseconds orders 300\n"+
		"sentinel failover-timeout orders 3000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(freeAddress(t))
	sentinel := &redisServer{port: port, args: []string{configuration, "--sentinel", "--port", port, "--bind", "127.0.0.1", "--requirepass", "topsecret"}}
	sentinel.start(t)
	t.Cleanup(sentinel.kill)
	eventually(t, func() bool { // until both know the replica
		return strings.Contains(replica.cli(t, "-a", "topsecret", "INFO", "replication"), "master_link_status:up") &&
			strings.Contains(sentinel.cli(t, "-a", "topsecret", "SENTINEL", "replicas", "orders"), replica.port)
	})
	url := "redis://:topsecret@127.0.0.1:" + port + "?master_set=orders"
	a, b := newInstance(t, url), newInstance(t, url)
	share(t, a, b, "1")
	before, _ := a.State()
	master.kill()
	a.waitUp(t, false)
	a.waitUp(t, true)
	b.waitUp(t, true)
	if after, _ := a.State(); after == before {
		t.Error("it is the same epoch")
	}
	share(t, a, b, "2")
}

func TestCluster(t *testing.T) {
	nodes := []*redisServer{}
	create := []string{"--cluster", "create"}
	for range 3 {
		node := startRedis(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", busPort(t))
		nodes = append(nodes, node)
		create = append(create, "127.0.0.1:"+node.port)
	}
	nodes[0].cli(t, append(create, "--cluster-yes")...)
	eventually(t, func() bool {
		for _, node := range nodes {
			if !strings.Contains(node.cli(t, "CLUSTER", "INFO"), "cluster_state:ok") {
				return false
			}
		}
		return true
	})
	a, b := newCluster(t, nodes[0]), newCluster(t, nodes[1])
	for order := range 30 {
		share(t, a, b, fmt.Sprint(order))
	}
	for n, node := range nodes {
		if node.cli(t, "DBSIZE") == "0" {
			t.Errorf("node %d holds nothing", n)
		}
	}
	c := newCluster(t, nodes[2])
	eventually(t, func() bool { return c.Rate("").Instances() == 3 })
	budgets := make([]string, 30)
	for n := range budgets {
		budgets[n] = fmt.Sprint(n)
	}
	for n, i := range []*instance{a, b, c} {
		if spent, granted := reserve(t, i, fmt.Sprint(n), time.Now().Add(time.Hour), budgets...); !granted || spent[29] != n+1 {
			t.Errorf("%v, %v", spent, granted)
		}
	}
	used := map[string]time.Duration{}
	for n := range 30 {
		used[fmt.Sprint(n)] = time.Minute
	}
	if ahead, err := a.Spend(context.Background(), used); err != nil || len(ahead) != len(used) {
		t.Errorf("%v, %v", ahead, err)
	}
}

func newCluster(t *testing.T, node *redisServer) *instance {
	t.Helper()
	return newInstance(t, node.url()+"?cluster")
}

func busPort(t *testing.T) string {
	t.Helper()
	_, port, _ := net.SplitHostPort(freeAddress(t))
	return port
}
