-- The one way to change a record. KEYS[1] the envelope.
-- ARGV: key, fence (token:X, version:N or inviter:X), from, to, index, delay, release, bump,
--       number of fields to set, number of times to set, field, value ..., field, delay ..., fields to remove ...
-- A time becomes the server's time after its delay. Nothing is written before all arguments are judged.
-- Returns ok, version, generation | lost (the fence) | state, the state it has.
local e, key, fence, from, to, index = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local at = now()
local due = at + number(ARGV[6])
local sets, times = number(ARGV[9]), number(ARGV[10])
known(index)
local fields = {}
for i = 11, 10 + 2 * sets, 2 do fields[#fields + 1], fields[#fields + 2] = ARGV[i], text(ARGV[i + 1]) end
for i = 11 + 2 * sets, 10 + 2 * (sets + times), 2 do fields[#fields + 1], fields[#fields + 2] = ARGV[i], at + number(ARGV[i + 1]) end

local h = read(e)
if not h.state then return {'lost'} end
local release = ARGV[7] == '1'
if string.sub(fence, 1, 6) == 'token:' then
  if h.claim ~= string.sub(fence, 7) then return {'lost'} end
elseif string.sub(fence, 1, 8) == 'inviter:' then
  -- What became of an inviting call is a fact that only its maker knows: it is taken also when the
  -- claim has lapsed since, and even when the envelope has been called doubtful meanwhile.
  if h.inviter ~= string.sub(fence, 9) or not h.intent_at then return {'lost'} end
  if h.state == 'in_doubt' then from = 'in_doubt' end
  release = true
elseif h.version ~= string.sub(fence, 9) then
  return {'lost'}
end
if h.state ~= from then return {'state', h.state} end

for i = 1, #fields, 2 do set(e, h.campaign, fields[i], fields[i + 1]) end
for i = 11 + 2 * (sets + times), #ARGV do redis.call('HDEL', e, ARGV[i]) end
local id = redis.call('HGET', e, 'envelope_id')
if id ~= (h.envelope_id or false) then
  local names = P .. 'names:' .. h.provider
  if h.envelope_id and redis.call('HGET', names, h.envelope_id) == key then redis.call('HDEL', names, h.envelope_id) end
  if id then redis.call('HSET', names, id, key) end
end
if release then redis.call('HDEL', e, 'claim', 'claim_until') end
local gen = h.gen
if ARGV[8] == '1' then gen = redis.call('HINCRBY', e, 'gen', 1) end
h.version = redis.call('HINCRBY', e, 'version', 1)
if to ~= from then shift(e, key, h, to, at) end
local code = redis.call('HGET', e, 'error_code')
if to ~= from or code ~= (h.error_code or false) then
  blame(h, from, h.error_code, -1)
  blame(h, to, code, 1)
end
place(key, h.provider, index, due)
return {'ok', h.version, gen}
