-- Sets a campaign's rule of reminders. KEYS[1] the campaign. ARGV: its name, the rule: empty: as it is; none: no reminders.
-- A campaign without envelopes has none of before. What is sent already is placed by an operation.
local c, campaign, rule = KEYS[1], ARGV[1], text(ARGV[2])
local have, exists = redis.call('HGET', c, 'remind') or 'none', redis.call('HEXISTS', c, 'created') == 1
if rule == '' then
  if exists then return 0 end
  rule = 'none'
end
if rule == have then return 0 end
if rule == 'none' then
  redis.call('HDEL', c, 'remind')
  redis.call('DEL', P .. 'remind:' .. campaign)
  redis.call('ZREM', P .. 'reminders', campaign)
  return 1
end
redis.call('HSET', c, 'remind', rule)
if exists then carry_on(campaign, 'reminders', 'reminders', now()) end
return 1
