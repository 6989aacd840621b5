package rediscache

import (
	"context"
	"strconv"

	"github.com/redis/rueidis"

	"ordergraph/upstream/cache/shared"
)

// budgetScript takes note of what an instance has spent, and grants the reservations that fit. What a writer has told
// once is replaced by what it tells now, in a later turn. Where that is gone, it was lost, and so was what others had
// told: then what this one knew of all is no less true. So who was told of something has written something. What the
// writers say together is the least that was spent: each knew less of the others.
//
// KEYS: budgets. ARGV: turn; of each budget limit, until, writer, own, told, known; of each reservation points, the
// number of its budgets, their indices.
var budgetScript = rueidis.NewLuaScript(`
local last = 0
local function argument()
	last = last + 1
	return ARGV[last]
end
local function number() return tonumber(argument()) end
local function format(x) return string.format('%.0f', x) end
local turn = number()
local spent, own, found, late, limits, untils, writers = {}, {}, {}, {}, {}, {}, {}
for i, key in ipairs(KEYS) do
	limits[i], untils[i], writers[i], own[i] = number(), argument(), argument(), number()
	local told, known = number(), number()
	local stored = redis.pcall('HGETALL', key)
	if stored.err then
		redis.call('DEL', key)
		stored = {}
	end
	local all, before, mine, least = nil, nil, nil, 0
	for n = 1, #stored, 2 do
		local itsTurn, itsOwn = string.match(stored[n + 1], '^(%d+) (%d+)$')
		if stored[n] == 'spent' then
			all = tonumber(stored[n + 1])
		elseif stored[n] == writers[i] then
			before, mine = itsTurn, tonumber(itsOwn or '')
		elseif tonumber(itsOwn or '1e15') < 1e15 then
			least = least + tonumber(itsOwn)
		end
	end
	found[i] = before
	local toldBefore = mine
	if not (all and all >= 0 and all < 1e15 and before) then
		all, mine = math.max(known, all and all >= 0 and all < 1e15 and all or 0), told
	elseif tonumber(before) >= turn then
		late[i] = true
		mine = own[i]
	end
	least = least + (late[i] and toldBefore or own[i])
	spent[i] = math.max(0, all + own[i] - mine, least)
end
local reply = {}
while last < #ARGV do
	local points, fits, of = number(), true, {}
	for i = 1, number() do
		local b = number()
		of[i] = b
		if late[b] or spent[b] + points > limits[b] then fits = false end
	end
	for _, i in ipairs(of) do
		if fits then spent[i], own[i] = spent[i] + points, own[i] + points end
	end
	reply[#reply + 1] = fits and 1 or 0
end
for i, key in ipairs(KEYS) do
	if not late[i] and (spent[i] > 0 or found[i]) then
		redis.call('HSET', key, 'spent', format(spent[i]), writers[i], format(turn) .. ' ' .. format(own[i]))
		redis.call('PEXPIREAT', key, untils[i])
	end
	reply[#reply + 1] = spent[i]
end
return reply
`)

var _ shared.Budgets = (*Cache)(nil)

// ReservePoints asks once. All budgets are in one slot of a Cluster, so that a call is granted in all or none.
func (c *Cache) ReservePoints(ctx context.Context, told shared.Spending) (spent []int, granted []bool, err error) {
	arguments := []string{strconv.FormatUint(told.Turn, 10)}
	for _, b := range told.Budgets {
		arguments = append(arguments, strconv.Itoa(b.Limit), strconv.FormatInt(b.Until.UnixMilli(), 10), b.Writer,
			strconv.Itoa(b.Own), strconv.Itoa(b.Told), strconv.Itoa(b.Known))
	}
	for _, r := range told.Reservations {
		arguments = append(arguments, strconv.Itoa(r.Points), strconv.Itoa(len(r.Budgets)))
		for _, index := range r.Budgets {
			arguments = append(arguments, strconv.Itoa(index+1))
		}
	}
	err = c.runIfUp(ctx, opBudget, func(ctx context.Context, l *link) error {
		keys := make([]string, 0, len(told.Budgets))
		for _, b := range told.Budgets {
			keys = append(keys, l.keys.budgetKey(b.Name))
		}
		reply, err := budgetScript.Exec(ctx, l.client, keys, arguments).AsIntSlice()
		if err != nil {
			return err
		}
		if len(reply) != len(told.Reservations)+len(keys) {
			return errReply
		}
		for n, number := range reply {
			if n < len(told.Reservations) {
				granted = append(granted, number == 1)
			} else {
				spent = append(spent, int(number))
			}
		}
		return nil
	})
	return spent, granted, err
}
