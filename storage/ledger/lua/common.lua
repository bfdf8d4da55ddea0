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
