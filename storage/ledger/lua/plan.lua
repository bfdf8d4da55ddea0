-- Plans the hours of a campaign: the interval in which invitations may leave, or the next one.
-- KEYS[1] the campaign. ARGV: the settings and the end of the interval that this follows, as they were read; opens, closes,
-- day, and how many inviting calls a day may have (0: any number). Returns 0 when somebody else was first.
local c, opens, closes, day, limit = KEYS[1], number(ARGV[3]), number(ARGV[4]), text(ARGV[5]), number(ARGV[6])
local h = redis.call('HMGET', c, 'hours', 'closes')
if h[1] ~= ARGV[1] or (h[2] or '0') ~= ARGV[2] then return 0 end
redis.call('HSET', c, 'opens', opens, 'closes', closes, 'day', day)
if limit > 0 then redis.call('HSET', c, 'limit', limit) else redis.call('HDEL', c, 'limit') end
return 1
