-- For who has waited: the end of the latest pause (us, 0: none), and the time (us).
local clock = redis.call('TIME')
return {tonumber(redis.call('HGET', KEYS[1], 'pause') or 0), tonumber(clock[1]) * 1000000 + tonumber(clock[2])}
