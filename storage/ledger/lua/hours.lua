-- Sets a campaign's hours. KEYS[1] the campaign. ARGV: its name, the settings: empty: as they are; none: always.
-- A campaign without envelopes has none of before. What waits for hours that are no more is put back.
local c, campaign, hours = KEYS[1], ARGV[1], text(ARGV[2])
local have, exists = redis.call('HGET', c, 'hours') or 'none', redis.call('HEXISTS', c, 'created') == 1
if hours == '' then
  if exists then return 0 end
  hours = 'none'
end
if hours == have then return 0 end
redis.call('HDEL', c, 'hours', 'opens', 'closes', 'limit')
if hours ~= 'none' then redis.call('HSET', c, 'hours', hours) end
if exists then put_back(campaign, 'hours', now()) end
return 1
