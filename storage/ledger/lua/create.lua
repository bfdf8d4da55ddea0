-- Records envelopes of one campaign. KEYS the envelopes. ARGV: campaign, how many of each provider go first (0: all), then for each: id, provider, digest, state,
--       index, delay, bucket and field of the invitation (empty: none), blob, number of fields, field, value ...
--       The index b stands for: its task follows at once. Such envelopes are a batch of their provider, see batch in common.lua.
-- Returns for each created | same | conflict, the state, the generation, and 1 when it waits for those that go first; then the
-- batches: provider, name ...
local campaign, at = ARGV[1], now()
local stamp = string.format('%.0f', at) -- Redis takes a number apart more slowly
local first, entries, next = number(ARGV[2]), {}, 3
for i, e in ipairs(KEYS) do
  local x = {e = e, id = text(ARGV[next]), p = text(ARGV[next + 1]), digest = text(ARGV[next + 2]), state = text(ARGV[next + 3]),
    i = text(ARGV[next + 4]), due = at + number(ARGV[next + 5]), bucket = ARGV[next + 6], field = ARGV[next + 7],
    blob = text(ARGV[next + 8]), set = {}}
  if x.i ~= 'b' then known(x.i) end
  if not words[x.state] then error('no such state') end
  for k = 1, 2 * number(ARGV[next + 9]) do x.set[k] = text(ARGV[next + 9 + k]) end
  next = next + 10 + #x.set
  entries[i] = x
end
if next ~= #ARGV + 1 then error('a field without a value') end

-- Who holds an invitation: CAMPAIGN:ID/CAMPAIGN:ID..., and CAMPAIGN alone for one that holds it more
-- often than it pays to remember.
local function invited(x)
  if x.bucket == '' then return end
  local entry = campaign .. ':' .. x.id
  if redis.call('HSETNX', x.bucket, x.field, entry) == 1 then return end
  local held = redis.call('HGET', x.bucket, x.field)
  local all = '/' .. held .. '/'
  local function holds(text, from) return string.find(all, text, from, true) end
  if holds('/' .. entry .. '/', 1) or holds('/' .. campaign .. '/', 1) then return end
  local n, at = 0, holds('/' .. campaign .. ':', 1)
  while at do n, at = n + 1, holds('/' .. campaign .. ':', at + 1) end
  if n == 8 then entry = campaign end
  redis.call('HSET', x.bucket, x.field, held .. '/' .. entry)
end

local c = P .. 'campaign:' .. campaign
local seq, from = nil, nil
local new, due, places, follow, simulated = {}, {}, {}, {}, false
local told = redis.call('EXISTS', P .. 'notify') == 1

-- rests tells whether a new envelope waits until the first ones of its provider are archived: what the campaign was
-- begun with holds for it, whoever adds to it.
local gates = {}
local function gate(p)
  local v = redis.call('HMGET', c, 'first', 'rest ' .. p)
  local g = {first = tonumber(v[1] or first), rest = v[2], made = 0, archived = 0}
  if g.first > 0 and not g.rest then
    for _, state in pairs(words) do
      local n = tonumber(redis.call('HGET', P .. 'counts:' .. campaign, p .. ' ' .. state) or 0)
      g.made = g.made + n
      if state == 'archived' then g.archived = n end
    end
  end
  gates[p] = g
  return g
end
local function rests(x)
  local g = gates[x.p] or gate(x.p)
  if g.first == 0 then return false end
  if not g.rest then
    if g.made < g.first then
      g.made = g.made + 1
      return false
    end
    g.rest = g.archived >= g.first and 'open' or seq
    redis.call('HSET', c, 'rest ' .. x.p, g.rest)
  end
  return g.rest ~= 'open' and x.state == 'q'
end

