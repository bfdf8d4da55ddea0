-- Takes envelopes of a campaign whose signers are to be reminded; each is due again after the hold, unless its reminder has
-- begun by then. KEYS[1] those of the campaign. ARGV: campaign, most, hold. Returns key, provider, when it was due ...
local index, campaign, at, hold = KEYS[1], ARGV[1], now(), number(ARGV[3])
local rule, taken = rule_of(campaign), {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', at, 'LIMIT', 0, number(ARGV[2]))) do
  local key = campaign .. '/' .. id
  local e = P .. 'e:' .. key
  local due = reminder_due(rule, e)
  if not due then redis.call('ZREM', index, id)
  elseif due > at then redis.call('ZADD', index, due, id)
  else
    redis.call('ZADD', index, at + hold, id)
    for _, v in ipairs({key, redis.call('HGET', e, 'p'), string.format('%.0f', due)}) do taken[#taken + 1] = v end
  end
end
first_reminder(campaign)
return taken
