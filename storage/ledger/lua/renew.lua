-- KEYS[1] the envelope. ARGV: key, token, lease. Returns 1, or 0 when the claim is another's.
local lease = number(ARGV[3])
if redis.call('HGET', KEYS[1], 'claim') ~= ARGV[2] then return 0 end
local at = now()
redis.call('HSET', KEYS[1], 'claim_until', at + lease)
place(ARGV[1], redis.call('HGET', KEYS[1], 'provider'), 'work', at + lease + 1000)
return 1
