-- KEYS[1] the envelope. ARGV: key, token, lease. Returns 1, or 0 when the claim is another's.
local e, key, lease = KEYS[1], ARGV[1], number(ARGV[3])
local h = load(e, key)
if not h or h.k ~= ARGV[2] then return 0 end
local at = now()
redis.call('HSET', e, 'u', at + lease, 'i', 'w')
place(key, h, 'w', at + lease + 1000)
return 1
