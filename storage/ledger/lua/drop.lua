-- Takes an envelope without notifications out of the outbox. KEYS[1] its list. ARGV: key.
if redis.call('EXISTS', KEYS[1]) == 0 then return redis.call('ZREM', P .. 'outbox', ARGV[1]) end
return 0
