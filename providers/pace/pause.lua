-- Keeps everybody back for a while; the bucket is empty when it ends.
-- KEYS and ARGV as in turn.lua: interval (us), burst; then how long (us)
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local state = redis.call('HMGET', KEYS[1], 'lo', 'interval', 'burst', 'pause', 'phase')
local interval, burst = tonumber(state[2] or ARGV[1]), tonumber(state[3] or ARGV[2])
local phase = tonumber(state[5] or 0)
local till = now + tonumber(ARGV[3])
if till <= tonumber(state[4] or 0) then return 0 end

local function int(x) return string.format('%.0f', x) end

local lo = math.max(tonumber(state[1] or 0), math.ceil((till - phase) / interval) + burst - 1)
redis.call('HSET', KEYS[1], 'pause', int(till), 'lo', int(lo), 'phase', int(phase), 'interval', int(interval), 'burst', int(burst))
-- Who has booked one of these asks again on waking.
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. int(lo))
redis.call('PEXPIRE', KEYS[1], int(math.ceil((till - now + burst * interval) / 1000) + 86400000))
return 1
