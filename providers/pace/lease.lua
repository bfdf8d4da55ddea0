-- Books turns; the comment of Limiter explains them. All times are in microseconds.
-- KEYS: state (hash)
-- ARGV: interval, tolerance, how many turns (0: only tell the news), guard behind them, longest wait,
--   seconds that are counted, what the caller thinks the time is ('': it does not know),
--   where its last lease ends, and the guard in that, which it does not need before turns of its own
-- Returns: turns booked, time, end of the pause (0: none), when the first may leave, base
local interval, tolerance, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local guard, longest, ring = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local function int(x) return string.format('%.0f', x) end

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local state = redis.call('HMGET', KEYS[1], 'tat', 'pause', 'last', 'lo', 'interval', 'phase')
local tat, pause, last = tonumber(state[1] or 0), tonumber(state[2] or 0), tonumber(state[3] or 0)
if not state[1] and state[4] then tat = state[4] * state[5] + state[6] end -- of version 1, which counted slots

-- The clock was set: backwards for certain, or ahead as far as the caller can tell. What was booked
-- stays as far away as it was.
if last > 0 and (now < last or (ARGV[7] ~= '' and now - tonumber(ARGV[7]) > 250000)) then
  tat = tat + now - last
  if pause > last then pause = pause + now - last end
end

if tat == tonumber(ARGV[8]) and want > 0 then tat = tat - tonumber(ARGV[9]) end
local first = math.max(now, pause, tat - tolerance)
local base = math.max(tat, first)
if first - now > longest then return {0, now, pause, first, base} end
if want > 0 then tat = base + want * interval + guard end
redis.call('HSET', KEYS[1], 'tat', int(tat), 'pause', int(pause), 'last', int(now))

-- Turns are counted in the second in which they leave.
local i = 0
while i < want do
  local second, count = math.floor(math.max(first, base + i * interval - tolerance) / 1000000), 0
  repeat
    i, count = i + 1, count + 1
  until i == want or math.floor(math.max(first, base + i * interval - tolerance) / 1000000) ~= second
  local field = 'u' .. int(second % ring)
  local entry = redis.call('HGET', KEYS[1], field)
  if entry then
    local colon = string.find(entry, ':', 1, true)
    if tonumber(string.sub(entry, 1, colon - 1)) == second then count = count + tonumber(string.sub(entry, colon + 1)) end
  end
  redis.call('HSET', KEYS[1], field, int(second) .. ':' .. int(count))
end
redis.call('PEXPIRE', KEYS[1], int(math.ceil(math.max(0, tat - now, pause - now) / 1000) + 86400000))
return {want, now, pause, first, base}
