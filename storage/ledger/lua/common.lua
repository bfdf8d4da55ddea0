-- Every key has the hash tag {chancela}, so all of the ledger is in one slot and a script
-- may build the names of the indexes itself, on a cluster too.
-- Times are milliseconds of this server's clock: the processes' own clocks never meet.
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
local function known(index)
  if index ~= 'keep' and index ~= 'none' and index ~= 'work' and index ~= 'look' then error('no such index') end
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
local function course(campaign, from, to, at)
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
  if before then redis.call('HINCRBY', k, slice .. before, -1) end
  redis.call('HINCRBY', k, slice .. after, 1)
end

-- blame counts a campaign's envelopes that have ended without being archived, by what is wrong with them, and
-- remembers the last of each kind. Codes are the providers' own: the 500th and all further kinds are one.
local function blame(h, state, code, by)
  if state ~= 'failed' and state ~= 'in_doubt' and state ~= 'declined' and state ~= 'expired' and state ~= 'canceled' then return end
  local k = P .. 'reasons:' .. h.campaign
  local kind = h.provider .. ' ' .. state .. ' '
  local field = kind .. (code or '')
  if redis.call('HEXISTS', k, field) == 0 then
    if by < 0 or redis.call('HLEN', k) >= 500 then field = kind .. '*' end
    if by < 0 and redis.call('HEXISTS', k, field) == 0 then return end -- ended before there was this count
  end
  if redis.call('HINCRBY', k, field, by) <= 0 then
    redis.call('HDEL', k, field)
    redis.call('HDEL', P .. 'examples:' .. h.campaign, field)
  elseif by > 0 then
    redis.call('HSET', P .. 'examples:' .. h.campaign, field, h.id)
  end
end

-- set writes a field; a campaign says when one of its envelopes is simulated.
local function set(e, campaign, field, value)
  redis.call('HSET', e, field, value)
  if field == 'simulated' then redis.call('HSET', P .. 'campaign:' .. campaign, 'simulated', value) end
end

-- place lets an envelope stand in one index of what is due, or in none.
local function place(key, p, index, at)
  if index == 'keep' then return end
  redis.call('ZREM', P .. 'work:' .. p, key)
  redis.call('ZREM', P .. 'look:' .. p, key)
  if index ~= 'none' then redis.call('ZADD', P .. index .. ':' .. p, at, key) end
end

-- tell puts a change of state into the outbox, in order per envelope.
local function tell(key, state, version, at)
  if redis.call('EXISTS', P .. 'notify') == 0 then return end
  redis.call('RPUSH', P .. 'out:' .. key, cjson.encode({state = state, version = version, at = at}))
  redis.call('ZADD', P .. 'outbox', 'NX', at, key)
end

-- shift changes the state with its counters and indexes.
local function shift(e, key, h, to, at)
  local from = h.state
  redis.call('HSET', e, 'state', to)
  redis.call('ZREM', P .. 'in:' .. h.campaign .. ':' .. from, h.id)
  redis.call('ZADD', P .. 'in:' .. h.campaign .. ':' .. to, h.seq, h.id)
  count(h.provider, h.campaign, from, -1)
  count(h.provider, h.campaign, to, 1)
  course(h.campaign, from, to, at)
  redis.call('HSET', P .. 'campaign:' .. h.campaign, 'changed', at)
  tell(key, to, h.version, at)
end

local function read(e)
  local flat, h = redis.call('HGETALL', e), {}
  for i = 1, #flat, 2 do h[flat[i]] = flat[i + 1] end
  return h, flat
end

-- admit lets one call through when a provider that refuses the key has been left alone for its pause; the
-- others wait for what becomes of it.
local function admit(provider, at)
  local denied = tonumber(redis.call('HGET', provider, 'denied_until') or '0')
  if denied == 0 then return 'free', 0 end
  if denied > at then return 'denied', denied - at end
  redis.call('HSET', provider, 'denied_until', at + tonumber(redis.call('HGET', provider, 'pause') or '60000'))
  return 'probe', 0
end
