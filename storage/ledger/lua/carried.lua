-- Takes envelopes that asynq has a task of out of the index of work: they are only counted. KEYS the envelopes.
-- ARGV: key, version of each; one that has changed since stays where it is. Returns how many.
pairs_from(1)
local n = 0
for i, e in ipairs(KEYS) do
  local key, h = ARGV[2 * i - 1], load(e, ARGV[2 * i - 1])
  if h and h.v == ARGV[2 * i] and h.i == 'w' and not h.k then
    redis.call('HSET', e, 'i', 't')
    place(key, h, 't', 0)
    n = n + 1
  end
end
return n
