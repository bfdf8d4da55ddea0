-- The one way to change a record. KEYS[1] the envelope.
-- ARGV: key, fence (token:N:X, version:N or inviter:X), from, to, index, delay, release, bump,
--       what becomes of the blob (keep, add or set), its sections,
--       how many envelopes in a row may fail for the reason of this one (0: it is not counted),
--       number of fields to set, number of times to set, field, value ..., field, delay ..., fields to remove ...
-- A time becomes the server's time after its delay. Nothing is written before all arguments are judged.
-- Returns ok, version, generation, the time, 1 when the campaign's sending halts with it | lost (the fence) | state, the state it has.
local e, key, fence, from, to, index = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local at = now()
local due = at + number(ARGV[6])
local blob, more = ARGV[9], text(ARGV[10])
local limit, sets, times = number(ARGV[11]), number(ARGV[12]), number(ARGV[13])
known(index)
local set, given, removed = {}, {}, {}
local function put(field, value) set[#set + 1], set[#set + 2], given[field] = field, value, value end
for i = 14, 13 + 2 * sets, 2 do put(ARGV[i], text(ARGV[i + 1])) end
for i = 14 + 2 * sets, 13 + 2 * (sets + times), 2 do put(ARGV[i], at + number(ARGV[i + 1])) end
for i = 14 + 2 * (sets + times), #ARGV do
  removed[#removed + 1] = ARGV[i]
  given[ARGV[i]] = false
end

local h = load(e, key)
if not h then return {'lost'} end
local release = ARGV[7] == '1'
if string.sub(fence, 1, 6) == 'token:' then
  local seen, token = string.match(fence, '^token:(%d+):(.*)$')
  if not holds(h, token, seen) then return {'lost'} end
elseif string.sub(fence, 1, 8) == 'inviter:' then
  -- What became of an inviting call is a fact that only its maker knows: it is taken also when the
  -- claim has lapsed since, and even when the envelope has been called doubtful meanwhile.
  -- Of calls that repeat each other any may tell the id, also of what is sent without one; the rest is for the last.
  local token, inviters = string.sub(fence, 9), h.b or ''
  local tells = to == 's' and given.e and string.find(' ' .. inviters .. ' ', ' ' .. token .. ' ', 1, true)
  local unnamed = h.s == 's' and not h.e and h.o == 'unnamed'
  if not (h.a and string.match(inviters, '%S*$') == token) and not (tells and (h.a or unnamed)) then return {'lost'} end
  if h.s == 'i' or unnamed then from = h.s end
  release = true
elseif h.v ~= string.sub(fence, 9) then
  return {'lost'}
end
if h.s ~= from then return {'state', h.s} end
-- What is found to be sent although it was to be cancelled is withdrawn: the sweeper brings its task.
if to == 's' and (from ~= 's' or given.e and not h.e) and h.q == '1' and given.q == nil then index, due = 'w', at end

local campaign, id = parts(key)
local version, gen = h.v + 1, ARGV[8] == '1' and h.g + 1 or h.g
put('v', version)
if ARGV[8] == '1' then put('g', gen) end
if to ~= from then put('s', to) end
if index ~= 'keep' then put('i', index) end
redis.call('HSET', e, unpack(set))
place(key, h, index, due)
if release and h.k then removed[#removed + 1], removed[#removed + 2] = 'k', 'u' end
if given.a == false and h.D then
  removed[#removed + 1] = 'D'
  -- A call that has reached nobody is none of its day's any more, as long as that day counts.
  local c = P .. 'campaign:' .. campaign
  if (to == 'q' or to == 'p' or to == 'f') and redis.call('HGET', c, 'called') == h.D then redis.call('HINCRBY', c, 'used', -1) end
end
if #removed > 0 then redis.call('HDEL', e, unpack(removed)) end
if blob == 'add' then redis.call('APPEND', P .. 'b:' .. key, more)
elseif blob == 'set' then
  if more == '' then redis.call('DEL', P .. 'b:' .. key) else redis.call('SET', P .. 'b:' .. key, more) end
end
if given.m then redis.call('HSET', P .. 'campaign:' .. campaign, 'simulated', '1') end
if given.h then redis.call('ZADD', P .. 'renew', given.h, key)
elseif given.h == false then redis.call('ZREM', P .. 'renew', key) end
if given.e ~= nil and not given.U then rename(h.p, key, h.e, given.e or nil) end -- U: it stands in another form
if to ~= from then
  shift(key, h, to, version, at)
  if to == 's' then
    local rule = rule_of(campaign)
    if rule then await_reminder(key, reminder_due(rule, e)) end
  end
end
local code = h.o
if given.o ~= nil then code = given.o or nil end
if to ~= from or code ~= h.o then
  blame(h.p, campaign, id, words[from], h.o, -1)
  blame(h.p, campaign, id, words[to], code, 1)
end
local halts = 0
if limit > 0 and to ~= 's' then halts = refused(campaign, h.p, code or '', at, limit)
elseif to ~= from then
  if to == 's' then succeeded(campaign, h.p)
  elseif to == 'a' then archived(campaign, h.p, at) end
end
return {'ok', version, gen, at, halts}
