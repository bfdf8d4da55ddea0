-- Keeps the signing links of an envelope that has not ended; shift removes them when it does.
-- KEYS[1] the envelope. ARGV: key, links. Returns 1, or 0 when it has ended.
local e, key, links = KEYS[1], ARGV[1], text(ARGV[2])
local h = load(e, key)
if not h or (h.s ~= 'p' and h.s ~= 's' and h.s ~= 'i') then return 0 end
redis.call('SET', P .. 'links:' .. key, links)
return 1
