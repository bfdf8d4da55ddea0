-- Moves an envelope's turn in an index where it stands. KEYS[1] the index. ARGV: key, delay, earlier (1: only forward in time).
-- What is hastened without a delay comes before all that is due by its time (ledger.hastened).
local at = now() + number(ARGV[2])
local have = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not have then return 0 end
if ARGV[3] == '1' then
  if ARGV[2] == '0' then at = at - 1e12 end
  if tonumber(have) <= at then return 1 end
end
redis.call('ZADD', KEYS[1], string.format('%.0f', at), ARGV[1])
return 1
