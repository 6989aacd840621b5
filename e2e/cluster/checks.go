package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// domains are fields that need different parts of an order.
var domains = [...]string{"invoice{title}", "domesticShipping{city}", "guarantees{code}"}

// atOnce asks each instance so many times at the same moment.
func (d *deployment) atOnce(times int, id string, fields func(n int) string) []answer {
	answers := make([]answer, times*len(d.instances))
	var group sync.WaitGroup
	for n := range answers {
		group.Go(func() { answers[n] = d.ask(n%len(d.instances), id, fields(n/len(d.instances))) })
	}
	group.Wait()
	return answers
}

// wrong returns the first answer that is not an order, or not a refusal with a code.
func wrong(answers []answer, code string) error {
	for _, a := range answers {
		if a.err != nil || a.code != code || code == "" && a.note == "" {
			return fmt.Errorf("an answer: %+v", a)
		}
	}
	return nil
}

// times returns the median and the 99th percentile.
func times(answers []answer) (median, p99 time.Duration) {
	var took []time.Duration
	for _, a := range answers {
		took = append(took, a.took)
	}
	slices.Sort(took)
	return took[len(took)/2].Round(100 * time.Microsecond), took[len(took)*99/100].Round(100 * time.Microsecond)
}

func coldChecks() []check {
	one := func(int) string { return "status" }
	different := func(n int) string { return domains[n%len(domains)] }
	cold := func(latency time.Duration, fields func(int) string, refusal, code string, most int) func(*suite) (string, error) {
		return on(setup{instances: 3, latency: latency}, func(_ *suite, d *deployment) (string, error) {
			if refusal != "" {
				d.refusal.Store(&refusal)
			}
			var all []answer
			calls, rounds := 0, 10
			if refusal != "" {
				rounds = 1 // it holds for the whole tenant
			}
			for range rounds {
				d.perOrder()
				answers := d.atOnce(100, newID(), fields)
				if err := wrong(answers, code); err != nil {
					return "", err
				}
				calls = max(calls, d.perOrder())
				all = append(all, answers...)
			}
			median, p99 := times(all)
			measured := fmt.Sprintf("%d call, median %v, p99 %v", calls, median, p99)
			if calls > most {
				return "", fmt.Errorf("%s, want %d at most", measured, most)
			}
			return measured, nil
		})
	}
	refusal := func(code int, text string) string {
		return fmt.Sprintf(`{"status":%d,"message":%q,"data":{"deduct_money":1}}`, code, text)
	}
	return []check{
		{"3 × 100 for one cold order, 20 ms", cold(20*time.Millisecond, one, "", "", 1)},
		{"3 × 100 for one cold order, 500 ms", cold(500*time.Millisecond, one, "", "", 1)},
		{"3 × 100 with three different needs", cold(20*time.Millisecond, different, "", "", 3)},
		{"3 × 100 for an account that does not exist", cold(20*time.Millisecond, one, refusal(103, "旺旺账号不存在"), "ACCOUNT_NOT_FOUND", 1)},
		{"3 × 100 without a right", cold(20*time.Millisecond, one, refusal(204, "无该接口权限"), "PERMISSION_DENIED", 1)},
		{"3 × 100 of a shop that is not authorized", cold(20*time.Millisecond, one, refusal(302, "未授权店铺"), "SHOP_NOT_AUTHORIZED", 1)},
	}
}

func refreshCheck(_ *suite, d *deployment) (string, error) {
	var seen []answer
	for range 100 {
		id := newID()
		for i := range d.instances {
			if err := wrong([]answer{d.ask(i, id, "status"), d.ask(i, id, "status")}, ""); err != nil {
				return "", err
			}
		}
		fresh := d.ask(0, id, "status", "Cache-Control", "no-cache")
		began := time.Now()
		for i := 1; i < len(d.instances); i++ {
			for d.ask(i, id, "status").note != fresh.note {
				if time.Since(began) > 5*time.Second {
					return "", fmt.Errorf("instance %d does not see the refresh", i)
				}
			}
			seen = append(seen, answer{took: time.Since(began)})
		}
	}
	median, p99 := times(seen)
	if median > 20*time.Millisecond || p99 > 100*time.Millisecond {
		return "", fmt.Errorf("median %v, p99 %v", median, p99)
	}
	return fmt.Sprintf("median %v, p99 %v", median, p99), nil
}

