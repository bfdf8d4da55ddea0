-- Reminders by a campaign's rule. Its field remind has the rule: how long after the invitation, how long after the last
-- reminder, how many at most, and the providers that can remind, with blanks between them.
--   remind:CAMPAIGN  the ids of its sent envelopes, by when their signers are to be reminded
--   reminders        the campaigns, by when that is for their first envelope
-- An envelope's own: j how often its provider was asked to remind, J when last, G in which round.
local function rule_of(campaign)
  local rule = redis.call('HGET', P .. 'campaign:' .. campaign, 'remind')
  if not rule then return nil end
  local after, every, most, able = string.match(rule, '^(%d+) (%d+) (%d+)(.*)$')
  return {after = tonumber(after), every = tonumber(every), most = tonumber(most), able = able .. ' '}
end

-- reminder_due is when an envelope's signers are to be reminded next; nil: never, as far as is known.
local function reminder_due(rule, e)
  if not rule then return nil end
  local v = redis.call('HMGET', e, 's', 'p', '1', 'j', 'J')
  if v[1] ~= 's' or not v[3] or not string.find(rule.able, ' ' .. v[2] .. ' ', 1, true) then return nil end
  local n = tonumber(v[4] or 0)
  if n >= rule.most then return nil end
  return n > 0 and tonumber(v[5]) + rule.every or tonumber(v[3]) + rule.after
end

-- first_reminder places a campaign by its first envelope.
local function first_reminder(campaign)
  local first = redis.call('ZRANGE', P .. 'remind:' .. campaign, 0, 0, 'WITHSCORES')
  if first[2] then redis.call('ZADD', P .. 'reminders', first[2], campaign)
  else redis.call('ZREM', P .. 'reminders', campaign) end
end

-- await_reminder places an envelope among those of its campaign that are to be reminded.
local function await_reminder(key, due)
  local campaign, id = parts(key)
  local index = P .. 'remind:' .. campaign
  if due then
    redis.call('ZADD', index, due, id)
    first_reminder(campaign)
  elseif redis.call('ZREM', index, id) == 1 then
    first_reminder(campaign)
  end
end

-- Who is reminded is not reminded again within a minute, in whatever way somebody asks for it:
--   asked:CAMPAIGN/ID  by the number of the signer (0: all of them) when that was, and in which round
local asked_for = 60000

-- held_back tells whether another round has asked for the signer, for all, or, where it is for all, for anybody.
local function held_back(key, who, round, at)
  local all = redis.call('HGETALL', P .. 'asked:' .. key)
  for i = 1, #all, 2 do
    local when, other = string.match(all[i + 1], '^(%d+) (.*)$')
    if other ~= round and at - tonumber(when) < asked_for and (who == '0' or all[i] == '0' or all[i] == who) then return true end
  end
  return false
end

local function note_asked(key, who, round, at)
  redis.call('HSET', P .. 'asked:' .. key, who, string.format('%.0f %s', at, round))
  redis.call('PEXPIRE', P .. 'asked:' .. key, asked_for)
end
