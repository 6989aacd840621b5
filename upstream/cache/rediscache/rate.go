package rediscache

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// rateScript is the generic cell rate algorithm: the next call is due after the costs of those before it. reserve
// returns how long that is, where a call may be one cost late without being missed in the rate; spend returns how far
// ahead the rate is then. What is due later than that can be is no rate.
//
// KEYS: rate. ARGV: reserve or spend, cost in microseconds.
var rateScript = rueidis.NewLuaScript(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local stored = redis.pcall('GET', KEYS[1])
local due = type(stored) == 'string' and tonumber(stored) or 0
local reserve, cost = ARGV[1] == 'reserve', tonumber(ARGV[2])
if due ~= due or due > now + math.max(3600000000, 100 * cost) then due = 0 end
due = math.max(due, reserve and now - cost or now)
local wait = math.max(0, due - now)
local ahead = math.max(0, due + cost - now)
redis.call('SET', KEYS[1], string.format('%.0f', due + cost), 'PX', string.format('%.0f', ahead / 1000 + 1000))
return reserve and wait or ahead
`)

// Rate is a rate that all instances share.
type Rate struct {
	cache *Cache
	name  string
}

// Rate returns the rate of a name.
func (c *Cache) Rate(name string) Rate { return Rate{c, name} }

// Reserve reserves a call for this instance, where two of all instances are so much time apart, and returns how long
// it is until then.
func (r Rate) Reserve(ctx context.Context, apart time.Duration) (wait time.Duration, err error) {
	err = r.cache.runIfUp(ctx, opRate, func(ctx context.Context, l *link) error {
		wait, err = micros(rateScript.Exec(ctx, l.client, []string{l.rateKey(r.name)}, []string{"reserve", costOf(apart)}))
		return err
	})
	return wait, err
}

// Instances returns how many instances were connected lately, this one among them. 0 is not known.
func (r Rate) Instances() int { return int(r.cache.instances.Load()) }

// Spend adds to each of some rates what was used of it in this instance, as time, and returns how far ahead of the
// time all instances are. What is not among it is not known.
func (c *Cache) Spend(ctx context.Context, used map[string]time.Duration) (ahead map[string]time.Duration, err error) {
	ahead = make(map[string]time.Duration, len(used))
	err = c.runIfUp(ctx, opRate, func(ctx context.Context, l *link) (failure error) {
		rates, executions := make([]string, 0, len(used)), make([]rueidis.LuaExec, 0, len(used))
		for rate, cost := range used {
			rates = append(rates, rate)
			executions = append(executions, rueidis.LuaExec{Keys: []string{l.rateKey(rate)}, Args: []string{"spend", costOf(cost)}})
		}
		for i, result := range rateScript.ExecMulti(ctx, l.client, executions...) {
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

func (l *link) rateKey(rate string) string { return l.keys.rateKey(nameOf("rate", []byte(rate))) }

func costOf(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }

func micros(result rueidis.RedisResult) (time.Duration, error) {
	number, err := result.AsInt64()
	return time.Duration(number) * time.Microsecond, err
}