// request is one of a schedule.
type request struct {
	at           time.Duration
	instance, id int
	fields       string
	noCache      bool
}

// schedule returns the same requests each time: 400 a second for 1,000 orders, one of a hundred with no-cache.
func schedule(duration time.Duration) []request {
	random := rand.New(rand.NewPCG(1, 2))
	var list []request
	for at := time.Duration(0); at < duration; at += 2500 * time.Microsecond {
		list = append(list, request{
			at: at, instance: random.IntN(3), id: random.IntN(1000),
			fields: []string{"status", domains[0], domains[1]}[random.IntN(3)], noCache: random.IntN(100) == 0,
		})
	}
	return list
}

// play sends a schedule, and returns the answers in its order.
func (d *deployment) play(ctx context.Context, list []request, prefix string) []answer {
	answers := make([]answer, len(list))
	var group sync.WaitGroup
	began := time.Now()
	sent := 0
	for n, r := range list {
		time.Sleep(time.Until(began.Add(r.at)))
		if ctx.Err() != nil {
			break
		}
		sent++
		group.Go(func() {
			var header []string
			if r.noCache {
				header = []string{"Cache-Control", "no-cache"}
			}
			answers[n] = d.ask(r.instance%len(d.instances), fmt.Sprint(prefix, 1000+r.id), r.fields, header...)
		})
	}
	group.Wait()
	return answers[:sent]
}

func mixedCheck(s *suite) (string, error) {
	var paid [2]int64
	for i, setup := range []setup{{instances: 1, alone: true}, {instances: 3}} {
		setup.latency = 20 * time.Millisecond
		d, err := s.deploy(setup)
		if err != nil {
			return "", err
		}
		defer d.stop()
		if err := wrong(d.play(context.Background(), schedule(s.duration), "71"), ""); err != nil {
			return "", err
		}
		paid[i] = d.calls.Load()
	}
	ratio := float64(paid[1]) / float64(paid[0])
	measured := fmt.Sprintf("one instance pays %d calls, three %d: %.3f", paid[0], paid[1], ratio)
	if ratio > 1.02 {
		return "", fmt.Errorf("%s, want 1.02 at most", measured)
	}
	return measured, nil
}

func killedHolderCheck(_ *suite, d *deployment) (string, error) {
	id := newID()
	go d.ask(0, id, "status")
	time.Sleep(300 * time.Millisecond)
	began := time.Now()
	waiting := make(chan answer, 2)
	for i := 1; i < 3; i++ {
		go func() { waiting <- d.ask(i, id, "status") }()
	}
	time.Sleep(200 * time.Millisecond)
	_ = d.instances[0].process.Process.Kill()
	d.latency.Store(int64(50 * time.Millisecond))
	if err := wrong([]answer{<-waiting, <-waiting}, ""); err != nil {
		return "", err
	}
	took, calls := time.Since(began).Round(10*time.Millisecond), d.calls.Load()
	if took > 2500*time.Millisecond+50*time.Millisecond || calls > 3 {
		return "", fmt.Errorf("answered after %v, %d calls", took, calls)
	}
	return fmt.Sprintf("answered after %v, %d calls in all", took, calls), nil
}

