-- Moves an envelope's turn in an index where it stands. KEYS[1] the index. ARGV: key, delay, earlier (1: only forward in time).
local at = now() + number(ARGV[2])
local have = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not have then return 0 end
if ARGV[3] == '1' and tonumber(have) <= at then return 1 end
redis.call('ZADD', KEYS[1], at, ARGV[1])
return 1
