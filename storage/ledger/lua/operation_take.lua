-- Takes an operation that is not over and that nobody carries on. KEYS: the operations that are not over. ARGV: token,
-- lease, id (empty: any). Returns the id and the operation's fields; nothing when there is none.
local at, id = now(), ARGV[3]
if id == '' then
  id = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', at, 'LIMIT', 0, 1)[1]
else
  local held = redis.call('ZSCORE', KEYS[1], id)
  if not held or tonumber(held) > at then id = nil end
end
if not id then return nil end
local op = P .. 'operation:' .. id
if redis.call('EXISTS', op) == 0 then -- somebody has removed it by hand
  redis.call('ZREM', KEYS[1], id)
  return nil
end
redis.call('HSET', op, 'token', ARGV[1])
redis.call('ZADD', KEYS[1], at + number(ARGV[2]), id)
return {id, redis.call('HGETALL', op)}
