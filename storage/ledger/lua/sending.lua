-- What keeps a campaign from sending to one provider, beside a pause of all of it. These are fields of the campaign,
-- each with the provider's name after it:
--   streak  how many envelopes have failed one after the other for one reason, and the reason's code
--   halt    they were too many: the time, their number, the code. A resume ends it
--   began   somebody was invited there since the campaign's beginning, or its last halt
--   trial   the ids of the few envelopes that are being sent before that
--   turn    when the next one that finds no place among them may ask again
--   rest    the number of the first envelope that waits until the first ones are archived; open: none waits
-- And without it, of a campaign that has hours in which invitations may leave:
--   hours   the settings; what they mean for a day is not known here
--   opens, closes, day, limit   the interval that was planned last, its day, and how many inviting calls that may have
--   used    how many inviting calls the last day has had on which there was one, but for those that have reached nobody
--   called  that day: another one may be planned meanwhile
--   asks    when the last of those asks again that a day's limit has let begin no preparation
local function sending(campaign, p)
  local v = redis.call('HMGET', P .. 'campaign:' .. campaign, 'paused', 'halt ' .. p, 'rest ' .. p, 'began ' .. p, 'streak ' .. p, 'trial ' .. p,
    'canceling', 'hours', 'opens', 'closes', 'limit', 'used', 'day', 'called', 'asks')
  return {paused = v[1] == '1', canceling = v[7], halt = v[2], rest = v[3], began = v[4], streak = v[5], trial = v[6],
    hours = v[8], opens = tonumber(v[9] or 0), closes = tonumber(v[10] or 0), limit = tonumber(v[11] or nil), used = v[13] == v[14] and tonumber(v[12] or 0) or 0, day = v[13],
    asks = tonumber(v[15] or 0)}
end

-- shut tells how long nobody may be invited, by the campaign's hours; unplanned when somebody has to plan them first.
local function shut(state, at)
  if not state.hours then return nil end
  if at >= state.closes then return 'unplanned' end
  if at < state.opens then return state.opens - at end
  return state.limit and state.used >= state.limit and state.closes - at or nil
end

-- full tells how long no further envelope is prepared because a day's calls are spoken for: by those that were made, and by
-- the envelopes in preparation at this provider. A draft made days before its call may expire meanwhile. Other providers' envelopes
-- do not count, so that one that is away holds up nobody else; the intent counts what is called.
-- One that fails frees its place, so somebody asks again ten times a second, however many wait.
local function full(campaign, p, state, at)
  if not state.limit then return nil end
  local n = state.used + tonumber(redis.call('HGET', P .. 'counts:' .. campaign, p .. ' preparing') or 0)
  if n < state.limit then return nil end
  local turn = math.min(math.max(state.asks, at + 60000) + 100, state.closes)
  redis.call('HSET', P .. 'campaign:' .. campaign, 'asks', turn)
  return turn - at
end

-- halted tells why an envelope may not be invited: it waits for a resume, or somebody is about to cancel it with all
-- of its campaign.
local function halted(state, h)
  if state.paused or state.halt or state.rest and state.rest ~= 'open' and tonumber(h.n) >= tonumber(state.rest) then return 'paused' end
  return state.canceling and tonumber(h.n) <= tonumber(state.canceling) and 'canceling'
end

