-- Takes an envelope without notifications out of the outbox; one that has got a new one meanwhile is
-- due at once, not when the hold of the caller ends. KEYS[1] its list. ARGV: key.
if redis.call('EXISTS', KEYS[1]) == 0 then return redis.call('ZREM', P .. 'outbox', ARGV[1]) end
redis.call('ZADD', P .. 'outbox', 'XX', 0, ARGV[1])
return 0
