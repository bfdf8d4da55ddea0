-- go_on ends a campaign's pause, its halts, and the waiting for the first ones.
local function go_on(campaign, at)
  local c = P .. 'campaign:' .. campaign
  redis.call('HSET', c, 'paused', '0', 'changed', at)
  for _, f in ipairs(redis.call('HKEYS', c)) do
    local kind, p = string.match(f, '^(%a+) (.*)$')
    if kind == 'rest' then redis.call('HSET', c, f, 'open')
    elseif kind == 'halt' then
      redis.call('HDEL', c, f)
      redis.call('SREM', P .. 'halted:' .. p, campaign)
    elseif kind == 'streak' or kind == 'trial' or kind == 'turn' then redis.call('HDEL', c, f) end
  end
end
