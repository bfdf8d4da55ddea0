-- Makes an envelope that a pause has parked due for work now. What has been sent, or has ended, meanwhile
-- stays where it is. KEYS[1] the envelope. ARGV: key.
local h = redis.call('HMGET', KEYS[1], 'state', 'provider')
if h[1] ~= 'queued' and h[1] ~= 'preparing' then return 0 end
redis.call('ZADD', P .. 'work:' .. h[2], 'NX', 0, ARGV[1])
return 1
