-- KEYS[1] the envelope. ARGV: key, generation, token, lease.
-- Returns ok and the whole record, or the reason and, for a wait, how long.
local e, key, token, lease = KEYS[1], ARGV[1], ARGV[3], number(ARGV[4])
local h = read(e)
if not h.state then return {'gone'} end
if h.gen ~= ARGV[2] then return {'stale'} end
local at = now()
if h.claim and tonumber(h.claim_until) > at then return {'busy', h.claim_until - at} end
local s = h.state
if not (s == 'queued' or s == 'preparing' or s == 'completed' or
        (s == 'sent' and (h.unfinished == '1' or h.cancel == '1'))) then return {'done'} end
if (s == 'queued' or s == 'preparing') and not h.intent_at and h.cancel ~= '1' and
   redis.call('HGET', P .. 'campaign:' .. h.campaign, 'paused') == '1' then
  place(key, h.provider, 'none', 0) -- resume puts it back
  return {'paused'}
end
if h.not_before and tonumber(h.not_before) > at then return {'early', h.not_before - at} end
local admission, wait = admit(P .. 'provider:' .. h.provider, at)
if admission == 'denied' then
  place(key, h.provider, 'work', at + wait)
  return {'denied', wait}
end
redis.call('HSET', e, 'claim', token, 'claim_until', at + lease)
redis.call('HINCRBY', e, 'version', 1)
if s == 'queued' or s == 'preparing' then redis.call('HINCRBY', e, 'tries', 1) end
place(key, h.provider, 'work', at + lease + 1000)
local _, flat = read(e)
return {'ok', flat, at}
