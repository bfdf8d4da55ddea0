-- Ends a provider's trouble. KEYS[1] the provider. ARGV: grace (ms): a failure that is younger stays, because
-- another process has met it.
local grace = number(ARGV[1])
local seen = redis.call('HGET', KEYS[1], 'seen')
if seen and tonumber(seen) + grace > now() then return 0 end
return redis.call('DEL', KEYS[1])