-- try finds a place among the few that are sent before anybody was invited: together with those that have failed for
-- one reason there are never more than limit. It returns the ids under way, or nothing and how long to wait: of those
-- that find no place 200 may ask in a second, however many there are.
local function try(campaign, p, state, id, at, limit)
  local failed, ids = string.match(state.streak or '', '^(%d+)'), {}
  for other in string.gmatch(state.trial or '', '%S+') do
    if other == id then return state.trial end
    local v = redis.call('HMGET', P .. 'e:' .. campaign .. '/' .. other, 's', 'a', 'u')
    if v[1] == 'p' and (v[2] or v[3] and tonumber(v[3]) > at) then ids[#ids + 1] = other end
  end
  if #ids + tonumber(failed or 0) < limit then
    ids[#ids + 1] = id
    return table.concat(ids, ' ')
  end
  local c = P .. 'campaign:' .. campaign
  local turn = math.max(at + 250, tonumber(redis.call('HGET', c, 'turn ' .. p) or 0) + 5)
  redis.call('HSET', c, 'turn ' .. p, string.format('%.0f', turn))
  return nil, turn - at
end

local function begin_again(c, p, ...)
  redis.call('HDEL', c, 'streak ' .. p, 'trial ' .. p, 'turn ' .. p, ...)
end

-- succeeded ends a provider's streak: somebody was invited.
local function succeeded(campaign, p)
  local c = P .. 'campaign:' .. campaign
  local v = redis.call('HMGET', c, 'began ' .. p, 'streak ' .. p)
  if not v[1] then redis.call('HSET', c, 'began ' .. p, 1) end
  if v[2] or not v[1] then begin_again(c, p) end
end

-- refused counts an envelope that has failed for a reason that others of the campaign may well have, too, and halts
-- its sending to the provider when limit of them have followed on each other. It returns 1 when it does.
local function refused(campaign, p, code, at, limit)
  local c = P .. 'campaign:' .. campaign
  local v = redis.call('HMGET', c, 'streak ' .. p, 'halt ' .. p)
  local since, n, last = string.match(v[2] or '', '^(%d+) (%d+) (.*)$')
  if since then -- one that was under way
    if last == code then redis.call('HSET', c, 'halt ' .. p, string.format('%s %d %s', since, n + 1, code)) end
    return 0
  end
  n, last = string.match(v[1] or '', '^(%d+) (.*)$')
  n = last == code and n + 1 or 1
  if n < limit then
    redis.call('HSET', c, 'streak ' .. p, string.format('%d %s', n, code))
    return 0
  end
  redis.call('HSET', c, 'halt ' .. p, string.format('%.0f %d %s', at, n, code))
  redis.call('SADD', P .. 'halted:' .. p, campaign)
  begin_again(c, p, 'began ' .. p)
  if redis.call('EXISTS', P .. 'notify') == 1 then
    redis.call('RPUSH', P .. 'out:' .. campaign, cjson.encode({version = string.format('%.0f', at), at = at, provider = p, code = code, failures = n}))
    redis.call('ZADD', P .. 'outbox', 'NX', at, campaign)
  end
  return 1
end

-- carry_on begins an operation on a campaign, which outlives this process. One that was begun for the same reason before,
-- and may have ended, begins anew.
local function carry_on(campaign, kind, why, at)
  local id = kind .. '-' .. string.sub(redis.sha1hex(campaign .. ' ' .. why), 1, 16)
  redis.call('DEL', P .. 'operation:' .. id)
  redis.call('HSET', P .. 'operation:' .. id, 'kind', kind, 'campaign', campaign, 'by', '', 'unable', '', 'last',
    redis.call('HGET', P .. 'campaign:' .. campaign, 'seq'), 'cursor', '', 'seen', 0, 'done', 0, 'begun', at)
  redis.call('ZADD', P .. 'operations', 0, id)
end

-- put_back has an operation put the campaign's waiting envelopes back.
local function put_back(campaign, why, at) carry_on(campaign, 'resume', why, at) end

-- archived lets the rest of a campaign go when as many envelopes of the provider are archived as were to go first.
local function archived(campaign, p, at)
  local c = P .. 'campaign:' .. campaign
  local v = redis.call('HMGET', c, 'rest ' .. p, 'first')
  if not v[1] or v[1] == 'open' or tonumber(redis.call('HGET', P .. 'counts:' .. campaign, p .. ' archived') or 0) < tonumber(v[2]) then return end
  redis.call('HSET', c, 'rest ' .. p, 'open')
  put_back(campaign, p, at)
end
