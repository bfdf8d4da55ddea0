-- Keeps what is wrong with a provider. KEYS[1] the provider. ARGV: state, next try (ms from now, 0: not known),
-- stop (ms from now, 0: it is not stopped), then field, value ...
-- Returns 0 when the provider was stopped before and its pause is not over, else 1.
local at = now()
local k = KEYS[1]
local try, stop = number(ARGV[2]), number(ARGV[3])
pairs_from(4)
local stopped = tonumber(redis.call('HGET', k, 'denied_until') or 0) > at
redis.call('HSETNX', k, 'since', at)
redis.call('HSET', k, 'state', ARGV[1], 'seen', at, 'next_try', try > 0 and at + try or 0)
if stop > 0 then redis.call('HSET', k, 'denied_until', at + stop, 'pause', stop) end
for i = 4, #ARGV, 2 do redis.call('HSET', k, ARGV[i], ARGV[i + 1]) end
-- The last kinds of failure stay for a person to look at, each once.
local said = {state = ARGV[1], at = at, times = 1}
for i = 4, #ARGV, 2 do said[ARGV[i]] = ARGV[i + 1] end
local errors = k .. ':errors'
for i, old in ipairs(redis.call('LRANGE', errors, 0, 19)) do
  local o = cjson.decode(old)
  if o.state == said.state and o.kind == said.kind and o.code == said.code and o.op == said.op and o.status == said.status then
    redis.call('LREM', errors, 1, old)
    said.times = o.times + 1
    break
  end
end
redis.call('LPUSH', errors, cjson.encode(said))
redis.call('LTRIM', errors, 0, 19)
redis.call('PEXPIRE', k, 86400000) -- nobody has met it for a day
return stopped and 0 or 1
