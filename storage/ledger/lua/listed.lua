-- Says how many of a campaign's archived envelopes the archive's list of its files has. KEYS[1] the campaign.
-- ARGV: its name, how many, for how long (ms) it is left alone now. A campaign of which that was known, and none was
-- archived since, is not looked at any more until another one is.
local c, campaign, n, rest = KEYS[1], ARGV[1], number(ARGV[2]), number(ARGV[3])
local archived, counts = 0, redis.call('HGETALL', P .. 'counts:' .. campaign)
for i = 1, #counts, 2 do
  if string.match(counts[i], ' archived$') then archived = archived + counts[i + 1] end
end
if archived == n and tonumber(redis.call('HGET', c, 'listed') or -1) == n then
  redis.call('ZREM', P .. 'unlisted', campaign)
  return 0
end
redis.call('HSET', c, 'listed', n)
redis.call('ZADD', P .. 'unlisted', 'XX', now() + rest, campaign)
return 1