// spoiltCheck wants each value that was changed to be a miss, one call, and then replaced.
func spoiltCheck(_ *suite, d *deployment) (string, error) {
	other := newID()
	d.ask(0, other, "status")
	time.Sleep(50 * time.Millisecond)
	keys, err := d.redis.command("--raw", "KEYS", "og1:c:*")
	if err != nil || strings.Count(keys, "\n") != 1 {
		return "", fmt.Errorf("keys %q, %w", keys, err)
	}
	otherKey := strings.TrimSpace(keys)
	spoil := map[string]string{
		"garbage":               `redis.call("SET", KEYS[1], "garbage", "EX", 60)`,
		"nothing":               `redis.call("SET", KEYS[1], "", "EX", 60)`,
		"a list":                `redis.call("DEL", KEYS[1]); redis.call("LPUSH", KEYS[1], "x")`,
		"a flipped bit":         `local v = redis.call("GET", KEYS[1]); redis.call("SET", KEYS[1], v:sub(1, 40) .. string.char(bit.bxor(v:byte(41), 1)) .. v:sub(42), "EX", 60)`,
		"another order's value": `redis.call("SET", KEYS[1], redis.call("GET", "` + otherKey + `"), "EX", 60)`,
		"a raised number":       `local v = redis.call("GET", KEYS[1]); redis.call("SET", KEYS[1], string.format("%016d", tonumber(v:sub(1, 16)) + 1000) .. v:sub(17), "EX", 60)`,
	}
	for name, script := range spoil {
		id := newID()
		d.ask(0, id, "status")
		time.Sleep(50 * time.Millisecond)
		after, err := d.redis.command("--raw", "KEYS", "og1:c:*")
		if err != nil {
			return "", err
		}
		var key string
		for line := range strings.Lines(after) {
			if !strings.Contains(keys, line) {
				key = strings.TrimSpace(line)
			}
		}
		keys = after
		if output, err := d.redis.command("EVAL", script, "1", key); err != nil || strings.Contains(output, "ERR") {
			return "", fmt.Errorf("%s: %q, %w", name, output, err)
		}
		before := d.calls.Load()
		answers := []answer{d.ask(1, id, "status"), d.ask(1, id, "status")}
		time.Sleep(50 * time.Millisecond)
		answers = append(answers, d.ask(2, id, "status"))
		if err := wrong(answers, ""); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if calls := d.calls.Load() - before; calls != 1 {
			return "", fmt.Errorf("%s: %d calls, want 1", name, calls)
		}
	}
	return fmt.Sprintf("%d kinds, one call each", len(spoil)), nil
}

// secrecyCheck looks for what must not be seen in everything that a reader of Redis can see.
func secrecyCheck(_ *suite, d *deployment) (string, error) {
	monitor := exec.Command("redis-cli", "-p", d.redis.port, "MONITOR")
	output, err := monitor.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := monitor.Start(); err != nil {
		return "", err
	}
	var ids []string
	for range 20 {
		id := newID()
		ids = append(ids, id)
		d.ask(0, id, domains[1])
		d.ask(1, id, domains[1])
	}
	refusal := `{"status":103,"message":"旺旺账号不存在"}`
	d.refusal.Store(&refusal)
	id := newID()
	ids = append(ids, id)
	d.ask(0, id, "status")
	time.Sleep(200 * time.Millisecond)
	seen, err := d.redis.command("--raw", "EVAL", `local all = {}
for _, key in ipairs(redis.call("KEYS", "*")) do
	all[#all+1] = key
	if redis.call("TYPE", key).ok == "hash" then
		for _, text in ipairs(redis.call("HGETALL", key)) do all[#all+1] = text end
	else
		all[#all+1] = redis.call("GET", key)
	end
end
return all`, "0")
	if err != nil {
		return "", err
	}
	slow, err := d.redis.command("--raw", "SLOWLOG", "GET", "10000")
	if err != nil {
		return "", err
	}
	_ = monitor.Process.Signal(syscall.SIGINT)
	monitored, _ := io.ReadAll(output)
	_ = monitor.Wait()
	everything := seen + slow + string(monitored)
	if len(seen) < 1000 || len(monitored) < 5000 || !strings.Contains(seen, "og1:c:") || !strings.Contains(seen, "og1:b:") {
		return "", fmt.Errorf("%d bytes of keys and values, %d of MONITOR: too little was seen", len(seen), len(monitored))
	}
	for _, secret := range append(ids, "PLANTED", d.address, "base_info") {
		if strings.Contains(everything, secret) {
			return "", fmt.Errorf("%q is to be seen", secret)
		}
	}
	return fmt.Sprintf("%d bytes of keys, values, MONITOR and the slow log", len(everything)), nil
}

// spend asks the instances in turn, at the same moment, each time for an order that was not asked for yet. It returns
// how many were answered with one; the others must have been refused for want of points.
func (d *deployment) spend(times int) (orders int, err error) {
	answers := make([]answer, times)
	var group sync.WaitGroup
	for n := range answers {
		group.Go(func() { answers[n] = d.ask(n%len(d.instances), newID(), "status") })
	}
	group.Wait()
	for _, a := range answers {
		if a.code != "BUDGET_EXHAUSTED" || a.err != nil {
			if err := wrong([]answer{a}, ""); err != nil {
				return 0, err
			}
			orders++
		}
	}
	return orders, nil
}

