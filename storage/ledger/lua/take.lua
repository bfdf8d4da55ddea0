-- Takes what is due out of an index for a while. KEYS[1] the index. ARGV: most, delay, hastened (1: only that).
-- Returns the keys; each is due again after the delay unless somebody places it elsewhere.
local at, delay = now(), number(ARGV[2])
local upto = at
if ARGV[3] == '1' then upto = string.format('%.0f', at - 1e12) end
local keys = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', upto, 'LIMIT', 0, ARGV[1])
for _, k in ipairs(keys) do redis.call('ZADD', KEYS[1], at + delay, k) end
return keys
