-- Puts a batch that is due, and of which nobody has said that its tasks are on the queue, into the index of work: the
-- sweeper looks after each of its envelopes. KEYS[1] the batches of a provider. ARGV: provider.
-- Returns how many envelopes were put there; nil when no batch is due.
local at, p = now(), ARGV[1]
local name = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', at, 'LIMIT', 0, 1)[1]
if not name then return nil end
local n, from, to, campaign = string.match(name, '^(%d+) (%d+) (%d+) %d+ (.+)$')
redis.call('HINCRBY', P .. 'count:' .. p, 'carried', n) -- those that are left are taken off it, and the others were
redis.call('ZREM', KEYS[1], name)
local moved = 0
for seq = tonumber(from), tonumber(to) do
  local id = redis.call('HGET', P .. 'at:' .. campaign .. ':' .. math.floor(seq / 128), seq % 128)
  local key = id and campaign .. '/' .. id
  local h = id and load(P .. 'e:' .. key, key)
  if h and h.p == p and h.i == 't' then
    redis.call('HSET', P .. 'e:' .. key, 'i', 'w')
    place(key, h, 'w', at)
    moved = moved + 1
  end
end
return moved
