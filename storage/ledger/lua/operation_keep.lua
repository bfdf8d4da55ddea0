-- Lets others take an operation after a time, for who holds it. KEYS: the operation, the operations that are not over.
-- ARGV: token, after, id. Returns 0 when another holds it by now, or it is over.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('ZADD', KEYS[2], 'XX', now() + number(ARGV[2]), ARGV[3])
return 1
