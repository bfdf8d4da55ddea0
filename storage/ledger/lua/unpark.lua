-- Makes an envelope that a pause has parked due for work now. What has been sent, or has ended, meanwhile
-- stays where it is. KEYS[1] the envelope. ARGV: key.
local h = load(KEYS[1], ARGV[1])
if not h or h.s ~= 'q' and h.s ~= 'p' then return 0 end
if h.i == 'n' then
  redis.call('HSET', KEYS[1], 'i', 'w')
  place(ARGV[1], h, 'w', 0)
end
return 1