// budgetChecks are on a budget of 50 points, where each call costs one.
func budgetChecks() []check {
	three := setup{instances: 3, latency: 50 * time.Millisecond, arguments: []string{"--budget=50/day"}}
	return []check{
		{"a budget holds for all, and for who is restarted", again(on(three, func(s *suite, d *deployment) (string, error) {
			if orders, err := d.spend(200); err != nil || orders != 50 || d.calls.Load() != 50 {
				return "", fmt.Errorf("%d orders for %d calls, want 50, %w", orders, d.calls.Load(), err)
			}
			for _, i := range d.instances {
				_ = i.process.Process.Kill()
				<-i.exited
			}
			d.instances = nil
			for range 2 {
				if err := s.addInstance(d); err != nil {
					return "", err
				}
			}
			time.Sleep(300 * time.Millisecond)
			if orders, err := d.spend(20); err != nil || orders != 0 {
				return "", fmt.Errorf("%d orders after a restart, %w", orders, err)
			}
			return "50 calls for 200 requests, and none after a restart", nil
		}))},
		{"a budget outlives Redis", again(on(three, func(s *suite, d *deployment) (string, error) {
			before, err := d.spend(12)
			if err != nil {
				return "", err
			}
			d.redis.stop()
			during, err := d.spend(12)
			if err != nil {
				return "", err
			}
			if err := d.redis.start(s.folder); err != nil {
				return "", err
			}
			time.Sleep(3 * time.Second)
			after, err := d.spend(200)
			if err != nil || d.calls.Load() != 50 {
				return "", errors.Join(fmt.Errorf("%d calls, want 50", d.calls.Load()), err)
			}
			return fmt.Sprintf("%d calls before, %d while it was away, %d after it came back empty", before, during, after), nil
		}))},
		{"a budget while Redis is killed", on(three, func(_ *suite, d *deployment) (string, error) {
			killed := time.AfterFunc(30*time.Millisecond, d.redis.stop)
			defer killed.Stop()
			began := time.Now()
			_, err := d.spend(300)
			took, calls := time.Since(began).Round(10*time.Millisecond), d.calls.Load()
			if err != nil || calls < 50 || calls > 150 || took > 3*time.Second {
				return "", fmt.Errorf("%d calls after %v, want 50 to 150, %w", calls, took, err)
			}
			return fmt.Sprintf("%d calls in three instances, the last answer after %v", calls, took), nil
		})},
	}
}

// hotCheck compares the throughput of an instance with Redis and of one without, in turn, and counts commands.
func hotCheck(s *suite, with *deployment) (string, error) {
	without, err := s.deploy(setup{instances: 1, latency: 5 * time.Millisecond, alone: true})
	if err != nil {
		return "", err
	}
	defer without.stop()
	id := newID()
	// hot returns the CPU time of the instance for each request, which is less moved by what else runs here than the
	// number of requests.
	hot := func(d *deployment) (perRequest float64) {
		var group sync.WaitGroup
		var count atomic.Int64
		spent := d.instances[0].cpu()
		end := time.Now().Add(s.duration / 5)
		for range 16 {
			group.Go(func() {
				for time.Now().Before(end) {
					d.ask(0, id, "status")
					count.Add(1)
				}
			})
		}
		group.Wait()
		return float64(d.instances[0].cpu()-spent) / float64(count.Load())
	}
	hot(with)
	hot(without)
	scripts := func() (count int) {
		text, _ := with.redis.command("INFO", "commandstats")
		for _, found := range regexp.MustCompile(`cmdstat_eval(?:sha)?:calls=(\d+)`).FindAllStringSubmatch(text, -1) {
			calls, _ := strconv.Atoi(found[1])
			count += calls
		}
		return count
	}
	before := scripts()
	// The least of several rounds, in turn, is the one that was disturbed least.
	least, leastWithout := hot(with), hot(without)
	for range 6 {
		least, leastWithout = min(least, hot(with)), min(leastWithout, hot(without))
	}
	after, ratio := scripts(), leastWithout/least
	measured := fmt.Sprintf("%.2f of the requests for the same CPU time; %d scripts meanwhile", ratio, after-before)
	if ratio < 0.95 || after-before > 10 { // the copy ages meanwhile
		return "", fmt.Errorf("%s, want 0.95 and 10 at most", measured)
	}
	return measured, nil
}

