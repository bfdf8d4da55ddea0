-- Lets envelopes rest that their provider has listed as pending. KEYS[1] the index of looks.
-- ARGV: delay, when the list was asked for, keys ...
-- What was hastened since is newer than the list. Returns how many stand in the index.
local at, asked, n = now(), number(ARGV[2]), 0
local rests = at + number(ARGV[1])
for i = 3, #ARGV do
  local have = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if have then
    n, have = n + 1, tonumber(have)
    if have + 1e12 < asked or have > at - 5e11 and have < rests then redis.call('ZADD', KEYS[1], rests, ARGV[i]) end
  end
end
return n
