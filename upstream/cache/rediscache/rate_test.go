package rediscache_test

import (
	"context"
	"testing"
	"time"
)

func TestReserveSpreadsTheCallsOfAllInstances(t *testing.T) {
	server, url := newServer(t)
	now := time.Now()
	server.SetTime(now)
	instances := []*instance{newInstance(t, url), newInstance(t, url), newInstance(t, url)}
	const apart = 20 * time.Millisecond
	for n := range 30 {
		wait, err := instances[n%3].Rate("upstream").Reserve(context.Background(), apart)
		if want := time.Duration(max(0, n-1)) * apart; wait != want || err != nil {
			t.Errorf("call %d: %v, %v, want %v", n, wait, err, want)
		}
	}
	if wait, err := instances[0].Rate("another").Reserve(context.Background(), apart); wait != 0 || err != nil {
		t.Errorf("another rate: %v, %v", wait, err)
	}
}

func TestReserveMakesUpForOneLateCallAndNoMore(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	now := time.Now()
	reserve := func(at time.Duration, want time.Duration) {
		t.Helper()
		server.SetTime(now.Add(at))
		if wait, err := a.Rate("upstream").Reserve(context.Background(), 100*time.Millisecond); wait != want || err != nil {
			t.Errorf("at %v: %v, %v, want %v", at, wait, err, want)
		}
	}
	reserve(0, 0)
	reserve(0, 0)
	reserve(0, 100*time.Millisecond)
	reserve(230*time.Millisecond, 0) // 30 ms late
	reserve(230*time.Millisecond, 70*time.Millisecond)
	reserve(900*time.Millisecond, 0)
	reserve(900*time.Millisecond, 0)
	reserve(900*time.Millisecond, 100*time.Millisecond)
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
	spend(a, map[string]time.Duration{one: -time.Minute}, map[string]time.Duration{one: 0})
}

func TestARateThatCannotBeReadIsNone(t *testing.T) {
	server, url := newServer(t)
	a := newInstance(t, url)
	const rate = "rate"
	if _, err := a.Rate(rate).Reserve(context.Background(), time.Second); err != nil {
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
			if wait, err := a.Rate(rate).Reserve(context.Background(), time.Second); wait != 0 || err != nil {
				t.Errorf("reserve: %v, %v", wait, err)
			}
			spoil()
			if ahead, err := a.Spend(context.Background(), map[string]time.Duration{rate: time.Second}); ahead[rate] != time.Second || err != nil {
				t.Errorf("spend: %v, %v", ahead, err)
			}
		})
	}
}
