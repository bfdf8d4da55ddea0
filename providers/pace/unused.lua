-- Gives turns back that nobody wants any more. Only the last that were booked can be booked anew.
-- KEYS: state (hash)
-- ARGV: where the booked turns ended with them, where they end without them (us), how many
local tat = tonumber(redis.call('HGET', KEYS[1], 'tat') or 0)
if tat == tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'tat', ARGV[2])
  return 1
end
redis.call('HINCRBY', KEYS[1], 'unused', ARGV[3])
return 0
