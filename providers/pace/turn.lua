-- Books one slot; the comment of Limiter explains slots.
-- KEYS: state (hash), taken (sorted set of booked slots from lo upwards)
-- ARGV: interval (us), burst, class, pattern of classes, longest wait (us), near (slots), ring (seconds)
-- Returns: booked (0 or 1), wait (us), time to leave (us), spare (us until the slot itself)
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local class, pattern = ARGV[3], ARGV[4]
local longest, near, ring = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local function int(x) return string.format('%.0f', x) end

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local state = redis.call('HMGET', KEYS[1], 'lo', 'phase', 'interval', 'burst', class)
local lo, phase, own = tonumber(state[1] or 0), tonumber(state[2] or 0), tonumber(state[5] or 0)
local was_interval, was_burst = tonumber(state[3] or interval), tonumber(state[4] or burst)

-- unbooked is the lowest slot above every booked one.
local unbooked = lo
local highest = redis.call('ZREVRANGE', KEYS[2], 0, 0)[1]
if highest then unbooked = math.max(lo, tonumber(highest) + 1) end

local changed = was_interval ~= interval or was_burst ~= burst
if changed then
  -- The rate is another one: nobody leaves before those who have booked at the old one.
  lo = math.ceil(((unbooked - was_burst + 1) * was_interval + phase) / interval) + burst - 1
  unbooked, phase = lo, 0
end
local idle = unbooked * interval + phase <= now
if idle then
  -- The bucket is full: the slots begin anew at this moment.
  phase = now % interval
  lo = (now - phase) / interval
end
if changed or idle then
  own = 0
  redis.call('DEL', KEYS[2])
  redis.call('HDEL', KEYS[1], 'S', 'F', 'L', 'X')
end

local current = math.ceil((now - phase) / interval)
lo = math.max(lo, current)
while redis.call('ZSCORE', KEYS[2], int(lo)) do lo = lo + 1 end

local slot = lo
if class ~= 'X' and lo - (burst - 1) - current > near then
  slot = math.max(lo, own)
  while true do
    local i = slot % #pattern + 1
    if string.sub(pattern, i, i) == class then break end
    slot = slot + 1
  end
  own = slot + 1
end

local leave = math.max(now, (slot - burst + 1) * interval + phase)
if leave - now > longest then return {0, leave - now, leave, 0} end

if slot == lo then
  lo = lo + 1
  while redis.call('ZSCORE', KEYS[2], int(lo)) do lo = lo + 1 end
else
  redis.call('ZADD', KEYS[2], int(slot), int(slot))
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. int(lo))
redis.call('HSET', KEYS[1], 'lo', int(lo), 'phase', int(phase), 'interval', int(interval), 'burst', int(burst),
  class, int(own))

-- Turns are counted in the second in which they leave.
local second = math.floor(leave / 1000000)
local field = 'u' .. int(second % ring)
local count = 1
local entry = redis.call('HGET', KEYS[1], field)
if entry then
  local colon = string.find(entry, ':', 1, true)
  if tonumber(string.sub(entry, 1, colon - 1)) == second then
    count = tonumber(string.sub(entry, colon + 1)) + 1
  end
end
redis.call('HSET', KEYS[1], field, int(second) .. ':' .. int(count))

local ttl = int(math.ceil((leave - now + burst * interval) / 1000) + 86400000)
redis.call('PEXPIRE', KEYS[1], ttl)
redis.call('PEXPIRE', KEYS[2], ttl)
return {1, leave - now, leave, slot * interval + phase - leave}
