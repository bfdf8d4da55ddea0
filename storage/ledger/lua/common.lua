-- Every key has the hash tag {chancela}, so all of the ledger is in one slot and a script
-- may build the names of the indexes itself, on a cluster too.
-- Times are milliseconds of this server's clock: the processes' own clocks never meet.
--
-- A record is a hash of short fields (record.go has what they are called) that stays a listpack, and a string
-- of sections (blob.go) with what is only read when it is worked on.
local P = '{chancela}:'
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
-- A script judges its arguments before its first write: what fails in the middle has changed half a record.
local function number(x)
  return tonumber(x) or error('not a number')
end
local function text(x)
  return x or error('a value is missing')
end
local function pairs_from(i)
  if (#ARGV - i) % 2 ~= 1 then error('a field without a value') end
end
-- The indexes by the letter that a record has of its own: work and look; a task that asynq is known to have; none.
local indexes = {w = 'work:', l = 'look:', t = '', n = ''}
local function known(index)
  if index ~= 'keep' and not indexes[index] then error('no such index') end
end

-- The states by the letter that a record and its campaign's index have of them.
local words = {q = 'queued', p = 'preparing', s = 'sent', c = 'completed', a = 'archived', d = 'declined',
  x = 'expired', k = 'canceled', f = 'failed', i = 'in_doubt'}

-- names is where the key of the envelope that has an id at its provider stands: many small hashes take a
-- fraction of the memory of one large one.
local function names(p, id)
  local sum = redis.sha1hex(id)
  return P .. 'names:' .. p .. ':' .. string.sub(sum, 1, 4), string.sub(sum, 5, 16)
end
local function rename(p, key, old, new)
  if old == new then return end
  if old then
    local bucket, field = names(p, old)
    if redis.call('HGET', bucket, field) == key then redis.call('HDEL', bucket, field) end
  end
  if new then
    local bucket, field = names(p, new)
    redis.call('HSET', bucket, field, key)
  end
end

-- number_of gives an envelope its place in its campaign: which id has a number, in hashes of 128, and a letter for
-- each number that is its state.
local function number_of(campaign, seq, id, letter)
  redis.call('HSET', P .. 'at:' .. campaign .. ':' .. math.floor(seq / 128), seq % 128, id)
  redis.call('SETRANGE', P .. 'state:' .. campaign, seq, letter)
end

-- count keeps the envelopes of a provider by state, over all campaigns and of one.
local function count(p, campaign, state, by)
  redis.call('HINCRBY', P .. 'count:' .. p, state, by)
  redis.call('HINCRBY', P .. 'counts:' .. campaign, p .. ' ' .. state, by)
end

-- course keeps how many envelopes came into each group of states, and left it, in each slice of a campaign's
-- life. A slice is as long as a campaign of its age can be drawn with: at most 240 of them are kept.
local groups = {queued = 'waiting', preparing = 'waiting', sent = 'sent', completed = 'done', archived = 'done',
  declined = 'ended', expired = 'ended', canceled = 'ended', failed = 'stuck', in_doubt = 'stuck'}
local function course(campaign, from, to, at, n)
  local before, after = from and groups[from], groups[to]
  if not after or before == after then return end
  local k = P .. 'course:' .. campaign
  local head = redis.call('HMGET', k, 'width', 'begin')
  if not head[1] then return end -- a campaign that is older than its course
  local width, begin = tonumber(head[1]), tonumber(head[2])
  local slice = math.max(0, math.floor((at - begin) / width))
  if slice >= 240 then
    local by = 2
    while math.floor((at - begin) / (width * by)) >= 240 do by = by * 2 end
    local old, merged = redis.call('HGETALL', k), {}
    for i = 1, #old, 2 do
      local n, group = string.match(old[i], '^(%d+) (%a+)$')
      if n then
        local field = string.format('%d %s', math.floor(tonumber(n) / by), group)
        merged[field] = (merged[field] or 0) + tonumber(old[i + 1])
      end
    end
    width = width * by
    redis.call('DEL', k)
    redis.call('HSET', k, 'width', string.format('%d', width), 'begin', head[2])
    for field, n in pairs(merged) do
      if n ~= 0 then redis.call('HSET', k, field, string.format('%d', n)) end
    end
    slice = math.floor((at - begin) / width)
  end
  slice = string.format('%d ', slice)
  if before then redis.call('HINCRBY', k, slice .. before, -(n or 1)) end
  redis.call('HINCRBY', k, slice .. after, n or 1)
end

-- blame counts a campaign's envelopes that have ended without being archived, by what is wrong with them, and
-- remembers the last of each kind. Codes are the providers' own: the 500th and all further kinds are one.
local blames = {failed = true, in_doubt = true, declined = true, expired = true, canceled = true}
local function blame(p, campaign, id, state, code, by)
  if not blames[state] then return end
  local k = P .. 'reasons:' .. campaign
  local kind = p .. ' ' .. state .. ' '
  local field = kind .. (code or '')
  if redis.call('HEXISTS', k, field) == 0 then
    if by < 0 or redis.call('HLEN', k) >= 500 then field = kind .. '*' end
    if by < 0 and redis.call('HEXISTS', k, field) == 0 then return end -- ended before there was this count
  end
  if redis.call('HINCRBY', k, field, by) <= 0 then
    redis.call('HDEL', k, field)
    redis.call('HDEL', P .. 'examples:' .. campaign, field)
  elseif by > 0 then
    redis.call('HSET', P .. 'examples:' .. campaign, field, id)
  end
end

-- batch remembers n envelopes of a provider, among those of a campaign with these numbers, whose tasks follow at once: their
-- records have the letter of a task, and are counted when they have one (batched.lua). A batch that is not heard of again is
-- looked after by the sweeper (abandoned.lua), so that a crash between records and tasks costs no write for each.
-- Its name has a number of its own: the same envelopes may be another batch's before this one has its tasks.
local function batch(p, campaign, from, to, n, due)
  local name = string.format('%d %d %d %d %s', n, from, to, redis.call('INCR', P .. 'batch'), campaign)
  redis.call('ZADD', P .. 'batches:' .. p, due, name)
  return name
end

-- place lets an envelope that stands in one index, or in none, stand in another. A task that asynq is known to
-- have is only counted, and one of a batch (b) not yet. The record's own letter is the caller's, and is written first: a Redis without memory
-- refuses a script at its first write, if that takes memory, and never after it.
local function place(key, h, to, at)
  if to == 'keep' then return end
  if h.i ~= to then
    if h.i == 't' then redis.call('HINCRBY', P .. 'count:' .. h.p, 'carried', -1)
    elseif h.i ~= 'n' then redis.call('ZREM', P .. indexes[h.i] .. h.p, key) end
    if to == 't' then redis.call('HINCRBY', P .. 'count:' .. h.p, 'carried', 1) end
  end
  if to == 'w' or to == 'l' then redis.call('ZADD', P .. indexes[to] .. h.p, at, key) end
end

-- tell puts a change of state into the outbox, in order per envelope.
local function tell(key, state, version, at)
  if redis.call('EXISTS', P .. 'notify') == 0 then return end
  redis.call('RPUSH', P .. 'out:' .. key, cjson.encode({state = state, version = version, at = at}))
  redis.call('ZADD', P .. 'outbox', 'NX', at, key)
end

-- unlist says that a campaign has an archived envelope which is not in the archive's list of its files yet.
local function unlist(campaign) redis.call('ZADD', P .. 'unlisted', 'NX', 0, campaign) end

-- unkept says that a campaign has a canceled envelope that the archive does not know of (canceled.go). It is told of those
-- that are canceled within a while together.
local function unkept(campaign, at) redis.call('ZADD', P .. 'unkept', 'NX', at + 10000, campaign) end

-- parts are a key's campaign and id.
local function parts(key)
  local slash = string.find(key, '/', 1, true)
  return string.sub(key, 1, slash - 1), string.sub(key, slash + 1)
end

-- shift changes the state in the counters and indexes; the record's own is the caller's.
local function shift(key, h, to, version, at)
  local campaign, id = parts(key)
  local from_word, to_word = words[h.s], words[to]
  redis.call('SETRANGE', P .. 'state:' .. campaign, h.n, to)
  count(h.p, campaign, from_word, -1)
  count(h.p, campaign, to_word, 1)
  course(campaign, from_word, to_word, at)
  redis.call('HSET', P .. 'campaign:' .. campaign, 'changed', at)
  if h.s == 's' then redis.call('ZREM', P .. 'remind:' .. campaign, id) end
  if to == 'a' then unlist(campaign) end
  if to == 'k' and h.s ~= 's' then unkept(campaign, at) end
  -- Nobody signs any more, or nothing of before counts: the signing links go.
  if to ~= 'p' and to ~= 's' and to ~= 'i' and to ~= 'a' then redis.call('DEL', P .. 'links:' .. key) end
  tell(key, to_word, version, at)
end

local function section(letter, value) return letter .. '0' .. #value .. ':' .. value end

-- A record of before, which had long names and everything in one hash, becomes one of today when a script first
-- needs it, with its place in its campaign, its due time and its name. What that takes is made only then: the rest of
-- this file is run with every script.
local function upgrade(e, key)
  local short = {version = 'v', gen = 'g', provider = 'p', seq = 'n', simulated = 'm', created_at = 'c', sent_at = '1',
    completed_at = '2', archived_at = '3', claim = 'k', claim_until = 'u', tries = 't', envelope_id = 'e', intent_at = 'a',
    inviter = 'b', settle_at = 'w', unchecked = 'x', lane = 'l', unfinished = 'f', cancel = 'q', attempts = 'r',
    error_code = 'o', not_before = 'd', uninvited = 'z'}
  local sections = {envelope = 'E', signers = 'S', final = 'F', listed = 'L', artifacts = 'A', evidence = 'V', trace = 'T',
    explanation = 'X'}
  local function packed(digest)
    local hex = string.match(digest, '^v1:(%x+)$')
    if not hex or #hex ~= 64 then return digest end
    return '1' .. string.gsub(hex, '%x%x', function(x) return string.char(tonumber(x, 16)) end)
  end
  local old, long, fields, blob, h = redis.call('HGETALL', e), {}, {}, '', {}
  local function add(f, v) fields[#fields + 1], fields[#fields + 2], h[f] = f, v, v end
  for i = 1, #old, 2 do
    local f, v = old[i], old[i + 1]
    if f ~= 'digest' then long[#long + 1] = f end
    if f == 'state' then
      for letter, word in pairs(words) do if word == v then add('s', letter) end end
    elseif f == 'digest' then add('digest', packed(v))
    elseif f == 'error' then
      if #v > 64 then add('E', '') blob = blob .. section('O', v) else add('E', v) end
    elseif short[f] then add(short[f], v)
    elseif sections[f] then blob = blob .. section(sections[f], v)
    elseif string.sub(f, 1, 5) == 'step:' then add('+' .. string.sub(f, 6), v) end
  end
  local campaign, id = parts(key)
  local index = 'n'
  for _, x in ipairs({'w', 'l'}) do
    if redis.call('ZSCORE', P .. indexes[x] .. h.p, key) then index = x end
  end
  add('i', index)
  redis.call('HSET', e, unpack(fields))
  redis.call('HDEL', e, unpack(long))
  if blob ~= '' then redis.call('SET', P .. 'b:' .. key, blob) end
  redis.call('ZREM', P .. 'ids:' .. campaign, id)
  redis.call('ZREM', P .. 'in:' .. campaign .. ':' .. words[h.s], id)
  number_of(campaign, h.n, id, h.s)
  if h.e and redis.call('HGET', P .. 'names:' .. h.p, h.e) == key then
    redis.call('HDEL', P .. 'names:' .. h.p, h.e)
    rename(h.p, key, nil, h.e)
  end
end

-- load reads some fields of a record, the first of which is its state; nil when there is none. state, the first of the long
-- names, tells one of before.
local needed = {'s', 'v', 'g', 'p', 'n', 'i', 'k', 'u', 'b', 'D', 'a', 'e', 'o', 'q'}
local function load(e, key, fields)
  fields = fields or needed
  local v = redis.call('HMGET', e, 'state', unpack(fields))
  if v[1] then
    upgrade(e, key)
    v = redis.call('HMGET', e, 'state', unpack(fields))
  end
  if not v[2] then return nil end
  local h = {}
  for i, f in ipairs(fields) do h[f] = v[i + 1] or nil end
  return h
end

-- holds tells whether a claim has the record, and the record all that the claim has written (see claim.go).
local function holds(h, token, seen) return h.k == token and tonumber(h.v) >= number(seen) end

-- admit lets one call through when a provider that refuses the key has been left alone for its pause; the
-- others wait for what becomes of it.
local function admit(provider, at)
  local denied = tonumber(redis.call('HGET', provider, 'denied_until') or '0')
  if denied == 0 then return 'free', 0 end
  if denied > at then return 'denied', denied - at end
  redis.call('HSET', provider, 'denied_until', at + tonumber(redis.call('HGET', provider, 'pause') or '60000'))
  return 'probe', 0
end
