-- KEYS[1] the envelope. ARGV: key, campaign, id, provider, digest, state, index, delay,
--       bucket and field of the invitation (empty: none), then field, value ...
-- Returns created | same | conflict, the state, the generation.
local e, key, campaign, id, p, digest, state = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local at = now()
local due = at + number(ARGV[8])
known(ARGV[7])
pairs_from(11)
-- Who holds an invitation: CAMPAIGN:ID/CAMPAIGN:ID..., and CAMPAIGN alone for one that holds it more
-- often than it pays to remember.
local function invited()
  local bucket, field = ARGV[9], ARGV[10]
  if bucket == '' then return end
  local held = redis.call('HGET', bucket, field)
  local all, entry = '/' .. (held or '') .. '/', campaign .. ':' .. id
  local function holds(text, from) return string.find(all, text, from, true) end
  if holds('/' .. entry .. '/', 1) or holds('/' .. campaign .. '/', 1) then return end
  local n, at = 0, holds('/' .. campaign .. ':', 1)
  while at do n, at = n + 1, holds('/' .. campaign .. ':', at + 1) end
  if n == 8 then entry = campaign end
  redis.call('HSET', bucket, field, held and held .. '/' .. entry or entry)
end
local have = redis.call('HMGET', e, 'digest', 'state', 'gen')
if have[1] and have[1] ~= digest then return {'conflict', have[2], have[3]} end
invited()
if have[1] then return {'same', have[2], have[3]} end
local c = P .. 'campaign:' .. campaign
local seq = redis.call('HINCRBY', c, 'seq', 1)
redis.call('HSETNX', c, 'created', at)
if seq == 1 then -- an older campaign's counts by provider, and its course, would begin in the middle
  redis.call('HSET', c, 'counted', 1)
  redis.call('HSET', P .. 'course:' .. campaign, 'width', 1000, 'begin', at)
end
redis.call('HSET', c, 'changed', at)
redis.call('ZADD', P .. 'campaigns', 'NX', at, campaign)
redis.call('HSET', e, 'campaign', campaign, 'id', id, 'provider', p, 'digest', digest, 'state', state,
  'seq', seq, 'gen', 1, 'version', 1, 'created_at', at)
for i = 11, #ARGV, 2 do set(e, campaign, ARGV[i], ARGV[i + 1]) end
redis.call('ZADD', P .. 'ids:' .. campaign, seq, id)
redis.call('ZADD', P .. 'in:' .. campaign .. ':' .. state, seq, id)
count(p, campaign, state, 1)
course(campaign, nil, state, at)
place(key, p, ARGV[7], due)
tell(key, state, 1, at)
return {'created', state, '1'}
