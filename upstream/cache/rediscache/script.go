package rediscache

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"ordergraph/upstream/cache/shared"
)

// readRecord returns the record under a key and its version, an empty text and 0 where there is none. What is no record, or
// has a version of the future, is deleted: it would stand in the way for ever.
const readRecord = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function read(key)
	local record = redis.pcall('GET', key)
	if not record then return '', 0 end
	local version = type(record) == 'string' and tonumber(string.match(record, '^%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d') or '')
	if version and version < now + 3600000000 then return record, version end
	redis.call('DEL', key)
	return '', 0
end
`

// acquireScript shows what was not seen, or else writes a lease.
//
// KEYS: copy, lease. ARGV: version of the seen copy, of the seen lease, lease, its milliseconds.
var acquireScript = rueidis.NewLuaScript(readRecord + `
local copy, copied = read(KEYS[1])
local lease, leased = read(KEYS[2])
local seenCopy, seenLease = tonumber(ARGV[1]), tonumber(ARGV[2])
if copied > seenCopy or leased > seenLease then
	return {0, copied > seenCopy and copy or '', leased > seenLease and lease or ''}
end
local version = 1 + math.max(now - 1, seenCopy, seenLease, copied, leased)
redis.call('SET', KEYS[2], string.format('%016.0f', version) .. ARGV[3], 'PX', ARGV[4])
return {version, '', ''}
`)

// endScript ends a call. It stores the copy if none is later, ends the lease if none is later, and tells everybody.
// Where there is no memory for the copy, the one before it must go nevertheless.
//
// KEYS: copy, lease. ARGV: version, channel, message, copy or nothing, its milliseconds, failure or nothing, its milliseconds.
var endScript = rueidis.NewLuaScript(readRecord + `
local _, copied = read(KEYS[1])
local _, leased = read(KEYS[2])
local version = tonumber(ARGV[1])
if string.sub(ARGV[3], 1, 1) == 'C' and copied < version then
	redis.call('DEL', KEYS[1])
	if ARGV[4] ~= '' then redis.pcall('SET', KEYS[1], ARGV[4], 'PX', ARGV[5]) end
end
if leased <= version then
	redis.call('DEL', KEYS[2])
	if ARGV[6] ~= '' then redis.pcall('SET', KEYS[2], ARGV[6], 'PX', ARGV[7]) end
end
return redis.call('PUBLISH', ARGV[2], ARGV[3])
`)

// releaseScript deletes a lease. Where it is needed nobody waits for what it returns, and so nobody could send
// it again in full: it is always sent so.
//
// KEYS: lease. ARGV: lease without its version.
var releaseScript = rueidis.NewLuaScriptNoSha(`
if string.sub(redis.call('GET', KEYS[1]) or '', 17) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
`)

// Confirm asks for the version of the copy.
func (c *Cache) Confirm(ctx context.Context, name shared.Name, version shared.Version) (newest bool, err error) {
	err = c.runIfUp(ctx, opConfirm, func(ctx context.Context, l *link) error {
		found, err := l.client.Do(ctx, l.client.B().Getrange().Key(l.keys.copyKey(name)).Start(0).End(versionDigits-1).Build()).ToString()
		if refusal, ok := rueidis.IsRedisErr(err); ok && strings.HasPrefix(refusal.Error(), "WRONGTYPE") {
			return nil // Acquire deletes it
		}
		stored, _ := cut(found)
		newest = err == nil && stored <= version
		return err
	})
	return newest, err
}

// Acquire asks once. Where that fails the lease may be granted all the same, now or when Redis comes round; it is
// given back then, so that nobody waits for a call that is not made.
func (c *Cache) Acquire(ctx context.Context, name shared.Name, seen shared.Seen, needs []byte) (acquired shared.Acquired, err error) {
	err = c.runIfUp(ctx, opAcquire, func(ctx context.Context, l *link) error {
		lease := l.keys.formatLease(name, needs)
		keys := []string{l.keys.copyKey(name), l.keys.leaseKey(name)}
		reply, err := acquireScript.Exec(ctx, l.client, keys, []string{
			strconv.FormatUint(uint64(seen.Copy), 10), strconv.FormatUint(uint64(seen.Lease), 10), lease, milliseconds(leaseTime),
		}).ToArray()
		if err == nil {
			acquired, err = l.keys.parseAcquired(name, reply)
		}
		if err != nil {
			c.background.Go(func() { l.release(keys[1:], lease) })
		}
		return err
	})
	if acquired.Version > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.leases[name] = acquired.Version
	}
	return acquired, err
}

// Look reads both keys at once.
func (c *Cache) Look(ctx context.Context, name shared.Name) (stored shared.StoredCopy, lease shared.Lease, err error) {
	err = c.runIfUp(ctx, opLook, func(ctx context.Context, l *link) error {
		reply, err := l.client.Do(ctx, l.client.B().Mget().Key(l.keys.copyKey(name), l.keys.leaseKey(name)).Build()).ToArray()
		if err != nil {
			return err
		}
		if record, err := reply[0].ToString(); err == nil {
			stored = l.keys.parseCopy(name, record)
		}
		if record, err := reply[1].ToString(); err == nil {
			lease = l.keys.parseLease(name, record)
		}
		return nil
	})
	return stored, lease, err
}

func (k keyring) parseAcquired(name shared.Name, reply []rueidis.RedisMessage) (acquired shared.Acquired, err error) {
	if len(reply) != 3 {
		return acquired, errReply
	}
	version, err := reply[0].AsUint64()
	if err != nil {
		return acquired, err
	}
	acquired.Version = shared.Version(version)
	if record, err := reply[1].ToString(); err == nil && record != "" {
		acquired.Copy = k.parseCopy(name, record)
	}
	if record, err := reply[2].ToString(); err == nil && record != "" {
		acquired.Lease = k.parseLease(name, record)
	}
	return acquired, nil
}

// release is sent after the command that it takes back, on the same connection.
func (l *link) release(keys []string, lease string) {
	_ = l.use(context.Background(), func(ctx context.Context, l *link) error {
		return releaseScript.Exec(ctx, l.client, keys, []string{lease}).Error()
	})
}

// Complete stores a value, of a very large one the version alone, even where the cache counts as away: a lease that
// is left behind is waited for.
func (c *Cache) Complete(name shared.Name, version shared.Version, value []byte, keep time.Duration, failure []byte) {
	c.end(shared.Event{Name: name, Version: version, Completed: true, Failure: failure}, value, keep)
}

// Fail ends a lease, even where the cache counts as away.
func (c *Cache) Fail(name shared.Name, version shared.Version, failure []byte) {
	c.end(shared.Event{Name: name, Version: version, Failure: failure}, nil, 0)
}

func (c *Cache) end(event shared.Event, value []byte, keep time.Duration) {
	c.mu.Lock()
	if c.leases[event.Name] <= event.Version {
		delete(c.leases, event.Name)
	}
	c.mu.Unlock()
	_ = c.run(context.Background(), opEnd, func(ctx context.Context, l *link) error {
		var record string
		switch {
		case keep < time.Millisecond:
		case value == nil || len(value) > maxValue:
			record = digits(event.Version)
		default:
			record = l.keys.formatCopy(event.Name, event.Version, value)
		}
		message, failed := l.keys.formatEvent(event)
		return endScript.Exec(ctx, l.client, []string{l.keys.copyKey(event.Name), l.keys.leaseKey(event.Name)}, []string{
			digits(event.Version), channel, message, record, milliseconds(keep), failed, milliseconds(2 * leaseTime),
		}).Error()
	})
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
