-- The last look before the inviting call. KEYS[1] the envelope. ARGV: key, token, the version that the claim has seen, the
-- claims whose calls this one repeats (empty: none), then field, value ... of steps that are to be recorded with it.
-- Returns ok | lost | paused | canceling | canceled | shut | again (an intent without an outcome stands already), and the version.
local e, key, token, repeats = KEYS[1], ARGV[1], ARGV[2], text(ARGV[4])
pairs_from(5)
local h = load(e, key)
local at = now()
if not h or not holds(h, token, ARGV[3]) or tonumber(h.u) <= at or h.s ~= 'p' then return {'lost'} end
local version, answer = tonumber(h.v), 'ok'
local set = {'v', version + 1}
for i = 5, #ARGV do set[#set + 1] = ARGV[i] end
if repeats == '' and h.a or repeats ~= '' and not (h.a and h.b == repeats) then answer = 'again'
elseif h.q == '1' then answer = 'canceled'
else
  local state = sending(parts(key), h.p)
  answer = halted(state, h) or shut(state, at) and 'shut' or 'ok'
  if answer == 'ok' and state.hours then
    redis.call('HSET', P .. 'campaign:' .. parts(key), 'used', state.used + 1, 'called', state.day)
    set[#set + 1], set[#set + 2] = 'D', state.day
  end
end
if answer == 'ok' then
  local inviters = repeats == '' and token or repeats .. ' ' .. token
  for _, x in ipairs({'a', at, 'b', inviters}) do set[#set + 1] = x end
end
if answer == 'ok' or #set > 2 then
  version = version + 1
  redis.call('HSET', e, unpack(set))
end
if answer == 'ok' and repeats ~= '' then redis.call('HDEL', e, 'w', 'd') end
return {answer, version}
