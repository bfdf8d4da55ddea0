-- Ends a campaign's pause, its halts, and the waiting for the first ones. KEYS[1] the campaign. ARGV: its name.
-- Returns 0 when there is no such campaign.
local fields = redis.call('HKEYS', KEYS[1])
if #fields == 0 then return 0 end
local campaign = text(ARGV[1])
redis.call('HSET', KEYS[1], 'paused', '0', 'changed', now())
for _, f in ipairs(fields) do
  local kind, p = string.match(f, '^(%a+) (.*)$')
  if kind == 'rest' then redis.call('HSET', KEYS[1], f, 'open')
  elseif kind == 'halt' then
    redis.call('HDEL', KEYS[1], f)
    redis.call('SREM', P .. 'halted:' .. p, campaign)
  elseif kind == 'streak' or kind == 'trial' or kind == 'turn' then redis.call('HDEL', KEYS[1], f) end
end
return 1
