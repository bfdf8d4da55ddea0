-- Says that the archive knows of so many canceled envelopes of a campaign. KEYS[1] the campaign. ARGV: its name, how many were
-- counted, for how long (ms) it is left alone. Unless more were canceled since, it is not looked at until another one is.
local campaign, n, wait = ARGV[1], number(ARGV[2]), number(ARGV[3])
if canceled(campaign) == n then redis.call('ZREM', P .. 'unkept', campaign)
else redis.call('ZADD', P .. 'unkept', 'XX', now() + wait, campaign) end
return 1
