-- KEYS[1] the envelope. ARGV: key, token, lease, then field, value ... of steps that are to be recorded with it.
-- Returns 1, or 0 when the claim is another's.
local e, key, lease = KEYS[1], ARGV[1], number(ARGV[3])
pairs_from(4)
local h = load(e, key)
if not h or h.k ~= ARGV[2] then return 0 end
local at = now()
local set = {'u', at + lease, 'i', 'w'}
if #ARGV > 3 then set[5], set[6] = 'v', h.v + 1 end
for i = 4, #ARGV do set[#set + 1] = ARGV[i] end
redis.call('HSET', e, unpack(set))
place(key, h, 'w', at + lease + 1000)
return 1
