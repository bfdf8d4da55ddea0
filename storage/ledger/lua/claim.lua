-- KEYS[1] the envelope. ARGV: key, generation, token, lease, and the provider that the claim is for with whether
-- it is simulated (1 or 0), when a queued envelope is to be preparing with the claim; empty: it is not; how many envelopes
-- in a row may fail for one reason (0: any number).
-- Returns ok, the fields as they were, the blob, the time, whether it became preparing and free or probe; or the reason and,
-- for a wait, how long.
local e, key, token, lease, limit = KEYS[1], ARGV[1], ARGV[3], number(ARGV[4]), number(ARGV[7])
local flat = redis.call('HGETALL', e)
local h = {}
for i = 1, #flat, 2 do h[flat[i]] = flat[i + 1] end
if h.state then
  upgrade(e, key)
  flat, h = redis.call('HGETALL', e), {}
  for i = 1, #flat, 2 do h[flat[i]] = flat[i + 1] end
end
if not h.s then return {'gone'} end
if h.g ~= ARGV[2] then return {'stale'} end
local at = now()
if h.k and tonumber(h.u) > at then return {'busy', h.u - at} end
local s, campaign, id = h.s, parts(key)
if not (s == 'q' or s == 'p' or s == 'c' or (s == 's' and (h.f == '1' or h.q == '1'))) then return {'done'} end
local function stand(index, due)
  redis.call('HSET', e, 'i', index)
  place(key, h, index, due)
end
local state, trial, turn = nil, nil, nil
if (s == 'q' or s == 'p') and not h.a and h.q ~= '1' then state = sending(campaign, h.p) end
local halt = state and halted(state, h)
if halt == 'paused' then
  stand('n', 0) -- resume puts it back
  return {'paused'}
end
if halt then return {'early', 2000} end
local closed = state and shut(state, at)
if closed == 'unplanned' then return {closed} end
if state and not closed and s == 'q' then closed = full(campaign, h.p, state, at) end
if closed then
  stand('w', at + closed)
  return {'shut', closed}
end
if h.d and tonumber(h.d) > at then return {'early', h.d - at} end
if state and not state.began and limit > 0 then
  trial, turn = try(campaign, h.p, state, id, at, limit)
  if not trial then return {'early', turn} end
end
local admission, wait = admit(P .. 'provider:' .. h.p, at)
if admission == 'denied' then
  stand('w', at + wait)
  return {'denied', wait}
end
local version = h.v + 1
local set = {'k', token, 'u', at + lease, 'v', version, 'i', 'w'}
if s == 'q' or s == 'p' then set[#set + 1], set[#set + 2] = 't', (h.t or 0) + 1 end
if s == 'c' then set[#set + 1], set[#set + 2] = 'y', '1' end
local prepared = s == 'q' and ARGV[5] == h.p and h.q ~= '1'
if prepared then
  -- Whoever enqueued it may not have known that the provider is simulated.
  set[#set + 1], set[#set + 2] = 's', 'p'
  if ARGV[6] == '1' then set[#set + 1], set[#set + 2] = 'm', '1' end
end
redis.call('HSET', e, unpack(set))
place(key, h, 'w', at + lease + 1000)
if trial and trial ~= state.trial then redis.call('HSET', P .. 'campaign:' .. campaign, 'trial ' .. h.p, trial) end
if prepared then
  if ARGV[6] == '1' then redis.call('HSET', P .. 'campaign:' .. campaign, 'simulated', '1')
  elseif h.m then redis.call('HDEL', e, 'm') end
  shift(key, h, 'p', version, at)
end
return {'ok', flat, redis.call('GET', P .. 'b:' .. key), at, prepared and 1 or 0, admission}