local function record(x)
  if not seq then
    seq = tonumber(redis.call('HGET', c, 'seq') or 0)
    from = seq + 1
  end
  seq = seq + 1
  if rests(x) then x.i, x.waits = 'n', 1 end
  local set = {'digest', x.digest, 's', x.state, 'v', '1', 'g', '1', 'p', x.p, 'n', seq, 'c', stamp, 'i', x.i == 'b' and 't' or x.i}
  for i = 1, #x.set do set[#set + 1] = x.set[i] end
  for i = 1, #x.set, 2 do simulated = simulated or x.set[i] == 'm' end
  redis.call('HSET', x.e, unpack(set))
  local key = campaign .. '/' .. x.id
  if x.blob ~= '' then redis.call('SET', P .. 'b:' .. key, x.blob) end
  for i = 1, #x.set, 2 do
    if x.set[i] == 'e' then rename(x.p, key, nil, x.set[i + 1]) end
  end
  local chunk = math.floor(seq / 128)
  places[chunk] = places[chunk] or {}
  local ids = places[chunk]
  ids[#ids + 1], ids[#ids + 2] = seq % 128, x.id
  if x.i == 'b' then
    follow[x.p] = follow[x.p] or {n = 0, due = x.due}
    follow[x.p].n = follow[x.p].n + 1
  elseif x.i ~= 'n' then
    local index = P .. indexes[x.i] .. x.p
    due[index] = due[index] or {}
    local list = due[index]
    list[#list + 1], list[#list + 2] = x.due, key
  end
  new[#new + 1] = x
  if told then tell(key, words[x.state], 1, at) end
end

-- A copy of Redis that was made key by key can have a record without its place in an index, where nobody would ever find
-- it: enqueued again, it has one.
local function placed(x, index, p)
  if index == 'w' or index == 'l' then redis.call('ZADD', P .. indexes[index] .. p, 'NX', at, campaign .. '/' .. x.id) end
end

local answers = {}
for i, x in ipairs(entries) do
  local have = redis.call('HMGET', x.e, 'digest', 's', 'g', 'state', 'i', 'p')
  if have[4] then -- of before
    upgrade(x.e, campaign .. '/' .. x.id)
    have = redis.call('HMGET', x.e, 'digest', 's', 'g', 'state', 'i', 'p')
  end
  if have[1] and have[1] ~= x.digest then
    answers[i] = {'conflict', words[have[2]], have[3]}
  else
    invited(x)
    if have[1] then
      placed(x, have[5], have[6])
      answers[i] = {'same', words[have[2]], have[3]}
    else
      record(x)
      answers[i] = {'created', words[x.state], '1', x.waits or 0}
    end
  end
end
if #new == 0 then return {answers, {}} end

local head = {'seq', seq, 'changed', at}
if from == 1 then -- an older campaign's counts by provider, and its course, would begin in the middle
  head[#head + 1], head[#head + 2] = 'counted', 1
  redis.call('HSET', P .. 'course:' .. campaign, 'width', 1000, 'begin', at)
end
if first > 0 then redis.call('HSETNX', c, 'first', first) end
if simulated then head[#head + 1], head[#head + 2] = 'simulated', '1' end
redis.call('HSET', c, unpack(head))
redis.call('HSETNX', c, 'created', at)
redis.call('ZADD', P .. 'campaigns', 'NX', at, campaign)
local letters, counts = {}, {}
for i, x in ipairs(new) do
  letters[i] = x.state
  counts[x.p] = counts[x.p] or {}
  counts[x.p][x.state] = (counts[x.p][x.state] or 0) + 1
end
redis.call('SETRANGE', P .. 'state:' .. campaign, from, table.concat(letters))
for chunk, ids in pairs(places) do redis.call('HSET', P .. 'at:' .. campaign .. ':' .. chunk, unpack(ids)) end
for index, list in pairs(due) do redis.call('ZADD', index, unpack(list)) end
local batches = {}
for p, x in pairs(follow) do
  batches[#batches + 1], batches[#batches + 2] = p, batch(p, campaign, from, seq, x.n, x.due)
end
for p, states in pairs(counts) do
  for state, n in pairs(states) do
    count(p, campaign, words[state], n)
    course(campaign, nil, words[state], at, n)
    if state == 'a' then unlist(campaign) end
  end
end
return {answers, batches}