// faultChecks put load on three instances while something happens to Redis.
func faultChecks() []check {
	fault := func(options []string, cause, repair func(s *suite, d *deployment) error) func(*suite) (string, error) {
		return on(setup{instances: 3, latency: 20 * time.Millisecond, redis: options}, func(s *suite, d *deployment) (string, error) {
			list := schedule(9 * time.Second)
			happened := make(chan error, 1)
			go func() {
				time.Sleep(3 * time.Second)
				err := cause(s, d)
				time.Sleep(3 * time.Second)
				if repair != nil && err == nil {
					err = repair(s, d)
				}
				happened <- err
			}()
			answers := d.play(context.Background(), list, "72")
			if err := <-happened; err != nil {
				return "", err
			}
			if err := wrong(answers, ""); err != nil {
				return "", err
			}
			part := func(from, to time.Duration) []answer {
				var list2 []answer
				for n, sent := range list {
					if sent.at >= from && sent.at < to {
						list2 = append(list2, answers[n])
					}
				}
				return list2
			}
			_, before := times(part(0, 3*time.Second))
			_, during := times(part(3*time.Second, 6*time.Second))
			_, after := times(part(8*time.Second, 9*time.Second))
			measured := fmt.Sprintf("p99 before %v, during %v, 2 s after %v; 0 of %d failed", before, during, after, len(answers))
			if during > time.Second {
				return "", fmt.Errorf("%s", measured)
			}
			id := newID()
			d.perOrder()
			if err := wrong(d.atOnce(10, id, func(int) string { return "status" }), ""); err != nil {
				return "", err
			}
			if calls := d.perOrder(); repair != nil && calls != 1 {
				return "", fmt.Errorf("%s; and %d calls for one order afterwards", measured, calls)
			}
			return measured, nil
		})
	}
	restart := func(s *suite, d *deployment) error { return d.redis.start(s.folder) }
	command := func(arguments ...string) func(*suite, *deployment) error {
		return func(_ *suite, d *deployment) error { _, err := d.redis.command(arguments...); return err }
	}
	set := func(name, value string) func(*suite, *deployment) error { return command("CONFIG", "SET", name, value) }
	signal := func(signal syscall.Signal) func(*suite, *deployment) error {
		return func(_ *suite, d *deployment) error { return d.redis.process.Process.Signal(signal) }
	}
	return []check{
		{"Redis is killed and comes back empty", fault(nil, func(_ *suite, d *deployment) error { d.redis.stop(); return nil }, restart)},
		{"Redis stands still", fault(nil, signal(syscall.SIGSTOP), signal(syscall.SIGCONT))},
		{"Redis is full", fault(nil, set("maxmemory", "1"), set("maxmemory", "0"))},
		{"Redis makes room", fault([]string{"--maxmemory-policy", "allkeys-lru"}, set("maxmemory", "2mb"), nil)},
		{"Redis is read-only", fault(nil,
			command("REPLICAOF", "127.0.0.1", "1"), command("REPLICAOF", "NO", "ONE"))},
		{"Redis changes its password", fault(nil,
			func(_ *suite, d *deployment) error {
				if _, err := d.redis.command("CONFIG", "SET", "requirepass", "other"); err != nil {
					return err
				}
				_, err := d.redis.command("-a", "other", "CLIENT", "KILL", "TYPE", "normal")
				return err
			},
			command("-a", "other", "CONFIG", "SET", "requirepass", ""))},
		{"the instances are told of another Redis, and then the old one is killed", fault(nil,
			func(s *suite, d *deployment) error {
				next := &redis{port: freePort()}
				if err := next.start(s.folder); err != nil {
					return err
				}
				defer d.redis.stop()
				d.redis = next
				for _, i := range d.instances {
					if err := next.writeURL(i.redisURL); err != nil {
						return err
					}
					if err := i.process.Process.Signal(syscall.SIGHUP); err != nil {
						return err
					}
				}
				time.Sleep(time.Second)
				return nil
			},
			func(*suite, *deployment) error { return nil })},
	}
}
