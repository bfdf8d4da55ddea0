-- KEYS[1] the envelope. ARGV: key, campaign, id, provider, digest, state, index, delay, then field, value ...
-- Returns created | same | conflict, the state, the generation.
local e, key, campaign, id, p, digest, state = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local have = redis.call('HMGET', e, 'digest', 'state', 'gen')
if have[1] then
  if have[1] == digest then return {'same', have[2], have[3]} end
  return {'conflict', have[2], have[3]}
end
local at = now()
local c = P .. 'campaign:' .. campaign
local seq = redis.call('HINCRBY', c, 'seq', 1)
redis.call('HSETNX', c, 'created', at)
if seq == 1 then redis.call('HSET', c, 'counted', 1) end -- an older campaign's counts by provider begin in the middle
redis.call('HSET', c, 'changed', at)
redis.call('ZADD', P .. 'campaigns', 'NX', at, campaign)
redis.call('HSET', e, 'campaign', campaign, 'id', id, 'provider', p, 'digest', digest, 'state', state,
  'seq', seq, 'gen', 1, 'version', 1, 'created_at', at)
for i = 9, #ARGV, 2 do set(e, campaign, ARGV[i], ARGV[i + 1]) end
redis.call('ZADD', P .. 'ids:' .. campaign, seq, id)
redis.call('ZADD', P .. 'in:' .. campaign .. ':' .. state, seq, id)
count(p, campaign, state, 1)
place(key, p, ARGV[7], at + ARGV[8])
tell(key, state, 1, at)
return {'created', state, '1'}
