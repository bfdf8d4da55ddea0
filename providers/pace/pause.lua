-- Keeps everybody back for a while; the bucket is empty when it ends.
-- KEYS: state (hash)
-- ARGV: tolerance, how long (us)
local function int(x) return string.format('%.0f', x) end

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local state = redis.call('HMGET', KEYS[1], 'tat', 'pause')
local till = now + tonumber(ARGV[2])
if till <= tonumber(state[2] or 0) then return 0 end
local tat = math.max(tonumber(state[1] or 0), till + tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'tat', int(tat), 'pause', int(till))
redis.call('PEXPIRE', KEYS[1], int(math.ceil((tat - now) / 1000) + 86400000))
return 1
