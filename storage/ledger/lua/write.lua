-- The one way to change a record. KEYS[1] the envelope.
-- ARGV: key, fence (token:X, version:N or inviter:X), from, to, index, delay, release, bump, number of fields to set,
--       field, value ..., fields to remove ...
-- A value @now+N becomes the server's time plus N milliseconds.
-- Returns ok, version, generation | lost (the fence) | state, the state it has.
local e, key, fence, from, to = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local h = read(e)
if not h.state then return {'lost'} end
if string.sub(fence, 1, 6) == 'token:' then
  if h.claim ~= string.sub(fence, 7) then return {'lost'} end
elseif string.sub(fence, 1, 8) == 'inviter:' then
  -- What became of an inviting call is a fact that only its maker knows: it is taken also when the
  -- claim has lapsed since, and even when the envelope has been called doubtful meanwhile.
  if h.inviter ~= string.sub(fence, 9) or not h.intent_at then return {'lost'} end
  if h.state == 'in_doubt' then from = 'in_doubt' end
  redis.call('HDEL', e, 'claim', 'claim_until')
elseif h.version ~= string.sub(fence, 9) then
  return {'lost'}
end
if h.state ~= from then return {'state', h.state} end
local at = now()
local n = tonumber(ARGV[9])
for i = 10, 9 + 2 * n, 2 do
  local v = ARGV[i + 1]
  if string.sub(v, 1, 5) == '@now+' then v = at + string.sub(v, 6) end
  set(e, h.campaign, ARGV[i], v)
  if ARGV[i] == 'envelope_id' then redis.call('HSET', P .. 'names:' .. h.provider, v, key) end
end
for i = 10 + 2 * n, #ARGV do redis.call('HDEL', e, ARGV[i]) end
if ARGV[7] == '1' then redis.call('HDEL', e, 'claim', 'claim_until') end
local gen = h.gen
if ARGV[8] == '1' then gen = redis.call('HINCRBY', e, 'gen', 1) end
h.version = redis.call('HINCRBY', e, 'version', 1)
if to ~= from then shift(e, key, h, to, at) end
place(key, h.provider, ARGV[5], at + ARGV[6])
return {'ok', h.version, gen}
