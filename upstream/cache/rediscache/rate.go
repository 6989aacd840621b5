package rediscache

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// rateScript is the generic cell rate algorithm: the next call is due after the costs of those before it. take
// takes one only if it is due, at most one cost late, and returns how long it takes until it is. spend always takes,
// and returns how far ahead that is. What is due later than that can be is no rate.
//
// KEYS: rate. ARGV: take or spend, cost in microseconds.
var rateScript = rueidis.NewLuaScript(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local stored = redis.pcall('GET', KEYS[1])
local due = type(stored) == 'string' and tonumber(stored) or 0
local take, cost = ARGV[1] == 'take', tonumber(ARGV[2])
if due ~= due or due > now + (take and cost or 3600000000) then due = 0 end
if take and due > now then return due - now end
due = math.max(due, take and now - cost or now) + cost
local ahead = math.max(0, due - now)
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', string.format('%.0f', ahead / 1000 + 1000))
return take and 0 or ahead
`)

// Take takes a call out of a rate that all instances share, where two calls are so much time apart. It returns 0,
// or takes nothing and returns how long it is until it may be tried again. At most one call comes early.
func (c *Cache) Take(ctx context.Context, rate string, apart time.Duration) (wait time.Duration, err error) {
	err = c.runIfUp(ctx, func(ctx context.Context, client rueidis.Client) error {
		wait, err = micros(rateScript.Exec(ctx, client, c.rateKeys(rate), []string{"take", costOf(apart)}))
		return err
	})
	return wait, err
}

// Spend adds to each of some rates what was used of it in this instance, as time, and returns how far ahead of the
// time all instances are. What is not among it is not known.
func (c *Cache) Spend(ctx context.Context, used map[string]time.Duration) (ahead map[string]time.Duration, err error) {
	ahead = make(map[string]time.Duration, len(used))
	rates, executions := make([]string, 0, len(used)), make([]rueidis.LuaExec, 0, len(used))
	for rate, cost := range used {
		rates = append(rates, rate)
		executions = append(executions, rueidis.LuaExec{Keys: c.rateKeys(rate), Args: []string{"spend", costOf(cost)}})
	}
	err = c.runIfUp(ctx, func(ctx context.Context, client rueidis.Client) (failure error) {
		for i, result := range rateScript.ExecMulti(ctx, client, executions...) {
			if known, err := micros(result); err == nil {
				ahead[rates[i]] = known
			} else {
				failure = err
			}
		}
		return failure
	})
	return ahead, err
}

func (c *Cache) rateKeys(rate string) []string {
	return []string{prefix + "r:" + tag(c.Name("rate", []byte(rate)))}
}

func costOf(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }

func micros(result rueidis.RedisResult) (time.Duration, error) {
	number, err := result.AsInt64()
	return time.Duration(number) * time.Microsecond, err
}
