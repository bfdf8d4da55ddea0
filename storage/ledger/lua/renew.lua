-- KEYS[1] the envelope. ARGV: key, token, the version that the claim has seen, lease, then field, value ... of steps that are to be recorded with it.
-- Returns the version, or 0 when the claim is another's.
local e, key, lease = KEYS[1], ARGV[1], number(ARGV[4])
pairs_from(5)
local h = load(e, key)
if not h or not holds(h, ARGV[2], ARGV[3]) then return 0 end
local at, version = now(), tonumber(h.v)
local set = {'u', at + lease, 'i', 'w'}
if #ARGV > 4 then
  version = version + 1
  set[5], set[6] = 'v', version
end
for i = 5, #ARGV do set[#set + 1] = ARGV[i] end
redis.call('HSET', e, unpack(set))
place(key, h, 'w', at + lease + 1000)
return version
