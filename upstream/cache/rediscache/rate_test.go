package rediscache_test

import (
	"context"
	"testing"
	"time"
)

func TestTakeSpreadsTheCallsOfAllInstances(t *testing.T) {
	server, url := newServer(t)
	now := time.Now()
	server.SetTime(now)
	instances := []*instance{newInstance(t, url), newInstance(t, url), newInstance(t, url)}
	const rate = "upstream"
	const apart = 20 * time.Millisecond
	taken := 0
	for step := range 1000 {
		for _, i := range instances {
			wait, err := i.Take(context.Background(), rate, apart)
			switch {
			case err != nil:
				t.Fatal(err)
			case wait == 0:
				taken++
			case wait > apart:
				t.Fatalf("wait %v", wait)
			}
		}
		if most := step/20 + 2; taken > most {
			t.Fatalf("%d calls in %d ms", taken, step)
		}
		now = now.Add(time.Millisecond)
		server.SetTime(now)
	}
	if taken != 51 {
		t.Errorf("%d calls in a second, want 51", taken)
	}
}

func TestTakeMakesUpForOneLateCallAndNoMore(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	const rate = "rate"
	now := time.Now()
	take := func(at time.Duration, want time.Duration) {
		t.Helper()
		server.SetTime(now.Add(at))
		if wait, err := a.Take(context.Background(), rate, 100*time.Millisecond); wait != want || err != nil {
			t.Errorf("at %v: %v, %v, want %v", at, wait, err, want)
		}
	}
	take(0, 0)
	take(0, 0)
	take(0, 100*time.Millisecond)
	take(130*time.Millisecond, 0) // 30 ms late
	take(130*time.Millisecond, 70*time.Millisecond)
	take(200*time.Millisecond, 0) // in time again
	take(900*time.Millisecond, 0)
	take(900*time.Millisecond, 0)
	take(900*time.Millisecond, 100*time.Millisecond)
}

func TestSpendAddsWhatAllInstancesUsed(t *testing.T) {
	server, url := newServer(t)
	now := time.Now()
	server.SetTime(now)
	a, b := newInstance(t, url), newInstance(t, url)
	const one, two = "1", "2"
	spend := func(i *instance, used, want map[string]time.Duration) {
		t.Helper()
		ahead, err := i.Spend(context.Background(), used)
		if err != nil || len(ahead) != len(want) {
			t.Fatalf("%v, %v", ahead, err)
		}
		for name := range want {
			if ahead[name] != want[name] {
				t.Errorf("%v, want %v", ahead, want)
			}
		}
	}
	spend(a, map[string]time.Duration{one: time.Second, two: 3 * time.Second}, map[string]time.Duration{one: time.Second, two: 3 * time.Second})
	spend(b, map[string]time.Duration{one: time.Second}, map[string]time.Duration{one: 2 * time.Second})
	server.SetTime(now.Add(1500 * time.Millisecond))
	spend(a, map[string]time.Duration{one: 0}, map[string]time.Duration{one: 500 * time.Millisecond})
	server.SetTime(now.Add(time.Minute))
	spend(b, map[string]time.Duration{one: time.Millisecond}, map[string]time.Duration{one: time.Millisecond})
	spend(b, map[string]time.Duration{}, map[string]time.Duration{})
}

func TestARateThatCannotBeReadIsNone(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	const rate = "rate"
	if _, err := a.Take(context.Background(), rate, time.Second); err != nil {
		t.Fatal(err)
	}
	key := server.Keys()[0]
	for name, spoil := range map[string]func(){
		"garbage":        func() { _ = server.Set(key, "garbage") },
		"far future":     func() { _ = server.Set(key, "9999999999999999") },
		"infinity":       func() { _ = server.Set(key, "inf") },
		"not a number":   func() { _ = server.Set(key, "nan") },
		"negative":       func() { _ = server.Set(key, "-1e300") },
		"a list instead": func() { server.Del(key); _, _ = server.Push(key, "not a text") },
	} {
		t.Run(name, func(t *testing.T) {
			spoil()
			if wait, err := a.Take(context.Background(), rate, time.Second); wait != 0 || err != nil {
				t.Errorf("take: %v, %v", wait, err)
			}
			spoil()
			if ahead, err := a.Spend(context.Background(), map[string]time.Duration{rate: time.Second}); ahead[rate] != time.Second || err != nil {
				t.Errorf("spend: %v, %v", ahead, err)
			}
		})
	}
}
