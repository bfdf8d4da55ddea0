-- The last look before the inviting call. KEYS[1] the envelope. ARGV: token.
-- Returns ok | lost | paused | canceled | again (an intent without an outcome stands already).
local e = KEYS[1]
local h = read(e)
local at = now()
if h.claim ~= ARGV[1] or tonumber(h.claim_until) <= at then return 'lost' end
if h.state ~= 'preparing' then return 'lost' end
if h.intent_at then return 'again' end
if h.cancel == '1' then return 'canceled' end
if redis.call('HGET', P .. 'campaign:' .. h.campaign, 'paused') == '1' then return 'paused' end
redis.call('HSET', e, 'intent_at', at, 'inviter', ARGV[1])
redis.call('HINCRBY', e, 'version', 1)
return 'ok'
